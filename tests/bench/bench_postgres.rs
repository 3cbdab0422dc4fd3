//! How many records a second the relay makes durable on PostgreSQL, as one node and as two, against a bare loop on the same server.

use tokio::task::spawn_blocking;
use xunge_server::store::Location;
use xunge_tests::Outcome;
use xunge_tests::postgres::Postgres;

use crate::floor_postgres::{connect, floor, positions};
use crate::log::Log;
use crate::measure::Numbers;
use crate::place::Place;
use crate::traffic::{BATCH, catch, given_to, node};

const PHONES: usize = 12;

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let server = Postgres::start(true)?;
    let url = server.database()?;
    let place = Place::kept("village", Some(url.clone())).await?;
    let bodies = catch(&place, 2 * PHONES).await?;
    let (for_one, for_two) = bodies.split_at(PHONES);
    let (for_one, for_two) = (for_one.to_vec(), for_two.to_vec());
    let at = Location {
        data: place.relay.data().to_path_buf(),
        database: Some(url.clone()),
    };
    place.relay.stop().await?;

    let records = PHONES * BATCH;
    let mut client = connect(&url).await?;
    let before = positions(&client).await?;
    let one = at.clone();
    let taken = spawn_blocking(move || given_to(&[node(one)?], &for_one)).await??;
    let (held, behind) = (at.clone(), before.clone());
    let log = spawn_blocking(move || Log::behind(held, &behind)).await??;
    let floor = floor(&mut client, &log, &before).await?;
    numbers.set(
        "relay.postgres_records_per_second",
        taken.records_per_second(records),
    );
    numbers.set(
        "relay.postgres_floor_records_per_second",
        floor.records_per_second(records),
    );
    numbers.set(
        "relay.postgres_cpu_ms_per_record",
        taken.cpu_ms_per_record(records),
    );
    numbers.set("relay.postgres_ratio", taken.ratio_to(floor));

    let two = spawn_blocking(move || {
        let nodes = [node(at.clone())?, node(at)?];
        given_to(&nodes, &for_two)
    });
    let taken = two.await??;
    numbers.set(
        "relay.postgres_two_nodes_records_per_second",
        taken.records_per_second(records),
    );
    numbers.set(
        "relay.postgres_two_nodes_cpu_ms_per_record",
        taken.cpu_ms_per_record(records),
    );
    Ok(())
}
