//! `cargo xtask dictionary`: makes the dictionaries of the batch codec out of seeded days of made-up workers.
//!
//! Two files: `batch-N.cbor`, what packer and reader know of shapes and codes, and `batch-N.zstd`, what the compressor
//! knows of bytes. With `--rows` one file, `rows-N.zstd`: what the relay's compressor knows of the rows that it keeps. A released
//! number is never made again; a better one gets the next number.

mod words;

use std::path::PathBuf;

use clap::Args;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use xunge_days::{Failure, Town, Walker, Words as _};
use xunge_protocol::batch::dictionary::Dictionary;
use xunge_protocol::batch::learn;
use xunge_protocol::batch::{Assume, Batch, Parties};
use xunge_protocol::message::Cursor;
use xunge_protocol::packed::PackedRequest;
use xunge_protocol::{PulledEntry, PulledSegment, ScopeId, Timestamp, WriterId, wire};
use xunge_records::Kind;
use xunge_records::document::genesis;
use xunge_tests::Outcome;

use words::Sentences;

/// Bytes of the compressor's dictionary.
const COMPRESSOR_BYTES: usize = 112 * 1024;
/// Bytes of the dictionary for the relay's rows.
const ROWS_BYTES: usize = 64 * 1024;
/// Notes that the compressor reads beside the days.
const NOTES: usize = 6_000;
/// A morning in April.
const MORNING: Timestamp = Timestamp(1_775_000_000_000);
const DAY_MILLIS: u64 = 86_400_000;

/// Make the dictionaries of the batch codec.
#[derive(Debug, Args)]
pub(crate) struct MakeDictionary {
    /// Another seed gives other days.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Towns, each with its own worker and households.
    #[arg(long, default_value_t = 6)]
    towns: u64,
    /// Days in each.
    #[arg(long, default_value_t = 8)]
    days: usize,
    /// Make the dictionary for what the relay keeps.
    #[arg(long)]
    rows: bool,
    /// Where the files go.
    #[arg(
        long,
        default_value = "core/protocol/data",
        default_value_if("rows", "true", "server/data")
    )]
    out: PathBuf,
    /// Number of the dictionary.
    #[arg(long, default_value_t = 1)]
    number: u8,
}

/// A batch to learn from.
struct Example {
    segments: Vec<PulledSegment>,
    pulled: bool,
    parties: Parties,
    scope: ScopeId,
}

impl MakeDictionary {
    /// Walks, learns, writes.
    pub(crate) fn run(self) -> Outcome {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        if self.rows {
            return self.rows(&runtime);
        }
        let mut examples = Vec::new();
        for town in 0..self.towns {
            let seed = self.seed.wrapping_mul(1_000).wrapping_add(town);
            examples.extend(runtime.block_on(walk(seed, self.days))?.0);
            eprintln!("town {} of {}", town + 1, self.towns);
        }
        let skeletons = Kind::ALL
            .iter()
            .filter_map(|kind| learn::skeleton(kind.entry_kind().0, genesis::bytes(*kind)))
            .collect();
        let batches: Vec<_> = examples.iter().map(|e| e.segments.clone()).collect();
        let dictionary = learn::learn(skeletons, &batches);
        let cbor = wire::encode(&dictionary);
        let samples = samples(&examples, &dictionary, self.seed);
        let compressor = zstd::dict::from_samples(&samples, COMPRESSOR_BYTES)?;
        std::fs::create_dir_all(&self.out)?;
        let file = |ending| self.out.join(format!("batch-{}.{ending}", self.number));
        std::fs::write(file("cbor"), &cbor)?;
        std::fs::write(file("zstd"), &compressor)?;
        println!(
            "{} examples; {} strings, {} sorts, {} shapes in {} bytes; compressor's dictionary {} bytes",
            examples.len(),
            dictionary.strings.len(),
            dictionary.sorts.len(),
            dictionary.shapes.len(),
            cbor.len(),
            compressor.len(),
        );
        Ok(())
    }
}

