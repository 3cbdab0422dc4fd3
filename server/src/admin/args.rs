//! The command line of `xunge`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The relay of Xunge: keeps a county's records, answers phones, and shows supervisors what came in.
#[derive(Debug, Parser)]
#[command(
    name = "xunge",
    version,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Where the relay keeps everything.
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Where the relay keeps everything.
#[derive(Debug, Args)]
pub struct Place {
    /// Data folder.
    #[arg(long, global = true, env = "XUNGE_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address of a PostgreSQL database.
    #[arg(
        long,
        global = true,
        env = "XUNGE_DATABASE",
        value_name = "postgres://…",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// What no restore may undo: a file outside the data folder and outside every backup. `DIR.journal` beside the data
    /// folder if not given. `restore` takes several, one of each node.
    #[arg(long, global = true, env = "XUNGE_JOURNAL", value_name = "FILE")]
    pub journal: Vec<PathBuf>,
    /// Folder of the media, if not in the data folder, or a bucket of object storage, with address and credentials from the
    /// AWS_… variables; nodes on one database share it.
    #[arg(
        long,
        global = true,
        env = "XUNGE_MEDIA",
        value_name = "DIR|s3://BUCKET/PREFIX"
    )]
    pub media: Option<String>,
}

/// What `xunge` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a county: organisation, code lists, first administrator.
    Init(Init),
    /// Answer phones and browsers until told to stop.
    Serve(Serve),
    /// Organisation, people, phones, quarantine.
    #[command(subcommand)]
    Admin(Admin),
    /// Write out all records of a kind.
    Export(Export),
    /// Copy everything while the relay runs.
    Backup {
        /// File to write; it must not exist.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Begin again from a backup, in a new epoch.
    Restore {
        /// File that `xunge backup` wrote.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Signed receipts.
    #[command(subcommand)]
    Receipt(Receipt),
}

/// How much synthetic data to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SyntheticSize {
    /// One village of 10 grids, about 770 households.
    Village,
    /// 15 villages, 150 grids, about 11,500 households.
    Town,
    /// 333 villages, about 3,000 grids, 230,000 households.
    County,
}

/// `xunge init`
#[derive(Debug, Args)]
pub struct Init {
    /// Administrative code of the county, six digits.
    #[arg(long, value_name = "CODE", value_parser = county_code)]
    pub county: String,
    /// Name of the county.
    #[arg(long)]
    pub name: String,
    /// Add made-up towns, households, workers and work.
    #[arg(long, value_enum)]
    pub synthetic: Option<SyntheticSize>,
    /// The same seed gives the same people.
    #[arg(long, default_value_t = 1, requires = "synthetic")]
    pub seed: u64,
}

fn county_code(text: &str) -> Result<String, String> {
    if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0') {
        Ok(text.into())
    } else {
        Err("a county's code has six digits, for instance 999999".into())
    }
}

/// How the log looks on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `xunge serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Address for phones and browsers; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// Address for Prometheus; no metrics without it.
    #[arg(long, value_name = "ADDR:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Address at which phones and browsers reach this relay.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// PEM file with the chain of the relay's certificate: serve HTTPS without a proxy in front.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key of that certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// PEM file whose first certificate new phones must find in the chain that they see over TLS: the organisation's CA,
    /// and once more for its backup.
    #[arg(long, value_name = "FILE")]
    pub pin: Vec<PathBuf>,
    /// Days for which a new phone gets what is over; 0 keeps everything.
    #[arg(long, default_value_t = 400, value_name = "DAYS")]
    pub keep_days: u32,
    /// Form of the log.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log: LogFormat,
}

