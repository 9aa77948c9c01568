//! `accept`: what may be accepted, until when, and whether there is anything to accept.

use super::Findings;
use crate::environment::files::AcceptFile;
use crate::environment::{Content, Source};
use crate::finding::{Code, Finding, Place, Severity, nearest, refuses};
use crate::mesh::{Acceptance, Day, accept, unused};
use std::str::FromStr as _;

/// Every acceptance that is written rightly, by file.
pub(super) fn read(source: &Source, findings: &mut Findings) -> Vec<Acceptance> {
    let mut accepted = Vec::new();
    for (path, file) in &source.files {
        let files = match &file.content {
            Some(Content::Mesh(file)) => &file.accept,
            Some(Content::Domain(file)) => &file.accept,
            Some(Content::Consumer(file)) => &file.accept,
            None => continue,
        };
        for (index, file) in files.iter().enumerate() {
            accepted.extend(one(file, &Place::file(path).child("accept").child(index), findings));
        }
    }
    accepted
}

fn one(file: &AcceptFile, place: &Place, findings: &mut Findings) -> Option<Acceptance> {
    let code = code(&file.code, &place.child("code"), findings);
    let until = findings.name("until", &file.until, &place.child("until"), Day::parse);
    let (target, reason) = (file.target.trim(), file.reason.trim());
    if target.is_empty() {
        findings.invalid(
            place.child("target"),
            "the acceptance names no target".to_owned(),
            "name the product, the column, the consumer, the stack or the resource that the finding names",
        );
    }
    if reason.is_empty() {
        findings.invalid(
            place.child("reason"),
            format!("the acceptance of `{}` has no reason", file.code),
            "write in a few words why it is taken on: whoever meets it later reads it",
        );
    }
    let whole = !target.is_empty() && !reason.is_empty();
    whole.then_some(Acceptance {
        code: code?,
        target: target.to_owned(),
        reason: reason.to_owned(),
        until: until?,
        origin: place.clone(),
    })
}

fn code(text: &str, place: &Place, findings: &mut Findings) -> Option<Code> {
    let Ok(code) = Code::from_str(text) else {
        let message = format!("no finding has the code `{text}`");
        let finding = Finding::new(Code::UnknownCode, place.clone(), message);
        findings.add(match nearest(text, Code::ALL.iter().map(|code| code.name())) {
            Some(known) => finding.help(format!("did you mean `{known}`?")),
            None => finding,
        });
        return None;
    };
    if !code.can_be_accepted() {
        let message = format!("the finding `{code}` cannot be accepted");
        findings.add(Finding::new(Code::NotAcceptable, place.clone(), message));
        return None;
    }
    Some(code)
}

/// Lowers what is accepted; tells which acceptances have ended, and which fit nothing that this stage could have found.
pub(super) fn apply(findings: &mut Vec<Finding>, accepted: &[Acceptance], as_of: Option<&Day>) {
    let left = accept(findings, accepted, as_of);
    // where something refuses, findings may be missing; what only a change shows, or the templates, is not found here
    let elsewhere = [Code::StackNearLimit, Code::TextCutAtComma];
    let is_found_here =
        |code: Code| code.severity() == Severity::Warning && !code.is_policy() && !elsewhere.contains(&code);
    let whole = !refuses(findings);
    for acceptance in accepted.iter().filter(|acceptance| !acceptance.holds(as_of)) {
        let message = format!(
            "the acceptance of `{}` for `{}` ended on {}",
            acceptance.code, acceptance.target, acceptance.until
        );
        findings.push(Finding::new(Code::AcceptanceExpired, acceptance.origin.child("until"), message));
    }
    let idle = left.into_iter().filter(|acceptance| whole && acceptance.holds(as_of) && is_found_here(acceptance.code));
    findings.extend(idle.map(unused));
}
