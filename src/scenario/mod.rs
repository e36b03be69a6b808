//! Stories that are played on a running system, each to the end that the domain model says. Everything
//! goes over HTTP, as customers, the warehouse and operators go; one alone lays a hand on the database.
//! Each story has a product and stock of its own, so that it can be played beside anything else, and again.
//! Next: `stage` is what a story can do, `plays` are the stories, `ending` is how each has to end.

mod ending;
mod hand;
mod plays;
mod seen;
mod stage;

use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    cli::{Failure, remote::Remote},
    system::Config,
};

use self::stage::Stage;
pub use plays::ALL;

/// A story.
pub struct Scenario {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What happens, and how it ends.
    pub about: &'static str,
    /// Whether it lays a hand on the database itself.
    pub needs_database: bool,
    /// How long it takes where waiting times are not scaled.
    pub takes: &'static str,
    play: fn(&Stage) -> BoxFuture<'_, Result<Played, Failure>>,
}

/// How a story ended.
struct Played {
    /// The order whose story it is; of several, one that shows it.
    order: Uuid,
    expected: Value,
    found: Value,
}

/// What came of a story.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Its name.
    pub scenario: &'static str,
    /// Whether it ended as the domain model says.
    pub passed: bool,
    /// The order whose story it is; of several, one that shows it.
    pub order_id: Uuid,
    /// How long it took.
    pub seconds: f64,
    /// How it has to end.
    pub expected: Value,
    /// How it ended.
    pub found: Value,
    /// What is not as it has to be, a line each.
    pub differences: Vec<String>,
}

/// The system that a story is played on.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where it is spoken to.
    pub remote: Remote,
    /// Its database, for a story that needs it.
    pub database: Option<Config>,
}

/// How a story is played.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long nothing may happen although no timer of the saga runs.
    pub patience: Duration,
    /// Whether to tell on stderr what happens.
    pub tells: bool,
}

/// The story of this name.
pub fn find(name: &str) -> Result<&'static Scenario, Failure> {
    let found = ALL.iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|scenario| scenario.name).collect();
        let names = names.join(", ");
        Failure::not_found(format!("there is no scenario {name}; there are {names}"))
    })
}

impl Scenario {
    /// Plays the story to its end.
    pub async fn play(&self, ground: Ground, pace: Pace) -> Result<Report, Failure> {
        let begun = Instant::now();
        let stage = Stage::empty(ground, pace);
        let Played {
            order,
            expected,
            found,
        } = (self.play)(&stage).await?;
        let differences = ending::differences(&expected, &found);
        Ok(Report {
            scenario: self.name,
            passed: differences.is_empty(),
            order_id: order,
            seconds: begun.elapsed().as_secs_f64(),
            expected,
            found,
            differences,
        })
    }
}
