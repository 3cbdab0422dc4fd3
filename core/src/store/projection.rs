//! From a record's changes to the rows that lists, home and search read. Always from all of its changes, so a
//! projection can be thrown away and made again.

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{Fields, Kind, MediaRef, Record};

use super::changes::{self, Loaded};
use super::sync_state::{self, SyncState};
use super::{Store, StoreError, erasure, media, retention, search};

/// Longest title, in characters.
const TITLE_CHARS: usize = 40;

/// Raised whenever this file, or the fold that it reads, makes other rows from the same changes.
const VERSION: i64 = 1;

impl Store {
    /// Makes all projections anew if an earlier version of the app made them.
    pub(super) fn bring_projections_up_to_date(&self) -> Result<(), StoreError> {
        let made_by: Option<i64> = self.read(|tx| {
            Ok(tx
                .query_row(
                    "SELECT value FROM counter WHERE name = 'projection'",
                    (),
                    |row| row.get(0),
                )
                .optional()?)
        })?;
        if made_by == Some(VERSION) {
            return Ok(());
        }
        self.write(|tx| {
            rebuild(tx)?;
            tx.execute(
                "INSERT OR REPLACE INTO counter VALUES ('projection', ?1)",
                [VERSION],
            )?;
            Ok(())
        })
    }
}