/// `xunge admin`
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// The organisation tree.
    #[command(subcommand)]
    Org(ImportOrg),
    /// Households.
    #[command(subcommand)]
    Households(ImportHouseholds),
    /// Users of the console.
    #[command(subcommand)]
    User(User),
    /// Make a ticket for a worker's phone.
    Enrol(Enrol),
    /// Who works where.
    #[command(subcommand)]
    Grant(Grant),
    /// Enrolled phones.
    #[command(subcommand)]
    Device(Device),
    /// Changes that were not accepted.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Erase a record for good.
    Erase {
        /// The record.
        record: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Cut first copies for new phones now, of scopes that have grown; a serving relay does so by itself.
    Snapshot {
        /// Entries by which a scope must have grown.
        #[arg(long, default_value_t = crate::snapshot::LEAST_ENTRIES, value_name = "ENTRIES")]
        least: u64,
    },
    /// Tell the next one-time code of a worker who forgot the PIN.
    UnlockCode {
        /// The worker's name.
        #[arg(long)]
        worker: String,
        /// Which of several phones, as `device list` names it.
        #[arg(long)]
        device: Option<String>,
    },
    /// Tokens for programs.
    #[command(subcommand)]
    Token(Token),
    /// Recordings in the county's dialect.
    #[command(subcommand)]
    Voice(Voice),
    /// Print the database key, for a forensic look.
    Key,
    /// The key with which the relay signs.
    #[command(subcommand)]
    RelayKey(RelayKey),
    /// Print what an app has built in that knows this relay: its address, its key, its pins. Nothing of it is secret.
    RelayAddress(RelayAddress),
}

/// `xunge admin relay-key`
#[derive(Debug, Subcommand)]
pub enum RelayKey {
    /// All keys that the relay has had.
    List,
    /// Give the relay a new key, which the old one certifies; phones follow at their next sync.
    Rotate {
        /// The old key may be in wrong hands: phones that know of the new one believe nothing that the old one signs any
        /// more.
        #[arg(long)]
        revoke_old: bool,
        /// How long bundles that couriers carry are still opened with the old key.
        #[arg(long, default_value_t = 90, value_name = "DAYS")]
        grace: u32,
    },
}

/// `xunge admin voice`
#[derive(Debug, Subcommand)]
pub enum Voice {
    /// Print every sentence that phones say, with its key, as CSV: what is to be read out.
    Phrases {
        /// Language.
        #[arg(long, default_value = "zh-CN")]
        locale: String,
    },
    /// Publish the recordings of a folder (KEY.m4a or KEY.wav), in the place of those before.
    Import {
        /// Folder with the recordings; phrases.csv in it (key, words) names sentences of the county's own forms.
        folder: PathBuf,
        /// Language.
        #[arg(long, default_value = "zh-CN")]
        locale: String,
    },
}

/// `xunge admin org`
#[derive(Debug, Subcommand)]
pub enum ImportOrg {
    /// Add or change nodes; columns code, name, level, parent, help_phone.
    Import {
        /// CSV file in UTF-8.
        file: PathBuf,
    },
}

/// `xunge admin households`
#[derive(Debug, Subcommand)]
pub enum ImportHouseholds {
    /// Add or change households by their `ref`; columns ref, grid, door, head_name and more.
    Import {
        /// CSV file in UTF-8.
        file: PathBuf,
    },
}

/// `xunge admin user`
#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a user and print a password and a one-time-code secret, once.
    Add {
        /// Login name.
        #[arg(long, alias = "login", value_name = "LOGIN")]
        user: String,
        /// Name to show.
        #[arg(long)]
        name: Option<String>,
        /// admin, supervisor or viewer.
        #[arg(long, default_value = "supervisor")]
        role: String,
        /// Code of the county, town, village or grid that the user sees; the county if not given.
        #[arg(long, value_name = "CODE")]
        scope: Option<String>,
    },
}

/// `xunge admin enrol`
#[derive(Debug, Args)]
pub struct Enrol {
    /// Code of the grid, or a record's `scope`.
    #[arg(long, value_name = "CODE")]
    pub grid: String,
    /// The worker's name; a new worker is created if need be.
    #[arg(long, value_name = "NAME")]
    pub worker: String,
    /// Address at which phones reach the relay.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// PEM file whose first certificate new phones must find in the chain that they see over TLS: the organisation's CA,
    /// and once more for its backup.
    #[arg(long, value_name = "FILE")]
    pub pin: Vec<PathBuf>,
    /// How long the ticket may be used.
    #[arg(long, default_value_t = 72)]
    pub hours: u32,
    /// Also write the QR code as an SVG picture.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Also print a code of ten digits to be read out over the telephone, good for 15 minutes, for an app that has this
    /// relay built in.
    #[arg(long)]
    pub code: bool,
}

