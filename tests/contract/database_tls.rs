//! The connection to PostgreSQL is encrypted, and believes whom the address names and nobody else.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use xunge_tests::postgres::Postgres;
use xunge_tests::relay::{self, Place, Relay};

/// A certificate authority, and chain and key of a certificate of it for `name`; all in PEM.
fn authority(name: &str) -> (String, String, String) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::from_params(&ca, &ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.into()]).unwrap();
    let cert = leaf.signed_by(&key, &issuer).unwrap();
    (
        ca_cert.pem(),
        cert.pem() + &ca_cert.pem(),
        key.serialize_pem(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_reaches_an_encrypted_database_of_whom_it_believes_and_says_why_it_reaches_no_other()
 {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let (ca, chain, key) = authority("127.0.0.1");
    let (other, elsewhere, its_key) = authority("db.example");
    let cluster = Arc::new(Postgres::start_encrypted(&chain, &key).unwrap());
    let (ca, stranger) = (file("ca.pem", ca), file("other.pem", other.clone()));
    let address = cluster
        .database()
        .unwrap()
        .replace("postgres@", "postgres:hunter2@");
    let place = |address: &str, mode: &str| Place {
        data: folder.path().join("relay"),
        database: Some(format!("{address}?{mode}")),
        media: None,
        environment: Vec::new(),
    };
    let full = format!("sslmode=verify-full&sslrootcert={ca}");
    relay::init(place(&address, &full), "village", 7)
        .await
        .unwrap();

    for mode in [
        &full,
        "sslmode=require",
        &format!("sslmode=verify-ca&sslrootcert={ca}"),
        "",
    ] {
        let relay = Relay::serve(place(&address, mode), "127.0.0.1:0")
            .await
            .unwrap_or_else(|e| panic!("{mode}: {e}"));
        let used = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
                    WHERE a.application_name = 'xunge' AND s.ssl";
        let encrypted: u32 = cluster.sql("postgres", used).unwrap().parse().unwrap();
        assert!(encrypted > 0, "{mode}: nothing is encrypted");
        relay.stop().await.unwrap();
    }

    let far = Arc::new(Postgres::start_encrypted(&elsewhere, &its_key).unwrap());
    let far_address = far.database().unwrap();
    for (address, mode, named) in [
        (&address, "sslmode=disable".to_owned(), "no encryption"),
        (
            &address,
            format!("sslmode=verify-full&sslrootcert={stranger}"),
            "invalid peer certificate",
        ),
        (
            &address,
            format!("sslmode=require&sslrootcert={stranger}"),
            "invalid peer certificate",
        ),
        (
            &address,
            "sslmode=verify-full".to_owned(),
            "sslrootcert=FILE",
        ),
        (
            &address,
            "sslmode=verify-full&sslrootcert=/no/ca.pem".to_owned(),
            "/no/ca.pem",
        ),
        // Vouched for, but another server.
        (
            &far_address,
            format!("sslmode=verify-full&sslrootcert={stranger}"),
            "not valid for name",
        ),
    ] {
        let refused = place(address, &mode)
            .xunge(&["admin", "device", "list"])
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{mode}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        assert!(said.contains(named), "{mode}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let chain_alone = format!("sslmode=verify-ca&sslrootcert={stranger}");
    let reached = place(&far_address, &chain_alone)
        .xunge(&["admin", "device", "list"])
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&reached.stderr);
    assert!(
        !said.contains("ertificate"),
        "only the county is missing: {said}"
    );
}