/// Throws all projections away and makes them from the changes.
pub(super) fn rebuild(tx: &Transaction<'_>) -> Result<(), StoreError> {
    for table in [
        "record",
        "household",
        "search_term",
        "warning_household",
        "media_reference",
    ] {
        tx.execute(&format!("DELETE FROM {table}"), ())?;
    }
    let records = tx
        .prepare("SELECT DISTINCT record FROM change WHERE verdict <> 4")?
        .query_map((), |row| Ok(RecordId(row.get(0)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for record in records {
        project(tx, &record)?;
    }
    Ok(())
}

/// Projects `record` from its changes in the log.
pub(super) fn project(tx: &Transaction<'_>, record: &RecordId) -> Result<SyncState, StoreError> {
    match changes::load(tx, record)? {
        Some(loaded) => project_loaded(tx, record, &loaded),
        // It was forgotten: nothing of it is here to be shown, and nothing waits.
        None if changes::is_forgotten(tx, record)? => Ok(SyncState::Received),
        None => Err(StoreError::UnknownRecord(*record)),
    }
}

/// Projects a document that was just loaded or edited, and whose changes are all in the log.
pub(super) fn project_loaded(
    tx: &Transaction<'_>,
    id: &RecordId,
    loaded: &Loaded,
) -> Result<SyncState, StoreError> {
    let record = loaded.document.read(*id)?;
    let own = changes::standings(tx, id)?;
    let sync_state = sync_state::of(&own, &record.state.review);
    let subject = match subject(&record) {
        Some(subject) => Some(erasure::standing_for(tx, subject)?),
        None => None,
    };
    let before: Option<Option<[u8; 13]>> = tx
        .prepare_cached("SELECT subject FROM record WHERE record = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    tx.prepare_cached(
        "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT DO UPDATE SET scope = ?3, title = ?4, subject = ?5, day = ?6, opened_at = ?7,
             changed_at = ?8, own = ?9, sync_state = ?10, state = ?11, closed = ?12",
    )?
    .execute(rusqlite::params![
        id.0,
        record.kind.entry_kind().0,
        loaded.scope.0,
        title(&record),
        subject.map(|s| s.0),
        day(&record),
        loaded.opened_at.0,
        loaded.document.changed_at().0,
        // A warning is the town's; what its worker does about it is an acknowledgement.
        !own.is_empty() && record.kind != Kind::Warning,
        sync_state.number(),
        record.state.code,
        record.state.closed,
    ])?;
    match record.kind {
        Kind::Household => {
            household(tx, id, loaded.scope, &record.fields)?;
            visited(tx, id, None)?;
        }
        Kind::Person => search::index_person(tx, id, subject.as_ref(), &record.fields)?,
        Kind::Visit => {
            // A visit that names another household now must leave the one before.
            let households = [subject, before.flatten().map(RecordId)];
            for household in households.iter().flatten() {
                visited(tx, household, Some((id, &record.fields)))?;
            }
        }
        Kind::Warning => warning(tx, id, &record.fields)?,
        Kind::Dispute | Kind::Request | Kind::WarningAck => {}
    }
    media::refer(tx, id, &media_of(&record))?;
    retention::is_here(tx, id)?;
    Ok(sync_state)
}

/// What a person calls the record, in no language: names and places. Empty where only its household tells.
fn title(record: &Record) -> String {
    let fields = &record.fields;
    let first = |paths: &[&str]| {
        paths
            .iter()
            .filter_map(|path| fields.text(path))
            .find(|text| !text.trim().is_empty())
            .unwrap_or_default()
            .to_owned()
    };
    let title = match record.kind {
        Kind::Household => first(&["head_name", "door"]),
        Kind::Person => first(&["name"]),
        Kind::Dispute => match (fields.text("party_a/name"), fields.text("party_b/name")) {
            (Some(a), Some(b)) => format!("{a} · {b}"),
            _ => first(&["party_a/name", "party_b/name", "place", "narrative"]),
        },
        Kind::Warning => first(&["text"]),
        Kind::Request => first(&["place", "narrative"]),
        Kind::Visit | Kind::WarningAck => String::new(),
    };
    title.chars().take(TITLE_CHARS).collect()
}

/// The household that the record is about.
fn subject(record: &Record) -> Option<RecordId> {
    ["household", "party_a/household", "party_b/household"]
        .iter()
        .find_map(|path| record.fields.text(path)?.parse().ok())
}

/// The day that the record tells of; of a warning, its last.
fn day(record: &Record) -> Option<&str> {
    let path = match record.kind {
        Kind::Visit => "visited_on",
        Kind::Dispute => "occurred_on",
        Kind::Warning => "expires_on",
        _ => return None,
    };
    record.fields.text(path)
}

fn household(
    tx: &Transaction<'_>,
    id: &RecordId,
    scope: ScopeId,
    fields: &Fields,
) -> Result<(), StoreError> {
    let door = fields.text("door").unwrap_or_default();
    let interval = match fields.get("interval_days") {
        Some(xunge_records::Value::Int(days)) if *days > 0 => Some(*days),
        _ => None,
    };
    tx.prepare_cached(
        "INSERT INTO household VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL, ?8)
         ON CONFLICT DO UPDATE SET scope = ?2, head_name = ?3, door = ?4, door_order = ?5,
             tier = ?6, interval_days = ?7, merged = ?8",
    )?
    .execute(rusqlite::params![
        id.0,
        scope.0,
        fields.text("head_name").unwrap_or_default(),
        door,
        door_order(door),
        fields.text("tier"),
        interval,
        fields.text("merged_into").is_some(),
    ])?;
    search::index_household(tx, id, fields)
}

/// `door` with each number padded, so that 9 comes before 12.
fn door_order(door: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in door.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            out.push_str(&format!("{digits:0>6}"));
            digits.clear();
        }
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

/// Brings the household's last visit, and the follow-up promised then, up to date. `known` is a visit whose fields are
/// at hand.
fn visited(
    tx: &Transaction<'_>,
    household: &RecordId,
    known: Option<(&RecordId, &Fields)>,
) -> Result<(), StoreError> {
    let promised = |fields: &Fields| fields.text("follow_up_on").map(str::to_owned);
    let visit = Kind::Visit.entry_kind().0;
    let last: Option<([u8; 13], String)> = tx
        .prepare_cached(
            "SELECT record, day FROM record
             WHERE subject = ?1 AND kind = ?2 AND day IS NOT NULL AND closed = 0
             ORDER BY day DESC, opened_at DESC LIMIT 1",
        )?
        .query_row((household.0, visit), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (day, follow_up) = match last {
        None => (None, None),
        Some((visit, day)) => {
            let follow_up = match known {
                Some((id, fields)) if id.0 == visit => promised(fields),
                _ => match changes::load(tx, &RecordId(visit))? {
                    Some(loaded) => promised(&loaded.document.fields()?),
                    None => None,
                },
            };
            (Some(day), follow_up)
        }
    };
    tx.prepare_cached("UPDATE household SET last_visit = ?2, follow_up_on = ?3 WHERE record = ?1")?
        .execute((household.0, day, follow_up))?;
    Ok(())
}

fn warning(tx: &Transaction<'_>, id: &RecordId, fields: &Fields) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM warning_household WHERE warning = ?1")?
        .execute([id.0])?;
    let mut insert =
        tx.prepare_cached("INSERT OR IGNORE INTO warning_household VALUES (?1, ?2)")?;
    for household in fields.members("households") {
        if let Ok(household) = household.parse::<RecordId>() {
            insert.execute((id.0, household.0))?;
        }
    }
    Ok(())
}

/// The media that the record refers to, each with whether this phone is to fetch it if it does not hold it: what the
/// town says to the worker, and what a warning plays to residents.
fn media_of(record: &Record) -> Vec<(MediaRef, bool)> {
    let mut all = Vec::new();
    for (path, field) in &record.fields.0 {
        let values = std::iter::once(&field.value).chain(field.others.iter().map(|o| &o.value));
        for media in values.filter_map(|v| v.as_text()?.parse().ok()) {
            all.push((media, record.kind == Kind::Warning && path == "voice"));
        }
    }
    for event in &record.events {
        let said = [&event.body.audio, &event.body.photo];
        for media in said.into_iter().flatten().filter_map(|m| m.parse().ok()) {
            all.push((media, true));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn door_nine_comes_before_door_twelve() {
        let mut doors = ["3组12号", "3组9号", "10组1号", "2组100号"];
        doors.sort_by_key(|door| door_order(door));
        assert_eq!(doors, ["2组100号", "3组9号", "3组12号", "10组1号"]);
    }
}
