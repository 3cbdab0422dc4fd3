//! Messages under way, and what a bad network does to them. Knows bytes and addresses only.

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, RngExt as _};

/// A message under way.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// To the relay.
    Request {
        /// Which phone.
        phone: usize,
        /// Which attempt of it.
        attempt: u64,
        /// The body.
        body: Vec<u8>,
    },
    /// To a phone.
    Answer {
        /// Which phone.
        phone: usize,
        /// Which attempt of it.
        attempt: u64,
        /// HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
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
}

/// All messages under way, in no order.
#[derive(Debug, Default)]
pub(crate) struct Network {
    under_way: Vec<Message>,
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

    /// Any message (not the oldest: messages overtake each other), with its fate. Faults only if `bad`.
    pub(crate) fn next(&mut self, random: &mut ChaCha8Rng, bad: bool) -> Option<(Message, Fate)> {
        if self.under_way.is_empty() {
            return None;
        }
        self.under_way.shuffle(random);
        let mut message = self.under_way.pop()?;
        let fate = match random.random_range(0..100) {
            _ if !bad => Fate::Arrives,
            0..12 => Fate::Dropped,
            12..20 => Fate::Doubled,
            20..24 => Fate::Flipped,
            24..28 => Fate::Truncated,
            _ => Fate::Arrives,
        };
        if fate == Fate::Doubled {
            self.under_way.push(message.clone());
        }
        let (Message::Request { body, .. } | Message::Answer { body, .. }) = &mut message;
        match fate {
            Fate::Flipped if !body.is_empty() => {
                let at = random.random_range(0..body.len());
                body[at] ^= 1 << (random.next_u32() % 8);
            }
            Fate::Truncated if !body.is_empty() => {
                body.truncate(random.random_range(0..body.len()))
            }
            _ => {}
        }
        Some((message, fate))
    }
}
