//! Days and months as the town counts them: Asia/Shanghai, public holidays, and weekends that are worked instead (调休).
//!
//! Asia/Shanghai is UTC+8 without summer time since 1991; a fixed offset needs no time zone files on an old phone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Zoned};
use xunge_protocol::Timestamp;

use super::code_list::ListError;
use super::embedded;

const SHANGHAI: Offset = Offset::constant(8);

/// Which days are worked. A year of which nothing was announced is counted by weekends alone, and said to be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    version: u32,
    /// Days that differ from the plain week: whether they are worked.
    special: BTreeMap<Date, bool>,
    years: BTreeSet<i16>,
}

/// A date that was counted in working days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDate {
    /// The day.
    pub date: Date,
    /// Years on the way whose holidays are not known: the date is then an estimate.
    pub missing_years: Vec<i16>,
}

impl Calendar {
    /// The holidays that come with the program, version 0.
    pub fn embedded() -> Result<Self, ListError> {
        Self::parse(0, embedded::HOLIDAYS.as_bytes())
    }

    /// The calendar in a CSV file with the columns `date,kind`; kind is `holiday` or `workday`.
    pub fn parse(version: u32, csv: &[u8]) -> Result<Self, ListError> {
        let fail = |line: u64, column: &str, why: String| ListError {
            file: "holidays_cn.csv".into(),
            line,
            column: column.into(),
            why,
        };
        let mut calendar = Self {
            version,
            ..Self::default()
        };
        let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
        let mut reader = csv::Reader::from_reader(csv);
        let header = reader.headers().map_err(|e| fail(1, "1", e.to_string()))?;
        if header != vec!["date", "kind"] {
            return Err(fail(1, "1", "expected the columns date,kind".into()));
        }
        for row in reader.records() {
            let row = row.map_err(|e| {
                fail(
                    e.position().map_or(1, csv::Position::line),
                    "1",
                    e.to_string(),
                )
            })?;
            let line = row.position().map_or(0, csv::Position::line);
            let cell = |n: usize| row.get(n).unwrap_or_default().trim().to_owned();
            let date: Date = cell(0)
                .parse()
                .map_err(|_| fail(line, "date", format!("'{}': expected 2026-10-01", cell(0))))?;
            let worked = match cell(1).as_str() {
                "holiday" => false,
                "workday" => true,
                other => {
                    let why = format!("'{other}': expected holiday or workday");
                    return Err(fail(line, "kind", why));
                }
            };
            if calendar.special.insert(date, worked).is_some() {
                return Err(fail(line, "date", format!("{date} is there twice")));
            }
            calendar.years.insert(date.year());
        }
        Ok(calendar)
    }

    /// Its version: 0 came with the program.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether the holidays of a year are known.
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains(&year)
    }

    /// Whether a day is worked.
    pub fn is_working_day(&self, date: Date) -> bool {
        let week = !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.special.get(&date).copied().unwrap_or(week)
    }

    /// The `days`-th working day after `date`; the day itself does not count.
    pub fn add_working_days(&self, date: Date, days: u32) -> WorkingDate {
        let mut missing = BTreeSet::new();
        let mut at = date;
        let mut left = days;
        while left > 0 {
            at = match at.tomorrow() {
                Ok(next) => next,
                // The end of the calendar itself.
                Err(_) => break,
            };
            if !self.knows(at.year()) {
                missing.insert(at.year());
            }
            left -= u32::from(self.is_working_day(at));
        }
        WorkingDate {
            date: at,
            missing_years: missing.into_iter().collect(),
        }
    }

    /// End of the `days`-th working day after the day of `start`: the moment at which a deadline has passed.
    pub fn working_deadline(&self, start: Timestamp, days: u32) -> (Timestamp, WorkingDate) {
        let due = self.add_working_days(date_of(start), days);
        (end_of(due.date), due)
    }
}

/// The day of a moment, in Shanghai.
pub fn date_of(at: Timestamp) -> Date {
    zoned(at).date()
}

/// The first moment of a day, in Shanghai.
pub fn start_of(date: Date) -> Timestamp {
    let start = SHANGHAI.to_timestamp(date.to_datetime(jiff::civil::Time::midnight()));
    Timestamp(start.map_or(i64::MAX, |t| t.as_millisecond()))
}

