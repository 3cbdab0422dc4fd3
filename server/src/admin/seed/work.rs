//! What was done in a made-up grid in the past weeks: visits, and now and then a dispute.

use jiff::ToSpan as _;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::lists::calendar::date_of;
use xunge_records::{FormRef, Kind};

use crate::authority::{Authority, AuthorityError, Draft};
use crate::import::households::HouseholdInput;

/// Of how many households one was visited.
const VISITED: usize = 10;
/// Of how many grids one has a dispute.
const DISPUTED: usize = 5;
/// Disputes by turns: type, scale, what happened.
const DISPUTES: [(&str, &str, &str); 4] = [
    ("02", "01", "两家因排水沟走向发生争执,雨天积水流入院内。"),
    ("03", "01", "宅基地边界不清,新砌院墙超出半尺。"),
    ("01", "01", "兄弟二人因老人赡养分担意见不一。"),
    ("04", "02", "合伙种植的药材收购款迟迟没有结清。"),
];

/// Writes the work of the `number`-th grid, and returns the number of records.
pub(super) fn write(
    authority: &mut Authority<'_>,
    grid: ScopeId,
    ids: &[RecordId],
    households: &[HouseholdInput],
    number: usize,
) -> Result<usize, AuthorityError> {
    let mut written = 0;
    for (index, id) in ids.iter().enumerate().step_by(VISITED) {
        visit(authority, grid, *id, index)?;
        written += 1;
    }
    if let (0, [first, .., last]) = (number % DISPUTED, ids) {
        let names = [households.first(), households.last()];
        dispute(authority, grid, [*first, *last], names, number / DISPUTED)?;
        written += 1;
    }
    Ok(written)
}

fn form(id: &str) -> FormRef {
    FormRef {
        id: id.into(),
        version: 1,
    }
}

/// The day so many days ago, ISO.
fn days_ago(authority: &Authority<'_>, days: usize) -> String {
    let today = date_of(authority.now());
    let days = i64::try_from(days).unwrap_or_default();
    today.checked_sub(days.days()).unwrap_or(today).to_string()
}

fn visit(
    authority: &mut Authority<'_>,
    grid: ScopeId,
    household: RecordId,
    index: usize,
) -> Result<(), AuthorityError> {
    let purpose = ["VP02", "VP04", "VP06", "VP08"][index / VISITED % 4];
    let draft = Draft::default()
        .set("household", household.to_string())
        .set("visited_on", days_ago(authority, 3 + index))
        .set(format!("purposes/{purpose}"), true)
        .set("met", "MW01")
        .set("all_well", true);
    authority.open(grid, Kind::Visit, form("visit"), draft)?;
    Ok(())
}

fn dispute(
    authority: &mut Authority<'_>,
    grid: ScopeId,
    parties: [RecordId; 2],
    names: [Option<&HouseholdInput>; 2],
    turn: usize,
) -> Result<(), AuthorityError> {
    let (kind, scale, narrative) = DISPUTES[turn % DISPUTES.len()];
    let mut draft = Draft::default()
        .set("type", kind)
        .set("scale", scale)
        .set("source", "DS01")
        .set("occurred_on", days_ago(authority, 2 + turn % 20))
        .set("narrative", narrative);
    for ((party, id), household) in ["party_a", "party_b"].into_iter().zip(parties).zip(names) {
        draft = draft
            .set(format!("{party}/household"), id.to_string())
            .set(format!("{party}/willing"), "willing");
        if let Some(household) = household {
            draft = draft.set(format!("{party}/name"), household.head.as_str());
        }
    }
    if let Some(household) = names[0] {
        draft = draft.set("place", household.door.as_str());
    }
    let record = authority.open(grid, Kind::Dispute, form("dispute"), draft)?;
    authority.register(record.id)
}
