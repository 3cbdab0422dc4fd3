//! The day: every phone saves its records and syncs when there is signal; on some of them something happens that a
//! supervisor must act on. Each story is written as one plain sequence.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::task::JoinSet;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;
use xunge_tests::relay::Relay;
use xunge_tests::worker::Worker;
use xunge_tests::{Outcome, fail};

use super::account::Baseline;
use super::screen::Screen;
use super::supervisor::Supervisor;

/// Everything that a story needs.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    pub(crate) relay: Arc<Relay>,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) screen: Arc<Screen>,
    pub(crate) folder: PathBuf,
    pub(crate) seed: u64,
    pub(crate) phones: usize,
    pub(crate) least: u64,
}

/// A phone at its end of the day.
#[derive(Debug)]
pub(crate) struct Evening {
    pub(crate) worker: Worker,
    /// Records that came back, were mended and approved.
    pub(crate) returned_and_fixed: u64,
    /// Warnings that a household was told of.
    pub(crate) warnings_heard: u64,
}

impl Evening {
    fn plain(worker: Worker) -> Self {
        Self {
            worker,
            returned_and_fixed: 0,
            warnings_heard: 0,
        }
    }
}

/// The whole day.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) evenings: Vec<Evening>,
    /// Households about which two phones said different things.
    pub(crate) conflicts: Vec<String>,
    /// Until the first phone had synced, from the start of the demo.
    pub(crate) seconds_to_first_sync: f64,
}

type Told = (Vec<Evening>, Vec<String>);

impl Town {
    /// Runs all stories at once.
    pub(crate) async fn run(&self, baseline: &Baseline) -> Outcome<Day> {
        let grids = baseline.grids(self.phones)?;
        let mut stories: JoinSet<Outcome<Told>> = JoinSet::new();
        // Two phones of one grid, two that hear of a warning, one whose grant ends; of the others a third has a report returned.
        let (town, grid) = (self.clone(), grids[0].clone());
        stories.spawn(async move { town.two_say_different_things(&grid).await });
        for number in 2..self.phones {
            let (town, grid) = (self.clone(), grids[number - 1].clone());
            stories.spawn(async move {
                let evening = match number {
                    2 | 3 => town.a_warning_is_heard(number, &grid).await,
                    4 => town.a_grant_ends(number, &grid).await,
                    n if n % 3 == 2 => town.a_report_comes_back(number, &grid).await,
                    _ => town
                        .an_ordinary_day(number, &grid)
                        .await
                        .map(Evening::plain),
                };
                Ok((vec![evening?], Vec::new()))
            });
        }
        let mut day = Day {
            evenings: Vec::new(),
            conflicts: Vec::new(),
            seconds_to_first_sync: 0.0,
        };
        while let Some(told) = stories.join_next().await {
            let (evenings, conflicts) = told??;
            day.evenings.extend(evenings);
            day.conflicts.extend(conflicts);
        }
        self.everybody_goes_home(&mut day).await?;
        day.seconds_to_first_sync = self.screen.seconds_to_first_sync();
        Ok(day)
    }

    /// Syncs until nothing waits: decisions of the supervisor may have come late.
    async fn everybody_goes_home(&self, day: &mut Day) -> Outcome {
        for (number, evening) in day.evenings.iter_mut().enumerate() {
            evening.worker.clumsiness = 0.0;
            evening.worker.proxy.set_network(Network {
                certain_cuts: 0,
                ..Network::VILLAGE
            });
            for _ in 0..5 {
                evening.worker.sync().await?;
                if evening.worker.phone.progress().await?.waiting == 0 {
                    break;
                }
            }
            self.show(number, &evening.worker).await?;
            evening.worker.check_ledger().await?;
        }
        Ok(())
    }

    async fn show(&self, number: usize, worker: &Worker) -> Outcome {
        let progress = worker.phone.progress().await?;
        self.screen
            .phone(number, progress, worker.proxy.counters().cuts());
        Ok(())
    }

    async fn begin(&self, number: usize, grid: &str) -> Outcome<Worker> {
        let name = format!("巡格员{:02}", number + 1);
        let dir = self.folder.join(format!("phone-{:02}", number + 1));
        let seed = self.seed.wrapping_mul(1_000).wrapping_add(number as u64);
        // They do not all come to work in the same second.
        tokio::time::sleep(Duration::from_millis(300 * number as u64)).await;
        let mut worker =
            Worker::enrol(&self.relay, grid, &name, &dir, Network::VILLAGE, seed).await?;
        worker.sync().await?;
        self.screen.first_sync(&name);
        worker.look_around(60).await?;
        worker.clumsiness = 0.06;
        self.show(number, &worker).await?;
        Ok(worker)
    }

