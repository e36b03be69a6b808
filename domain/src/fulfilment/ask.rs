//! How far one thing is that a fulfilment needs from somebody else.

use serde::{Deserialize, Serialize};

/// One thing asked of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Ask {
    /// Not asked for, or to be asked again.
    #[default]
    Open,
    /// Asked; no reply yet.
    Asked,
    /// Refused for now: asked again after a while.
    Later,
    /// Carried out.
    Done,
    /// Refused for good.
    Refused,
}

impl Ask {
    /// Whether the reply, or the time to ask again, is still to come.
    pub(super) fn is_pending(self) -> bool {
        matches!(self, Self::Asked | Self::Later)
    }

    /// After its time, what was refused for now is open again.
    pub(super) fn reopen(&mut self) {
        if *self == Self::Later {
            *self = Self::Open;
        }
    }
}
