//! What a record costs a relay that already holds a thousand, a hundred thousand and a million records.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use xunge_protocol::system::OrgNode;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{FormRef, Kind};
use xunge_server::authority::{self, AuthorityError, Draft};
use xunge_server::relay::Relay;
use xunge_tests::Outcome;

use crate::measure::Numbers;
use crate::place::Place;
use crate::traffic::{BATCH, catch, given_to, node};

/// How many records are there, and how that is called.
const HELD: [(usize, &str); 3] = [(1_000, "1e3"), (100_000, "1e5"), (1_000_000, "1e6")];
/// Phones that bring a batch each time.
const PHONES: usize = 6;
/// Records of one grid beside those of the phones.
const GRID: usize = 2_000;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::empty(10, 6).await?;
    let mut bodies = catch(&place, PHONES * HELD.len()).await?;
    let data = place.relay.data().to_path_buf();
    place.relay.stop().await?;
    let mut costs = Vec::new();
    let mut held = place.grids.iter().map(|(_, records)| records).sum();
    for (records, name) in HELD {
        let batch: Vec<_> = bodies.drain(..PHONES).collect();
        let data = data.clone();
        let taken = spawn_blocking(move || {
            let relay = node(&data)?;
            while held < records {
                held += fill(&relay, GRID.min(records - held))?;
            }
            given_to(&[relay], &batch)
        });
        let taken = taken.await??;
        held = records.max(held) + PHONES * BATCH;
        let cost = taken.cpu_ms_per_record(PHONES * BATCH);
        numbers.set(&format!("relay.cpu_ms_per_record_{name}"), cost);
        let rate = taken.records_per_second(PHONES * BATCH);
        numbers.set(&format!("relay.records_per_second_{name}"), rate);
        costs.push(cost);
    }
    let most = costs.iter().copied().fold(f64::MIN, f64::max);
    let first = costs.first().copied().unwrap_or(f64::NAN);
    numbers.set("relay.flat_ratio", most / first);
    Ok(())
}

/// A further grid with visits, as a bulk import writes them.
fn fill(relay: &Arc<Relay>, records: usize) -> Outcome<usize> {
    authority::command(relay, move |authority, _| {
        let scope = ScopeId(authority.relay().env.random());
        let id = u64::from_be_bytes(scope.0);
        authority.org_node(&OrgNode {
            scope,
            parent: Some(authority.relay().county_scope()),
            level: "4".into(),
            code: format!("{:015}", id % 1_000_000_000_000_000),
            name: "合成网格".into(),
            from: authority.now(),
            help_phone: None,
        })?;
        for n in 0..records {
            let household = RecordId::written(authority.relay().writer(), 1 + n as u32 / 20);
            let draft = Draft::default()
                .set("household", household.to_string())
                .set(
                    "visited_on",
                    format!("2026-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
                )
                .set("purposes/VP01", true)
                .set("met", "MW01")
                .set("all_well", true)
                .set("note", format!("第{n}次走访，一切都好"));
            let form = FormRef {
                id: "visit".into(),
                version: 1,
            };
            authority.open(scope, Kind::Visit, form, draft)?;
        }
        Ok::<_, AuthorityError>(records)
    })
    .map_err(Into::into)
}
