//! What a test begins with: a village of made-up people, its relay, its administrator and its export token. With
//! `XUNGE_TEST_DATABASE=postgres` the county lies in a PostgreSQL database, else in its folder.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use xunge_tests::api::Api;
use xunge_tests::console::Console;
use xunge_tests::postgres::Postgres;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{self, Login, Place, Relay};
use xunge_tests::worker::Worker;

use crate::s3;

pub(crate) struct Scene {
    pub(crate) relay: Relay,
    pub(crate) admin: Login,
    pub(crate) api: Api,
    /// Scopes of grids that have households.
    pub(crate) grids: Vec<String>,
    pub(crate) folder: TempDir,
    /// The server of the database, if there is one.
    pub(crate) cluster: Option<Arc<Postgres>>,
    /// Address of the database, if there is one.
    pub(crate) database: Option<String>,
}

fn start() -> Arc<Postgres> {
    Arc::new(Postgres::start(false).unwrap())
}

/// The server that tests share: each has a database of its own.
fn shared() -> Arc<Postgres> {
    static SHARED: OnceLock<Arc<Postgres>> = OnceLock::new();
    SHARED.get_or_init(start).clone()
}

fn on_postgres() -> bool {
    std::env::var("XUNGE_TEST_DATABASE").is_ok_and(|database| database == "postgres")
}

impl Scene {
    pub(crate) async fn village() -> Self {
        Self::on(on_postgres().then(shared)).await
    }

    /// A village whose database server is no other test's, so that its files can be searched.
    pub(crate) async fn village_by_itself() -> Self {
        Self::on(on_postgres().then(start)).await
    }

    /// A village on PostgreSQL.
    pub(crate) async fn village_on_postgres() -> Self {
        Self::on(Some(shared())).await
    }

    /// A village on PostgreSQL whose media lie in object storage, kept in the folder `objects`.
    pub(crate) async fn village_on_servers() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = s3::start(&folder.path().join("objects"));
        let media = format!("s3://{}/media", s3::BUCKET);
        Self::made(Some(shared()), folder, Some(media), environment).await
    }

    async fn on(cluster: Option<Arc<Postgres>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::made(cluster, folder, None, Vec::new()).await
    }

    async fn made(
        cluster: Option<Arc<Postgres>>,
        folder: TempDir,
        media: Option<String>,
        environment: Vec<(String, String)>,
    ) -> Self {
        let database = cluster.as_ref().map(|cluster| cluster.database().unwrap());
        let place = Place {
            data: folder.path().join("relay"),
            database: database.clone(),
            media,
            environment,
        };
        let admin = relay::init(place.clone(), "village", 7).await.unwrap();
        let relay = Relay::serve(place, "127.0.0.1:0").await.unwrap();
        let api = Api::new(&relay.url(), &relay.token().await.unwrap()).unwrap();
        let grids = api
            .scopes_of("household")
            .await
            .unwrap()
            .into_keys()
            .collect();
        Self {
            relay,
            admin,
            api,
            grids,
            folder,
            cluster,
            database,
        }
    }

    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A worker of a grid whose phone has synced once.
    pub(crate) async fn worker(&self, grid: usize, name: &str, network: Network) -> Worker {
        let grid = &self.grids[grid];
        let mut worker = Worker::enrol(&self.relay, grid, name, &self.dir(name), network, 11)
            .await
            .unwrap();
        worker.sync().await.unwrap();
        worker.look_around(40).await.unwrap();
        worker
    }

    pub(crate) async fn console(&self) -> Console {
        Console::sign_in(&self.relay.url(), &self.admin)
            .await
            .unwrap()
            .0
    }

    /// Ids of all records of a kind.
    pub(crate) async fn ids(&self, kind: Option<&str>) -> Vec<String> {
        let (records, _) = self.api.records(kind, None).await.unwrap();
        records
            .iter()
            .map(|record| record["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A bearer token that reads and sends media.
    pub(crate) async fn media_token(&self) -> String {
        let added = self.relay.admin(&["token", "add", "--role", "media"]).await;
        added.unwrap()["token"].as_str().unwrap().to_owned()
    }

    /// One record as the open API shows it.
    pub(crate) async fn record(&self, id: &str) -> serde_json::Value {
        let (records, _) = self.api.records(None, None).await.unwrap();
        records
            .into_iter()
            .find(|record| record["id"] == id)
            .unwrap_or_else(|| panic!("{id} is not on the relay"))
    }
}
