//! A grid worker: a phone, the network around it, and a ledger of what `save` has answered. Accidents happen: the phone
//! dies in the middle of an interview, of a save, of a sync. The ledger is a stranger's: it holds nothing but answers.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::interview::{Interviewer, Mood, Open};
use crate::phone::{Phone, Saved, id_of};
use crate::proxy::{Network, Proxy};
use crate::relay::Relay;
use crate::rpc::RpcError;
use crate::{Outcome, fail};

/// A worker and what belongs to them.
#[derive(Debug)]
pub struct Worker {
    /// The phone.
    pub phone: Phone,
    /// The network between it and the relay.
    pub proxy: Proxy,
    /// How questions are answered.
    pub people: Interviewer,
    /// Ids that `save` has answered.
    pub saved: BTreeSet<String>,
    /// Accidents so far.
    pub kills: u64,
    /// Chance of an accident during one record or one sync.
    pub clumsiness: f64,
    /// Households that a search has found.
    pub households: Vec<String>,
    rng: ChaCha8Rng,
}

impl Worker {
    /// Gives a worker of `grid` a phone in the folder `dir`, behind a network of its own, and enrols it.
    pub async fn enrol(
        relay: &Relay,
        grid: &str,
        name: &str,
        dir: &Path,
        network: Network,
        seed: u64,
    ) -> Outcome<Self> {
        let proxy = Proxy::start(relay.address(), network, seed).await?;
        let ticket = relay.ticket(grid, name, &proxy.url()).await?;
        let mut phone = Phone::start(dir, name).await?;
        phone.enrol(&ticket).await?;
        Ok(Self {
            phone,
            proxy,
            people: Interviewer::new(Mood::Lively, seed, dir, "今天去看过，都好"),
            saved: BTreeSet::new(),
            kills: 0,
            clumsiness: 0.0,
            households: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed.wrapping_add(1)),
        })
    }

    /// Another way to answer, from now on.
    pub fn mood(&mut self, mood: Mood, words: &str) {
        self.people = Interviewer::new(mood, self.rng.random(), self.phone.dir(), words);
    }

    /// Syncs until it has gone through; an accident may happen on the way.
    pub async fn sync(&mut self) -> Outcome<Value> {
        const TRIES: u32 = 20;
        if self.rng.random_bool(self.clumsiness) {
            let pause = Duration::from_millis(self.rng.random_range(50..3_000));
            let (_, ()) = tokio::join!(self.phone.call("sync", json!({})), async {
                sleep(pause).await;
                self.phone.kill().await;
            });
            self.kills += 1;
            self.phone.restart().await?;
        }
        Ok(self
            .phone
            .sync(TRIES)
            .await
            .map_err(|e| format!("{}: sync: {e}", self.phone.name))?)
    }

    /// Looks households up by door number, until `enough` are known.
    pub async fn look_around(&mut self, enough: usize) -> Outcome {
        let mut known: BTreeSet<String> = self.households.iter().cloned().collect();
        for text in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            if known.len() >= enough {
                break;
            }
            let hits = self
                .phone
                .call("search", json!({"text": text, "limit": enough}))
                .await?;
            for hit in hits.as_array().into_iter().flatten() {
                known.insert(id_of(hit)?);
            }
        }
        self.households = known.into_iter().collect();
        match self.households.is_empty() {
            true => fail!(
                "{}: no household has a digit in its door number",
                self.phone.name
            ),
            false => Ok(()),
        }
    }

    /// One household of those known.
    pub fn some_household(&mut self) -> Outcome<String> {
        match self.households.len() {
            0 => fail!("{} knows no household", self.phone.name),
            n => Ok(self.households[self.rng.random_range(0..n)].clone()),
        }
    }

    /// What comes next in a day: mostly visits, some requests, disputes and corrections of a household's card.
    pub async fn record_something(&mut self) -> Outcome<String> {
        match self.rng.random_range(0..100) {
            0..74 => self.record("visit", None).await,
            74..83 => self.record("request", None).await,
            83..90 => self.record("dispute", None).await,
            _ => {
                let household = self.some_household()?;
                self.record("household", Some(&household)).await
            }
        }
    }

    /// From the home screen to a saved record, whatever happens to the phone meanwhile. Answers the record's id.
    pub async fn record(&mut self, kind: &str, subject: Option<&str>) -> Outcome<String> {
        let open = self.people.start(&self.phone, kind, subject).await;
        let open = open.map_err(|e| format!("{}: start {kind}: {e}", self.phone.name))?;
        match self.rng.random_bool(self.clumsiness) {
            false => {
                let open = self.people.finish(&self.phone, open).await?;
                self.save(&open).await
            }
            true if self.rng.random_bool(0.5) => {
                self.die_while_answering(kind, subject, open).await
            }
            true => self.die_while_saving(subject, open).await,
        }
    }

    /// Fixes a returned record, or finishes a draft.
    pub async fn amend(&mut self, record: &str) -> Outcome<String> {
        let saved = self.people.amend(&self.phone, record).await?;
        self.note(&saved);
        Ok(saved.record)
    }

    /// A correction that changed nothing leaves nothing to send, and does not count as saved.
    fn note(&mut self, saved: &Saved) {
        if saved.sync_state == "waiting" {
            self.saved.insert(saved.record.clone());
        }
    }

    async fn save(&mut self, open: &Open) -> Outcome<String> {
        let saved = self.phone.save(&open.interview).await;
        let saved = saved.map_err(|e| format!("{}: save: {e}", self.phone.name))?;
        self.note(&saved);
        Ok(saved.record)
    }

    async fn drafts(&self) -> Outcome<Vec<String>> {
        let rows = self.phone.records(None, Some("draft")).await?;
        rows.iter().map(|row| id_of(&row["record"])).collect()
    }

    async fn die(&mut self) -> Outcome {
        self.kills += 1;
        self.phone.restart().await
    }

    async fn die_while_answering(
        &mut self,
        kind: &str,
        subject: Option<&str>,
        mut open: Open,
    ) -> Outcome<String> {
        for _ in 0..self.rng.random_range(1..8) {
            if open.review().is_none() {
                open = self.people.step(&self.phone, open).await?;
            }
        }
        self.die().await?;
        // Answers are kept one by one: what was begun is a draft now, and goes on where it stood.
        match self.drafts().await?.first() {
            Some(draft) => self.amend(draft).await,
            None => {
                let open = self.people.start(&self.phone, kind, subject).await?;
                let open = self.people.finish(&self.phone, open).await?;
                self.save(&open).await
            }
        }
    }

    async fn die_while_saving(&mut self, subject: Option<&str>, open: Open) -> Outcome<String> {
        let open = self.people.finish(&self.phone, open).await?;
        let before = self.waiting().await?;
        let pause = Duration::from_micros(self.rng.random_range(0..15_000));
        let (answer, ()) = tokio::join!(self.phone.save(&open.interview), async {
            sleep(pause).await;
            self.phone.kill().await;
        });
        self.die().await?;
        match answer {
            Ok(saved) => {
                self.note(&saved);
                return Ok(saved.record);
            }
            Err(RpcError::Died) => {}
            Err(error) => return Err(error.into()),
        }
        // Nobody was told whether it was saved. Either it still is a draft, or it waits.
        if let Some(draft) = self.drafts().await?.first() {
            return self.amend(draft).await;
        }
        let after = self.waiting().await?;
        let new = after.difference(&before).next().cloned();
        match (new, subject) {
            (Some(record), _) => {
                self.saved.insert(record.clone());
                Ok(record)
            }
            // It waited already, or nothing was changed.
            (None, Some(subject)) => Ok(subject.into()),
            (None, None) => {
                let name = &self.phone.name;
                fail!("{name}: a record is neither draft nor waiting after the phone died in save")
            }
        }
    }

    async fn waiting(&self) -> Outcome<BTreeSet<String>> {
        let rows = self.phone.records(None, Some("waiting")).await?;
        rows.iter().map(|row| id_of(&row["record"])).collect()
    }

    /// Fails unless every id in the ledger is a record on the phone, and none of them a draft.
    pub async fn check_ledger(&self) -> Outcome {
        for record in &self.saved {
            let shown = self.phone.call("record", json!({"record": record})).await;
            let shown =
                shown.map_err(|e| format!("{}: saved record {record}: {e}", self.phone.name))?;
            if shown["sync_state"] == "draft" {
                fail!(
                    "{}: saved record {record} is a draft again",
                    self.phone.name
                );
            }
        }
        Ok(())
    }
}
