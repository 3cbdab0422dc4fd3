//! Taking a case on (受理登记): number, first owner, deadline. Nobody presses a button for it.

use xunge_protocol::system::OrgNode;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::lists::calendar::{calendar_deadline, date_of};
use xunge_records::{Kind, Verb};

use super::{Authority, AuthorityError, Draft};
use crate::journal::Fact;

/// Codes of `org_level`.
const TOWN: &str = "2";
const VILLAGE: &str = "3";

/// Days of TL01 in the list `time_limit_preset`: grid, village, town centre and town committee together.
const FOUR_LEVELS_DAYS: u32 = 7;

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
        body.number = Some(self.case_number(id, record.kind, town)?);
        body.owner = Some(owner.map_or(&self.county().name, |n| &n.name).clone());
        body.owner_scope = Some(owner.map_or(self.relay.county_scope(), |n| n.scope));
        body.level = Some(owner.map_or("1", |n: &OrgNode| &n.level).into());
        body.deadline = Some(calendar_deadline(self.now(), FOUR_LEVELS_DAYS));
        self.write(id, None, Draft::default().event(body))?;
        Ok(())
    }

    /// The next number of a kind in a town and year, for instance `D-2026-000001`; or the one that the case was given in an
    /// earlier life of the log.
    fn case_number(
        &mut self,
        record: RecordId,
        kind: Kind,
        town: ScopeId,
    ) -> Result<String, AuthorityError> {
        if let Some(number) = self.relay().reserved_number(self.tx(), record)? {
            return Ok(number);
        }
        let letter = match kind {
            Kind::Dispute => 'D',
            _ => 'R',
        };
        let year = date_of(self.now()).year();
        let counter = format!("case {letter}-{year}");
        let n = self.tx().next_number(town, &counter)?;
        let number = format!("{letter}-{year}-{n:06}");
        self.note(Fact::Number {
            record,
            scope: town,
            counter,
            n,
            number: number.clone(),
        });
        Ok(number)
    }
}
