//! Taking a case on (受理登记): number, first owner, deadline. Nobody presses a button for it.

use jiff::tz::{Offset, TimeZone};
use jiff::{Span, ToSpan as _};
use xunge_protocol::system::OrgNode;
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::{Kind, Verb};

use super::{Authority, AuthorityError, Draft};

/// Codes of `org_level`.
const TOWN: &str = "2";
const VILLAGE: &str = "3";

/// China keeps one time all year since 1991; deadlines and years are counted in it.
const CHINA: TimeZone = TimeZone::fixed(Offset::constant(8));

impl Authority<'_> {
    /// Registers a case that was just opened; any other record is left as it is.
    pub(crate) fn register(&mut self, id: RecordId) -> Result<(), AuthorityError> {
        let record = self.record(id)?;
        let (true, Some(scope), None) = (record.kind.is_case(), record.scope, &record.state.number)
        else {
            return Ok(());
        };
        let path = self.tx().org_path(scope, self.now())?;
        let at_level = |level: &str| path.iter().find(|n| n.level == level);
        let owner = at_level(VILLAGE).or(path.last());
        let town = at_level(TOWN).map_or(self.relay.county_scope(), |n| n.scope);
        let mut body = self.event(Verb::Register, None);
        body.number = Some(self.case_number(record.kind, town)?);
        body.owner = Some(owner.map_or(&self.relay.county().name, |n| &n.name).clone());
        body.owner_scope = Some(owner.map_or(self.relay.county_scope(), |n| n.scope));
        body.level = Some(owner.map_or("1", |n: &OrgNode| &n.level).into());
        body.deadline = Some(TimeLimit::FourLevels.deadline(self.now()));
        self.write(id, None, Draft::default().event(body))?;
        Ok(())
    }

    /// The next number of a kind in a town and year, for instance `D-2026-000001`.
    fn case_number(&self, kind: Kind, town: ScopeId) -> Result<String, AuthorityError> {
        let letter = match kind {
            Kind::Dispute => 'D',
            _ => 'R',
        };
        let year = local(self.now()).year();
        let n = self
            .tx()
            .next_number(town, &format!("case {letter}-{year}"))?;
        Ok(format!("{letter}-{year}-{n:06}"))
    }
}

/// A legal clock, by its code in the list `time_limit_preset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// TL01: grid, village, town centre and town committee, seven days in all.
    FourLevels,
    /// TL02: people's mediation, one month.
    Mediation,
    /// TL03: register and forward a petition within 15 days.
    Forward,
    /// TL05: finish a petition within 60 days.
    Finish,
}

impl TimeLimit {
    /// Its code in the list.
    pub fn code(self) -> &'static str {
        match self {
            Self::FourLevels => "TL01",
            Self::Mediation => "TL02",
            Self::Forward => "TL03",
            Self::Finish => "TL05",
        }
    }

    /// The end of the last day, in China, of a clock that starts at `from`.
    pub fn deadline(self, from: Timestamp) -> Timestamp {
        let span: Span = match self {
            Self::FourLevels => 7.days(),
            Self::Mediation => 1.months(),
            Self::Forward => 15.days(),
            Self::Finish => 60.days(),
        };
        let end = local(from)
            .checked_add(span)
            .and_then(|day| day.end_of_day());
        end.map_or(from, |end| Timestamp(end.timestamp().as_millisecond()))
    }
}

fn local(at: Timestamp) -> jiff::Zoned {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or_default()
        .to_zoned(CHINA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_ends_with_its_last_day_in_china() {
        // 2026-11-23T17:30Z is 2026-11-24 01:30 in China.
        let from: jiff::Timestamp = "2026-11-23T17:30:00Z".parse().unwrap();
        let end = TimeLimit::FourLevels.deadline(Timestamp(from.as_millisecond()));
        let want: jiff::Timestamp = "2026-12-01T15:59:59.999Z".parse().unwrap();
        assert_eq!(end, Timestamp(want.as_millisecond()));
    }
}
