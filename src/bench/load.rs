//! Many writers at once, each operation timed. A writer sends its next operation when the last is
//! acknowledged, so that the load is closed: the latency shown is what a caller waits.
//! Next: `table` shows what is tallied here.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::Context;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

/// One of the writers of a contestant.
pub trait Writer: Send + 'static {
    /// Carries out one operation; when it returns, the operation is durable.
    fn write(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// What a contestant did, over all its rounds.
#[derive(Clone)]
pub struct Tally {
    /// Operations acknowledged.
    pub operations: u64,
    /// Time that they took together.
    pub elapsed: Duration,
    /// Time of each operation, microseconds.
    pub latency: Histogram<u64>,
    /// Operations per second of each round.
    pub rounds: Vec<f64>,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        let latency = Histogram::new(3).expect("three significant figures are valid");
        Self {
            operations: 0,
            elapsed: Duration::ZERO,
            latency,
            rounds: Vec::new(),
        }
    }

    /// Operations per second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// Time within which this share of the operations was acknowledged.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(share))
    }

    /// Counts one operation in.
    pub fn time(&mut self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latency
            .record(took)
            .expect("the histogram grows as needed");
        self.operations += 1;
    }

    /// Counts one round in.
    pub fn add(&mut self, round: Self) {
        self.rounds.push(round.rate());
        self.operations += round.operations;
        self.elapsed += round.elapsed;
        self.latency += round.latency;
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

/// Lets all writers write for `span` and answers what they did; operations begun in time are
/// waited for and count, and so does their time.
pub async fn measure<W: Writer>(writers: &mut Vec<W>, span: Duration) -> anyhow::Result<Tally> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for writer in writers.drain(..) {
        running.spawn(write_until(writer, start + span));
    }
    let mut round = Tally::new();
    while let Some(finished) = running.join_next().await {
        let (writer, tally) = finished.context("a writer panicked")??;
        round.operations += tally.operations;
        round.latency += tally.latency;
        writers.push(writer);
    }
    round.elapsed = start.elapsed();
    Ok(round)
}

async fn write_until<W: Writer>(mut writer: W, deadline: Instant) -> anyhow::Result<(W, Tally)> {
    let mut tally = Tally::new();
    let mut begun = Instant::now();
    while begun < deadline {
        writer.write().await?;
        let done = Instant::now();
        tally.time(done - begun);
        begun = done;
    }
    Ok((writer, tally))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u64);

    impl Writer for Counting {
        async fn write(&mut self) -> anyhow::Result<()> {
            self.0 += 1;
            tokio::task::yield_now().await;
            Ok(())
        }
    }

    #[tokio::test]
    async fn every_operation_of_every_writer_is_counted() {
        let mut writers = vec![Counting(0), Counting(0), Counting(0)];
        let tally = measure(&mut writers, Duration::from_millis(20))
            .await
            .expect("no writer fails");
        assert_eq!(writers.len(), 3);
        assert_eq!(
            tally.operations,
            writers.iter().map(|writer| writer.0).sum::<u64>()
        );
    }

    #[test]
    fn a_long_operation_is_not_cut_short() {
        let mut tally = Tally::new();
        tally.time(Duration::from_millis(1));
        tally.time(Duration::from_secs(60));
        assert!(tally.quantile(1.0) >= Duration::from_secs(60));
        assert_eq!(tally.operations, 2);
    }

    #[test]
    fn rounds_are_added_up_by_operations_and_time() {
        let round = |operations, seconds| Tally {
            operations,
            elapsed: Duration::from_secs(seconds),
            ..Tally::new()
        };
        let mut tally = Tally::new();
        tally.add(round(300, 1));
        tally.add(round(100, 3));
        assert!((tally.rate() - 100.0).abs() < 1e-9);
        assert_eq!(tally.rounds.len(), 2);
    }
}
