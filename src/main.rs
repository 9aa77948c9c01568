//! The binary: everything is in the library.

use std::process::ExitCode;

/// A mesh is many small texts and trees; measured in docs/speed.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    meshform::cli::main()
}
