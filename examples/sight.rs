//! What telling who sees what takes by itself, for `make bench`: reads the templates that `synth` wrote, and then, by the clock,
//! their facts and everybody's sight, on all cores.
//!
//! `sight FROM` prints one JSON object. `meshform access` is measured as a whole beside it: that reads the files of the teams
//! and makes the templates first.

#![expect(
    clippy::disallowed_methods,
    reason = "a program for `make bench`: it reads the disk, and measures by the clock"
)]
#![expect(clippy::print_stdout, reason = "a program for `make bench`, whose output is its answer")]

use meshform::access::{Facts, evaluate};
use meshform::assembly::committed;
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// As in the binary, so that both allocate alike.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from] = arguments.as_slice() else { return Err("usage: sight FROM".into()) };
    let mut texts = BTreeMap::new();
    collect(from, "", &mut texts)?;
    let (documents, left_out) = committed(&texts)?;
    if let Some(reason) = left_out.first() {
        return Err(reason.clone().into());
    }
    let (start, processor) = (Instant::now(), processor());
    let facts = Facts::of(&documents);
    let access = evaluate(&facts);
    let wall = start.elapsed().as_secs_f64();
    let processor = processor.zip(self::processor()).map(|(start, end)| end - start);
    println!("{}", json!({"principals": access.principals.len(), "evaluate": {"wall": wall, "cpu": processor}}));
    Ok(())
}

/// Every JSON file below a directory, by its path from there.
fn collect(directory: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), texts)?;
        } else if name.ends_with(".json") {
            texts.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

/// Seconds that all threads of this process were on a processor, in ticks of a hundredth: the fourteenth and fifteenth field of
/// `stat`, counted behind the name, which may hold blanks (Linux, proc_pid_stat(5)); none where the system does not tell.
fn processor() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind) = text.rsplit_once(')')?;
    let ticks = |field: usize| behind.split_whitespace().nth(field - 3)?.parse::<u32>().ok();
    Some(f64::from(ticks(14)? + ticks(15)?) / 100.0)
}
