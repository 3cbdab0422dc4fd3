//! SQLite itself on a disk in memory: what it calls durable is there after a cut, and each control is caught.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};
use xunge_vfs::{Call, Disk, Effect, Fault, Recording, Role};

/// Disk, its folder, and SQLCipher's key: rows are encrypted, as in the product.
struct Place {
    disk: Disk,
    folder: tempfile::TempDir,
    journal: &'static str,
    synchronous: &'static str,
    /// Bytes of the key: 48 with its salt, 32 where SQLCipher keeps that in the file.
    key: usize,
}

impl Place {
    fn new(journal: &'static str, synchronous: &'static str) -> Self {
        xunge_vfs::register(Role::Default).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self {
            disk: Disk::mount(folder.path()).unwrap(),
            folder,
            journal,
            synchronous,
            key: 48,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let db = Connection::open(self.path())?;
        db.execute_batch(&format!(
            "PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\"; PRAGMA synchronous = {};",
            "17".repeat(self.key),
            self.synchronous
        ))?;
        let mode: String =
            db.pragma_update_and_check(None, "journal_mode", self.journal, |row| row.get(0))?;
        assert_eq!(mode, self.journal);
        db.execute_batch("CREATE TABLE IF NOT EXISTS saved (n INTEGER PRIMARY KEY, text TEXT)")?;
        Ok(db)
    }

    fn save(&self, db: &Connection, n: u32) -> rusqlite::Result<()> {
        let text = "x".repeat((n * 331 % 9000) as usize);
        db.execute("INSERT INTO saved VALUES (?1, ?2)", (n, text))?;
        Ok(())
    }

    /// What was saved while the disk lies from the `lies_from`th sync on.
    fn recording(&self, saves: u32, lies_from: Option<u64>) -> Recording {
        self.disk.record();
        if let Some(skip) = lies_from {
            let lie = Fault::from_then_on(&[Call::Sync], skip, Effect::Lie);
            self.disk.plan(lie);
        }
        let db = self.open().unwrap();
        for n in 1..=saves {
            self.save(&db, n).unwrap();
            self.disk.mark(n.into());
        }
        drop(db);
        self.disk.heal();
        self.disk.recorded().unwrap()
    }

    /// Images that lack what was answered, or cannot be read, of all that were looked at.
    fn lost(&self, recording: &Recording, each: impl Fn(u32) -> u64) -> (u64, u64) {
        let (mut images, mut lost) = (0, 0);
        let mut replay = recording.replay();
        loop {
            let saved = replay.marked().unwrap_or(0) as u32;
            for _ in 0..each(saved) {
                images += 1;
                self.disk.put(replay.image(images));
                let there = self.open().and_then(|db| {
                    db.query_row("SELECT count(*) FROM saved WHERE n <= ?1", [saved], |row| {
                        row.get::<_, u32>(0)
                    })
                });
                lost += u64::from(there.ok() != Some(saved));
            }
            if !replay.step() {
                return (images, lost);
            }
        }
    }
}

#[test]
fn with_a_write_ahead_log_and_extra_no_power_cut_loses_what_was_answered() {
    let place = Place::new("wal", "EXTRA");
    let recording = place.recording(30, None);
    let (images, lost) = place.lost(&recording, |_| 5);
    assert!(images > 500, "{images}");
    assert_eq!(lost, 0, "of {images}");
}

#[test]
fn controls_lose_rows_and_are_caught() {
    for (journal, synchronous, lies_from) in [
        ("wal", "NORMAL", None),
        ("delete", "OFF", None),
        ("wal", "EXTRA", Some(0)),
        ("wal", "EXTRA", Some(20)),
    ] {
        let place = Place::new(journal, synchronous);
        let recording = place.recording(30, lies_from);
        let (images, lost) = place.lost(&recording, |_| 3);
        assert!(lost > 20, "{journal} {synchronous}: {lost} of {images}");
    }
}

#[test]
fn a_torn_first_sector_loses_everything_unless_the_salt_is_kept_outside() {
    let lost = |key| {
        let mut place = Place::new("wal", "EXTRA");
        place.key = key;
        // The last moments: the log's pages go into the file, the first one too, and the log is deleted.
        let recording = place.recording(10, None);
        place.lost(&recording, |saved| if saved == 10 { 80 } else { 0 })
    };
    let (images, without_salt) = lost(32);
    assert!(without_salt > 3, "{without_salt} of {images}");
    assert_eq!(lost(48).1, 0);
}

#[test]
fn a_second_connection_reads_beside_the_first_and_waits_for_its_turn_to_write() {
    let place = Place::new("wal", "EXTRA");
    let (one, other) = (place.open().unwrap(), place.open().unwrap());
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    one.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.save(&one, 1).unwrap();
    let count = |db: &Connection| {
        db.query_row("SELECT count(*) FROM saved", (), |row| row.get::<_, u32>(0))
            .unwrap()
    };
    assert_eq!((count(&one), count(&other)), (1, 0));
    assert!(place.save(&other, 2).is_err());
    one.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&other), 1);
    place.save(&other, 2).unwrap();
    assert_eq!(count(&one), 2);
}

