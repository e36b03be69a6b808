//! Whole orders, carried through by all aggregates and the fulfilment process together, in memory:
//! facts, replies, gateway answers, timers and people arrive in any order and again, commands of
//! one step are carried out in any order, a runtime dies between any two of them. When nothing is
//! left to do, every order has ended or waits for a person, and money and stock add up.

#[path = "simulation/books.rs"]
mod books;
#[path = "simulation/branches.rs"]
mod branches;
#[path = "simulation/chance.rs"]
mod chance;
#[path = "simulation/gateway.rs"]
mod gateway;
mod golden;
#[path = "simulation/histories.rs"]
mod histories;
#[path = "simulation/operators.rs"]
mod operators;
#[path = "simulation/people.rs"]
mod people;
#[path = "simulation/targets.rs"]
mod targets;
#[path = "simulation/world.rs"]
mod world;

use std::collections::BTreeSet;

use orderlog_domain::fulfilment::FulfilmentEvent;
use proptest::prelude::*;

use gateway::Script;
use operators::Operators;
use people::Conduct;
use world::{Plan, World};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn retries_and_orders_to_turn_back_leave_the_books_balanced(
        seed in any::<u64>(),
        stock in (0u32..8, 0u32..8),
        orders in prop::collection::vec(plan(), 1..4),
    ) {
        let mut world = World::new(seed, [stock.0, stock.1]);
        world.operators = Operators { times: 20, work_by_hand: false };
        for plan in orders {
            world.place(plan);
        }
        world.run();
        books::check(&world);
    }

    #[test]
    fn work_by_hand_moves_no_money_twice(
        seed in any::<u64>(),
        stock in (0u32..8, 0u32..8),
        orders in prop::collection::vec(plan(), 1..4),
    ) {
        let mut world = World::new(seed, [stock.0, stock.1]);
        world.operators = Operators { times: 20, work_by_hand: true };
        for plan in orders {
            world.place(plan);
        }
        world.run();
        books::check_with_work_by_hand(&world);
    }
}

/// What the operators have to come by, lest they prove less than they seem to.
#[test]
fn the_operators_come_by_every_verb() {
    let mut seen = BTreeSet::new();
    for seed in 0..300 {
        let mut world = World::new(seed, [5, 5]);
        world.operators = Operators {
            times: 20,
            work_by_hand: true,
        };
        let mut chance = chance::Chance::new(seed);
        world.place(any_plan(&mut chance));
        world.run();
        books::check_with_work_by_hand(&world);
        let events = world.sagas.values().flat_map(|(_, history)| history);
        seen.extend(events.map(|event| cqrs_es::DomainEvent::event_type(&event.data)));
    }
    for verb in [
        "StepRetried",
        "StepSkipped",
        "CompensationOrdered",
        "FulfilmentResumed",
        "FulfilmentResolved",
    ] {
        assert!(seen.contains(verb), "{verb} never came by");
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let lines = prop::collection::vec((0usize..2, 1u32..4), 1..4);
    let free = prop::bool::weighted(0.1);
    (lines, free, script(), conduct()).prop_map(|(lines, is_free, script, conduct)| Plan {
        lines,
        is_free,
        script,
        conduct,
    })
}

fn script() -> impl Strategy<Value = Script> {
    prop::sample::select(Script::ALL.to_vec())
}

fn conduct() -> impl Strategy<Value = Conduct> {
    let cancels_after = prop::option::of(0u32..60);
    let works = prop::bool::weighted(0.85);
    (cancels_after, works, works, works).prop_map(|(cancels_after, acts, packs, dispatches)| {
        Conduct {
            cancels_after,
            acts,
            packs,
            dispatches,
        }
    })
}

#[test]
fn an_undisturbed_order_is_delivered() {
    for seed in 0..20 {
        let mut world = World::new(seed, [5, 5]);
        world.is_hectic = false;
        world.place(Plan {
            lines: vec![(0, 2), (1, 3)],
            is_free: false,
            script: Script::Approves,
            conduct: Conduct::helpful(),
        });
        world.run();
        books::check(&world);
        assert_eq!(world.count_of("Completed"), 1, "seed {seed}");
    }
}

/// What the simulation has to come by, lest it proves less than it seems to.
#[test]
fn the_simulation_comes_by_every_step_reason_and_end() {
    let expected = [
        "asks AmountConflict",
        "asks DeliveryOverdue",
        "asks DispatchOverdue",
        "asks OperationFailed",
        "asks OutcomeUnknown",
        "ends Cancelled",
        "ends Completed",
        "ends Rejected",
        "enters AwaitingCustomer",
        "enters AwaitingDelivery",
        "enters Dispatching",
        "enters Reconciling",
        "observes AuthorizationExpired",
        "observes Refunded",
        "observes ReservationExpired",
        "observes VoidRequested",
        "turns back CancellationRequested",
        "turns back CaptureFailed",
        "turns back OutOfStock",
        "turns back PaymentDeclined",
        "turns back PaymentTimedOut",
        "turns back PaymentUnresolved",
        "turns back ReservationLost",
        "waits on Answer",
        "waits on RetryPayment",
    ];
    let mut seen = BTreeSet::new();
    for seed in 0..600 {
        let mut world = World::new(seed, [5, 5]);
        let mut chance = chance::Chance::new(seed);
        world.place(any_plan(&mut chance));
        world.place(any_plan(&mut chance));
        world.run();
        books::check(&world);
        seen.extend(
            world
                .orders
                .values()
                .map(|(order, _)| format!("ends {}", order.state_name())),
        );
        seen.extend(
            world
                .sagas
                .values()
                .flat_map(|(_, history)| history)
                .filter_map(|event| what(&event.data)),
        );
    }
    let missing: Vec<_> = expected
        .into_iter()
        .filter(|name| !seen.contains(*name))
        .collect();
    assert!(
        missing.is_empty(),
        "never came by: {missing:?}; came by {seen:?}"
    );
}

fn any_plan(chance: &mut chance::Chance) -> Plan {
    let conduct = Conduct {
        cancels_after: chance
            .once_in(2)
            .then(|| u32::try_from(chance.below(60)).expect("it is small")),
        acts: !chance.once_in(3),
        packs: !chance.once_in(9),
        dispatches: !chance.once_in(9),
    };
    let script = Script::ALL[chance.below(Script::ALL.len())];
    Plan {
        lines: vec![(chance.below(2), 2), (0, 1)],
        is_free: chance.once_in(9),
        script,
        conduct,
    }
}

fn what(event: &FulfilmentEvent) -> Option<String> {
    match event {
        FulfilmentEvent::StepEntered { step, .. } => Some(format!("enters {step}")),
        FulfilmentEvent::CompensationStarted { reason, .. } => {
            Some(format!("turns back {}", first_word(reason)))
        }
        FulfilmentEvent::OperatorNeeded { reason, .. } => {
            Some(format!("asks {}", first_word(reason)))
        }
        FulfilmentEvent::TimerScheduled { purpose, .. } => {
            Some(format!("waits on {}", first_word(purpose)))
        }
        FulfilmentEvent::FactObserved { fact, .. } => {
            Some(format!("observes {}", first_word(fact)))
        }
        _ => None,
    }
}

fn first_word(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
        .split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}
