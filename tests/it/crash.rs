//! Killed with SIGKILL at random moments of an import, again and again, and started again: what is
//! there in the end is what an undisturbed run leaves, row for row. `ORDERLOG_KILLS` sets how
//! often, `ORDERLOG_IMPORT_FILE` another file, `ORDERLOG_SEED` the moments.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use crate::{
    binary::{orderlog, run, run_json},
    invoices,
    rows::{assert_same, rows},
};

#[tokio::test]
async fn an_import_that_is_killed_again_and_again_ends_as_if_undisturbed() {
    let kills: u32 = setting("ORDERLOG_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let mut moments =
        Moments(setting("ORDERLOG_SEED").map_or(20_261_121, |seed| seed.parse().unwrap()));
    let scratch = tempfile::tempdir().unwrap();
    let file =
        setting("ORDERLOG_IMPORT_FILE").map_or_else(|| written(scratch.path()), PathBuf::from);

    let undisturbed = scratch.path().join("undisturbed");
    let started = Instant::now();
    let summary = run_json(&undisturbed, &["import", file.to_str().unwrap(), "--json"]);
    let whole = started.elapsed();
    let expected = rows(&undisturbed);
    assert!(!expected["order_summary"].is_empty(), "{summary}");

    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        let disturbed = scratch.path().join(format!("disturbed-{round}"));
        let before = killed;
        while !import_or_kill(&disturbed, &file, moments.within(whole * 2 / 3)).await {
            killed += 1;
        }
        let again = run_json(&disturbed, &["import", file.to_str().unwrap(), "--json"]);
        assert!(
            again["invoices"]["placed"].is_null(),
            "an invoice was placed twice: {again}"
        );
        assert_same(&expected, &rows(&disturbed));
        let rebuilt = run(&disturbed, &["projection", "rebuild", "--all"]);
        assert!(
            rebuilt.status.success(),
            "{}",
            String::from_utf8_lossy(&rebuilt.stdout)
        );
        println!(
            "round {round}: {} kills, the same in the end",
            killed - before
        );
        std::fs::remove_dir_all(&disturbed).unwrap();
        round += 1;
    }
    println!("{killed} kills in {round} rounds");
}

/// Imports the file; whether it came to its end before the moment to kill it.
async fn import_or_kill(data_dir: &Path, file: &Path, after: Duration) -> bool {
    let mut import =
        tokio::process::Command::from(orderlog(data_dir, &["import", file.to_str().unwrap()]))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    match timeout(after, import.wait()).await {
        Ok(ended) => {
            let ended = ended.unwrap();
            assert!(ended.success(), "the import failed: {ended}");
            true
        }
        Err(_) => {
            import.kill().await.unwrap();
            false
        }
    }
}

fn written(directory: &Path) -> PathBuf {
    let file = directory.join("invoices.csv");
    std::fs::write(&file, invoices::csv(120)).unwrap();
    file
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Moments that are the same for the same seed (SplitMix64).
struct Moments(u64);

impl Moments {
    fn within(&mut self, most: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        most.mul_f64(((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64)
    }
}
