//! The account at the end of the day: what the phones saved, against what the relay holds. It asks the relay's open API
//! and the phones, and takes nobody's word for a number that it can count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use xunge_tests::api::Api;
use xunge_tests::{Outcome, fail};

use super::day::{Day, sum};

/// What the relay held before the day began.
#[derive(Debug)]
pub(crate) struct Baseline {
    ids: BTreeSet<String>,
    households: BTreeMap<String, usize>,
    cursor: String,
}

/// The summary and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) json: Value,
    pub(crate) faults: Vec<String>,
}

impl Baseline {
    /// Reads every record.
    pub(crate) async fn take(api: &Api) -> Outcome<Self> {
        let (records, cursor) = api.records(None, None).await?;
        let mut households = BTreeMap::new();
        for record in records
            .iter()
            .filter(|record| record["kind"] == "household")
        {
            let scope = record["scope"].as_str().unwrap_or_default().to_owned();
            *households.entry(scope).or_default() += 1;
        }
        Ok(Self {
            ids: ids(&records).collect(),
            households,
            cursor,
        })
    }

    /// Scopes of `n` grids with households, those with the fewest first, so that phones fill quickly.
    pub(crate) fn grids(&self, n: usize) -> Outcome<Vec<String>> {
        let mut grids: Vec<(usize, &String)> = self
            .households
            .iter()
            .map(|(scope, n)| (*n, scope))
            .collect();
        grids.sort();
        if grids.len() < n {
            fail!("{n} phones need {n} grids; the town has {}", grids.len());
        }
        Ok(grids
            .into_iter()
            .take(n)
            .map(|(_, scope)| scope.clone())
            .collect())
    }
}

fn ids(records: &[Value]) -> impl Iterator<Item = String> + '_ {
    records
        .iter()
        .filter_map(|record| record["id"].as_str().map(str::to_owned))
}

/// Draws the balance.
pub(crate) async fn balance(
    api: &Api,
    baseline: &Baseline,
    day: &Day,
    seed: u64,
    took: Duration,
) -> Outcome<Summary> {
    let mut faults = Vec::new();
    let saved: BTreeSet<String> = day
        .evenings
        .iter()
        .flat_map(|e| e.worker.saved.iter().cloned())
        .collect();

    let (records, _) = api.records(None, Some(&baseline.cursor)).await?;
    let quarantine = api.quarantine().await?;
    let quarantined: BTreeSet<String> = quarantine
        .iter()
        .filter_map(|entry| entry["record"].as_str().map(str::to_owned))
        .collect();
    // Warnings are the relay's own; all else that is new or changed since morning came from phones.
    let by_phones: Vec<&Value> = records
        .iter()
        .filter(|record| record["kind"] != "warning")
        .collect();
    let held: BTreeSet<String> = by_phones
        .iter()
        .filter_map(|record| record["id"].as_str().map(str::to_owned))
        .chain(quarantined.iter().cloned())
        .collect();
    if by_phones.len()
        != ids(&records).collect::<BTreeSet<_>>().len() - (records.len() - by_phones.len())
    {
        faults.push("a record stands twice in /api/v1/records".into());
    }
    let lost: Vec<&String> = saved.difference(&held).collect();
    let unknown: Vec<&String> = held.difference(&saved).collect();
    if !lost.is_empty() {
        faults.push(format!(
            "{} saved on phones are not on the relay: {}",
            lost.len(),
            some(&lost)
        ));
    }
    if !unknown.is_empty() {
        faults.push(format!(
            "{} on the relay were saved on no phone: {}",
            unknown.len(),
            some(&unknown)
        ));
    }
    // A saved record that is in quarantine alone must not count as received, and the other way round.
    let accepted: BTreeSet<String> = by_phones
        .iter()
        .filter_map(|r| r["id"].as_str().map(str::to_owned))
        .collect();

    let (mut on_phones, mut acknowledged, mut waiting, mut refused, mut kills) = (0, 0, 0, 0, 0);
    for evening in &day.evenings {
        let progress = evening.worker.phone.progress().await?;
        if progress.saved != progress.acknowledged + progress.waiting + progress.refused {
            faults.push(format!(
                "{}: {progress:?} does not add up",
                evening.worker.phone.name
            ));
        }
        if progress.saved != evening.worker.saved.len() as u64 {
            let (shows, knows) = (progress.saved, evening.worker.saved.len());
            faults.push(format!(
                "{} shows {shows} saved, and saved {knows}",
                evening.worker.phone.name
            ));
        }
        on_phones += progress.saved;
        acknowledged += progress.acknowledged;
        waiting += progress.waiting;
        refused += progress.refused;
        kills += evening.worker.kills;
    }

    let mut conflicts = 0;
    for household in &day.conflicts {
        let record = records
            .iter()
            .find(|record| record["id"] == household.as_str());
        let events = record.and_then(|record| record["events"].as_array());
        let settled =
            events.is_some_and(|events| events.iter().any(|event| event["verb"] == "settle"));
        conflicts += u64::from(settled);
    }
    let heard = records
        .iter()
        .filter(|record| record["kind"] == "warning_ack")
        .count() as u64;
    let told: u64 = day.evenings.iter().map(|e| e.warnings_heard).sum();
    if heard < told {
        faults.push(format!(
            "{told} households were told of a warning, the relay knows of {heard}"
        ));
    }
    let returned_and_fixed: u64 = day.evenings.iter().map(|e| e.returned_and_fixed).sum();
    let cuts = sum(day, |c| &c.cuts_in_request)
        + sum(day, |c| &c.cuts_in_response)
        + sum(day, |c| &c.drops);

    for (name, number, least) in [
        ("refusal", refused, 1),
        ("return-and-fix", returned_and_fixed, 1),
        ("conflict", conflicts, 1),
        ("warning heard", heard, 1),
        ("cut connection", cuts, 20),
    ] {
        if number < least {
            faults.push(format!("{number} of {name}, at least {least} wanted"));
        }
    }
    if waiting > 0 {
        faults.push(format!("{waiting} records still wait"));
    }
    let json = json!({
        "phones": day.evenings.len(),
        "saved": on_phones,
        "acknowledged": acknowledged,
        "refused": refused,
        "waiting": waiting,
        "returned_and_fixed": returned_and_fixed,
        "conflicts": conflicts,
        "warnings_heard": heard,
        "cuts": cuts,
        "cuts_in_request": sum(day, |c| &c.cuts_in_request),
        "cuts_in_response": sum(day, |c| &c.cuts_in_response),
        "drops": sum(day, |c| &c.drops),
        "requests": sum(day, |c| &c.requests),
        "bytes_up": sum(day, |c| &c.bytes_up),
        "bytes_down": sum(day, |c| &c.bytes_down),
        "kills": kills,
        "ids_saved": saved.len(),
        "ids_received": accepted.len(),
        "ids_in_quarantine": quarantined.len(),
        "records_before": baseline.ids.len(),
        "seconds_to_first_sync": day.seconds_to_first_sync,
        "seconds": took.as_secs_f64(),
        "seed": seed,
        "balanced": faults.is_empty(),
    });
    Ok(Summary { json, faults })
}

fn some(ids: &[&String]) -> String {
    ids.iter()
        .take(3)
        .map(|id| id.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
