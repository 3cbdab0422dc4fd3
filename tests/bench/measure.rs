//! Numbers by name, medians, and what Linux says of a process.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value};
use xunge_tests::{Outcome, fail};

use crate::targets::beside;

/// What was measured, by the contract's names.
#[derive(Debug, Default)]
pub(crate) struct Numbers(BTreeMap<String, f64>);

impl Numbers {
    pub(crate) fn set(&mut self, name: &str, value: f64) {
        println!("{name:<36} {value:.3}");
        self.0.insert(name.into(), value);
    }

    pub(crate) fn print(&self) {
        println!("\n{:<36} {:>14}  target", "name", "value");
        for (name, value) in &self.0 {
            let line = format!("{name:<36} {value:>14.3}  {}", beside(name, *value));
            println!("{}", line.trim_end());
        }
    }

    /// One flat object.
    pub(crate) fn json(&self) -> String {
        let object: Map<String, Value> = self
            .0
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(*value)))
            .collect();
        format!("{}\n", Value::Object(object))
    }
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A line of `/proc/PID/status` in megabytes (10⁶ bytes): `VmRSS` now, `VmHWM` at its highest.
pub(crate) fn memory_mb(pid: u32, line: &str) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let found = status
        .lines()
        .find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    match kib {
        Some(kib) => Ok(kib * 1024.0 / 1e6),
        None => fail!("/proc/{pid}/status has no {line}"),
    }
}

/// CPU time that this process has used so far, threads that have ended included.
pub(crate) fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU time that the threads of a process have used so far, user and system.
pub(crate) fn cpu(pid: u32) -> Outcome<Duration> {
    // `schedstat` of each thread counts nanoseconds; `stat` only ticks.
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += text
            .split_whitespace()
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}
