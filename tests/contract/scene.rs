//! What a test begins with: a village of made-up people, its relay, its administrator and its export token.

use std::path::PathBuf;

use tempfile::TempDir;
use xunge_tests::api::Api;
use xunge_tests::console::Console;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{self, Login, Relay};
use xunge_tests::worker::Worker;

pub(crate) struct Scene {
    pub(crate) relay: Relay,
    pub(crate) admin: Login,
    pub(crate) api: Api,
    /// Scopes of grids that have households.
    pub(crate) grids: Vec<String>,
    pub(crate) folder: TempDir,
}

impl Scene {
    pub(crate) async fn village() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("relay");
        let admin = relay::init(&data, "village", 7).await.unwrap();
        let relay = Relay::serve(&data, "127.0.0.1:0").await.unwrap();
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

    /// One record as the open API shows it.
    pub(crate) async fn record(&self, id: &str) -> serde_json::Value {
        let (records, _) = self.api.records(None, None).await.unwrap();
        records
            .into_iter()
            .find(|record| record["id"] == id)
            .unwrap_or_else(|| panic!("{id} is not on the relay"))
    }
}
