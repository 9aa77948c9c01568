//! Times of the stages, one by one, over the mesh of `benches/gen_mesh.py 30 4 10`: part of `make bench`.
//!
//! Whole processes on all sizes, beside other tools, are measured by `benches/measure.py`; this tells which stage moved when one
//! of them did. Nothing here reads or writes a file while the clock runs.

use criterion::{BatchSize, Criterion};
use meshform::access::{Facts, evaluate};
use meshform::assembly::check::check;
use meshform::assembly::{Assembly, Document};
use meshform::environment::{RawFile, gather, read};
use meshform::mesh::{Mesh, resolve};
use meshform::plan::diff::{Prepared, Side, compare};
use meshform::stacks::synthesize;
use std::collections::BTreeMap;
use std::error::Error;
use std::process::Command;
use std::time::Duration;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Domains, products of each, consumers.
const SIZE: [&str; 3] = ["30", "4", "10"];

/// The share of products that differ between the two sides of a comparison.
const CHANGED: &str = "0.05";

type Files = BTreeMap<String, RawFile>;

/// The files of a generated mesh, as the disk gave them.
fn files(options: &[&str]) -> Result<Files, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let environment = folder.path().join("bench");
    let generator = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gen_mesh.py");
    let output = Command::new("python3").arg(generator).args(SIZE).arg(&environment).args(options).output()?;
    if !output.status.success() {
        return Err(format!("{generator} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(gather(&environment)?.1)
}

fn mesh(files: &Files) -> Result<Mesh, Box<dyn Error>> {
    let resolved = resolve(&read("bench", files.clone()).source, None);
    resolved.mesh.ok_or_else(|| format!("the generated mesh is refused: {:?}", resolved.findings).into())
}

fn prepared(name: &str, files: &Files) -> Result<Prepared, Box<dyn Error>> {
    let mesh = mesh(files)?;
    let documents = Document::all(&synthesize(&mesh));
    let side = Side { name: name.to_owned(), limits: Vec::new() };
    Ok(Prepared::new(side, documents, Some((read("bench", files.clone()).source, mesh))))
}

fn main() -> Result<(), Box<dyn Error>> {
    let files = files(&[])?;
    let changed = self::files(&["--change", CHANGED])?;
    let source = read("bench", files.clone()).source;
    let mesh = mesh(&files)?;
    let assembly: Assembly = synthesize(&mesh);
    let documents = Document::all(&assembly);
    let (base, head) = (prepared("base", &files)?, prepared("head", &changed)?);

    let settings = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500));
    let mut criterion = settings.measurement_time(Duration::from_secs(2)).configure_from_args();
    criterion.bench_function("parse", |bencher| {
        bencher.iter_batched(|| files.clone(), |files| read("bench", files), BatchSize::PerIteration);
    });
    // what comes out is dropped after the clock has stopped: a run ends without taking it apart
    criterion.bench_function("resolve", |bencher| bencher.iter_with_large_drop(|| resolve(&source, None)));
    criterion.bench_function("stacks", |bencher| bencher.iter_with_large_drop(|| synthesize(&mesh)));
    criterion.bench_function("json", |bencher| bencher.iter_with_large_drop(|| assembly.render()));
    criterion.bench_function("check", |bencher| bencher.iter_with_large_drop(|| check(&assembly)));
    criterion.bench_function("access", |bencher| {
        bencher.iter_with_large_drop(|| {
            let facts = Facts::of(&documents);
            (evaluate(&facts), facts)
        });
    });
    criterion.bench_function("diff", |bencher| bencher.iter_with_large_drop(|| compare(&base, &head, None)));
    criterion.final_summary();
    Ok(())
}
