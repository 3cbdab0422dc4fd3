//! What must be true, in a form that is small enough to be read in one sitting; `ledger` says what the town is owed.
//!
//! I1: what was saved is there after any kill, power cut or full disk, and at rest in the town, photographs and what was added
//! later included; no answer of an interview is lost. I2: what a phone calls received, the relay holds, change by change, and
//! what the relay calls whole, it has. I3: at rest, all phones of a grid and the relay hold the same. I4: every saved record is
//! exactly one of waiting, received or returned, refused, and the numbers add up. I5: the town has nothing twice. I6: what was
//! erased is nowhere, at rest, and at once in no snapshot. I7: nothing that a revoked phone or an intruder sent is in the log,
//! but what a supervisor let in, and nothing that a supervisor refused. I8: no panic, no status 5xx. I9: at rest nothing waits,
//! and nothing is refused but by a supervisor.

use std::collections::{BTreeMap, BTreeSet};

use xunge_core::store::{RecordRow, SyncState};
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::model::schema::to_json;

use crate::phone::SimPhone;
use crate::relay::SimRelay;

/// I1 and I4 on one phone.
pub(crate) fn phone(
    n: usize,
    phone: &SimPhone,
    rows: &BTreeMap<RecordId, RecordRow>,
) -> Vec<String> {
    let mut violations = Vec::new();
    let store = phone.store();
    for record in &phone.wrote {
        match rows.get(record).map(|row| row.sync_state) {
            Some(
                SyncState::Waiting | SyncState::Received | SyncState::Returned | SyncState::Refused,
            ) => {}
            other => violations.push(format!(
                "I1/I4: phone {n} saved {record}, and has {other:?}"
            )),
        }
    }
    let progress = store.progress().unwrap();
    let wrote = phone.wrote.len() as u64;
    // A phone shows its worker also what another copy of it wrote.
    let counted = if phone.copied {
        progress.saved >= wrote
    } else {
        progress.saved == wrote
    };
    if progress.saved != progress.acknowledged + progress.waiting + progress.refused || !counted {
        violations.push(format!(
            "I4: phone {n} wrote {} records, and says {progress:?}",
            wrote
        ));
    }
    violations
}

/// I2 for what one phone wrote in all its incarnations, but for what a supervisor erased: the town had that. A phone that
/// has not heard yet that the relay went back to a backup will send again. What was found true is looked at again when
/// lists show it otherwise, when phone or relay were switched off meanwhile, and at rest.
pub(crate) fn claims(
    n: usize,
    phone: &mut SimPhone,
    rows: &BTreeMap<RecordId, RecordRow>,
    relay: &SimRelay,
    erased: &BTreeSet<(ScopeId, RecordId)>,
) -> Vec<String> {
    let (mut violations, mut verified) = (Vec::new(), Vec::new());
    if phone.store().sync_position().unwrap().epoch != relay.epoch() {
        return violations;
    }
    for record in &phone.wrote {
        let Some(row) = rows.get(record) else {
            continue;
        };
        if phone.verified.get(record) == Some(row) || erased.contains(&(row.scope, *record)) {
            continue;
        }
        if !matches!(row.sync_state, SyncState::Received | SyncState::Returned) {
            continue;
        }
        let held: BTreeSet<_> = relay.changes(row.scope, *record).into_iter().collect();
        let document = phone.store().load_document(record).unwrap().unwrap();
        let written = phone.writers.iter().flat_map(|w| document.changes_by(*w));
        for change in written {
            if !held.contains(&change) {
                violations.push(format!(
                    "I2: phone {n} calls {record} received, but the relay lacks {change}"
                ));
            }
        }
        verified.push((*record, row.clone()));
    }
    phone.verified.extend(verified);
    violations
}

/// I6: what was erased is nowhere, however late a phone came to hear it.
pub(crate) fn erased(
    record: RecordId,
    phones: &[(usize, &SimPhone)],
    relay: &SimRelay,
) -> Vec<String> {
    let mut violations = Vec::new();
    if relay.record(record).is_some() {
        violations.push(format!("I6: the relay has erased {record} again"));
    }
    if relay.holds_in_quarantine(record) {
        violations.push(format!("I6: erased {record} is in quarantine"));
    }
    for (n, phone) in phones {
        if phone.store().record(&record).unwrap().is_some() {
            violations.push(format!("I6: phone {n} still has erased {record}"));
        }
    }
    violations
}

/// I3 for one record among the phones of its grid, and the relay.
pub(crate) fn agreement(
    record: RecordId,
    phones: &[(usize, &SimPhone)],
    relay: &SimRelay,
) -> Vec<String> {
    let Some(there) = relay.record(record) else {
        return vec![format!("I3: the relay lacks {record}")];
    };
    let expected = to_json(&there);
    let mut violations = Vec::new();
    for (n, phone) in phones {
        let listed = phone.store().record(&record).unwrap();
        match phone.store().load_record(&record).unwrap() {
            Some(here) if to_json(&here) == expected => {
                if listed.is_none_or(|row| row.state != here.state.code) {
                    violations.push(format!("I3: phone {n} lists {record} otherwise than it is"));
                }
            }
            Some(here) => violations.push(format!(
                "I3: phone {n} sees {record} otherwise:\n{}\nthan the relay:\n{expected}",
                to_json(&here)
            )),
            None => violations.push(format!("I3: phone {n} lacks {record}")),
        }
    }
    violations
}
