//! Tickets, and what becomes of one: a worker's new writer, certified in each scope that the worker has.

use xunge_protocol::enrolment::Ticket;
use xunge_protocol::system::{Certificate, SignedCertificate, WriterRole};
use xunge_protocol::{Hash32, PublicKey, Suite, WriterId};

use super::{Authority, AuthorityError};
use crate::journal::Fact;
use crate::store::{GrantState, TicketRow, Worker};

/// One-time unlock codes that a phone gets at enrolment.
const UNLOCK_CODES: usize = 10;
const UNLOCK_DIGITS: usize = 12;

/// What a ticket is made for.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// The worker's id.
    pub worker: String,
    /// Address at which phones reach the relay, without a slash at the end.
    pub url: String,
    /// How long it is taken, in milliseconds.
    pub lifetime_ms: i64,
    /// Pins of the relay's TLS certificate, as [`Ticket::pins`].
    pub pins: Vec<Hash32>,
}

impl Authority<'_> {
    /// Adds a worker.
    pub fn add_worker(&mut self, name: &str) -> Result<Worker, AuthorityError> {
        let worker = Worker {
            id: hex::encode(self.relay.env.random::<8>()),
            name: name.into(),
            created_at: self.now(),
        };
        self.tx().insert_worker(&worker)?;
        Ok(worker)
    }

    /// Makes a ticket. Its secret is kept only as a hash.
    pub fn ticket(&mut self, new: &NewTicket) -> Result<Ticket, AuthorityError> {
        self.ticket_with(new, self.relay.env.random())
    }

    pub(super) fn ticket_with(
        &mut self,
        new: &NewTicket,
        secret: [u8; 16],
    ) -> Result<Ticket, AuthorityError> {
        if self.tx().worker(&new.worker)?.is_none() {
            return Err(AuthorityError::UnknownWorker(new.worker.clone()));
        }
        let county = self.county();
        let ticket = Ticket {
            url: new.url.clone(),
            relay_key: county.relay_key.public(),
            relay: county.relay_writer,
            secret,
            expires_at: self.now().plus_millis(new.lifetime_ms),
            pins: new.pins.clone(),
        };
        self.tx().insert_ticket(&TicketRow {
            secret_hash: Hash32::of(&ticket.secret),
            worker: new.worker.clone(),
            created_at: self.now(),
            expires_at: ticket.expires_at,
            writer: None,
        })?;
        Ok(ticket)
    }

    /// Certifies a new writer of a worker, in each scope that the worker reads, and makes its unlock codes.
    pub(crate) fn certify(
        &mut self,
        worker: &Worker,
        key: PublicKey,
        predecessor: Option<WriterId>,
        ticket: Hash32,
    ) -> Result<SignedCertificate, AuthorityError> {
        let codes: Vec<String> = (0..UNLOCK_CODES).map(|_| self.unlock_code()).collect();
        let certificate = self.certify_with(worker, key, predecessor, &codes)?;
        self.note(Fact::certified(worker, &certificate, Some(ticket)));
        Ok(certificate)
    }

    /// Certifies the incarnation that follows `old` in the same vault, whose unlock codes stay what they were.
    pub(crate) fn succeed(
        &mut self,
        worker: &Worker,
        key: PublicKey,
        old: WriterId,
    ) -> Result<SignedCertificate, AuthorityError> {
        let codes = self.tx().unlock_codes(old)?;
        let certificate = self.certify_with(worker, key, Some(old), &codes)?;
        self.note(Fact::certified(worker, &certificate, None));
        Ok(certificate)
    }

    /// Puts a certificate into the log of each scope that its worker reads or has just left.
    pub(crate) fn certify_everywhere(
        &mut self,
        certificate: &SignedCertificate,
    ) -> Result<(), AuthorityError> {
        for grant in self.tx().grants_of(&certificate.certificate.worker)? {
            if GrantState::of(Some(&grant), self.now()) != GrantState::None {
                self.certify_in(grant.scope, certificate)?;
            }
        }
        Ok(())
    }

    fn certify_with(
        &mut self,
        worker: &Worker,
        key: PublicKey,
        predecessor: Option<WriterId>,
        codes: &[String],
    ) -> Result<SignedCertificate, AuthorityError> {
        let certificate = Certificate {
            suite: Suite::default().byte(),
            writer: WriterId(self.relay.env.random()),
            key,
            role: WriterRole::Worker,
            worker: worker.id.clone(),
            name: worker.name.clone(),
            predecessor,
            issued_at: self.now(),
        }
        .sign(&self.county().relay_key);
        self.tx().insert_writer(&certificate)?;
        self.certify_everywhere(&certificate)?;
        self.tx()
            .insert_unlock_codes(certificate.certificate.writer, codes)?;
        Ok(certificate)
    }

    fn unlock_code(&self) -> String {
        let mut code = String::with_capacity(UNLOCK_DIGITS);
        while code.len() < UNLOCK_DIGITS {
            let [byte] = self.relay.env.random::<1>();
            // 250 is the largest multiple of ten below 256: each digit is equally likely.
            if byte < 250 {
                code.push(char::from(b'0' + byte % 10));
            }
        }
        code
    }
}
