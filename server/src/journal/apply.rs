//! Tells a restored log what the journals of all nodes know. Knows nothing of files.

use std::collections::{BTreeMap, BTreeSet};

use xunge_protocol::system::{Grant, Share, SignedCertificate};
use xunge_protocol::{Hash32, RecordId, ScopeId, wire};

use super::Fact;
use crate::authority::{Authority, AuthorityError};
use crate::store::{MediaRow, StoreError, TicketRow, Worker};

/// Makes a restored log know again what the journals of all nodes tell. Repeating it changes nothing. Returns the media
/// that were erased again; their files are to be removed once this is durable.
pub fn apply(
    authority: &mut Authority<'_>,
    journals: &[Vec<Fact>],
) -> Result<Vec<MediaRow>, AuthorityError> {
    // Before anything is written: it is written under the relay's last key.
    authority.adopt_keys(journals)?;
    let tx = authority.tx();
    let mut gone = Vec::new();
    // People and phones first: a grant may have been given before its worker had a phone.
    for fact in journals.iter().flatten() {
        if let Fact::Certified {
            worker,
            name,
            certificate,
            ticket,
        } = fact
        {
            certified(authority, worker, name, certificate, *ticket)?;
        }
    }
    for grant in grants(journals) {
        if tx.worker(&grant.worker)?.is_some()
            && tx.grant(&grant.worker, grant.scope)?.as_ref() != Some(&grant)
        {
            authority.grant(&grant)?;
        }
    }
    for fact in journals.iter().flatten() {
        match fact {
            Fact::Erased {
                record,
                scope,
                at,
                successor,
                media,
            } => {
                authority.erase_again(*record, *scope, *at, *successor)?;
                for hash in media {
                    gone.extend(tx.delete_media(*hash)?);
                }
            }
            Fact::Revoked { writer, at } => {
                if tx
                    .writer(*writer)?
                    .is_some_and(|row| row.revoked_at.is_none())
                {
                    tx.revoke_writer(*writer, *at)?;
                }
            }
            Fact::Certified { .. }
            | Fact::Granted { .. }
            | Fact::Shared { .. }
            | Fact::Number { .. }
            | Fact::RelayKey { .. } => {}
        }
    }
    // After the erasures: what is erased is shared no more.
    for share in shares(journals) {
        let known = tx.shares_of(share.record)?;
        let here = tx.find_record(share.record)?;
        if here.is_some_and(|place| place.scope == share.home) && !known.contains(&share) {
            authority.share(&share)?;
        }
    }
    let numbers = numbers(journals);
    for ((scope, counter), highest) in numbers.highest {
        // Counts up only: what is given is never given again.
        while tx.next_number(scope, counter)? < highest {}
    }
    for (record, number) in numbers.held {
        tx.reserve_number(record, number)?;
    }
    Ok(gone)
}

/// The last word of the journals on who works where. Within one journal the last line holds; between journals the grant
/// that began last, and of the same grant the one that is closed.
fn grants(journals: &[Vec<Fact>]) -> Vec<Grant> {
    let mut last: BTreeMap<(&str, ScopeId), Grant> = BTreeMap::new();
    for journal in journals {
        let mut here = BTreeMap::new();
        for fact in journal {
            if let Fact::Granted {
                worker,
                scope,
                from,
                until,
                drain_days,
            } = fact
            {
                let grant = Grant {
                    worker: worker.clone(),
                    scope: *scope,
                    from: *from,
                    until: *until,
                    drain_days: *drain_days,
                };
                here.insert((worker.as_str(), *scope), grant);
            }
        }
        for (place, grant) in here {
            let age = |grant: &Grant| (grant.from, grant.until);
            match last.get(&place) {
                Some(known) if age(known) >= age(&grant) => {}
                _ => drop(last.insert(place, grant)),
            }
        }
    }
    last.into_values().collect()
}

/// The last word of the journals on who reads what. Within one journal the last line holds; between journals the share
/// that began last, and of the same share the one that ended.
fn shares(journals: &[Vec<Fact>]) -> Vec<Share> {
    let mut last: BTreeMap<(RecordId, ScopeId), Share> = BTreeMap::new();
    for journal in journals {
        let mut here = BTreeMap::new();
        for fact in journal {
            if let Fact::Shared {
                record,
                home,
                guest,
                acts,
                from,
                until,
            } = *fact
            {
                let share = Share {
                    record,
                    home,
                    guest,
                    acts,
                    from,
                    until,
                };
                here.insert((record, guest), share);
            }
        }
        for (place, share) in here {
            let age = |share: &Share| (share.from, share.until);
            match last.get(&place) {
                Some(known) if age(known) >= age(&share) => {}
                _ => drop(last.insert(place, share)),
            }
        }
    }
    let mut all: Vec<Share> = last.into_values().collect();
    // Of one record the ended ones first: it has one guest at a time.
    all.sort_by_key(|share| (share.record, share.is_in_force(), share.from));
    all
}

