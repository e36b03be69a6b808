//! Contestants that take turns in short rounds within one run, so that a drift of the machine hits
//! all of them alike. The first round warms up and does not count. Next: `table` shows the result.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    load::{Tally, Writer, measure},
    table::Row,
};

/// Somebody who is measured.
#[async_trait]
pub trait Contestant: Send {
    /// Works for one round and answers what it did.
    async fn round(&mut self) -> anyhow::Result<Tally>;
}

/// Writers that write for the same time in each round.
pub struct Timed<W> {
    writers: Vec<W>,
    round: Duration,
}

impl<W> Timed<W> {
    /// These writers, for `round` at a time.
    pub fn new(writers: Vec<W>, round: Duration) -> Self {
        Self { writers, round }
    }
}

#[async_trait]
impl<W: Writer> Contestant for Timed<W> {
    async fn round(&mut self) -> anyhow::Result<Tally> {
        measure(&mut self.writers, self.round).await
    }
}

/// Contestants and what they did so far.
#[derive(Default)]
pub struct Contest {
    entered: Vec<Entered>,
}

struct Entered {
    name: String,
    contestant: Box<dyn Contestant>,
    tally: Tally,
}

impl Contest {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a contestant in, behind those that are there.
    pub fn enter(mut self, name: &str, contestant: impl Contestant + 'static) -> Self {
        self.entered.push(Entered {
            name: name.to_owned(),
            contestant: Box::new(contestant),
            tally: Tally::new(),
        });
        self
    }

    /// Lets them take turns for so many rounds; a row for each, in the order in which they entered.
    pub async fn run(mut self, rounds: u32) -> anyhow::Result<Vec<Row>> {
        for round in 0..=rounds {
            for entered in &mut self.entered {
                let done = entered.contestant.round().await?;
                if round > 0 {
                    entered.tally.add(done);
                }
            }
        }
        let row = |entered: &Entered| Row::new(&entered.name, &entered.tally);
        Ok(self.entered.iter().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Noting(char, Arc<Mutex<String>>);

    #[async_trait]
    impl Contestant for Noting {
        async fn round(&mut self) -> anyhow::Result<Tally> {
            self.1.lock().expect("nobody panicked").push(self.0);
            Ok(Tally {
                operations: 1,
                elapsed: Duration::from_secs(1),
                ..Tally::new()
            })
        }
    }

    #[tokio::test]
    async fn contestants_take_turns_and_the_first_round_does_not_count() {
        let turns = Arc::new(Mutex::new(String::new()));
        let contest = Contest::new()
            .enter("a", Noting('a', Arc::clone(&turns)))
            .enter("b", Noting('b', Arc::clone(&turns)));
        let rows = contest.run(2).await.expect("no contestant fails");
        assert_eq!(turns.lock().expect("nobody panicked").as_str(), "ababab");
        let counted: Vec<_> = rows.iter().map(|row| row.operations).collect();
        assert_eq!(counted, [2, 2]);
    }
}
