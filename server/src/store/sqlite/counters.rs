//! Numbers that only grow: positions, case numbers, the county's sequence. A writing transaction counts them here, and
//! writes each once, when its work is done.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use xunge_protocol::ScopeId;

use super::row::{Bytes, signed, unsigned};
use crate::store::StoreResult;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Counter {
    /// Last position given in a scope.
    Position(ScopeId),
    /// Last number given under a name of a scope.
    Number(ScopeId, String),
    /// Last change of a record in the county.
    Sequence,
}

struct Counted {
    value: u64,
    dirty: bool,
}

/// The counters that one transaction has read.
#[derive(Default)]
pub(super) struct Counters(RefCell<BTreeMap<Counter, Counted>>);

impl Counters {
    /// The value now; 0 before the first.
    pub(super) fn last(&self, sql: &Connection, county: i64, of: Counter) -> StoreResult<u64> {
        if let Some(counted) = self.0.borrow().get(&of) {
            return Ok(counted.value);
        }
        let value = read(sql, county, &of)?;
        let counted = Counted {
            value,
            dirty: false,
        };
        self.0.borrow_mut().insert(of, counted);
        Ok(value)
    }

    /// The next value, from 1.
    pub(super) fn next(&self, sql: &Connection, county: i64, of: Counter) -> StoreResult<u64> {
        let value = self.last(sql, county, of.clone())? + 1;
        let counted = Counted { value, dirty: true };
        self.0.borrow_mut().insert(of, counted);
        Ok(value)
    }

    /// Writes what was counted. Must come last in the transaction.
    pub(super) fn flush(&self, sql: &Connection, county: i64) -> StoreResult<()> {
        for (of, counted) in self.0.borrow_mut().iter_mut().filter(|(_, c)| c.dirty) {
            write(sql, county, of, counted.value)?;
            counted.dirty = false;
        }
        Ok(())
    }
}

fn read(sql: &Connection, county: i64, of: &Counter) -> StoreResult<u64> {
    let value: Option<i64> = match of {
        Counter::Position(scope) => sql
            .prepare_cached("SELECT position FROM scopes WHERE county = ?1 AND scope = ?2")?
            .query_row(params![county, Bytes(scope.0)], |r| r.get(0)),
        Counter::Number(scope, name) => sql
            .prepare_cached(
                "SELECT value FROM counters WHERE county = ?1 AND scope = ?2 AND name = ?3",
            )?
            .query_row(params![county, Bytes(scope.0), name], |r| r.get(0)),
        Counter::Sequence => sql
            .prepare_cached("SELECT sequence FROM counties WHERE county = ?1")?
            .query_row(params![county], |r| r.get(0)),
    }
    .optional()?;
    Ok(value.map_or(0, unsigned))
}

fn write(sql: &Connection, county: i64, of: &Counter, value: u64) -> StoreResult<()> {
    let value = signed(value);
    match of {
        Counter::Position(scope) => sql
            .prepare_cached(
                "INSERT INTO scopes (county, scope, position) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET position = excluded.position",
            )?
            .execute(params![county, Bytes(scope.0), value]),
        Counter::Number(scope, name) => sql
            .prepare_cached(
                "INSERT INTO counters (county, scope, name, value) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute(params![county, Bytes(scope.0), name, value]),
        Counter::Sequence => sql
            .prepare_cached("UPDATE counties SET sequence = ?2 WHERE county = ?1")?
            .execute(params![county, value]),
    }?;
    Ok(())
}
