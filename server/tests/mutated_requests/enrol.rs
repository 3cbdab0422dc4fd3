//! `/sync/v1/enrol`, `/sync/v1/redeem` and `/sync/v1/succeed`: tickets, codes, keys and incarnations that are not what they
//! should be.

use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, Ticket};
use xunge_protocol::short_code::{NAMES, REDEEM_PATH, RedeemRequest};
use xunge_protocol::succession::{SUCCEED_PATH, SuccessionRequest};
use xunge_protocol::{EpochId, PublicKey, SecretKey, ShortCode, WriterId, wire};

use crate::common::{GRID, Phone};
use crate::noise::Noise;
use crate::sync::{envelope, payload};
use crate::town::{Asked, Town};

/// Somebody with a ticket, and a phone that says it was copied.
pub(crate) struct Applicant {
    ticket: Ticket,
    key: SecretKey,
    phone: Phone,
    uses: usize,
}

impl Applicant {
    pub(crate) fn new(town: &Town, n: u64) -> Self {
        let seed = xunge_protocol::Hash32::of(&n.to_be_bytes()).0;
        Self {
            ticket: town.place.ticket(&format!("新人{n}"), &[GRID]),
            key: SecretKey::from_seed(&seed),
            phone: town.place.phone(&format!("旧人{n}"), &[GRID]),
            uses: 0,
        }
    }

    /// Whether somebody new should come: tickets run out, and every new key is another writer for ever.
    pub(crate) fn is_spent(&self) -> bool {
        self.uses > 60
    }

    pub(crate) fn ask(&mut self, town: &Town, noise: &mut Noise) -> Asked {
        self.uses += 1;
        let key = match noise.one_in(6) {
            true => SecretKey::from_seed(&noise.array()),
            false => self.key.clone(),
        };
        match noise.below(5) {
            0 | 1 => self.enrol(town, &key, noise),
            2 => redeem(&key, noise),
            _ => self.succeed(&key, noise),
        }
    }

    fn enrol(&self, town: &Town, key: &SecretKey, noise: &mut Noise) -> Asked {
        let mut request = EnrolRequest {
            secret: self.ticket.secret,
            key: key.public(),
            predecessor: None,
        };
        let how = noise.below(5);
        if how == 1 {
            match noise.below(4) {
                0 => request.secret = noise.array(),
                1 => request.key = PublicKey(noise.array()),
                2 => request.predecessor = Some(WriterId(noise.array())),
                _ => {
                    let device = noise.pick(&town.known.devices);
                    request.predecessor = device.parse().ok();
                }
            }
        }
        let zero = WriterId([0; 8]);
        let cbor = wire::encode(&request);
        let (how, cbor) = match how {
            0 => ("honest enrolment", cbor),
            1 => ("odd enrolment", cbor),
            2 => ("changed enrolment", noise.harmed_cbor(&cbor)),
            3 => ("changed enrolment", noise.harmed(&cbor)),
            _ => {
                let packed = payload(noise, &cbor);
                let good = envelope(key, zero, ENROL_PATH, EpochId([0; 8]), 0, &packed);
                return Asked::post("changed envelope", ENROL_PATH, noise.harmed(&good));
            }
        };
        let packed = payload(noise, &cbor);
        let epoch = EpochId([0; 8]);
        Asked::post(
            how,
            ENROL_PATH,
            envelope(key, zero, ENROL_PATH, epoch, 0, &packed),
        )
    }

    fn succeed(&self, key: &SecretKey, noise: &mut Noise) -> Asked {
        let old = self.phone.writer;
        let mut request = SuccessionRequest::new(old, key, noise.below(3) as u64);
        let how = noise.below(5);
        if how == 1 {
            match noise.below(4) {
                0 => request.receipt_cursor = noise.number(),
                1 => request.proof.0 = noise.array(),
                2 => request.key = self.phone.key.public(),
                _ => request.key = PublicKey(noise.array()),
            }
        }
        let cbor = wire::encode(&request);
        let (how, cbor) = match how {
            0 => ("honest succession", cbor),
            1 => ("odd succession", cbor),
            2 => ("changed succession", noise.harmed_cbor(&cbor)),
            3 => ("changed succession", noise.harmed(&cbor)),
            _ => {
                let packed = payload(noise, &cbor);
                let good = self.signed(&packed);
                return Asked::post("changed envelope", SUCCEED_PATH, noise.harmed(&good));
            }
        };
        let packed = payload(noise, &cbor);
        Asked::post(how, SUCCEED_PATH, self.signed(&packed))
    }

    fn signed(&self, packed: &[u8]) -> Vec<u8> {
        let (key, writer) = (&self.phone.key, self.phone.writer);
        envelope(key, writer, SUCCEED_PATH, EpochId([9; 8]), 0, packed)
    }
}

/// A guess at a short code.
fn redeem(key: &SecretKey, noise: &mut Noise) -> Asked {
    let name = noise.below(usize::from(NAMES));
    let code = ShortCode::of(u16::try_from(name).unwrap(), noise.below(1_000_000) as u32);
    let mut request = RedeemRequest {
        code: code.digits(),
        key: key.public(),
    };
    let how = noise.below(5);
    if how == 1 {
        match noise.below(2) {
            0 => request.code.truncate(noise.below(10)),
            _ => request.key = PublicKey(noise.array()),
        }
    }
    let cbor = wire::encode(&request);
    let (how, cbor) = match how {
        0 => ("guessed code", cbor),
        1 => ("odd code", cbor),
        2 => ("changed code", noise.harmed_cbor(&cbor)),
        3 => ("changed code", noise.harmed(&cbor)),
        _ => {
            let packed = payload(noise, &cbor);
            let zero = WriterId([0; 8]);
            let good = envelope(key, zero, REDEEM_PATH, EpochId([0; 8]), 0, &packed);
            return Asked::post("changed envelope", REDEEM_PATH, noise.harmed(&good));
        }
    };
    let packed = payload(noise, &cbor);
    let zero = WriterId([0; 8]);
    let body = envelope(key, zero, REDEEM_PATH, EpochId([0; 8]), 0, &packed);
    Asked::post(how, REDEEM_PATH, body)
}
