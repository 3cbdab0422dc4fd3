//! Messages under way, and what a bad network does to them. Knows bytes and addresses only.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, RngExt as _};
use xunge_core::sync::{Answer, Exchange};

/// A message under way.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// To the relay.
    Request {
        /// Which phone.
        phone: usize,
        /// Which attempt of it.
        attempt: u64,
        /// What is asked.
        exchange: Exchange,
    },
    /// To a phone.
    Answer {
        /// Which phone.
        phone: usize,
        /// Which attempt of it.
        attempt: u64,
        /// What is answered.
        answer: Answer,
    },
}

impl Message {
    /// The phone and the attempt that it belongs to.
    pub(crate) fn attempt(&self) -> (usize, u64) {
        match self {
            Self::Request { phone, attempt, .. } | Self::Answer { phone, attempt, .. } => {
                (*phone, *attempt)
            }
        }
    }
}

/// What happens to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// It arrives.
    Arrives,
    /// It is lost.
    Dropped,
    /// It arrives, and a copy stays under way.
    Doubled,
    /// A bit of it is another one.
    Flipped,
    /// Its end is missing.
    Truncated,
    /// It arrives after others that were sent later.
    Overtaken,
    /// It arrives after a long time.
    Slow,
    /// A web page comes in place of the answer.
    Portal,
    /// The relay, or what stands before it, says that it is busy.
    Busy,
    /// Somebody else's certificate stands at the relay's address.
    Impostor,
    /// An older answer of the relay comes in place of this one.
    Replayed,
}

impl Fate {
    /// Its name in the counts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Arrives => "delivered",
            Self::Dropped => "dropped",
            Self::Doubled => "doubled",
            Self::Flipped => "flipped",
            Self::Truncated => "truncated",
            Self::Overtaken => "overtaken",
            Self::Slow => "slow",
            Self::Portal => "captive portal",
            Self::Busy => "relay busy",
            Self::Impostor => "other certificate",
            Self::Replayed => "old answer replayed",
        }
    }
}

/// All messages under way, in the order in which they were sent.
#[derive(Debug, Default)]
pub(crate) struct Network {
    under_way: Vec<Message>,
    /// The last answer that arrived.
    old_answer: Option<Vec<u8>>,
}

impl Network {
    /// Puts a message on its way.
    pub(crate) fn send(&mut self, message: Message) {
        self.under_way.push(message);
    }

    /// Whether nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// What a phone asked and the relay has not heard yet.
    pub(crate) fn request_of(&self, n: usize) -> Option<Exchange> {
        self.under_way.iter().find_map(|message| match message {
            Message::Request {
                phone, exchange, ..
            } if *phone == n => Some(exchange.clone()),
            _ => None,
        })
    }

    /// Any message (messages overtake each other), with its fate. Faults only if `bad`.
    pub(crate) fn next(&mut self, random: &mut ChaCha8Rng, bad: bool) -> Option<(Message, Fate)> {
        if self.under_way.is_empty() {
            return None;
        }
        let at = random.random_range(0..self.under_way.len());
        let mut message = self.under_way.remove(at);
        let fate = match random.random_range(0..100) {
            _ if !bad => Fate::Arrives,
            0..12 => Fate::Dropped,
            12..20 => Fate::Doubled,
            20..24 => Fate::Flipped,
            24..28 => Fate::Truncated,
            28..32 => Fate::Slow,
            32..34 => Fate::Portal,
            34..36 => Fate::Busy,
            36..38 => Fate::Impostor,
            38..41 if self.old_answer.is_some() => Fate::Replayed,
            _ if at > 0 => Fate::Overtaken,
            _ => Fate::Arrives,
        };
        let fate = match (&message, fate) {
            // These come in place of an answer.
            (
                Message::Request { .. },
                Fate::Portal | Fate::Busy | Fate::Impostor | Fate::Replayed,
            ) => Fate::Arrives,
            (_, fate) => fate,
        };
        if fate == Fate::Doubled {
            self.under_way.push(message.clone());
        }
        let body = match &mut message {
            Message::Request { exchange, .. } => &mut exchange.body,
            Message::Answer { answer, .. } => &mut answer.body,
        };
        match fate {
            Fate::Flipped if !body.is_empty() => {
                let at = random.random_range(0..body.len());
                body[at] ^= 1 << (random.next_u32() % 8);
            }
            Fate::Truncated if !body.is_empty() => {
                body.truncate(random.random_range(0..body.len()))
            }
            Fate::Portal => *body = b"<html><body>Sign in to this network</body></html>".to_vec(),
            Fate::Busy => *body = br#"{"code":"busy"}"#.to_vec(),
            Fate::Replayed => body.clone_from(self.old_answer.as_ref()?),
            _ => {}
        }
        if let Message::Answer {
            answer: Answer {
                status: 200, body, ..
            },
            ..
        } = &message
            && matches!(fate, Fate::Arrives | Fate::Overtaken)
        {
            self.old_answer = Some(body.clone());
        }
        Some((message, fate))
    }
}