#[test]
fn threads_share_a_database() {
    let place = Place::new("wal", "EXTRA");
    drop(place.open().unwrap());
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let place = &place;
            scope.spawn(move || {
                let db = place.open().unwrap();
                for n in 0..25 {
                    place.save(&db, thread * 100 + n).unwrap();
                }
            });
        }
    });
    let db = place.open().unwrap();
    let (rows, sound): (u32, String) = db
        .query_row(
            "SELECT (SELECT count(*) FROM saved), (SELECT integrity_check FROM pragma_integrity_check)",
            (),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((rows, sound.as_str()), (100, "ok"));
}

#[test]
fn a_full_disk_takes_work_again_once_there_is_room() {
    let place = Place::new("wal", "EXTRA");
    let db = place.open().unwrap();
    place.disk.set_capacity(Some(place.disk.used() + 20_000));
    let first_refused = (1..).find(|n| place.save(&db, *n).is_err()).unwrap();
    let code = place
        .save(&db, first_refused)
        .unwrap_err()
        .sqlite_error_code();
    assert_eq!(code, Some(rusqlite::ErrorCode::DiskFull));
    place.disk.set_capacity(None);
    place.save(&db, first_refused).unwrap();
    drop(db);
    let db = place.open().unwrap();
    let rows: u32 = db
        .query_row("SELECT count(*) FROM saved", (), |row| row.get(0))
        .unwrap();
    assert_eq!(rows, first_refused);
}

#[test]
fn what_a_killed_process_wrote_stays_and_what_it_had_open_is_dead() {
    let place = Place::new("wal", "EXTRA");
    let db = place.open().unwrap();
    place.save(&db, 1).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.disk.kill();
    assert!(place.save(&db, 2).is_err() || db.execute_batch("COMMIT").is_err());
    // While the dead one is still about, its locks are gone.
    let again = place.open().unwrap();
    place.save(&again, 3).unwrap();
    drop(db);
    place.save(&again, 4).unwrap();
    let rows: String = again
        .query_row("SELECT group_concat(n) FROM saved", (), |row| row.get(0))
        .unwrap();
    assert_eq!(rows, "1,3,4");
}

#[test]
fn each_fault_comes_once_or_always_at_the_call_that_was_meant() {
    let place = Place::new("wal", "EXTRA");
    let db = place.open().unwrap();
    place.disk.plan(Fault::once(&[Call::Sync], 1, Effect::Io));
    place.save(&db, 1).unwrap();
    place.save(&db, 2).unwrap_err();
    place.save(&db, 3).unwrap();
    assert_eq!(place.disk.faults_fired(), 1);
    place
        .disk
        .plan(Fault::from_then_on(&[Call::Write], 0, Effect::Full));
    place.save(&db, 4).unwrap_err();
    place.save(&db, 5).unwrap_err();
    place.disk.heal();
    place.save(&db, 6).unwrap();
}

#[test]
fn a_folder_copied_to_another_disk_goes_on_there() {
    let (one, other) = (Place::new("wal", "EXTRA"), Place::new("wal", "EXTRA"));
    let db = one.open().unwrap();
    one.save(&db, 1).unwrap();
    other.disk.put(one.disk.contents());
    let copy = other.open().unwrap();
    other.save(&copy, 2).unwrap();
    one.save(&db, 2).unwrap();
    assert_eq!(other.disk.contents().paths().next(), Some("a.db"));
}

#[test]
fn only_who_asks_by_name_gets_a_named_layer_and_other_folders_are_untouched() {
    let place = Place::new("wal", "EXTRA");
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("real.db");
    let flags = OpenFlags::default();
    let db = Connection::open_with_flags_and_vfs(&path, flags, xunge_vfs::NAME).unwrap();
    db.execute_batch("CREATE TABLE t (n)").unwrap();
    assert!(path.metadata().unwrap().len() > 0);
    drop(place.open().unwrap());
    assert!(!place.path().exists() && place.disk.used() > 0);
}
