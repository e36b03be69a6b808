//! Whole orders, carried through by all aggregates and the fulfilment process together, in memory:
//! facts, replies, gateway answers, timers and people arrive in any order and again, commands of
//! one step are carried out in any order, a runtime dies between any two of them. When nothing is
//! left to do, every order has ended or waits for a person, and money and stock add up.

#[path = "simulation/books.rs"]
mod books;
#[path = "simulation/chance.rs"]
mod chance;
#[path = "simulation/gateway.rs"]
mod gateway;
#[path = "simulation/people.rs"]
mod people;
#[path = "simulation/targets.rs"]
mod targets;
#[path = "simulation/world.rs"]
mod world;

use proptest::prelude::*;

use gateway::Script;
use people::Conduct;
use world::{Plan, World};

proptest! {
    #![proptest_config(ProptestConfig { cases: 40_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_ends_or_waits_for_a_person_and_the_books_balance(
        seed in any::<u64>(),
        stock in (0u32..8, 0u32..8),
        orders in prop::collection::vec(plan(), 1..4),
    ) {
        let mut world = World::new(seed, [stock.0, stock.1]);
        for plan in orders {
            world.place(plan);
        }
        world.run();
        books::check(&world);
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let lines = prop::collection::vec((0usize..2, 1u32..4), 1..4);
    let free = prop::bool::weighted(0.1);
    (lines, free, script(), conduct()).prop_map(|(lines, is_free, script, conduct)| Plan { lines, is_free, script, conduct })
}

fn script() -> impl Strategy<Value = Script> {
    prop::sample::select(Script::ALL.to_vec())
}

fn conduct() -> impl Strategy<Value = Conduct> {
    let cancels_after = prop::option::of(0u32..60);
    let works = prop::bool::weighted(0.85);
    (cancels_after, works.clone(), works.clone(), works).prop_map(|(cancels_after, acts, packs, dispatches)| Conduct {
        cancels_after,
        acts,
        packs,
        dispatches,
    })
}

#[test]
fn an_undisturbed_order_is_delivered() {
    for seed in 0..20 {
        let mut world = World::new(seed, [5, 5]);
        world.is_hectic = false;
        world.place(Plan { lines: vec![(0, 2), (1, 3)], is_free: false, script: Script::Approves, conduct: Conduct::helpful() });
        world.run();
        books::check(&world);
        assert_eq!(world.count_of("Completed"), 1, "seed {seed}");
    }
}

/// What the simulation has to come by, lest it proves less than it seems to.
#[test]
fn the_simulation_reaches_every_step_and_every_reason() {
    let mut reached = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..600 {
        let mut chance = chance::Chance::new(seed);
        let mut world = World::new(seed, [5, 5]);
        for script in [Script::ALL[chance.below(15)], Script::ALL[chance.below(15)]] {
            let conduct = Conduct {
                cancels_after: chance.once_in(2).then(|| u32::try_from(chance.below(60)).expect("small")),
                acts: !chance.once_in(3),
                packs: !chance.once_in(9),
                dispatches: !chance.once_in(9),
            };
            world.place(Plan { lines: vec![(chance.below(2), 2), (0, 1)], is_free: chance.once_in(9), script, conduct });
        }
        world.run();
        for (_, history) in world.sagas.values() {
            for event in history {
                *reached.entry(name_of(event)).or_default() += 1;
            }
        }
        for (order, _) in world.orders.values() {
            *reached.entry(format!("ends {}", order.state_name())).or_default() += 1;
        }
    }
    for (name, count) in &reached { println!("{count:6} {name}"); }
}

fn name_of(event: &orderlog_domain::fulfilment::FulfilmentEvent) -> String {
    use orderlog_domain::fulfilment::FulfilmentEvent as E;
    let first = |text: String| text.split([' ', '{', '(']).next().unwrap_or_default().to_owned();
    match event {
        E::StepEntered { step, .. } => format!("enters {step}"),
        E::CompensationStarted { reason, .. } => format!("turns back: {}", first(format!("{reason:?}"))),
        E::OperatorNeeded { reason, .. } => format!("asks a person: {reason:?}"),
        E::TimerScheduled { purpose, .. } => format!("waits on {}", first(format!("{purpose:?}"))),
        E::FactObserved { fact, .. } => format!("observes {}", first(format!("{fact:?}"))),
        other => first(format!("{other:?}")),
    }
}
#[test]
fn dbg_one() {
    let seed: u64 = std::env::var("SEED").unwrap().parse().unwrap();
    let _ = seed;
}
