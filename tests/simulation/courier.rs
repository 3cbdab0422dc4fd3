//! Bundles that are carried by hand, lost, delivered twice or late, and the answers that are carried home.

use rand::RngExt as _;
use xunge_core::env::Env as _;
use xunge_core::store::StoreError;
use xunge_protocol::bundle::{COURIER_PATH, Delivered, SealedBundle};
use xunge_protocol::envelope::{self, Opened};

use crate::phone::SimPhone;
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

impl SimPhone {
    /// What waits, sealed for a courier.
    pub(crate) fn seal_for_courier(&self) -> Vec<SealedBundle> {
        let identity = self.store().enrolled().unwrap().0;
        let bundles = self.store().outbound().unwrap();
        let mut seed = [0; 32];
        let sealed = bundles.iter().map(|content| {
            self.env.fill_random(&mut seed);
            SealedBundle::out(identity.keys.current(), seed, content).unwrap()
        });
        sealed.collect()
    }

    /// What the relay answered to a courier. False if it is of no use to this phone any more.
    pub(crate) fn hear_courier(&self, bundle: &SealedBundle, answer: &[u8]) -> bool {
        let identity = self.store().enrolled().unwrap().0;
        let opened: Opened<Delivered> =
            envelope::open_response(&identity.keys, bundle.bytes(), answer).unwrap();
        let Some(home) = opened.message.home else {
            return false;
        };
        let home = SealedBundle::parse(home.into()).unwrap();
        // It was sealed to an incarnation that this phone is no more.
        let Ok((content, _)) = home.open_home(&identity.key, &identity.keys) else {
            return false;
        };
        match self.store().apply_homebound(&content) {
            Ok(_) => true,
            Err(StoreError::ForeignReceipt | StoreError::Forked) => false,
            Err(error) => panic!("an answer by courier failed: {error}"),
        }
    }
}

#[test]
fn what_a_phone_said_again_is_in_the_town_once_when_its_bundle_comes_late() {
    let _one = crate::alone();
    let mut world = World::new(1, 3);
    let folder = world.fresh("copy");
    let copy = world.phones[0].cloned(folder, 7);
    world.phones.push(copy);
    world.sync_now(3);
    world.save(0);
    let bundles = world.phones[0].seal_for_courier();
    // It hears of its copy, and says what waits under another name.
    world.sync_now(0);
    assert_eq!(world.phones[0].writers.len(), 2);
    for bundle in bundles {
        world.relay.answer(COURIER_PATH, bundle.bytes());
    }
    world.come_to_rest();
    assert_eq!(world.violations, Vec::<String>::new());
}