    /// Saves between once and three times the least number of records, and syncs four times.
    async fn work(&self, number: usize, worker: &mut Worker) -> Outcome {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (number as u64) << 8);
        let records = rng.random_range(self.least..=3 * self.least);
        let kills = worker.kills;
        for n in 1..=records {
            worker.record_something().await?;
            if n % 5 == 0 {
                self.show(number, worker).await?;
            }
            if n % (records / 3).max(1) == 0 {
                worker.sync().await?;
                self.show(number, worker).await?;
            }
        }
        self.screen.killed(worker.kills - kills);
        worker.sync().await?;
        self.show(number, worker).await
    }

    async fn an_ordinary_day(&self, number: usize, grid: &str) -> Outcome<Worker> {
        let mut worker = self.begin(number, grid).await?;
        self.work(number, &mut worker).await?;
        Ok(worker)
    }

    /// A dispute is reported, returned with a note, seen on the phone, mended, approved and resolved.
    async fn a_report_comes_back(&self, number: usize, grid: &str) -> Outcome<Evening> {
        let mut worker = self.begin(number, grid).await?;
        // Both parties take part: a lively worker might close the case on the spot, and leave nothing to approve.
        worker.mood(Mood::Thorough, "两家为田埂吵");
        let report = worker.record("dispute", None).await?;
        worker.sync().await?;
        self.supervisor.return_report(&report).await?;
        worker.mood(Mood::Lively, "今天去看过，都好");
        self.work(number, &mut worker).await?;
        let shown = worker
            .phone
            .call("record", json!({"record": report}))
            .await?;
        if shown["sync_state"] != "returned" {
            fail!(
                "{}: {report} was returned, but the phone shows {}",
                worker.phone.name,
                shown["sync_state"]
            );
        }
        self.screen.say(&format!(
            "{} sees that {report} came back",
            worker.phone.name
        ));
        worker.mood(Mood::Thorough, "在村东头的田埂边");
        worker.amend(&report).await?;
        worker.sync().await?;
        self.supervisor.approve(&report).await?;
        self.supervisor.resolve(&report).await?;
        worker.sync().await?;
        self.screen
            .say(&format!("{report} is mended, approved and resolved"));
        Ok(Evening {
            returned_and_fixed: 1,
            ..Evening::plain(worker)
        })
    }

    /// A warning for two households of the grid arrives with a sync, and each household is told of it.
    async fn a_warning_is_heard(&self, number: usize, grid: &str) -> Outcome<Evening> {
        let mut worker = self.begin(number, grid).await?;
        let households: Vec<String> = worker.households.iter().take(2).cloned().collect();
        self.supervisor.warn(&households).await?;
        self.work(number, &mut worker).await?;
        let warnings = worker.phone.records(Some("warning"), None).await?;
        let Some(warning) = warnings
            .first()
            .and_then(|row| row["record"].as_str())
            .map(str::to_owned)
        else {
            fail!(
                "{}: a warning was sent, but the phone shows none",
                worker.phone.name
            );
        };
        // The first household that is offered is the next that has not heard it; a lively worker might tell one twice.
        worker.mood(Mood::Brief, "");
        let mut told = BTreeSet::new();
        for _ in &households {
            told.insert(worker.record("warning_ack", Some(&warning)).await?);
        }
        let heard = told.len() as u64;
        worker.sync().await?;
        self.screen.say(&format!(
            "{} told {heard} households of the warning",
            worker.phone.name
        ));
        Ok(Evening {
            warnings_heard: heard,
            ..Evening::plain(worker)
        })
    }

    /// The worker is moved, without time to hand over what the phone still holds: the relay must refuse it, visibly.
    async fn a_grant_ends(&self, number: usize, grid: &str) -> Outcome<Evening> {
        let mut worker = self.begin(number, grid).await?;
        self.work(number, &mut worker).await?;
        worker.clumsiness = 0.0;
        worker.record("visit", None).await?;
        let name = worker.phone.name.clone();
        self.relay
            .admin(&[
                "grant", "close", "--worker", &name, "--grid", grid, "--drain", "0",
            ])
            .await?;
        worker.sync().await?;
        let refused = worker.phone.progress().await?.refused;
        if refused == 0 {
            fail!("{name}: the grant is closed, but nothing that was pushed afterwards is refused");
        }
        self.screen.say(&format!(
            "{name} works elsewhere now: {refused} record(s) refused, visibly"
        ));
        Ok(Evening::plain(worker))
    }

    /// Two phones of one grid correct the same household while apart; both values stay until somebody decides.
    async fn two_say_different_things(&self, grid: &str) -> Outcome<Told> {
        let (first, second) = tokio::try_join!(self.begin(0, grid), self.begin(1, grid))?;
        let (mut first, mut second) = (first, second);
        let household = first.some_household()?;
        for worker in [&mut first, &mut second] {
            worker.clumsiness = 0.0;
        }
        first.mood(Mood::Thorough, "王大爷家");
        second.mood(Mood::Thorough, "老王家");
        first.record("household", Some(&household)).await?;
        second.record("household", Some(&household)).await?;
        first.sync().await?;
        second.sync().await?;
        self.supervisor.settle(&household).await?;
        self.screen.say(&format!(
            "two phones disagreed about household {household}; the supervisor chose"
        ));
        for worker in [&mut first, &mut second] {
            worker.clumsiness = 0.06;
            worker.mood(Mood::Lively, "今天去看过，都好");
        }
        tokio::try_join!(self.work(0, &mut first), self.work(1, &mut second))?;
        Ok((
            vec![Evening::plain(first), Evening::plain(second)],
            vec![household],
        ))
    }
}

/// Sum of a proxy's counter over all phones.
pub(crate) fn sum(
    day: &Day,
    of: impl Fn(&xunge_tests::proxy::Counters) -> &std::sync::atomic::AtomicU64,
) -> u64 {
    day.evenings
        .iter()
        .map(|evening| of(evening.worker.proxy.counters()).load(Relaxed))
        .sum()
}
