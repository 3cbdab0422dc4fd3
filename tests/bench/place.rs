//! Where it is measured: a county in a temporary folder, its relay, phones on a good network.

use tempfile::TempDir;
use xunge_tests::Outcome;
use xunge_tests::api::Api;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{self, Relay};
use xunge_tests::worker::Worker;

pub(crate) struct Place {
    pub(crate) relay: Relay,
    /// Scopes of grids, each with its number of households, and of persons where phones have them.
    pub(crate) grids: Vec<(String, usize)>,
    pub(crate) folder: TempDir,
}

impl Place {
    /// A synthetic `village` or `town`.
    pub(crate) async fn synthetic(size: &str) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("xunge-bench-").tempdir()?;
        let data = folder.path().join("relay");
        relay::init(&data, size, 7).await?;
        let relay = Relay::serve(&data, "127.0.0.1:0").await?;
        let api = Api::new(&relay.url(), &relay.token().await?)?;
        let mut grids = api.scopes_of("household").await?;
        for (scope, persons) in api.scopes_of("person").await? {
            if let Some(records) = grids.get_mut(&scope) {
                *records += persons;
            }
        }
        Ok(Self {
            relay,
            grids: grids.into_iter().collect(),
            folder,
        })
    }

    /// A worker of the first grid.
    pub(crate) async fn worker(&self, name: &str) -> Outcome<Worker> {
        let dir = self.folder.path().join(name);
        let grid = &self.grids[0].0;
        let mut worker = Worker::enrol(&self.relay, grid, name, &dir, Network::GOOD, 11).await?;
        worker.sync().await?;
        worker.look_around(40).await?;
        worker.mood(Mood::Brief, "今天去看过，都好");
        Ok(worker)
    }
}
