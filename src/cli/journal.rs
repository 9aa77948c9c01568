//! The journals on disk: `.meshform/journal/<environment>/<run>.jsonl` beside `environments/`.
//!
//! A run locks its journal (the operating system's lock of a file) for as long as it lives. When the process is gone, however it
//! went, so is that lock: then the run is over, and whatever it held may be taken.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: journals are written, found and read")]

use super::environment::Chosen;
use super::failure::{Exit, Failure};
use crate::deploy::{Entry, Event, JOURNAL_VERSION, Journal, LONGEST_JOURNAL, Line, Recorder, RunRecord};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many journals of an environment are kept.
const KEPT: usize = 100;

/// How many of the newest are read for what earlier runs left and how long stacks take.
const READ: usize = 20;

/// How a journal's name ends.
const END: &str = ".jsonl";

/// The journals of an environment.
pub(super) struct Journals {
    directory: PathBuf,
}

/// The time, in milliseconds since 1970 UTC.
pub(super) fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// The id of a new run.
pub(super) fn run_id() -> String {
    let now = now();
    let mut chance = RandomState::new().build_hasher();
    chance.write_u64(now);
    run_id_of(now, chance.finish())
}

/// Time and chance: no two runs are alike, and ids sort as their runs began, also within a second: `bootstrap` hands over to
/// `deploy` in less, and whichever looks newer is the one that `status` shows and that tells what is open.
fn run_id_of(milliseconds: u64, chance: u64) -> String {
    format!("{:08x}{:03x}-{:08x}", milliseconds / 1000, milliseconds % 1000, chance & 0xffff_ffff)
}

impl Journals {
    pub(super) fn of(chosen: &Chosen) -> Self {
        Self { directory: chosen.beside(".meshform").join("journal").join(&chosen.name) }
    }

    pub(super) fn path(&self, run: &str) -> PathBuf {
        self.directory.join(format!("{run}{END}"))
    }

    /// Ids of the runs that have a journal, the newest first: ids begin with their time.
    pub(super) fn runs(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let name = |entry: fs::DirEntry| entry.file_name().to_str()?.strip_suffix(END).map(str::to_owned);
        let mut runs: Vec<String> = entries.flatten().filter_map(name).collect();
        runs.sort();
        runs.reverse();
        runs
    }

