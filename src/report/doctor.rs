//! The preconditions of a mesh, for people and programs.

use super::Colour;
use super::diff::visible::visible;
use crate::plan::doctor::{Diagnosis, Finding, Precondition, Verdict};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A person.
    Text {
        /// Whether it may be coloured.
        colour: Colour,
    },
    /// A program; the shape is [`Diagnosis`].
    Json,
}

/// Writes a diagnosis: what is bad first, what is good in one line for each precondition.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, diagnosis: &Diagnosis, form: Form) -> io::Result<()> {
    let colour = match form {
        Form::Json => return write!(out, "{}", crate::assembly::pretty(diagnosis)),
        Form::Text { colour } => colour,
    };
    let paint = |style: &str, text: &str| match colour {
        Colour::Ansi => format!("\x1b[{style}m{text}\x1b[0m"),
        Colour::Plain => text.to_owned(),
    };
    let of = |verdict: Verdict| diagnosis.findings.iter().filter(move |finding| finding.verdict == verdict);
    let (bad, unknown, good) = (of(Verdict::Bad).count(), of(Verdict::CannotTell).count(), of(Verdict::Good).count());
    writeln!(out, "{}: {bad} bad, {unknown} cannot be told, {good} good", visible(&diagnosis.mesh))?;
    for (verdict, word, style) in [(Verdict::Bad, "bad", "31"), (Verdict::CannotTell, "cannot tell", "33")] {
        // a role that cannot be assumed is the one reason of many
        let mut told: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in of(verdict) {
            told.entry((&finding.account, &finding.found)).or_default().push(finding);
        }
        for ((account, found), findings) in told {
            let mut names: Vec<&str> = findings.iter().map(|finding| name(finding.precondition)).collect();
            names.dedup();
            let subject = names.join(", ");
            writeln!(out, "{}: {subject} of account {}: {}", paint(style, word), visible(account), visible(found))?;
            match findings.as_slice() {
                [Finding { mend: Some(mend), .. }] => writeln!(out, "  hint: {}", visible(mend))?,
                [Finding { mend: None, .. }] => {}
                _ => writeln!(out, "  hint: mend what is bad first, and run the same command again")?,
            }
        }
    }
    for precondition in ALL {
        let accounts: Vec<&str> = of(Verdict::Good)
            .filter(|finding| finding.precondition == precondition)
            .map(|finding| finding.account.as_str())
            .collect();
        if !accounts.is_empty() {
            let mut accounts = accounts;
            accounts.dedup();
            writeln!(out, "{}: {} of {}", paint("32", "good"), name(precondition), visible(&accounts.join(", ")))?;
        }
    }
    Ok(())
}

const ALL: [Precondition; 8] = [
    Precondition::PlanRole,
    Precondition::DeployRole,
    Precondition::Bootstrap,
    Precondition::Settings,
    Precondition::CatalogPolicy,
    Precondition::Sharing,
    Precondition::Quicksight,
    Precondition::Quotas,
];

const fn name(precondition: Precondition) -> &'static str {
    match precondition {
        Precondition::PlanRole => "plan role",
        Precondition::DeployRole => "deploy role",
        Precondition::Bootstrap => "bootstrap",
        Precondition::Settings => "Lake Formation settings",
        Precondition::CatalogPolicy => "catalog policy",
        Precondition::Sharing => "sharing within the Organization",
        Precondition::Quicksight => "QuickSight subscription",
        Precondition::Quotas => "quotas",
    }
}
