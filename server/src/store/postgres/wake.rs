//! Wake-ups between nodes: NOTIFY when something was stored, LISTEN for the others, and a slow look behind both.
//!
//! Nothing depends on a wake-up. It is sent outside the transactions, since one inside would make their commits wait
//! for each other.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Server;
use crate::store::{StoreError, StoreResult};

/// Many commits are one piece of news.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a node looks by itself.
const LOOK: Duration = Duration::from_secs(15);
/// How long after a lost connection the next one is tried.
const AGAIN: Duration = Duration::from_secs(2);
/// First half of the lock that every serving node holds.
pub(super) const SERVING: i32 = 0x7875_6e67;

/// What this node has to tell.
pub(super) struct News(Arc<Notify>);

impl News {
    pub(super) fn start(server: &Server, county: i64) -> Self {
        let news = Arc::new(Notify::new());
        server
            .run
            .spawn(send(server.pool.clone(), county, news.clone()));
        Self(news)
    }

    pub(super) fn tell(&self) {
        self.0.notify_one();
    }
}

async fn send(pool: Pool, county: i64, news: Arc<Notify>) {
    loop {
        news.notified().await;
        tokio::time::sleep(PAUSE).await;
        let told = async {
            let client = pool
                .get()
                .await
                .map_err(|e| StoreError::Postgres(e.to_string()))?;
            let tell = client
                .prepare_cached("SELECT pg_notify('xunge', $1)")
                .await?;
            client.execute(&tell, &[&county.to_string()]).await?;
            StoreResult::Ok(())
        };
        if let Err(error) = told.await {
            tracing::debug!(%error, "other nodes were not told");
        }
    }
}

/// Calls `changed` for each piece of news from now on.
pub(super) fn follow(server: &Server, county: i64, changed: impl Fn() + Send + Sync + 'static) {
    let (config, tls) = (server.config.clone(), server.tls.clone());
    server.run.spawn(async move {
        loop {
            if let Err(error) = listen(&config, tls.clone(), county, &changed).await {
                tracing::warn!(%error, "no news from other nodes for the moment");
            }
            tokio::time::sleep(AGAIN).await;
            changed();
        }
    });
}

async fn listen(
    config: &Config,
    tls: MakeRustlsConnect,
    county: i64,
    changed: &(impl Fn() + Sync),
) -> StoreResult<()> {
    let (client, mut connection) = config.connect(tls).await?;
    let (heard, mut news) = tokio::sync::mpsc::unbounded_channel();
    let reading = async {
        loop {
            match poll_fn(|cx| connection.poll_message(cx)).await {
                Some(Ok(AsyncMessage::Notification(_))) => {
                    let _ = heard.send(());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(StoreError::from(error)),
                None => return Err(StoreError::Closed),
            }
        }
    };
    let acting = async {
        let half = i32::try_from(county).unwrap_or(i32::MAX);
        client
            .query("SELECT pg_advisory_lock_shared($1, $2)", &[&SERVING, &half])
            .await?;
        client.batch_execute("LISTEN xunge").await?;
        let mut known = sequence(&client, county).await?;
        loop {
            match tokio::time::timeout(LOOK, news.recv()).await {
                Ok(_) => {
                    while news.try_recv().is_ok() {}
                    changed();
                }
                Err(_) => {
                    let now = sequence(&client, county).await?;
                    if now != known {
                        known = now;
                        changed();
                    }
                }
            }
        }
    };
    tokio::select! {
        ended = reading => ended,
        ended = acting => ended,
    }
}

async fn sequence(client: &tokio_postgres::Client, county: i64) -> StoreResult<i64> {
    let rows = client
        .query(
            "SELECT sequence FROM counties WHERE county = $1",
            &[&county],
        )
        .await?;
    Ok(rows.first().map_or(Ok(0), |r| r.try_get(0))?)
}