    /// Whether the process of a run lives.
    pub(super) fn is_running(&self, run: &str) -> bool {
        let Ok(file) = File::open(self.path(run)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Runs of this place whose processes are gone.
    pub(super) fn ended(&self) -> BTreeSet<String> {
        self.runs().into_iter().take(READ).filter(|run| !self.is_running(run)).collect()
    }

    pub(super) fn read(&self, run: &str) -> Result<Journal, Failure> {
        let path = self.path(run);
        let told = |error: Failure| error.hint(format!("the journal is {}", path.display()));
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(LONGEST_JOURNAL + 1).read_to_end(&mut bytes));
        let length = read.map_err(|error| told(Failure::new(error)))?;
        if u64::try_from(length).is_ok_and(|length| length > LONGEST_JOURNAL) {
            let error = format!("the journal of run {run} is longer than {LONGEST_JOURNAL} bytes");
            return Err(told(Failure::new(error).exit(Exit::Findings)));
        }
        Journal::read(&bytes).map_err(|error| told(Failure::new(error).exit(Exit::Findings)))
    }

    /// The newest runs that can be read, the newest first. One that cannot be read tells nothing, and stops nobody.
    pub(super) fn records(&self) -> Vec<RunRecord> {
        let runs = self.runs().into_iter().take(READ);
        runs.filter_map(|run| RunRecord::of(&self.read(&run).ok()?)).collect()
    }

    /// Begins the journal of a run.
    pub(super) fn begin(&self, run: &str) -> Result<Writer, Failure> {
        let path = self.path(run);
        self.begun(&path).map_err(|error| {
            Failure::new(error)
                .hint(format!("the journal {} cannot be written, and nothing is changed without one", path.display()))
        })
    }

    fn begun(&self, path: &Path) -> io::Result<Writer> {
        fs::create_dir_all(&self.directory)?;
        // nobody commits a journal by mistake
        if let Some(top) = self.directory.parent().and_then(Path::parent) {
            let ignore = top.join(".gitignore");
            if !ignore.exists() {
                fs::write(ignore, "*\n")?;
            }
        }
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        file.try_lock().map_err(io::Error::from)?;
        // the file's name is on the disk too
        #[cfg(unix)]
        File::open(&self.directory)?.sync_all()?;
        for old in self.runs().into_iter().skip(KEPT).filter(|run| !self.is_running(run)) {
            // one that stays is no reason to stop
            let _ = fs::remove_file(self.path(&old));
        }
        Ok(Writer { open: Mutex::new(Open { file, length: 0, whole: true }) })
    }
}

/// A journal that is being written.
pub(super) struct Writer {
    open: Mutex<Open>,
}

struct Open {
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Whether every line so far was written.
    whole: bool,
}

impl Recorder for Writer {
    fn record(&self, entry: &Entry) -> io::Result<()> {
        let line = Line { version: JOURNAL_VERSION, at: now(), entry: entry.clone() }.to_text();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.whole {
            return Err(io::Error::other("an earlier line could not be written"));
        }
        // how far resources are is for those who watch; nothing hangs on it
        let lasting =
            !matches!(entry, Entry::Happened { happened: Event::ResourceProgress { .. } | Event::StepWaiting { .. } });
        let written = open.file.write_all(line.as_bytes());
        let written = written.and_then(|()| if lasting { open.file.sync_data() } else { Ok(()) });
        match written {
            Ok(()) => open.length += line.len() as u64,
            Err(_) => {
                open.whole = false;
                let length = open.length;
                // no half line stays where another may follow
                let _ = open.file.set_len(length);
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::Holder;
    use crate::plan::Pass;

    fn opened(run: &str) -> Entry {
        let holder = Holder { run: run.to_owned(), owner: "x".to_owned() };
        Entry::Opened { holder, mesh: "demo".to_owned(), pass: Pass::Mesh, meshform: "0".to_owned() }
    }

    #[test]
    fn a_journal_is_written_read_and_seen_to_be_alive() {
        let folder = tempfile::tempdir().unwrap();
        let journals = Journals { directory: folder.path().join(".meshform/journal/demo") };
        assert_eq!(journals.runs(), [""; 0]);
        let writer = journals.begin("6a-1").unwrap();
        writer.record(&opened("6a-1")).unwrap();
        assert!(journals.is_running("6a-1"));
        assert_eq!(journals.read("6a-1").unwrap().lines[0].entry, opened("6a-1"));
        assert!(journals.begin("6a-1").is_err(), "no run writes into another's journal");
        drop(writer);
        journals.begin("6b-0").unwrap();
        assert_eq!(journals.runs(), ["6b-0", "6a-1"]);
        assert_eq!(journals.ended().len(), 2);
        assert!(!journals.is_running("none"));
        assert_eq!(fs::read_to_string(folder.path().join(".meshform/.gitignore")).unwrap(), "*\n");
        assert_eq!(journals.records().len(), 1, "an empty journal tells nothing");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(journals.path("6a-1")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn ids_of_runs_sort_as_the_runs_began_whatever_chance_says() {
        let earlier = run_id_of(1_795_441_973_009, 0xffff_ffff);
        assert_eq!(earlier, "6b044535009-ffffffff");
        assert!(earlier < run_id_of(1_795_441_973_010, 0));
        assert!(run_id_of(1_795_441_973_999, u64::MAX) < run_id_of(1_795_441_974_000, 0));
        assert!("6b044535-ffffffff" < earlier.as_str(), "ids were of seconds before");
        assert_ne!(run_id(), run_id());
    }

    #[test]
    fn a_full_disk_leaves_no_half_line_and_refuses_what_follows() {
        // reading alone is what the file is open for: every write fails, as on a full disk
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full");
        fs::write(&path, "").unwrap();
        let file = File::open(&path).unwrap();
        let writer = Writer { open: Mutex::new(Open { file, length: 0, whole: true }) };
        assert!(writer.record(&opened("run")).is_err());
        assert!(writer.record(&opened("run")).unwrap_err().to_string().contains("earlier line"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
    }
}
