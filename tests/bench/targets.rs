//! What each number shall be, and whether it is.

use Limit::{AtLeast, AtMost};

/// A number's target.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// By name. A number that is not here stands beside others to explain them.
const TARGETS: &[(&str, Limit)] = &[
    ("save.ratio", AtMost(3.0)),
    ("day.body_up_bytes", AtMost(4_500.0)),
    ("day.random_words_body_up_bytes", AtMost(7_500.0)),
    ("day.requests", AtMost(1.0)),
    ("day.push_pull_bytes", AtMost(9_000.0)),
    ("day.changes", AtLeast(110.0)),
    ("edit.bytes", AtMost(230.0)),
    ("visit.bytes", AtMost(330.0)),
    ("idle.up_bytes", AtMost(250.0)),
    ("idle.down_bytes", AtMost(250.0)),
    ("http.up_bytes", AtMost(250.0)),
    ("http.down_bytes", AtMost(250.0)),
    ("edit.conflicts_kept", AtLeast(20.0)),
    ("edit.conflicts_shown", AtLeast(20.0)),
    ("year.bytes", AtMost(950_000.0)),
    ("year.usable_after_bytes", AtMost(100_000.0)),
    ("year.phone_resident_mb", AtMost(64.0)),
    ("relay.disk_bytes_per_day", AtMost(12_000.0)),
    ("relay.sqlite_ratio", AtLeast(0.5)),
    ("relay.postgres_ratio", AtLeast(0.5)),
    ("relay.flat_ratio", AtMost(1.5)),
    ("phone.resident_mb", AtMost(40.0)),
    ("phone.resident_20k_mb", AtMost(64.0)),
    ("ffi.open_home_cpu_ms", AtMost(60.0)),
    ("ffi.question_cpu_ms", AtMost(5.0)),
    ("ffi.added_us", AtMost(20.0)),
    ("ffi.resident_mb", AtMost(40.0)),
    ("ffi.unlock_mb", AtMost(56.0)),
];

/// What is said beside a number: its target, and whether it is missed.
pub(crate) fn beside(name: &str, value: f64) -> String {
    let Some((_, limit)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        return String::new();
    };
    let (sign, bound, met) = match *limit {
        AtMost(bound) => ("≤", bound, value <= bound),
        AtLeast(bound) => ("≥", bound, value >= bound),
    };
    let missed = if met { "" } else { "  missed" };
    format!("{sign} {bound}{missed}")
}
