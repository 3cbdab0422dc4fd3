//! Bundles, as they are carried and as they are inside.

use xunge_protocol::KeyRing;
use xunge_protocol::bundle::{Outbound, Pouch, SealedBundle, recipient_of};

use crate::message::{author, relay};
use crate::seed;

/// What binds the sealing to its purpose: see docs/protocol.md.
const LABEL: &str = "xunge bundle 1";

/// The input as a courier's file, as a bundle, and as what somebody sealed to the relay, or to a writer.
pub(crate) fn bundle(bytes: &[u8]) {
    if let Ok(pouch) = Pouch::from_bytes(bytes) {
        assert_eq!(Pouch::from_bytes(&pouch.to_bytes()).as_ref(), Ok(&pouch));
        for bundle in &pouch.0 {
            carried(bundle);
        }
    }
    if let Ok(bundle) = SealedBundle::parse(bytes.to_vec()) {
        assert_eq!(bundle.bytes(), bytes, "a carrier changes nothing");
        carried(&bundle);
    }
    let out = sealed(0, bytes);
    if let Ok(content) = out.open_out(&relay()) {
        again(&content);
    }
    let home = sealed(1, bytes);
    let believed = home.open_home(&author(), &KeyRing::pinned(relay().public()));
    assert!(believed.is_err(), "no seed is signed by the relay");
}

/// Whatever opens is what was sealed.
fn carried(bundle: &SealedBundle) {
    if let Ok(content) = bundle.open_out(&relay()) {
        assert!(seed::is_sealed(&content), "only a known bundle opens");
        again(&content);
    }
}

fn again(content: &Outbound) {
    let sealed = SealedBundle::out(&relay().public(), [7; 32], content);
    // What is too large to travel as one bundle is said to be so.
    if let Ok(sealed) = sealed {
        assert_eq!(sealed.open_out(&relay()).as_ref(), Ok(content));
    }
}

fn sealed(way: u8, plain: &[u8]) -> SealedBundle {
    let key = match way {
        0 => relay().public(),
        _ => author().public(),
    };
    let mut bytes = vec![1, 1, way];
    bytes.extend_from_slice(&recipient_of(&key));
    let inside = key.seal([9; 32], LABEL, &bytes, plain).expect("it seals");
    bytes.extend_from_slice(&inside);
    bytes.truncate(1 << 20);
    SealedBundle::parse(bytes).expect("a bundle")
}
