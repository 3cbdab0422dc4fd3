//! What is over for longer than the town keeps it on phones, with a real relay under a clock of its own: the worker's phone
//! lets go of it, a new phone never gets it, and both show it when the town says more of it.

use xunge_days::{Failure, Town, Walker, Words};
use xunge_protocol::Timestamp;

/// A day in May, at half past seven.
const MORNING: Timestamp = Timestamp(1_778_110_200_000);
const DAY_MILLIS: u64 = 86_400_000;
/// More than a relay keeps on phones, unless its operator says otherwise.
const LONG: u64 = 401 * DAY_MILLIS;

struct Short;

impl Words for Short {
    fn text(&mut self, _: &str, _: &str) -> String {
        "都好".into()
    }
}

/// Ids of the visits that a phone shows.
fn visits(walker: &Walker) -> Vec<String> {
    let filter = xunge_core::app::RecordFilter {
        kind: Some("visit".into()),
        ..Default::default()
    };
    let all = walker.phone.records(&filter).unwrap();
    all.into_iter().map(|row| row.record).collect()
}

async fn enrolled(town: &Town, name: &str, seed: u64) -> Result<Walker, Failure> {
    Walker::enrol(town, name, seed, Box::new(Short)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_is_past_leaves_every_phone_and_comes_back_when_the_town_says_more_of_it() {
    let town = Town::build(5, MORNING, 2).await.unwrap();
    let mut author = enrolled(&town, "王秀英", 5).await.unwrap();
    // Of two households, the last visit of each stays.
    while visits(&author).len() < 6 {
        author.pass(&town, DAY_MILLIS);
        author.record("visit", None).unwrap();
    }
    author.sync().await.unwrap();
    let all = visits(&author);
    let before = author.phone.home().unwrap().progress;
    assert_eq!((before.saved, before.acknowledged), (6, 6));

    author.pass(&town, LONG);
    author.sync().await.unwrap();
    let left = visits(&author);
    assert!(!left.is_empty() && left.len() <= 2, "{left:?}");
    let now = author.phone.home().unwrap().progress;
    assert_eq!((now.saved, now.acknowledged), (6, 6));
    let past = all.iter().find(|id| !left.contains(id)).unwrap();
    assert!(author.phone.record(past).is_err());

    town.cut_snapshots().unwrap();
    let new = enrolled(&town, "李大山", 6).await.unwrap();
    assert!(visits(&new).is_empty());

    let past_id = past.parse().unwrap();
    town.say(past_id, "note", "后来补的").unwrap();
    for walker in [&author, &new] {
        walker.sync().await.unwrap();
        let shown = walker.phone.record(past).unwrap();
        assert_eq!(shown.sync_state, "received");
        let says = |path: &str| shown.fields.iter().find(|f| f.path == path);
        assert_eq!(says("note").unwrap().values, ["后来补的"]);
        assert!(says("household").is_some() && says("visited_on").is_some());
    }
    let now = author.phone.home().unwrap().progress;
    assert_eq!((now.saved, now.acknowledged), (6, 6));
}
