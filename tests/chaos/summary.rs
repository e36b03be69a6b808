//! What a run did and found, for people.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::{checks::Checked, client::Heard, disturbing::Disturbed, shop::Fall};

pub(crate) struct Summary {
    pub(crate) seed: u64,
    pub(crate) took: Duration,
    pub(crate) settled: Duration,
    pub(crate) disturbed: Disturbed,
    pub(crate) fell: Vec<Fall>,
    pub(crate) heard: Heard,
    pub(crate) checked: Checked,
}

/// Findings that are printed; a defect tends to have many.
const SHOWN: usize = 40;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            disturbed,
            heard,
            checked,
            ..
        } = self;
        writeln!(
            f,
            "\nchaos, seed {}: {:.0} s, of which {:.0} s until it was quiet again",
            self.seed,
            self.took.as_secs_f64(),
            self.settled.as_secs_f64()
        )?;
        let kills: u64 = disturbed.kills.values().sum();
        writeln!(
            f,
            "  killed with -9     {kills}: {}",
            counts(&disturbed.kills)
        )?;
        writeln!(f, "  servers            {}", blows(disturbed))?;
        writeln!(
            f,
            "  ended by itself    {}, to be started again",
            self.fell.len()
        )?;
        for (said, times) in falls(&self.fell).iter().take(SHOWN) {
            writeln!(f, "    {times} times {said}")?;
        }
        writeln!(
            f,
            "  commands           {} acknowledged, {} sent again, refused: {}",
            heard.acknowledged.len(),
            heard.retries,
            counts(&heard.refused)
        )?;
        writeln!(
            f,
            "  log                {} events of {} commands",
            checked.events, checked.commands
        )?;
        writeln!(f, "  orders             {}", counts(&checked.ends))?;
        writeln!(
            f,
            "  money              {} captured, {} refunded",
            checked.captured, checked.refunded
        )?;
        writeln!(
            f,
            "  stock              {} received, {} shipped",
            checked.received, checked.committed
        )?;
        writeln!(
            f,
            "  read models        {} compared with rebuilt ones",
            checked.read_models
        )?;
        writeln!(
            f,
            "  topic              {} records, {} of them duplicates",
            checked.records, checked.duplicates
        )?;
        writeln!(f, "  findings           {}", checked.findings.len())?;
        for finding in checked.findings.iter().take(SHOWN) {
            writeln!(f, "    {finding}")?;
        }
        Ok(())
    }
}

fn blows(disturbed: &Disturbed) -> String {
    match disturbed.blows.is_empty() {
        true => "neither restarted nor paused".to_owned(),
        false => counts(&disturbed.blows),
    }
}

fn falls(fell: &[Fall]) -> BTreeMap<String, u64> {
    let mut falls = BTreeMap::new();
    for fall in fell {
        *falls
            .entry(format!("{} {}", fall.role, fall.said))
            .or_default() += 1;
    }
    falls
}

fn counts<K: fmt::Debug>(counted: &BTreeMap<K, u64>) -> String {
    let each = counted
        .iter()
        .map(|(what, times)| format!("{what:?} {times}"));
    each.collect::<Vec<_>>().join(", ").replace('"', "")
}
