//! Disks in memory for SQLite, which remember what was synced, lose what was not, and fail when told to.
//!
//! SQLite asks the operating system through a *VFS*. The one here gives every folder that is a [`Disk`] to memory, and all
//! other files to SQLite's own layer. The program under test opens its database by its path as always and needs to know
//! nothing; files that it reads and writes without SQLite (keys, media) stay on the real disk.
//!
//! ```
//! use rusqlite::Connection;
//! use xunge_vfs::{Call, Disk, Effect, Fault, Role};
//!
//! xunge_vfs::register(Role::Default)?; // once a process, before the first database is opened
//! let folder = tempfile::tempdir()?; // a real folder: paths are resolved in it
//! let disk = Disk::mount(folder.path())?; // as many disks at once as are wanted
//! let path = folder.path().join("phone.db");
//! let open = || -> rusqlite::Result<Connection> {
//!     let database = Connection::open(&path)?;
//!     database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA;")?;
//!     Ok(database)
//! };
//!
//! // Images of power cuts: record, then go through what was recorded.
//! disk.record();
//! let database = open()?;
//! database.execute_batch("CREATE TABLE saved (n)")?;
//! for n in 1..=3 {
//!     database.execute("INSERT INTO saved VALUES (?1)", [n])?;
//!     disk.mark(n); // "answered so far", for `marked` below
//! }
//! let recording = disk.recorded().ok_or("nothing was recorded")?;
//! let mut replay = recording.replay();
//! let mut seed = 0;
//! loop {
//!     seed += 1;
//!     disk.put(replay.image(seed)); // what was open before is dead; drop it
//!     let saved: i64 = match replay.marked() {
//!         Some(_) => open()?.query_row("SELECT count(*) FROM saved", (), |row| row.get(0))?,
//!         None => 0,
//!     };
//!     assert!(saved as u64 >= replay.marked().unwrap_or(0));
//!     if !replay.step() {
//!         break;
//!     }
//! }
//!
//! // Faults while the program runs.
//! let database = open()?;
//! disk.plan(Fault::once(&[Call::Sync], 0, Effect::Io));
//! assert!(database.execute("INSERT INTO saved VALUES (4)", ()).is_err());
//! disk.set_capacity(Some(disk.used())); // full from here on
//! disk.heal(); // takes the planned faults away
//! disk.set_capacity(None);
//! disk.kill(); // SIGKILL: open files are dead, what was written stays
//! disk.cut_power(7); // or this: what was not synced is there in parts
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - A copy of a phone is [`Disk::contents`] of one disk, [`Disk::put`] on another; [`Contents::below`] and
//!   [`Contents::replace_below`] do the same with folders of one disk.
//! - Controls: [`Effect::Lie`] makes syncs lie, [`Disk::hold_pragma`] weakens a setting of the program under test.
//! - A [`Disk::kill`] or a cut comes *before* the program's objects are dropped: closing a database would write.
//! - Equal calls and seeds give equal logical contents; [`seed_sqlite`] seeds SQLite's own generator. SQLCipher draws from
//!   OpenSSL, so encrypted bytes differ from run to run.
//! - One connection a thread at a time, as many connections and threads as SQLite allows; a disk has one lock.
//! - Only the write-ahead log's shared memory is real memory; it is gone after a kill or a cut, as SQLite expects.
//!
//! The model of the disk is told in [`Fault`], [`Effect`] and the header of `model.rs`.

mod chance;
mod contents;
mod disk;
mod fault;
mod file;
mod locks;
mod model;
mod mounts;
mod recording;
mod shm;
mod vfs;

pub use contents::Contents;
pub use disk::Disk;
pub use fault::{Call, Effect, Fault};
pub use recording::{Recording, Replay};
pub use vfs::{NAME, NotRegistered, Role, register, seed_sqlite};
