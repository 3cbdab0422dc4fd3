//! `xunge serve`: answers phones and browsers until told to stop.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::args::{LogFormat, Place, Serve};
use super::failure::{Failure, Outcome};
use super::{output, tls};
use crate::http;
use crate::relay::{Config, Relay};
use crate::snapshot;
use crate::store::{Options, StoreError};

/// How long the end waits for blocking work under way, such as a snapshot that is being cut.
const LAST_WORK: Duration = Duration::from_secs(3);

pub(super) fn run(place: &Place, args: Serve) -> Outcome {
    if place.database.is_some() && place.data.is_none() && place.media.is_none() {
        return Err(Failure::Usage(
            "--media DIR is missing: name the folder of the media, which all nodes on the database share"
                .into(),
        ));
    }
    log_to_stderr(args.log);
    let acceptor = match (&args.tls_cert, &args.tls_key) {
        (Some(chain), Some(key)) => Some(tls::acceptor(chain, key)?),
        _ => None,
    };
    let config = Config {
        public_url: args
            .public_url
            .map(|url| url.trim_end_matches('/').to_owned()),
        tls: acceptor.is_some(),
        pins: tls::pins(&args.pin)?,
        keep_days: (args.keep_days > 0).then_some(args.keep_days),
        ..Config::default()
    };
    let relay = place.open_with(
        config,
        Options {
            writer_thread: true,
        },
    )?;
    find_media(&relay)?;
    // Nodes on one database may share a folder.
    let _lock = match place.database {
        Some(_) => None,
        None => Some(lock(place.dir()?)?),
    };
    relay.follow();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        let listener = bind(args.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|e| Failure::new(e.to_string()))?;
        if let Some(metrics) = args.metrics {
            serve_metrics(metrics).await?;
        }
        let stop = stop_signal()?;
        tokio::spawn(snapshot::keep_cut(relay.clone()));
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        output::write(format!("listening {scheme}://{address}\n").as_bytes())?;
        tracing::info!(%address, scheme, epoch = %relay.county().epoch, "listening");
        let served = match acceptor {
            Some(acceptor) => http::serve(relay, tls::listener(acceptor, listener), stop).await,
            None => http::serve(relay, listener, stop).await,
        };
        served.map_err(|error| Failure::new(format!("the listener failed: {error}")))
    });
    // What was answered is durable already; but a thread that still reads the database while the process ends would find
    // the cipher's library gone.
    runtime.shutdown_timeout(LAST_WORK);
    outcome
}

/// A place for the media that is not there, or not for us, is named at once; one that does not answer may come back.
fn find_media(relay: &Relay) -> Outcome {
    match relay.media().check() {
        Ok(()) => Ok(()),
        Err(StoreError::File { path, source })
            if matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
            ) =>
        {
            Err(Failure::new(format!(
                "the media in {path} cannot be reached; see AWS_ENDPOINT_URL, AWS_REGION and the credentials: {source}"
            )))
        }
        Err(error) => {
            tracing::error!(%error, "media cannot be kept or played before this ends");
            Ok(())
        }
    }
}

/// One serving process a folder: the restore of a backup must not pull the database away under it.
pub(super) fn lock(dir: &Path) -> Result<File, Failure> {
    let path = dir.join("serve.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Failure::file(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(Failure::new(format!(
            "another xunge uses {}: stop it first",
            dir.display()
        ))),
    }
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_env("XUNGE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber in one process (a test) is no failure.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!(
            "cannot listen on {address}: {error}; choose another --listen address"
        ))
    })
}

async fn serve_metrics(address: SocketAddr) -> Outcome {
    let recorder = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Failure::new(format!("metrics: {error}")))?;
    let listener = bind(address).await?;
    let router = Router::new().route("/metrics", get(move || async move { recorder.render() }));
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "metrics");
    }
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

/// Ends at SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}
