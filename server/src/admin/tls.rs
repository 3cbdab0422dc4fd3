//! TLS on the relay's own port, for a county without a proxy in front; and the pins that tickets carry.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use tls_listener::TlsListener;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use xunge_protocol::Hash32;

use super::failure::Failure;

/// What a phone on a bad line needs for its part of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// The first certificate's pin of each PEM file.
pub(super) fn pins(files: &[PathBuf]) -> Result<Vec<Hash32>, Failure> {
    files.iter().map(|file| pin(file)).collect()
}

fn pin(file: &Path) -> Result<Hash32, Failure> {
    let certificate =
        CertificateDer::from_pem_file(file).map_err(|e| no_pem(file, "certificate", &e))?;
    let parsed = ParsedCertificate::try_from(&certificate).map_err(|e| unreadable(file, &e))?;
    Ok(Hash32::of(&parsed.subject_public_key_info()))
}

/// Answers handshakes with the certificate whose chain is in `chain`.
pub(super) fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|e| no_pem(chain, "certificate", &e))?;
    if certificates.is_empty() {
        return Err(no_pem(chain, "certificate", &pem::Error::NoItemsFound));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| no_pem(key, "private key", &e))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::new(format!("TLS: {e}")))?
        .with_no_client_auth()
        .with_single_cert(certificates, secret)
        .map_err(|e| unreadable(chain, &e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// `listener` behind TLS. Handshakes go on beside each other.
pub(super) fn listener(
    acceptor: TlsAcceptor,
    listener: TcpListener,
) -> TlsListener<TcpListener, TlsAcceptor> {
    tls_listener::builder(acceptor)
        .handshake_timeout(HANDSHAKE)
        .listen(listener)
}

fn no_pem(file: &Path, what: &str, error: &pem::Error) -> Failure {
    match error {
        pem::Error::NoItemsFound => unreadable(file, &format!("holds no {what} in PEM")),
        error => unreadable(file, error),
    }
}

fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {error}", file.display()))
}
