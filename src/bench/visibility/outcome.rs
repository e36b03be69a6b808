//! What the bench says: for people or as JSON.

use std::{collections::BTreeMap, io::Write};

use serde::Serialize;

use super::{VisibilityArgs, open_load::Seen};
use crate::bench::{load::Tally, place_order::Carried};

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    system: String,
    orders_per_second: u32,
    seconds: u64,
    /// Seconds of the same load before.
    warm_up: u64,
    /// From the sending to the acceptance.
    accepted: Times,
    /// From the sending until GraphQL shows the order.
    visible: Times,
    /// The longest that an order was sent after its time, milliseconds.
    latest_sent_ms: f64,
    errors: BTreeMap<String, u64>,
    /// Orders placed and not yet carried through, second by second.
    behind: Vec<u64>,
    carried: Carried,
}

/// Milliseconds.
#[derive(Clone, Debug, Serialize)]
struct Times {
    orders: u64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Times {
    fn of(tally: &Tally) -> Self {
        let milliseconds = |share| tally.quantile(share).as_secs_f64() * 1e3;
        Self {
            orders: tally.operations,
            p50_ms: milliseconds(0.5),
            p99_ms: milliseconds(0.99),
            max_ms: milliseconds(1.0),
        }
    }
}

impl Outcome {
    pub(super) fn new(
        args: &VisibilityArgs,
        seen: &Seen,
        behind: Vec<u64>,
        carried: Carried,
    ) -> Self {
        Self {
            system: args.ground.name(),
            orders_per_second: args.rate,
            seconds: args.seconds,
            warm_up: args.warm_up,
            accepted: Times::of(&seen.accepted),
            visible: Times::of(&seen.visible),
            latest_sent_ms: seen.latest_sent.as_secs_f64() * 1e3,
            errors: seen.errors.clone(),
            behind,
            carried,
        }
    }

    /// Writes the outcome, as JSON or for people.
    pub(super) fn print(&self, out: &mut dyn Write, json: bool) -> anyhow::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(
            out,
            "{} orders per second for {} s, after {} s of the same, {}\n",
            self.orders_per_second, self.seconds, self.warm_up, self.system
        )?;
        for (name, times) in [("accepted", &self.accepted), ("visible", &self.visible)] {
            writeln!(
                out,
                "{name:<17} p50 {:.2} ms   p99 {:.2} ms   max {:.2} ms   ({} orders)",
                times.p50_ms, times.p99_ms, times.max_ms, times.orders
            )?;
        }
        writeln!(
            out,
            "sent late by      {:.2} ms at most",
            self.latest_sent_ms
        )?;
        writeln!(
            out,
            "errors            {}",
            self.errors.values().sum::<u64>()
        )?;
        for (error, count) in &self.errors {
            writeln!(out, "                  {count} x {error}")?;
        }
        writeln!(
            out,
            "carried through   {:.0} per second   ({} confirmed, {} ended otherwise)",
            self.carried.per_second, self.carried.confirmed, self.carried.ended_otherwise
        )?;
        writeln!(
            out,
            "behind            {} orders on average in the first half, {} in the second; {} at the \
             end, caught up in {:.1} s",
            mean(&self.behind[..self.behind.len() / 2]),
            mean(&self.behind[self.behind.len() / 2..]),
            self.carried.behind,
            self.carried.caught_up_in
        )?;
        Ok(())
    }
}

/// Rounded; 0 of nothing.
fn mean(numbers: &[u64]) -> u64 {
    let count = numbers.len().max(1) as u64;
    (numbers.iter().sum::<u64>() + count / 2) / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_rounded() {
        assert_eq!(mean(&[]), 0);
        assert_eq!(mean(&[1, 2]), 2);
        assert_eq!(mean(&[4, 5, 5]), 5);
    }
}
