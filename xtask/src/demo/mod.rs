//! `cargo xtask demo`: a town's day, with the real programs. A relay on SQLite in a temporary folder, phones as processes
//! on a bad network, a scripted supervisor in the real console; and at the end an account that must balance.

mod account;
mod day;
mod screen;
mod supervisor;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use xunge_tests::api::Api;
use xunge_tests::relay::{self, Login, Relay};
use xunge_tests::{Outcome, clock, fail, programs};

use account::Baseline;
use day::Town;
use screen::Screen;
use supervisor::Supervisor;

/// Run a relay, its console and simulated phones through a day on a bad network.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End when all phones have synced, with exit 0 only if the account balances.
    #[arg(long)]
    once: bool,
    /// Write the summary as one JSON object.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Number of phones.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(8..=140))]
    phones: u64,
    /// The same seed gives the same town, the same day and the same faults.
    #[arg(long, default_value_t = 20260302)]
    seed: u64,
    /// Records that a phone saves at least; at most three times as many.
    #[arg(long, default_value_t = 20)]
    records: u64,
}

impl Demo {
    /// Runs the day.
    pub(crate) fn run(self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.town())
    }

    async fn town(self) -> Outcome {
        let began = Instant::now();
        let screen = Arc::new(Screen::new(began));
        screen.say("building the relay and the phone");
        tokio::task::spawn_blocking(|| programs::path_alone("xunge")).await??;

        let folder = tempfile::Builder::new().prefix("xunge-demo-").tempdir()?;
        let data = folder.path().join("relay");
        screen.say(
            "xunge init --synthetic town: 15 villages, 150 grids, about 11,500 made-up households",
        );
        let visitor = relay::init(&data, "town", self.seed).await?;
        let relay = Relay::serve(&data, "127.0.0.1:0").await?;
        screen.say(&format!("the relay listens at {}", relay.url()));
        let api = Api::new(&relay.url(), &relay.token().await?)?;
        let script = relay.admin(&[
            "user",
            "add",
            "--user",
            "script",
            "--name",
            "值班员",
            "--role",
            "supervisor",
        ]);
        let script = Login::from_json(&script.await?)?;
        let supervisor = Arc::new(Supervisor::sign_in(&relay.url(), &script).await?);
        invite(&screen, &relay, &visitor)?;

        let baseline = Baseline::take(&api).await?;
        let town = Town {
            relay: Arc::new(relay),
            supervisor,
            screen: screen.clone(),
            folder: folder.path().to_path_buf(),
            seed: self.seed,
            phones: self.phones as usize,
            least: self.records,
        };
        let stop = screen.clone().start();
        let day = town.run(&baseline).await;
        stop.abort();
        let day = match day {
            Ok(day) => day,
            Err(failure) => fail!("{failure}; kept for a look: {}", folder.keep().display()),
        };

        let summary = account::balance(&api, &baseline, &day, self.seed, began.elapsed()).await?;
        println!("{}", serde_json::to_string_pretty(&summary.json)?);
        if let Some(path) = &self.json {
            crate::write_json(path, &summary.json)?;
        }
        for fault in &summary.faults {
            println!("NOT BALANCED: {fault}");
        }
        if summary.faults.is_empty() {
            println!("balanced: the ids that the phones saved are the ids that the relay holds");
        }
        if !self.once {
            invite(&screen, &town.relay, &visitor)?;
            stay(&visitor).await?;
        }
        if summary.faults.is_empty() {
            return Ok(());
        }
        if self.once {
            // Whoever looks for the reason needs the logs and databases.
            println!("kept for a look: {}", folder.keep().display());
        }
        fail!(
            "the account does not balance: {}",
            summary.faults.join("; ")
        )
    }
}

/// Tells how to get into the console.
fn invite(screen: &Screen, relay: &Relay, login: &Login) -> Outcome {
    let code = clock::totp(&login.totp_secret, clock::unix_seconds())?;
    screen.say(&format!("console  {}", relay.url()));
    screen.say(&format!(
        "         user {}   password {}   one-time code {code} (secret {})",
        login.user, login.password, login.totp_secret
    ));
    Ok(())
}

/// Until Ctrl-C, with a fresh one-time code every half minute.
async fn stay(login: &Login) -> Outcome {
    println!("the relay stays until Ctrl-C");
    loop {
        let now = clock::unix_seconds();
        println!("one-time code {}", clock::totp(&login.totp_secret, now)?);
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(30 - now % 30)) => {}
        }
    }
}
