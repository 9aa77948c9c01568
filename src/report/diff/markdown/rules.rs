//! The rules that are broken, the versions that are too low, and how a finding is accepted.

use super::budget::{Piece, Risk, Section};
use super::escape::{code, fence, phrase, prose};
use super::sections::{row, section};
use crate::plan::diff::{Diff, PolicyFinding, VersionBump};
use crate::report::diff::told::causes;
use crate::report::diff::words::{advice_of, contract, place, wanted};

/// The rule that asks for a higher version.
const VERSION_NOT_RAISED: &str = "version-not-raised";

/// Most causes of a higher version.
const MOST_CAUSES: usize = 3;

/// The finding that says that a version is too low.
fn finding_of<'a>(diff: &'a Diff, bump: &VersionBump) -> Option<&'a PolicyFinding> {
    let name = format!("`{}`", bump.product);
    diff.findings.iter().find(|finding| finding.code == VERSION_NOT_RAISED && finding.message.contains(&name))
}

/// Whether the table of versions says all that the finding says.
fn is_told(diff: &Diff, finding: &PolicyFinding) -> bool {
    let mut bumps = diff.versions.iter().filter(|bump| wanted(bump).is_some());
    let is_open = finding.accepted.is_none() && !finding.refuses();
    is_open && bumps.any(|bump| finding_of(diff, bump) == Some(finding))
}

pub(super) fn versions(diff: &Diff) -> Section {
    let pieces = diff.versions.iter().filter_map(|bump| {
        let wanted = wanted(bump)?;
        let at = finding_of(diff, bump).map(|finding| code(&format!("{}:{}", finding.file, finding.line)));
        let causes = causes(diff, bump);
        let more = causes.len().saturating_sub(MOST_CAUSES);
        let mut why: Vec<String> = causes
            .into_iter()
            .take(MOST_CAUSES)
            .map(|change| format!("{}: {}", code(&place(change)), phrase(&contract(change))))
            .collect();
        if more > 0 {
            why.push(format!("and {more} more"));
        }
        let versions = format!("{} → **{}**", code(&bump.after), code(&wanted));
        let cells = [code(&bump.product), at.unwrap_or_default(), versions, why.join("<br>")];
        Some(Piece { risk: Risk::Grave, text: row(&cells) })
    });
    let header = "| product | where | from → to | because of |\n| :-- | :-- | :-- | :-- |";
    section("Versions to raise", Some(header), "row", pieces.collect())
}

pub(super) fn rules(diff: &Diff) -> Section {
    let pieces = diff.findings.iter().filter(|finding| !is_told(diff, finding)).map(|finding| {
        let refuses = finding.refuses();
        let severity = match (refuses, &finding.accepted) {
            (true, _) => "🔴 **refuses**".to_owned(),
            (false, Some(reason)) => format!("accepted: _{}_", prose(reason)),
            (false, None) => prose(&finding.severity),
        };
        let place = format!("{}:{}", finding.file, finding.line);
        let help = if finding.accepted.is_some() { String::new() } else { prose(advice_of(finding).0) };
        let text = row(&[severity, code(&finding.code), code(&place), prose(&finding.message), help]);
        Piece { risk: if refuses { Risk::Grave } else { Risk::Notable }, text }
    });
    let header = "| | rule | where | what is wrong | what to do |\n| :-- | :-- | :-- | :-- | :-- |";
    section("Rules of what must not merge", Some(header), "row", pieces.collect())
}

/// One line that accepts a finding, to be copied, and what is another in the lines for the others.
pub(super) fn acceptances(diff: &Diff) -> Section {
    let open = diff.findings.iter().filter(|finding| finding.accepted.is_none());
    let lines = open.filter_map(|finding| Some((finding.refuses(), advice_of(finding).1?)));
    let pieces = lines.enumerate().map(|(index, (refuses, (file, line)))| {
        let risk = if refuses { Risk::Other } else { Risk::Detail };
        let start = line.strip_prefix("accept: [{").and_then(|rest| rest.split_once(", reason: "));
        let text = match (index, start) {
            (0, _) | (_, None) => format!("{}:\n\n{}\n", code(file), fence("yaml", line)),
            (_, Some((start, _))) => format!("- likewise in {}: {}", code(file), code(start)),
        };
        Piece { risk, text }
    });
    let title = "How to accept a finding knowingly, with a reason and a last day";
    Section { folded: true, ..section(title, None, "line", pieces.collect()) }
}
