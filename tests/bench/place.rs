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
        Self::kept(size, None).await
    }

    /// [`Self::synthetic`] in a database of its own, or in the data folder.
    pub(crate) async fn kept(size: &str, database: Option<String>) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("xunge-bench-").tempdir()?;
        let at = relay::Place {
            data: folder.path().join("relay"),
            database,
            media: None,
            environment: Vec::new(),
        };
        relay::init(at.clone(), size, 7).await?;
        Self::served(folder, at).await
    }

    /// A county of `grids` grids with `households` each, and nothing else.
    pub(crate) async fn empty(grids: usize, households: usize) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("xunge-bench-").tempdir()?;
        let at = relay::Place::from(&folder.path().join("relay"));
        at.xunge_json(&["init", "--county", "999999", "--name", "合成县", "--json"])
            .await?;
        let code = |grid: usize| format!("999999001001{grid:03}");
        let mut places = String::from("code,name,level,parent,help_phone\n");
        places.push_str("999999001,合成镇,2,999999,\n999999001001,合成村,3,999999001,\n");
        let mut homes = String::from("ref,grid,door,head_name\n");
        for grid in 1..=grids {
            let code = code(grid);
            places.push_str(&format!("{code},第{grid}网格,4,999999001001,\n"));
            for door in 1..=households {
                homes.push_str(&format!("h{grid}-{door},{code},{door}号,王桂兰\n"));
            }
        }
        for (what, rows) in [("org", places), ("households", homes)] {
            let file = folder.path().join(what).with_extension("csv");
            std::fs::write(&file, rows)?;
            let file = file.display().to_string();
            at.xunge_json(&["admin", "--json", what, "import", &file])
                .await?;
        }
        Self::served(folder, at).await
    }

    async fn served(folder: TempDir, at: relay::Place) -> Outcome<Self> {
        let relay = Relay::serve(at, "127.0.0.1:0").await?;
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
        self.worker_of(0, name).await
    }

    /// A worker of the `grid`-th grid, counted around.
    pub(crate) async fn worker_of(&self, grid: usize, name: &str) -> Outcome<Worker> {
        let dir = self.folder.path().join(name);
        let grid = &self.grids[grid % self.grids.len()].0;
        let mut worker = Worker::enrol(&self.relay, grid, name, &dir, Network::GOOD, 11).await?;
        worker.sync().await?;
        worker.look_around(40).await?;
        worker.mood(Mood::Brief, "今天去看过，都好");
        Ok(worker)
    }
}
