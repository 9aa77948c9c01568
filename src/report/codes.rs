//! The pages of `explain`, which are the docs' table of findings too.

use crate::assembly::check::{EXCEPTIONS, Exception};
use crate::cfn::{LEFTOVERS, Leftover};
use crate::finding::Code;
use std::io::{self, Write};

/// Writes one line for each code.
///
/// # Errors
/// When the writer refuses.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    for code in Code::ALL {
        writeln!(out, "{:24} {:8} {}", code.name(), code.severity().word(), first_sentence(*code))?;
    }
    Ok(())
}

/// Writes the page of a code.
///
/// # Errors
/// When the writer refuses.
pub fn page(out: &mut dyn Write, code: Code) -> io::Result<()> {
    writeln!(out, "{} ({})\n", code.name(), code.severity().word())?;
    writeln!(out, "{}\n", code.meaning().trim())?;
    writeln!(out, "What to do: {}", code.advice())?;
    writeln!(out, "Source: {}", code.source())
}

/// Writes `docs/findings.md`.
///
/// # Errors
/// When the writer refuses.
pub fn markdown(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Findings\n")?;
    writeln!(
        out,
        "Generated from the table in `src/finding/codes.rs` by `make docs`; `meshform explain CODE` prints the same."
    )?;
    for code in Code::ALL {
        writeln!(out, "\n## {}\n", code.name())?;
        writeln!(out, "*{}.* {}\n", code.severity().word(), code.meaning().trim())?;
        writeln!(out, "What to do: {}\n", code.advice())?;
        writeln!(out, "Source: {}.", code.source())?;
    }
    Ok(())
}

/// Writes `docs/wildcards.md`: every wildcard that a policy may have, with its reason.
///
/// # Errors
/// When the writer refuses.
pub fn wildcards(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Wildcards in policies\n")?;
    writeln!(
        out,
        "No Allow statement has a `*` or `?` in an action or a resource but these; any other is the finding"
    )?;
    writeln!(
        out,
        "[{0}](findings.md#{0}). `…` stands for characters without `*`, `?` and `:`. Generated from",
        Code::WildcardInPolicy
    )?;
    writeln!(out, "`src/assembly/check/wildcards.rs` by `make docs`.\n")?;
    writeln!(out, "| held by | statement | wildcard | reason |\n|---|---|---|---|")?;
    for Exception { holder, sid, pattern, reason } in EXCEPTIONS {
        let any = |text: &'static str| if text.is_empty() { "any" } else { text };
        writeln!(out, "| {} | {} | `{pattern}` | {reason} |", any(holder), any(sid))?;
    }
    Ok(())
}

/// Writes `docs/leftovers.md`: what stays when a stack goes.
///
/// # Errors
/// When the writer refuses.
pub fn leftovers(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# What stays when a stack goes\n")?;
    writeln!(
        out,
        "Data, keys and settings are never deleted with a stack; some of AWS's types leave things behind by themselves."
    )?;
    writeln!(out, "Generated from `src/cfn/leftovers.rs` by `make docs`.\n")?;
    writeln!(out, "| type | stays | how to remove it | source |\n|---|---|---|---|")?;
    for Leftover { type_name, remains, remove, source } in LEFTOVERS {
        writeln!(out, "| {type_name} | {remains} | {remove} | {source} |")?;
    }
    Ok(())
}

fn first_sentence(code: Code) -> &'static str {
    let meaning = code.meaning().trim();
    let end = [". ", ": ", "\n"].iter().filter_map(|mark| meaning.find(mark)).min().unwrap_or(meaning.len());
    meaning[..end].trim_end_matches('.')
}
