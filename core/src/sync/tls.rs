//! Whom the phone believes over TLS: certificates that the ticket pinned, else those that the public roots vouch for.
//!
//! A phone's clock may stand in 1970 or 2100. So validity is judged by the time that the relay told; while there is none,
//! a pinned chain is believed whenever all of it was valid at one moment.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use xunge_protocol::{Hash32, Timestamp};

/// Longest chain of certificates whose validity is brought together without a clock.
const LONGEST_CHAIN: usize = 8;

/// What the phone knows that may speak for its relay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// SHA-256 of the public keys (SPKI, RFC 7469) of which one must stand in the relay's chain. Where there is none, the
    /// public roots decide.
    pub pins: Vec<Hash32>,
    /// The time as derived from what the relay told, if it is known.
    pub relay_time: Option<Timestamp>,
}

/// The settings of a connection that believes as `trust` says.
pub(super) fn client(trust: &Trust) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier {
        pins: trust.pins.clone(),
        time: trust.relay_time.map(unix),
        provider: provider.clone(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn unix(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.0 / 1_000).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

#[derive(Debug)]
struct Verifier {
    pins: Vec<Hash32>,
    time: Option<UnixTime>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        ParsedCertificate::try_from(certificate).is_ok_and(|c| {
            self.pins
                .contains(&Hash32::of(&c.subject_public_key_info()))
        })
    }

    /// What a chain must end in.
    fn anchors(&self, chain: &[CertificateDer<'_>]) -> RootCertStore {
        if self.pins.is_empty() {
            return RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            };
        }
        let mut anchors = RootCertStore::empty();
        let pinned = chain.iter().filter(|c| self.is_pinned(c));
        anchors.add_parsable_certificates(pinned.cloned().map(CertificateDer::into_owned));
        anchors
    }

    /// Whether the chain leads to an anchor, at the relay's time; without one at `now`, or, if it is pinned, at any.
    fn check_chain(
        &self,
        leaf: &ParsedCertificate<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let anchors = self.anchors(chain);
        let algorithms = self.provider.signature_verification_algorithms.all;
        let mut at = self.time.unwrap_or(now);
        let timeless = self.time.is_none() && !self.pins.is_empty();
        let mut tries = if timeless { LONGEST_CHAIN } else { 1 };
        loop {
            let checked =
                verify_server_cert_signed_by_trust_anchor(leaf, &anchors, chain, at, algorithms);
            tries -= 1;
            at = match &checked {
                Err(_) if tries == 0 => return checked,
                Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                    not_after,
                    ..
                })) => *not_after,
                Err(rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before,
                    ..
                })) => *not_before,
                _ => return checked,
            };
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let leaf = ParsedCertificate::try_from(end_entity)?;
        verify_server_name(&leaf, server_name)?;
        // The relay's own key is pinned: nobody needs to vouch for it.
        if !self.is_pinned(end_entity) {
            self.check_chain(&leaf, intermediates, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;

    struct Organisation {
        chain: Vec<CertificateDer<'static>>,
        pin: Hash32,
        leaf_pin: Hash32,
    }

    /// A certificate for `relay.example`, valid in the year 2020, and the one that vouches for it, valid from 2010 to 2030.
    fn organisation() -> Organisation {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.not_before = date_time_ymd(2010, 1, 1);
        ca.not_after = date_time_ymd(2030, 1, 1);
        let ca_key = KeyPair::generate().unwrap();
        let ca_cert = ca.self_signed(&ca_key).unwrap();
        let issuer = Issuer::from_params(&ca, &ca_key);
        let mut leaf = CertificateParams::new(vec!["relay.example".into()]).unwrap();
        leaf.not_before = date_time_ymd(2020, 1, 1);
        leaf.not_after = date_time_ymd(2021, 1, 1);
        let leaf_key = KeyPair::generate().unwrap();
        let leaf_cert = leaf.signed_by(&leaf_key, &issuer).unwrap();
        let pin = |cert: &CertificateDer<'_>| {
            Hash32::of(
                &ParsedCertificate::try_from(cert)
                    .unwrap()
                    .subject_public_key_info(),
            )
        };
        Organisation {
            pin: pin(ca_cert.der()),
            leaf_pin: pin(leaf_cert.der()),
            chain: vec![leaf_cert.der().clone(), ca_cert.der().clone()],
        }
    }

    fn believes(
        of: &Organisation,
        pins: &[Hash32],
        relay_time: Option<i64>,
        clock: i64,
        name: &str,
    ) -> bool {
        let verifier = Verifier {
            pins: pins.to_vec(),
            time: relay_time.map(|year| unix(middle_of(year))),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        };
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier
            .verify_server_cert(
                &of.chain[0],
                &of.chain[1..],
                &name,
                &[],
                unix(middle_of(clock)),
            )
            .is_ok()
    }

    /// The middle of `year`, roughly.
    fn middle_of(year: i64) -> Timestamp {
        Timestamp(((year - 1970) * 31_557_600 + 15_000_000) * 1_000)
    }

    #[test]
    fn a_pinned_chain_is_believed_whatever_the_clock_says_while_the_relay_told_no_time() {
        let of = organisation();
        for clock in [1970, 2020, 2026, 2100] {
            assert!(
                believes(&of, &[of.pin], None, clock, "relay.example"),
                "{clock}"
            );
            assert!(believes(
                &of,
                &[Hash32([7; 32]), of.pin],
                None,
                clock,
                "relay.example"
            ));
        }
    }

    #[test]
    fn once_the_relay_told_the_time_an_expired_certificate_is_not_believed() {
        let of = organisation();
        assert!(believes(&of, &[of.pin], Some(2020), 1970, "relay.example"));
        assert!(!believes(&of, &[of.pin], Some(2026), 2020, "relay.example"));
    }

    #[test]
    fn another_organisation_s_certificate_another_name_or_no_pin_is_not_believed() {
        let (of, other) = (organisation(), organisation());
        assert!(!believes(&of, &[other.pin], None, 2020, "relay.example"));
        assert!(!believes(&of, &[of.pin], None, 2020, "elsewhere.example"));
        assert!(!believes(&of, &[], None, 2020, "relay.example"));
    }

    #[test]
    fn the_relay_s_own_key_may_be_pinned() {
        let of = organisation();
        assert!(believes(
            &of,
            &[of.leaf_pin],
            Some(2026),
            1970,
            "relay.example"
        ));
        assert!(!believes(
            &of,
            &[of.leaf_pin],
            None,
            2020,
            "elsewhere.example"
        ));
    }
}
