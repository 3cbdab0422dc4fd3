//! The console's counts and lists on both databases, where records hold what no form writes: a supervisor may let it in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use common::*;
use serde_json::json;
use xunge_records::Kind;
use xunge_server::store::{GroupBy, HouseholdFilter, RecordFilter, StoreError, Window};

on_both! {
    counts_and_lists_stand_whatever_a_field_holds
}

fn counts_and_lists_stand_whatever_a_field_holds(place: &Place) {
    let mut phone = place.phone("王秀英", &[GRID]);
    let visit = phone.visit(GRID);
    let dispute = phone.dispute(GRID);
    let fields = [("door", "1号".into()), ("head_name", "张有田".into())];
    let household = phone.open(GRID, Kind::Household, &fields);
    phone.sync(place);
    for odd in [
        json!(3),
        json!(1.5),
        json!(true),
        json!("x"),
        json!({"a": 1}),
        json!(null),
    ] {
        place
            .relay
            .store
            .write::<_, StoreError>(move |tx| {
                for id in [visit, dispute, household] {
                    let mut row = tx.record(GRID, id)?.unwrap();
                    let mut record: serde_json::Value = serde_json::from_str(&row.json).unwrap();
                    for field in ["type", "purposes", "tier", "interval_days", "campaign"] {
                        record["fields"][field] = odd.clone();
                    }
                    row.json = record.to_string();
                    tx.put_record(&row)?;
                }
                Ok(())
            })
            .unwrap();
        let filter = RecordFilter {
            scopes: vec![GRID],
            now: place.relay.now(),
            ..RecordFilter::default()
        };
        let households = HouseholdFilter {
            scopes: vec![GRID],
            today: "2026-11-24".into(),
            ..HouseholdFilter::default()
        };
        let window = Window { skip: 0, take: 50 };
        let listed = place.relay.store.read::<_, StoreError>(|tx| {
            let types = tx.count_groups(&filter, GroupBy::Field("type"))?;
            assert_eq!(types.values().sum::<u64>(), 3);
            // What is no set has no members.
            assert!(
                tx.count_groups(&filter, GroupBy::Members("purposes"))?
                    .is_empty()
            );
            tx.count_households(&households)?;
            tx.list_households(&households, window)
        });
        assert_eq!(listed.unwrap().len(), 1);
    }
}