/// Numbers that were given.
struct Numbers<'a> {
    highest: BTreeMap<(ScopeId, &'a str), u64>,
    held: BTreeMap<RecordId, &'a str>,
}

/// How far the counters went, and which number each record had. The transaction of a line may have failed, and its number
/// then went to another record: so a record has the last number that it was given, and a number has one record.
fn numbers(journals: &[Vec<Fact>]) -> Numbers<'_> {
    let mut highest: BTreeMap<(ScopeId, &str), u64> = BTreeMap::new();
    let mut held: BTreeMap<RecordId, (u64, ScopeId, &str, &str)> = BTreeMap::new();
    for fact in journals.iter().flatten() {
        if let Fact::Number {
            record,
            scope,
            counter,
            n,
            number,
        } = fact
        {
            let top = highest.entry((*scope, counter)).or_default();
            *top = (*top).max(*n);
            let one = (*n, *scope, counter.as_str(), number.as_str());
            let known = held.entry(*record).or_insert(one);
            if known.0 < *n {
                *known = one;
            }
        }
    }
    let mut given = BTreeSet::new();
    let held = held
        .into_iter()
        .filter(|(_, (n, scope, counter, _))| given.insert((*scope, *counter, *n)))
        .map(|(record, (.., number))| (record, number))
        .collect();
    Numbers { highest, held }
}

fn certified(
    authority: &mut Authority<'_>,
    worker: &str,
    name: &str,
    certificate: &str,
    ticket: Option<Hash32>,
) -> Result<(), AuthorityError> {
    let tx = authority.tx();
    let bytes = hex::decode(certificate)
        .map_err(|e| StoreError::Corrupt(format!("journal: certificate: {e}")))?;
    let certificate: SignedCertificate =
        wire::decode("certificate", &bytes).map_err(StoreError::from)?;
    let inner = &certificate.certificate;
    if tx.worker(worker)?.is_none() {
        tx.insert_worker(&Worker {
            id: worker.into(),
            name: name.into(),
            created_at: inner.issued_at,
        })?;
    }
    if tx.writer(inner.writer)?.is_none() {
        tx.insert_writer(&certificate)?;
        authority.certify_everywhere(&certificate)?;
    }
    if let Some(secret_hash) = ticket {
        if tx.ticket(secret_hash)?.is_none() {
            tx.insert_ticket(&TicketRow {
                secret_hash,
                worker: worker.into(),
                created_at: inner.issued_at,
                expires_at: inner.issued_at,
                writer: None,
            })?;
        }
        tx.use_ticket(secret_hash, inner.writer)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use xunge_protocol::{Timestamp, WriterId};

    use super::super::tests::number;
    use super::*;

    fn granted(from: i64, until: Option<i64>) -> Fact {
        Fact::Granted {
            worker: "w".into(),
            scope: ScopeId([2; 8]),
            from: Timestamp(from),
            until: until.map(Timestamp),
            drain_days: 30,
        }
    }

    #[test]
    fn of_two_nodes_that_wrote_of_one_grant_the_later_word_holds_whichever_is_read_first() {
        let (opened, closed, again) = (
            vec![granted(1, None)],
            vec![granted(1, Some(5))],
            vec![granted(9, None)],
        );
        let until = |journals: &[Vec<Fact>]| {
            let [grant]: [Grant; 1] = grants(journals).try_into().unwrap();
            (grant.from.0, grant.until.map(|t| t.0))
        };
        assert_eq!(until(&[opened.clone(), closed.clone()]), (1, Some(5)));
        assert_eq!(until(&[closed.clone(), opened.clone()]), (1, Some(5)));
        assert_eq!(until(&[again.clone(), closed, opened]), (9, None));
    }

    #[test]
    fn a_number_whose_first_transaction_failed_belongs_to_the_record_that_got_it_then() {
        let given = |record: u32, n: u64| {
            let mut fact = number(n);
            if let Fact::Number { record: id, .. } = &mut fact {
                *id = RecordId::written(WriterId([1; 8]), record);
            }
            fact
        };
        // Record 1 was given number 1, which failed; record 2 got it on another node, and record 1 the next one.
        let journals = [vec![given(1, 1), given(1, 2)], vec![given(2, 1)]];
        let given = numbers(&journals);
        assert_eq!(given.highest.into_values().collect::<Vec<_>>(), [2]);
        let held: Vec<_> = given.held.into_values().collect();
        assert_eq!(held, ["D-2026-000002", "D-2026-000001"]);
    }
}