impl MakeDictionary {
    /// Learns from rows and from the changes behind them.
    fn rows(&self, runtime: &tokio::runtime::Runtime) -> Outcome {
        let mut samples = Vec::new();
        for town in 0..self.towns {
            let seed = self.seed.wrapping_mul(1_000).wrapping_add(town);
            let (examples, contents) = runtime.block_on(walk(seed, self.days))?;
            samples.extend(contents.into_iter().map(String::into_bytes));
            let entries = examples
                .iter()
                .flat_map(|e| &e.segments)
                .flat_map(|s| &s.entries);
            samples.extend(entries.filter_map(|e| match e {
                PulledEntry::Body { entry, .. } => Some(entry.body.clone()),
                PulledEntry::Absent(_) => None,
            }));
            eprintln!("town {} of {}", town + 1, self.towns);
        }
        let dictionary = zstd::dict::from_samples(&samples, ROWS_BYTES)?;
        std::fs::create_dir_all(&self.out)?;
        let file = self.out.join(format!("rows-{}.zstd", self.number));
        std::fs::write(&file, &dictionary)?;
        println!(
            "{} samples; dictionary of {} bytes",
            samples.len(),
            dictionary.len()
        );
        Ok(())
    }
}

/// The days of one worker and what the relay wrote meanwhile, and the contents of all rows that came of it.
async fn walk(seed: u64, days: usize) -> Result<(Vec<Example>, Vec<String>), Failure> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let households = dice.random_range(60..140);
    let town = Town::build(seed, MORNING, households).await?;
    let words = Box::new(Sentences::new(seed));
    let mut walker = Walker::enrol(&town, "李大山", seed, words).await?;
    for _ in 0..days {
        let changes = dice.random_range(40..130);
        let before = town.now();
        walker.day(&town, changes)?;
        walker.sync().await?;
        // Then single records, as they go where there is signal.
        for _ in 0..6 {
            walker.pass(&town, 600_000);
            walker.something()?;
            walker.sync().await?;
        }
        let spent = town.now().millis_since(before).unsigned_abs();
        walker.pass(&town, DAY_MILLIS.saturating_sub(spent));
    }
    let relay = town.relay_writer();
    let scope = town.grid();
    let log = town.log()?;
    let phone = log.iter().map(|s| s.header.writer).find(|w| *w != relay);
    let parties = Parties {
        writers: vec![phone.unwrap_or(WriterId([0; 8])), relay],
        scopes: vec![scope],
    };
    let example = |segments, pulled| Example {
        segments,
        pulled,
        parties: parties.clone(),
        scope,
    };
    let (relays, phones): (Vec<_>, Vec<_>) =
        log.into_iter().partition(|s| s.header.writer == relay);
    let mut examples: Vec<_> = phones
        .into_iter()
        .map(|segment| example(vec![segment], false))
        .collect();
    examples.extend(relays.chunks(8).map(|chunk| example(chunk.to_vec(), true)));
    Ok((examples, town.contents()?))
}

/// What the compressor will see: requests around the examples, and notes.
fn samples(examples: &[Example], dictionary: &Dictionary, seed: u64) -> Vec<Vec<u8>> {
    let mut samples = Vec::new();
    for example in examples {
        let assume = if example.pulled {
            Assume::Changes
        } else {
            Assume::ChangesAndHeaders
        };
        let Example {
            segments,
            pulled,
            parties,
            scope,
        } = example;
        let Some(batch) = Batch::trial(segments, parties, assume, *pulled, dictionary) else {
            continue;
        };
        samples.push(wire::encode(&PackedRequest {
            cursors: vec![Cursor {
                scope: *scope,
                position: 100,
            }],
            receipt_cursor: 1,
            batch,
            pull_budget_bytes: 98_304,
            plain: false,
            snapshots: None,
            relay_key: None,
            former: None,
            wanted: None,
        }));
    }
    let mut words = Sentences::new(seed ^ 0xa0);
    samples.extend((0..NOTES).map(|_| words.text("visit", "note").into_bytes()));
    samples
}
