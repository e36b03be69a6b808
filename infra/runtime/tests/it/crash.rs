//! Live rows are those of a rebuild, whatever the batches were and wherever the process was killed.

use std::time::Duration;

use proptest::prelude::*;

use crate::{
    projector::{Running, reached},
    toy::{Toy, ToyLog, projector},
};

fn event() -> impl Strategy<Value = (String, Toy)> {
    let toy = prop_oneof![
        6 => (-9i64..10).prop_map(Toy::Added),
        3 => "[x-z]".prop_map(Toy::Tagged),
        1 => Just(Toy::Removed),
        1 => Just(Toy::Broken),
    ];
    ("[a-f]{1,2}", toy)
}

/// Events to append at once, and what happens to the process then.
#[derive(Clone, Debug)]
enum Then {
    GoOn,
    WaitForRows,
    KillAfter(u64),
}

fn steps() -> impl Strategy<Value = Vec<(Vec<(String, Toy)>, Then)>> {
    let then = prop_oneof![
        Just(Then::GoOn),
        Just(Then::WaitForRows),
        (0u64..3000).prop_map(Then::KillAfter),
    ];
    prop::collection::vec((prop::collection::vec(event(), 1..30), then), 1..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn live_rows_equal_rebuilt_rows_through_crashes(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let toy = ToyLog::new();
            let mut store = toy.read_store().await;
            let mut live = projector(&toy, &store).await;
            let mut running = Running::start(&live, toy.fan_out());
            let mut last = 0;
            for (events, then) in steps {
                last = toy.append_all(&events).await;
                match then {
                    Then::GoOn => {}
                    Then::WaitForRows => reached(&store, last).await,
                    Then::KillAfter(micros) => {
                        // Any moment will do, so that no state has to be waited for.
                        tokio::time::sleep(Duration::from_micros(micros)).await;
                        drop(running);
                        store = toy.read_store().await;
                        live = projector(&toy, &store).await;
                        running = Running::start(&live, toy.fan_out());
                    }
                }
            }
            reached(&store, last).await;
            for report in live.rebuild_all(&|_| {}).await.expect("rebuilt") {
                assert!(report.equal, "{report:?}");
                assert_eq!(report.events, last);
            }
            running.stop().await.expect("a clean end");
        });
    }
}