/// The first moment after a day, in Shanghai.
pub fn end_of(date: Date) -> Timestamp {
    date.tomorrow().map_or(Timestamp(i64::MAX), start_of)
}

/// End of the `days`-th calendar day after the day of `start`, as the petition rules count 15 or 60 days.
pub fn calendar_deadline(start: Timestamp, days: u32) -> Timestamp {
    let due = date_of(start).checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    due.map_or(Timestamp(i64::MAX), end_of)
}

/// First moment of a month and of the next one, in Shanghai; nothing if there is no such month.
pub fn month_bounds(year: i16, month: i8) -> Option<(Timestamp, Timestamp)> {
    let first = Date::new(year, month, 1).ok()?;
    Some((start_of(first), end_of(first.last_of_month())))
}

fn zoned(at: Timestamp) -> Zoned {
    let within = at.0.clamp(
        jiff::Timestamp::MIN.as_millisecond() + 86_400_000,
        jiff::Timestamp::MAX.as_millisecond() - 86_400_000,
    );
    let at = jiff::Timestamp::from_millisecond(within).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::fixed(SHANGHAI))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calendar() -> Calendar {
        Calendar::embedded().unwrap()
    }

    #[test]
    fn a_weekend_that_is_worked_counts_and_a_holiday_does_not() {
        let c = calendar();
        assert!(
            c.is_working_day(date(2026, 2, 14)),
            "Saturday before Spring Festival"
        );
        assert!(
            !c.is_working_day(date(2026, 2, 16)),
            "Monday of Spring Festival"
        );
        assert!(!c.is_working_day(date(2026, 3, 14)), "an ordinary Saturday");
        assert!(c.is_working_day(date(2026, 3, 16)));
    }

    #[test]
    fn five_working_days_reach_across_the_national_holiday() {
        let due = calendar().add_working_days(date(2025, 9, 30), 5);
        assert_eq!(
            due.date,
            date(2025, 10, 14),
            "9, 10, 11 (worked Saturday), 13, 14 October"
        );
        assert!(due.missing_years.is_empty());
    }

    #[test]
    fn a_year_without_holidays_is_said_to_be_missing() {
        let due = calendar().add_working_days(date(2026, 12, 30), 3);
        assert_eq!(due.date, date(2027, 1, 4));
        assert_eq!(due.missing_years, [2027]);
    }

    #[test]
    fn a_day_begins_in_shanghai_and_not_in_greenwich() {
        // 2026-01-31T16:00:00Z is midnight of 1 February in Shanghai.
        let at = Timestamp(1_769_875_200_000);
        assert_eq!(date_of(at), date(2026, 2, 1));
        assert_eq!(month_bounds(2026, 2).unwrap().0, at);
        assert_eq!(month_bounds(2026, 1).unwrap().1, at);
        assert_eq!(start_of(date(2026, 2, 1)), at);
        assert_eq!(month_bounds(2026, 13), None);
    }

    #[test]
    fn a_deadline_passes_at_the_end_of_its_day() {
        let start = start_of(date(2026, 3, 2)).plus_millis(3_600_000 * 20);
        let (at, due) = calendar().working_deadline(start, 1);
        assert_eq!(
            (at, due.date),
            (start_of(date(2026, 3, 4)), date(2026, 3, 3))
        );
        assert_eq!(calendar_deadline(start, 15), start_of(date(2026, 3, 18)));
    }

    #[test]
    fn a_bad_calendar_names_line_and_column() {
        for (csv, line, column) in [
            (
                "date,kind\n2026-10-01,holiday\n2026-13-01,holiday\n",
                3,
                "date",
            ),
            ("date,kind\n2026-10-01,feast\n", 2, "kind"),
            (
                "date,kind\n2026-10-01,holiday\n2026-10-01,workday\n",
                3,
                "date",
            ),
            ("day\n", 1, "1"),
        ] {
            let e = Calendar::parse(1, csv.as_bytes()).unwrap_err();
            assert_eq!((e.line, e.column.as_str()), (line, column), "{e}");
        }
    }

    #[test]
    fn no_moment_is_too_early_or_too_late_to_have_a_day() {
        for ms in [i64::MIN, 0, i64::MAX] {
            let _ = date_of(Timestamp(ms));
            let _ = calendar_deadline(Timestamp(ms), u32::MAX);
        }
    }
}
