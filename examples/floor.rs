//! What the work of `synth` costs at the least, for `make bench`: writes the files of a directory once more into a new one,
//! and makes the text of the same trees by `serde_json`. Nothing is computed, checked or compared, and one thread does it.
//!
//! `floor FROM TO` prints one JSON object. A program by itself, and no benchmark of criterion's: the files must be new each
//! time, in turn with the other tools and on the same disk. What it needs for that (reading the files, making the trees) is
//! not counted, so it measures itself.

#![expect(clippy::disallowed_methods, reason = "a program for `make bench`: it measures the disk, by the clock")]
#![expect(clippy::print_stdout, reason = "a program for `make bench`, whose output is its answer")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// As in the binary, so that both allocate alike.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from, to] = arguments.as_slice() else { return Err("usage: floor FROM TO".into()) };
    let mut paths = Vec::new();
    collect(from, &mut paths)?;
    let mut files = Vec::new();
    for path in paths {
        let bytes = fs::read(&path)?;
        files.push((to.join(path.strip_prefix(from)?), bytes));
    }
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let write = written(&files)?;
    let serialize = serialized(&files)?;
    let part = |spent: Spent| json!({"wall": spent.wall, "cpu": spent.processor});
    println!("{}", json!({"files": files.len(), "bytes": bytes, "write": part(write), "serialize": part(serialize)}));
    Ok(())
}

/// Every file below a directory.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes every file, and the folders that hold them.
fn written(files: &[(PathBuf, Vec<u8>)]) -> Result<Spent, Box<dyn Error>> {
    let start = Moment::now();
    let folders: BTreeSet<&Path> = files.iter().filter_map(|(path, _)| path.parent()).collect();
    for folder in folders {
        fs::create_dir_all(folder)?;
    }
    for (path, bytes) in files {
        fs::write(path, bytes)?;
    }
    Ok(start.spent())
}

/// Makes the text of every JSON file of its tree, one after another, so that a tree is as near to the processor as it can be.
fn serialized(files: &[(PathBuf, Vec<u8>)]) -> Result<Spent, Box<dyn Error>> {
    let mut spent = Spent { wall: 0.0, processor: Some(0.0) };
    for (path, bytes) in files.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "json")) {
        let tree: Value = serde_json::from_slice(bytes)?;
        let start = Moment::now();
        let text = serde_json::to_vec_pretty(&tree)?;
        spent += start.spent();
        // our files end with a line's end; the order of the keys is another one, the length is not
        if text.len() + 1 != bytes.len() {
            return Err(format!("{}: {} bytes became {}", path.display(), bytes.len(), text.len() + 1).into());
        }
    }
    Ok(spent)
}

/// Seconds that something took.
struct Spent {
    wall: f64,
    /// Of this thread on a processor; none where the system does not tell.
    processor: Option<f64>,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.processor = self.processor.zip(other.processor).map(|(sum, more)| sum + more);
    }
}

/// When something began.
struct Moment {
    wall: Instant,
    processor: Option<f64>,
}

impl Moment {
    fn now() -> Self {
        Self { processor: processor(), wall: Instant::now() }
    }

    fn spent(&self) -> Spent {
        let wall = self.wall.elapsed().as_secs_f64();
        Spent { wall, processor: self.processor.zip(processor()).map(|(start, end)| end - start) }
    }
}

/// Seconds that this thread has been on a processor: the first number of `schedstat`, in nanoseconds
/// (Linux, Documentation/scheduler/sched-stats.rst).
fn processor() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(std::time::Duration::from_nanos(nanoseconds).as_secs_f64())
}
