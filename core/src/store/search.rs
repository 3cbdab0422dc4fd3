//! Finding households by name (of the head or a member), pinyin and door: prefixes in one index.

use std::collections::BTreeMap;

use rusqlite::Transaction;
use serde::Serialize;
use xunge_protocol::RecordId;
use xunge_records::Fields;

use super::households::{self, HouseholdRow};
use super::records::{self, RecordRow};
use super::terms::{self, Terms};
use super::{Store, StoreError, shares};

/// Most index rows that one word of a query looks at: "王" in a large village.
const SCAN_LIMIT: i64 = 2000;

/// A household that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The household.
    #[serde(flatten)]
    pub household: HouseholdRow,
    /// The member whose name was found, if it was not the head's.
    pub member: Option<String>,
}

impl Store {
    /// People whom another scope shares, and whose names match every word of `text`, the best first; all of them for an
    /// empty text. Their households are not here.
    pub fn search_shared(&self, text: &str, limit: usize) -> Result<Vec<RecordRow>, StoreError> {
        let words = words_of(text);
        self.read(|tx| {
            let ids: Vec<[u8; 13]> = match words.is_empty() {
                true => tx
                    .prepare_cached(
                        "SELECT DISTINCT h.record FROM share h JOIN record r ON r.record = h.record
                         WHERE h.ended = 0 ORDER BY r.title, h.record",
                    )?
                    .query_map((), |row| row.get(0))?
                    .collect::<Result<_, _>>()?,
                false => ranked(tx, &words)?.into_iter().map(|(id, _)| id).collect(),
            };
            let mut found = Vec::new();
            for id in ids.into_iter().map(RecordId) {
                if found.len() < limit
                    && shares::is_read_only(tx, &id)?
                    && let Some(row) = records::one(tx, &id)?
                {
                    found.push(row);
                }
            }
            Ok(found)
        })
    }

    /// Households that match every word of `text`, the best first. An empty text gives the likeliest ones.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let words = words_of(text);
        if words.is_empty() {
            let likely = self.likeliest_households(limit)?;
            return Ok(likely
                .into_iter()
                .map(|household| Hit {
                    household,
                    member: None,
                })
                .collect());
        }
        self.read(|tx| {
            let mut ranked = ranked(tx, &words)?;
            // Doors order those that match equally well, so a few more are read than are shown.
            ranked.truncate(limit.saturating_mul(4).max(64));
            let mut hits = Vec::with_capacity(ranked.len());
            for (household, found) in ranked {
                if let Some(row) = households::household(tx, &RecordId(household))? {
                    hits.push((found, row));
                }
            }
            hits.sort_by(|(a, x), (b, y)| {
                (a.rank, &x.door_order, x.record).cmp(&(b.rank, &y.door_order, y.record))
            });
            hits.truncate(limit);
            hits.into_iter()
                .map(|(found, household)| {
                    let member = if found.source == household.record.0 {
                        None
                    } else {
                        name_of(tx, &found.source)?
                    };
                    Ok(Hit { household, member })
                })
                .collect()
        })
    }
}

fn words_of(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(terms::normalize)
        .filter(|word| !word.is_empty())
        .collect()
}

/// What matches every one of `words`, the best first.
fn ranked(tx: &Transaction<'_>, words: &[String]) -> Result<Vec<([u8; 13], Match)>, StoreError> {
    let mut matches: Option<BTreeMap<[u8; 13], Match>> = None;
    for word in words {
        let found = find(tx, word)?;
        matches = Some(match matches {
            None => found,
            Some(before) => intersect(before, &found),
        });
    }
    let mut ranked: Vec<([u8; 13], Match)> = matches.unwrap_or_default().into_iter().collect();
    ranked.sort_by_key(|(household, m)| (m.rank, *household));
    Ok(ranked)
}

/// How well a household matches: 0 the whole text, 1 its beginning, 2 its inside; and where.
#[derive(Clone, Copy)]
struct Match {
    rank: u8,
    source: [u8; 13],
}

fn find(tx: &Transaction<'_>, word: &str) -> Result<BTreeMap<[u8; 13], Match>, StoreError> {
    let mut select = tx.prepare_cached(
        "SELECT household, source, rank, term FROM search_term
         WHERE term >= ?1 AND term < ?2 LIMIT ?3",
    )?;
    let mut rows = select.query((word, format!("{word}\u{10ffff}"), SCAN_LIMIT))?;
    let mut found: BTreeMap<[u8; 13], Match> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let term = row.get_ref(3)?.as_str().unwrap_or_default();
        // "12" finds door 12 before door 120.
        let whole = term == word || term.strip_prefix(word) == Some("号");
        let candidate = Match {
            rank: if whole { 0 } else { 1 + row.get::<_, u8>(2)? },
            source: row.get(1)?,
        };
        found
            .entry(row.get(0)?)
            .and_modify(|held| {
                if candidate.rank < held.rank {
                    *held = candidate;
                }
            })
            .or_insert(candidate);
    }
    Ok(found)
}

fn intersect(
    before: BTreeMap<[u8; 13], Match>,
    found: &BTreeMap<[u8; 13], Match>,
) -> BTreeMap<[u8; 13], Match> {
    before
        .into_iter()
        .filter_map(|(household, a)| {
            let b = found.get(&household)?;
            let rank = a.rank.max(b.rank);
            Some((household, Match { rank, ..a }))
        })
        .collect()
}

fn name_of(tx: &Transaction<'_>, person: &[u8; 13]) -> Result<Option<String>, StoreError> {
    use rusqlite::OptionalExtension as _;
    Ok(tx
        .prepare_cached("SELECT title FROM record WHERE record = ?1")?
        .query_row([person], |row| row.get(0))
        .optional()?)
}

/// Indexes a household by its head and its door; one that was merged into another is not found any more.
pub(super) fn index_household(
    tx: &Transaction<'_>,
    household: &RecordId,
    fields: &Fields,
) -> Result<(), StoreError> {
    let mut terms = Terms::new();
    if fields.text("merged_into").is_none() {
        terms::add_name(&mut terms, fields.text("head_name").unwrap_or_default());
        terms::add_door(&mut terms, fields.text("door").unwrap_or_default());
    }
    replace(tx, household, Some(household), &terms)
}

/// Indexes a person under the household; one whom another scope shares, and whose household is not here, alone.
pub(super) fn index_person(
    tx: &Transaction<'_>,
    person: &RecordId,
    household: Option<&RecordId>,
    fields: &Fields,
) -> Result<(), StoreError> {
    let mut terms = Terms::new();
    if fields.text("merged_into").is_none() {
        terms::add_name(&mut terms, fields.text("name").unwrap_or_default());
    }
    let under = match shares::is_read_only(tx, person)? {
        true => Some(person),
        false => household,
    };
    replace(tx, person, under, &terms)
}

fn replace(
    tx: &Transaction<'_>,
    source: &RecordId,
    household: Option<&RecordId>,
    terms: &Terms,
) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM search_term WHERE source = ?1")?
        .execute([source.0])?;
    let Some(household) = household else {
        return Ok(());
    };
    let mut insert = tx.prepare_cached("INSERT INTO search_term VALUES (?1, ?2, ?3, ?4)")?;
    for (term, rank) in terms {
        insert.execute((term, household.0, source.0, rank))?;
    }
    Ok(())
}
