//! The best time that the phone knows, and how sure it is. Never used for order.

use rusqlite::Transaction;
use xunge_protocol::{Confidence, Timestamp};

use super::{Store, StoreError};
use crate::env::Env;

/// A phone's clock that was this close to the relay's is believed later, in milliseconds.
const AGREES_MILLIS: i64 = 120_000;
/// China Standard Time, without daylight saving: deadlines, months and days are those of Asia/Shanghai.
const CHINA: jiff::tz::Offset = jiff::tz::Offset::constant(8);

/// A time with its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time.
    pub at: Timestamp,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Now {
    /// The calendar day in China.
    pub fn day(self) -> jiff::civil::Date {
        jiff::Timestamp::from_millisecond(self.at.0)
            .unwrap_or_default()
            .to_zoned(jiff::tz::TimeZone::fixed(CHINA))
            .date()
    }
}

impl Store {
    /// The best time that the phone knows.
    pub fn now(&self) -> Result<Now, StoreError> {
        self.read(|tx| now(tx, self.env.as_ref()))
    }
}

/// From the relay's time by what elapsed since, within one boot; else the phone's clock.
pub(super) fn now(tx: &Transaction<'_>, env: &dyn Env) -> Result<Now, StoreError> {
    let (wall, elapsed, boot) = (env.wall_clock(), env.elapsed_millis(), env.boot());
    let seen: (Option<i64>, Option<i64>, Option<i64>, Option<i64>) = tx
        .prepare_cached("SELECT relay_time, at_wall, at_elapsed, at_boot FROM relay_position")?
        .query_row((), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    let (Some(relay), Some(at_wall), Some(at_elapsed), Some(at_boot)) = seen else {
        return Ok(Now {
            at: wall,
            confidence: Confidence::Unsure,
        });
    };
    let since = elapsed.cast_signed() - at_elapsed;
    Ok(if boot.cast_signed() == at_boot && since >= 0 {
        Now {
            at: Timestamp(relay).plus_millis(since),
            confidence: Confidence::Derived,
        }
    } else if (at_wall - relay).abs() <= AGREES_MILLIS && wall.0 >= relay {
        Now {
            at: wall,
            confidence: Confidence::Checked,
        }
    } else {
        Now {
            at: wall,
            confidence: Confidence::Unsure,
        }
    })
}

/// Remembers the relay's time together with the phone's clocks.
pub(super) fn hear(
    tx: &Transaction<'_>,
    env: &dyn Env,
    relay: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE relay_position SET relay_time = ?1, at_wall = ?2, at_elapsed = ?3, at_boot = ?4",
        (
            relay.0,
            env.wall_clock().0,
            env.elapsed_millis().cast_signed(),
            env.boot().cast_signed(),
        ),
    )?;
    Ok(())
}
