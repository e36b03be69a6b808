//! What this process has used of the machine, as Linux counts it. The time of its processors says more
//! than the clock where other work runs beside it.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::Context;

/// Ticks of the kernel's clock per second, in which it counts processor time: the same everywhere.
const TICKS: f64 = 100.0;

/// A span of work that is measured.
pub struct Meter {
    began: Instant,
    cpu: Duration,
}

/// What a span of work took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// By the clock.
    pub elapsed: Duration,
    /// Time of all processors together.
    pub cpu: Duration,
    /// The most memory that the process had at once since the span began, bytes.
    pub peak_memory: u64,
}

impl Meter {
    /// Begins now.
    pub fn start() -> anyhow::Result<Self> {
        // From here on the kernel counts the peak anew.
        fs::write("/proc/self/clear_refs", "5").context("reset the peak of memory")?;
        Self::within()
    }

    /// Begins now, within another span, of which it is a part.
    pub fn within() -> anyhow::Result<Self> {
        Ok(Self {
            began: Instant::now(),
            cpu: cpu()?,
        })
    }

    /// What was used up to now.
    pub fn used(&self) -> anyhow::Result<Used> {
        Ok(Used {
            elapsed: self.began.elapsed(),
            cpu: cpu()?.saturating_sub(self.cpu),
            peak_memory: peak_memory()?,
        })
    }
}

impl Used {
    /// Counts another span in.
    pub fn add(&mut self, other: Self) {
        self.elapsed += other.elapsed;
        self.cpu += other.cpu;
        self.peak_memory = self.peak_memory.max(other.peak_memory);
    }
}

/// Time of all processors, for the process and in the kernel for it.
fn cpu() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // What stands before the name's closing parenthesis may hold anything.
    let fields = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace());
    let ticks = fields.map(|fields| fields.skip(11).take(2).map(str::parse::<u64>));
    let ticks = ticks.context("/proc/self/stat has another form")?;
    let ticks: u64 = ticks.sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS))
}

fn peak_memory() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: u64 = kibibytes
        .context("/proc/self/status has no VmHWM")?
        .parse()?;
    Ok(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_uses_time_and_memory() {
        let meter = Meter::start().expect("started");
        let filled = vec![1_u8; 32 << 20];
        let mut sum = 0_u64;
        while meter.began.elapsed() < Duration::from_millis(120) {
            sum += filled.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
        let used = meter.used().expect("used");
        assert!(sum > 0 && used.elapsed >= Duration::from_millis(120));
        assert!(used.cpu > Duration::ZERO, "{used:?}");
        assert!(used.peak_memory >= 32 << 20, "{used:?}");
    }
}
