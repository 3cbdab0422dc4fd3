//! `/sync/v1/courier`: bundles that anybody may bring, sealed to the relay by anybody.

use xunge_protocol::batch::Batch;
use xunge_protocol::bundle::{COURIER_PATH, Delivered, Homebound, Outbound, SealedBundle};
use xunge_protocol::envelope::open_response;
use xunge_protocol::{EpochId, KeyRing, PublicKey, Timestamp, WriterId, wire};

use crate::common::Phone;
use crate::noise::Noise;
use crate::sync::payload;
use crate::town::{Asked, Town};

/// What binds the sealing to its purpose.
const LABEL: &str = "xunge bundle 1";

/// A bundle of `phone`'s next work, honest or not.
pub(crate) fn ask(phone: &mut Phone, town: &Town, noise: &mut Noise) -> Asked {
    let relay = town.relay().county().relay_key.public();
    let post = |how, body| Asked::post(how, COURIER_PATH, body);
    let content = outbound(phone, noise);
    let sealed = SealedBundle::out(&relay, noise.array(), &content).unwrap();
    match noise.below(6) {
        0 => post("honest", sealed.bytes().to_vec()),
        1 => post("changed bundle", noise.harmed(sealed.bytes())),
        2 => {
            let mut odd = content;
            match noise.below(4) {
                0 => odd.writer = WriterId(noise.array()),
                1 => odd.epoch = EpochId(noise.array()),
                2 => odd.receipt_cursor = noise.number(),
                _ => {
                    let segments = odd.segments.clone();
                    let copies = *noise.pick(&[2, 64, 65]);
                    odd.segments = segments.into_iter().cycle().take(copies).collect();
                }
            }
            let sealed = SealedBundle::out(&relay, noise.array(), &odd).unwrap();
            post("odd bundle", sealed.bytes().to_vec())
        }
        3 => {
            let home = Homebound {
                writer: phone.writer,
                epoch: content.epoch,
                time: Timestamp(0),
                receipts: Vec::new(),
                refused: Vec::new(),
            };
            let home = SealedBundle::home(&relay, &phone.key, &[], noise.array(), &home).unwrap();
            post("the wrong way", home.bytes().to_vec())
        }
        4 => {
            let plain = packed(&content);
            let cbor = match noise.one_in(2) {
                true => noise.harmed_cbor(&plain),
                false => noise.harmed(&plain),
            };
            let inside = payload(noise, &cbor);
            post(
                "changed inside the seal",
                seal(&relay, noise.array(), &inside),
            )
        }
        _ => {
            let inside = payload(noise, &packed(&content));
            let harmed = noise.harmed(&inside);
            post("changed payload", seal(&relay, noise.array(), &harmed))
        }
    }
}

/// What the relay told the carrier; nothing if it had no use for the bundle.
pub(crate) fn hear(town: &Town, asked: &[u8], answer: &[u8]) -> Option<Vec<&'static str>> {
    let relay = KeyRing::pinned(town.relay().county().relay_key.public());
    let answer = open_response::<Delivered>(&relay, asked, answer).ok()?;
    match answer.message.refused {
        None => Some(vec!["bundle taken"]),
        Some(_) => None,
    }
}

fn outbound(phone: &mut Phone, noise: &mut Noise) -> Outbound {
    let before = phone.documents.clone();
    let chains = phone.chains.clone();
    phone.visit(crate::common::GRID);
    let segments = phone.seal();
    phone.documents = before;
    phone.chains = chains;
    Outbound {
        writer: phone.writer,
        epoch: EpochId([9; 8]),
        receipt_cursor: noise.below(5) as u64,
        segments,
        relay_key: noise.one_in(8).then(|| noise.below(3) as u32),
    }
}

/// The plain text of a bundle, as docs/protocol.md gives it.
fn packed(content: &Outbound) -> Vec<u8> {
    let batch = Batch::plain(&content.segments);
    let head = (
        &content.writer,
        &content.epoch,
        content.receipt_cursor,
        &batch,
    );
    wire::encode(&head)
}

/// Any plain text, sealed to the relay as a bundle on its way out.
fn seal(relay: &PublicKey, seed: [u8; 32], plain: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 0];
    bytes.extend_from_slice(&xunge_protocol::bundle::recipient_of(relay));
    let sealed = relay.seal(seed, LABEL, &bytes, plain).unwrap();
    bytes.extend_from_slice(&sealed);
    bytes
}
