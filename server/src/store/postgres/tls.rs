//! How the connection to the server is encrypted, and whom it believes: `sslmode` and `sslrootcert` of the address, with the
//! meaning that every client of PostgreSQL gives them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{StoreError, StoreResult};

/// What an address says about encryption.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Encryption {
    /// Whether there must be any.
    pub(super) mode: SslMode,
    roots: Option<PathBuf>,
    checks_name: bool,
}

/// Takes what is about encryption out of the address `url`. Returns the rest of it too.
pub(super) fn split(url: &str) -> StoreResult<(String, Encryption)> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut roots, mut rest) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let decoded = |value: &str| {
            let text = percent_decode_str(value).decode_utf8();
            text.map(|text| text.into_owned())
                .map_err(|_| refused("the database's address is not in UTF-8"))
        };
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(decoded(value)?),
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(decoded(value)?)),
            _ => rest.push(pair),
        }
    }
    let mode = mode.as_deref().unwrap_or("prefer");
    if matches!(mode, "verify-ca" | "verify-full") && roots.is_none() {
        return Err(refused(&format!(
            "sslmode={mode} believes a certificate authority: name its PEM file by sslrootcert=FILE in the database's address"
        )));
    }
    let encryption = Encryption {
        mode: match mode {
            "disable" => SslMode::Disable,
            "allow" | "prefer" => SslMode::Prefer,
            "require" | "verify-ca" | "verify-full" => SslMode::Require,
            other => {
                return Err(refused(&format!(
                    "sslmode={other} is none: expected disable, prefer, require, verify-ca or verify-full"
                )));
            }
        },
        roots,
        checks_name: mode == "verify-full",
    };
    let rest = match rest.is_empty() {
        true => address.to_owned(),
        false => format!("{address}?{}", rest.join("&")),
    };
    Ok((rest, encryption))
}

impl Encryption {
    /// What makes connections so.
    pub(super) fn connector(&self) -> StoreResult<MakeRustlsConnect> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let failed = |e: &dyn std::fmt::Display| refused(&format!("TLS to the database: {e}"));
        let verifier = Believer {
            chain: match &self.roots {
                Some(file) => Some(
                    WebPkiServerVerifier::builder_with_provider(
                        Arc::new(roots(file)?),
                        provider.clone(),
                    )
                    .build()
                    .map_err(|e| failed(&e))?,
                ),
                None => None,
            },
            checks_name: self.checks_name,
            provider: provider.clone(),
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

fn roots(file: &Path) -> StoreResult<RootCertStore> {
    let unreadable =
        |why: &dyn std::fmt::Display| refused(&format!("sslrootcert {}: {why}", file.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unreadable(&e))? {
        let certificate = certificate.map_err(|e| unreadable(&e))?;
        roots.add(certificate).map_err(|e| unreadable(&e))?;
    }
    match roots.is_empty() {
        true => Err(unreadable(&"holds no certificate in PEM")),
        false => Ok(roots),
    }
}

fn refused(why: &str) -> StoreError {
    StoreError::Postgres(why.to_owned())
}

/// Believes whom an address names: anybody, whoever an authority vouches for, or that one under the server's name alone.
#[derive(Debug)]
struct Believer {
    chain: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            // The name is looked at once the chain holds.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_address_says_whether_to_encrypt_and_whom_to_believe_and_keeps_what_else_it_says() {
        let (rest, plain) = split("postgres://u:p@h/db").unwrap();
        assert_eq!(
            (rest.as_str(), plain.mode),
            ("postgres://u:p@h/db", SslMode::Prefer)
        );
        let url =
            "postgres://u:p@h/db?sslmode=verify-full&connect_timeout=3&sslrootcert=/a%20b.pem";
        let (rest, full) = split(url).unwrap();
        assert_eq!(rest, "postgres://u:p@h/db?connect_timeout=3");
        let expected = Encryption {
            mode: SslMode::Require,
            roots: Some("/a b.pem".into()),
            checks_name: true,
        };
        assert_eq!(full, expected);
        let missing = full.connector().err().unwrap().to_string();
        assert!(missing.contains("/a b.pem"), "{missing}");
        for (url, named) in [
            (
                "postgres://u:secret@h/db?sslmode=verify-full",
                "sslrootcert=FILE",
            ),
            ("postgres://u:secret@h/db?sslmode=always", "sslmode=always"),
        ] {
            let why = split(url).unwrap_err().to_string();
            assert!(why.contains(named) && !why.contains("secret"), "{why}");
        }
    }
}
