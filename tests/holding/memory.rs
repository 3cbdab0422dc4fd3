//! What a phone takes of memory from its first start until a grid is on it: a real process, a real relay, first copies in
//! parts. What counts is the process's own memory. Pages of the program come from its file and can go at any time; in a
//! build without optimization there are 24 MB of them, and the benchmark counts them too.

use std::path::Path;
use std::sync::Arc;

use xunge_protocol::system::OrgNode;
use xunge_protocol::{Hash32, RecordId, ScopeId};
use xunge_records::{FormRef, Kind};
use xunge_server::authority::{self, AuthorityError, Draft};
use xunge_server::env::SystemEnv;
use xunge_server::relay::{Config, Relay as Node};
use xunge_server::store::Options;
use xunge_tests::phone::Phone;
use xunge_tests::relay::{Place, Relay};

/// Records of a working day, written together.
const DAY: usize = 79;
const HOUSEHOLDS: usize = 100;
const MB: u64 = 1_000_000;
/// Stretching the PIN takes 9.4 MB, and comes first; what the first sync takes may come on top of what is always there.
const MOST: u64 = 18 * MB;

/// A line of a process's `status`, in bytes.
fn status(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

fn form(id: &str) -> FormRef {
    FormRef {
        id: id.into(),
        version: 1,
    }
}

/// A grid of the relay whose files are in `data`, with so many records, most of them visits; and its first copy.
fn fill(relay: &Arc<Node>, code: &str, records: usize) -> ScopeId {
    let grid = ScopeId(relay.env.random());
    let code = code.to_owned();
    let households = authority::command(relay, move |authority, _| {
        authority.org_node(&OrgNode {
            scope: grid,
            parent: Some(authority.relay().county_scope()),
            level: "4".into(),
            code,
            name: "合成网格".into(),
            from: authority.now(),
            help_phone: None,
        })?;
        let open = |door| {
            let draft = Draft::default()
                .set("ref", format!("H{door}"))
                .set("door", format!("{door}号"))
                .set("head_name", "王桂兰");
            let form = form("import");
            Ok(authority.open(grid, Kind::Household, form, draft)?.id)
        };
        (1..=HOUSEHOLDS)
            .map(open)
            .collect::<Result<Vec<RecordId>, AuthorityError>>()
    });
    let households = Arc::new(households.unwrap());
    for day in (HOUSEHOLDS..records).step_by(DAY) {
        let homes = households.clone();
        let day = day..records.min(day + DAY);
        let written = authority::command(relay, move |authority, _| {
            for n in day {
                let words = Hash32::of(&n.to_be_bytes()).to_string();
                let draft = Draft::default()
                    .set("household", homes[n % homes.len()].to_string())
                    .set(
                        "visited_on",
                        format!("2026-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
                    )
                    .set("purposes/VP01", true)
                    .set("met", "MW01")
                    .set("all_well", true)
                    .set("note", format!("老人在家 {}", &words[..16]));
                authority.open(grid, Kind::Visit, form("visit"), draft)?;
            }
            Ok::<_, AuthorityError>(())
        });
        written.unwrap();
    }
    grid
}

/// Enrols a new phone in `grid`, syncs it once, and returns the highest point of its own memory and what it received.
async fn first_sync(relay: &Relay, grid: ScopeId, dir: &Path) -> (u64, usize) {
    let name = dir.file_name().unwrap().to_str().unwrap();
    let ticket = relay.ticket(&grid.to_string(), name, &relay.url()).await;
    let mut phone = Phone::start(dir, name).await.unwrap();
    phone.enrol(&ticket.unwrap()).await.unwrap();
    let pid = phone.rpc().pid().await.unwrap();
    let report = phone.sync(5).await.unwrap();
    assert!(report["usable_bytes"].as_u64().unwrap() > 0, "{report}");
    let own = status(pid, "VmHWM") - status(pid, "RssFile");
    (own, report["received"].as_u64().unwrap() as usize)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_takes_no_more_memory_for_twenty_thousand_records_than_for_thirteen_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::from(&folder.path().join("relay"));
    let init = ["init", "--county", "999999", "--name", "合成县", "--json"];
    place.xunge_json(&init).await.unwrap();
    let sizes = [("李大山", 1_300), ("王小河", 20_000)];
    let grids = {
        let options = Options {
            writer_thread: false,
        };
        let env = Arc::new(SystemEnv);
        let relay = Node::open(&place.data, env, Config::default(), options).unwrap();
        let relay = Arc::new(relay);
        let grids = [1, 2].map(|n| fill(&relay, &format!("99999900100100{n}"), sizes[n - 1].1));
        xunge_server::snapshot::cut_due(&relay, 1).unwrap();
        grids
    };
    let relay = Relay::serve(place, "127.0.0.1:0").await.unwrap();
    let mut taken = Vec::new();
    for (grid, (name, records)) in grids.into_iter().zip(sizes) {
        let (own, received) = first_sync(&relay, grid, &folder.path().join(name)).await;
        println!("{received} entries: {:.1} MB", own as f64 / 1e6);
        assert!(received >= records, "{received} of {records}");
        taken.push(own);
    }
    assert!(taken.iter().all(|own| *own < MOST), "{taken:?} bytes");
    assert!(
        taken[1] < taken[0] + 4 * MB,
        "{taken:?} bytes: it grows with the records"
    );
}