/// `xunge admin relay-address`
#[derive(Debug, Args)]
pub struct RelayAddress {
    /// Address at which phones reach the relay.
    #[arg(long)]
    pub url: String,
    /// As `enrol`'s.
    #[arg(long, value_name = "FILE")]
    pub pin: Vec<PathBuf>,
}

/// `xunge admin grant`
#[derive(Debug, Subcommand)]
pub enum Grant {
    /// Let a worker work in one more grid.
    Add {
        /// The worker's name.
        #[arg(long)]
        worker: String,
        /// Code of the grid.
        #[arg(long, value_name = "CODE")]
        grid: String,
    },
    /// End a worker's work in a grid.
    Close {
        /// The worker's name.
        #[arg(long)]
        worker: String,
        /// Code of the grid.
        #[arg(long, value_name = "CODE")]
        grid: String,
        /// How long what the phone still holds is taken.
        #[arg(long, default_value_t = 30, value_name = "DAYS")]
        drain: u32,
    },
}

/// `xunge admin device`
#[derive(Debug, Subcommand)]
pub enum Device {
    /// All phones, with worker and last contact.
    List,
    /// From now on everything that this phone sends goes into quarantine.
    Revoke {
        /// As `device list` names it.
        id: String,
        /// Why.
        #[arg(long, default_value = "lost or stolen")]
        reason: String,
    },
}

/// `xunge admin quarantine`
#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// Changes that wait for a decision.
    List,
    /// Let a change in after all.
    Admit {
        /// As `quarantine list` names it.
        id: String,
        /// Why.
        #[arg(long, default_value = "admitted by the administrator")]
        reason: String,
    },
    /// Refuse a change for good.
    Reject {
        /// As `quarantine list` names it.
        id: String,
        /// Why; the worker reads it.
        #[arg(long)]
        reason: String,
    },
}

/// `xunge admin token`
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token and print it, once.
    Add {
        /// export or media.
        #[arg(long)]
        role: String,
    },
}

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// As the API gives records.
    Json,
    /// Comma-separated, UTF-8 with a byte order mark, so that office programs read it.
    Csv,
    /// Office Open XML workbook.
    Xlsx,
}

/// `xunge export`
#[derive(Debug, Args)]
pub struct Export {
    /// household, person, visit, dispute, warning, warning_ack or request.
    #[arg(long)]
    pub kind: String,
    /// Form of the file.
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Only what changed after this cursor.
    #[arg(long, value_name = "CURSOR")]
    pub since: Option<String>,
    /// File to write; standard output if not given.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `xunge audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check that no row of the audit log was changed, removed or moved.
    Verify {
        /// Hash of the last row, noted at an earlier check: it must still be in the log.
        #[arg(long, value_name = "HASH")]
        contains: Option<String>,
    },
}

/// `xunge receipt`
#[derive(Debug, Subcommand)]
pub enum Receipt {
    /// Check a receipt that a phone shows: signed by this relay, and still true.
    Verify {
        /// JSON as `receipts` of the phone gives it, or a signed receipt in hex.
        file: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn data_and_json_may_stand_before_or_after_the_command() {
        let line = [
            "xunge", "admin", "token", "add", "--role", "export", "--data", "d", "--json",
        ];
        let cli = Cli::try_parse_from(line).unwrap();
        assert!(cli.json && cli.place.data.is_some());
        let cli = Cli::try_parse_from(["xunge", "--data", "d", "audit", "verify"]).unwrap();
        assert!(!cli.json && cli.place.data.is_some());
    }

    #[test]
    fn a_county_code_that_is_none_is_wrong_usage() {
        for code in ["99999", "9999999", "abcdef", "099999"] {
            let line = ["xunge", "init", "--county", code, "--name", "x"];
            assert!(Cli::try_parse_from(line).is_err(), "{code}");
        }
    }
}
