//! Bundles that are carried by hand, lost, delivered twice or late, and the answers that are carried home.

use rand::RngExt as _;
use xunge_protocol::SealedBundle;
use xunge_protocol::bundle::COURIER_PATH;

use crate::accidents::Trouble;
use crate::world::World;

/// What couriers carry, from and to which phone.
#[derive(Debug, Default)]
pub(crate) struct Courier {
    out: Vec<(usize, SealedBundle)>,
    home: Vec<(usize, SealedBundle, Vec<u8>)>,
}

/// More is in nobody's bag.
const MOST: usize = 12;

impl World {
    /// A courier takes something from a phone, or brings something somewhere, or loses it.
    pub(crate) fn courier_acts(&mut self, n: usize) {
        if self.trouble == Trouble::Copies {
            return;
        }
        match self.random.random_range(0..4) {
            0 if self.courier.out.len() < MOST => {
                let bundles = self.phones[n].seal_for_courier();
                self.courier.out.extend(bundles.into_iter().map(|b| (n, b)));
            }
            0 | 1 if !self.courier.home.is_empty() => self.bring_home(),
            _ if !self.courier.out.is_empty() => self.bring_to_the_relay(),
            _ => {}
        }
    }

    fn bring_to_the_relay(&mut self) {
        let at = self.random.random_range(0..self.courier.out.len());
        let (n, bundle) = self.courier.out.swap_remove(at);
        let what = match self.random.random_range(0..5) {
            0 => return self.counts.count("bundle lost"),
            1 => {
                self.courier.out.push((n, bundle.clone()));
                "bundle delivered twice"
            }
            _ => "bundle delivered",
        };
        self.counts.count(what);
        match self.relay.answer(COURIER_PATH, bundle.bytes()) {
            (200, answer) => self.courier.home.push((n, bundle, answer)),
            (status, _) if status >= 500 => self
                .violations
                .push(format!("I8: the relay answered a courier {status}")),
            _ => {}
        }
    }

    fn bring_home(&mut self) {
        let at = self.random.random_range(0..self.courier.home.len());
        let (n, bundle, answer) = self.courier.home.swap_remove(at);
        if self.random.random_bool(0.2) {
            return self.counts.count("courier's answer lost");
        }
        if self.phones[n].hear_courier(&bundle, &answer) {
            self.counts.count("answer brought home");
        }
        self.check_phone(n);
        self.check_claims(n);
    }
}
