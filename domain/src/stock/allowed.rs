//! Which commands the state of a stock item does not refuse.

use crate::DecidedAt;

use super::{Phase, Reservation, StockItem};

impl StockItem {
    /// Names of the commands that the state does not refuse, for some reservation at least.
    pub fn allowed_commands(&self, at: DecidedAt) -> Vec<&'static str> {
        let exists = self.exists();
        let any = |wanted: fn(&Reservation, DecidedAt) -> bool| {
            self.reservations.values().any(|held| wanted(held, at))
        };
        let is_held = |held: &Reservation, _| matches!(held.phase, Phase::Held { .. });
        let may_leave =
            |held: &Reservation, _| held.phase == Phase::Confirmed && held.present() > 0;
        let is_due = |held: &Reservation, at| matches!(held.phase, Phase::Held { expires_at } if at >= expires_at);
        let table = [
            ("RegisterStockItem", !exists),
            ("SetStockPolicy", exists),
            ("ReceiveStock", exists),
            ("AdjustStock", exists),
            ("Reserve", exists),
            ("ConfirmReservation", any(is_held)),
            ("CommitReservation", any(may_leave)),
            ("ReleaseReservation", exists),
            ("ExpireReservation", any(is_due)),
        ];
        table
            .into_iter()
            .filter_map(|(name, allowed)| allowed.then_some(name))
            .collect()
    }
}
