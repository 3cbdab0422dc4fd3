//! What becomes of what phones wish: messages and their fates, waits, and programs that are killed in the middle.

use std::sync::Arc;

use rand::RngExt as _;
use xunge_core::sync::{Answer, Event, TransportFailure};
use xunge_protocol::Hash32;
use xunge_protocol::media::MEDIA_PATH;
use xunge_vfs::{Call, Effect, Fault};

use crate::network::{Fate, Message};
use crate::phone::Wish;
use crate::world::World;

impl World {
    /// Does what a phone wishes.
    pub(crate) fn grant(&mut self, n: usize, wish: Wish) {
        match wish {
            Wish::Send { attempt, exchange } => {
                self.trace.extend_from_slice(exchange.path.as_bytes());
                self.trace.extend_from_slice(&Hash32::of(&exchange.body).0);
                self.network.send(Message::Request {
                    phone: n,
                    attempt,
                    exchange,
                });
            }
            Wish::Wait { attempt, millis } => {
                self.waiting.insert(n, (attempt, millis));
            }
            Wish::Rest(Ok(())) => {}
            Wish::Rest(Err(_)) => self.counts.count("sync gave up"),
        }
        // On a failing disk nothing can be read; it is looked at when that is over.
        if self.phones[n].disk_fails {
            return;
        }
        self.phones[n].note_incarnation();
        self.check_claims(n);
    }

    pub(crate) fn wake_one(&mut self) {
        if let Some((n, (attempt, millis))) = self.waiting.pop_first() {
            self.phones[n].env.advance(millis);
            let wish = self.phones[n].hear(attempt, Event::Woken);
            self.grant(n, wish);
        }
    }

    pub(crate) fn deliver_one(&mut self, bad: bool) {
        let Some((message, fate)) = self.network.next(&mut self.random, bad) else {
            return;
        };
        self.trace.push(fate as u8);
        let (n, attempt) = message.attempt();
        if fate == Fate::Dropped {
            if matches!(message, Message::Answer { .. })
                && self.phones[n].store().progress().unwrap().waiting > 0
            {
                self.counts.count("receipt lost");
            }
            self.counts
                .count(if matches!(message, Message::Answer { .. }) {
                    "answer lost"
                } else {
                    "dropped"
                });
            if self.phones[n].awaits(attempt) {
                self.phones[n].env.advance(25_000);
                let wish = self.phones[n].hear(attempt, Event::Failed(TransportFailure::TimedOut));
                self.grant(n, wish);
            }
            return;
        }
        self.counts.count(fate.name());
        if fate == Fate::Slow {
            let late = self.random.random_range(1_000..60_000);
            self.phones[n].env.advance(late);
        }
        if fate == Fate::Impostor {
            if self.phones[n].awaits(attempt) {
                let failure = TransportFailure::Untrusted("another organisation".into());
                let wish = self.phones[n].hear(attempt, Event::Failed(failure));
                self.grant(n, wish);
            }
            return;
        }
        match message {
            Message::Request {
                phone,
                attempt,
                exchange,
            } => {
                let is_file = exchange.path.starts_with(MEDIA_PATH);
                let cut = is_file && fate == Fate::Truncated && !exchange.body.is_empty();
                let answer = self.relay.exchange(&exchange, cut);
                if answer.status >= 500 {
                    let status = answer.status;
                    self.violations
                        .push(format!("I8: the relay answered {status}"));
                }
                self.hear_of_files(&exchange, &answer);
                if cut {
                    self.counts.count("media interrupted");
                    let failure = TransportFailure::Cut("reset".into());
                    let wish = self.phones[phone].hear(attempt, Event::Failed(failure));
                    return self.grant(phone, wish);
                }
                self.network.send(Message::Answer {
                    phone,
                    attempt,
                    answer,
                });
            }
            Message::Answer {
                phone,
                attempt,
                mut answer,
            } => {
                if fate == Fate::Busy {
                    answer.status = 503;
                }
                if fate == Fate::Portal {
                    answer = Answer {
                        status: 200,
                        content_type: Some("text/html".into()),
                        body: answer.body,
                        ..Answer::default()
                    };
                }
                if self.phones[phone].awaits(attempt) {
                    let wish = self.phones[phone].hear(attempt, Event::Answered(answer));
                    self.grant(phone, wish);
                }
            }
        }
    }

    /// A phone that waits for an answer has no connection any more.
    pub(crate) fn lose_signal(&mut self, n: usize) {
        let Some(attempt) = self.phones[n].waits_for() else {
            return;
        };
        if self.waiting.contains_key(&n) {
            return;
        }
        self.counts.count("no signal");
        let failure = match self.random.random_bool(0.5) {
            true => TransportFailure::Unreachable("no route".into()),
            false => TransportFailure::Cut("reset".into()),
        };
        let wish = self.phones[n].hear(attempt, Event::Failed(failure));
        self.grant(n, wish);
    }

    /// Kills the program of a phone; if several workers share it, that of all of them.
    pub(crate) fn kill_phone(&mut self, n: usize) {
        let env = self.phones[n].env.clone();
        for other in 0..self.phones.len() {
            if Arc::ptr_eq(&self.phones[other].env, &env) {
                self.phones[other].kill_and_start();
                self.waiting.remove(&other);
                self.check_phone(other);
            }
        }
    }

    /// The relay is killed at some write while it takes what a phone sent.
    pub(crate) fn kill_relay_mid_batch(&mut self, n: usize) {
        if !self.phones[n].is_syncing() {
            self.save(n);
            let wish = self.phones[n].begin_sync();
            self.grant(n, wish);
        }
        let Some(exchange) = self.network.request_of(n) else {
            return;
        };
        let skip = self.random.random_range(0..30);
        let disk = self.relay.disk();
        let before = disk.faults_fired();
        disk.plan(Fault::from_then_on(Call::CHANGES, skip, Effect::Io));
        // Whatever it says then, nobody hears it.
        self.relay.exchange(&exchange, false);
        if self.relay.disk().faults_fired() > before {
            self.counts.count("relay killed mid-batch");
        }
        self.relay.kill_and_start();
        self.doubt_claims();
        self.check_claims(n);
    }
}
