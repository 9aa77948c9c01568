//! From two sides to the whole difference.

use super::change_set::{ChangeSetOfStack, with_change_sets};
use super::contracts::{contracts, contracts_of_documents};
use super::input::Input;
use super::model::{ChangeKind, ContractChange, ContractChangeKind, Diff, Impact, PolicyFinding, Side, Summary};
use super::renames::without_renames;
use super::sight::{discovered, expired, sight};
use super::stacks::stacks;
use crate::access::{Access, Facts, evaluate};
use crate::assembly::Document;
use crate::environment::Source;
use crate::finding::{Finding, Severity};
use crate::mesh::{Day, Mesh};
use crate::plan::policy::{Desk, Judged, judge};
use crate::plan::safety;
use std::collections::{BTreeMap, BTreeSet};

/// A side, read and evaluated: all that can be done without the other, so that two of them can be done at once.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What it is called, and what of it is missing.
    pub side: Side,
    /// Its templates.
    pub documents: Vec<Document>,
    /// Who sees what by them.
    pub access: Access,
    /// Its files and what they mean, where it is an environment that validates.
    pub environment: Option<(Source, Mesh)>,
}

impl Prepared {
    /// Evaluates the templates of a side.
    #[must_use]
    pub fn new(side: Side, documents: Vec<Document>, environment: Option<(Source, Mesh)>) -> Self {
        let facts = Facts::of(&documents);
        let access = evaluate(&facts);
        facts.drop_beside();
        Self { side, documents, access, environment }
    }

    fn input(&self, as_of: Option<&Day>) -> Input<'_> {
        Input { mesh: self.mesh(), documents: &self.documents, access: &self.access, as_of: as_of.cloned() }
    }

    fn mesh(&self) -> Option<&Mesh> {
        self.environment.as_ref().map(|(_, mesh)| mesh)
    }
}

/// Compares two sides, and judges the change by the rules of what must not merge; their findings are returned beside the
/// difference, for those who print findings. Pure.
#[must_use]
pub fn compare(base: &Prepared, head: &Prepared, as_of: Option<&Day>) -> (Diff, Vec<Finding>) {
    compare_with(base, head, as_of, &[])
}

/// Compares as [`compare`] does; where a change set tells what becomes of a resource, its word stands instead of the prediction,
/// also for the rules.
#[must_use]
pub fn compare_with(
    base: &Prepared,
    head: &Prepared,
    as_of: Option<&Day>,
    said: &[ChangeSetOfStack],
) -> (Diff, Vec<Finding>) {
    let (old, new) = (base.mesh(), head.mesh());
    // the way between the two is the longest of all questions, and needs nothing of the others
    let inputs = (base.input(as_of), head.input(as_of));
    let (moments, (stacks, access, desk)) = rayon::join(
        || safety::between(&base.documents, &head.documents),
        || {
            let access = sight(&base.access, &head.access, old, new);
            (stacks(&base.documents, &head.documents), access, Desk::of(&inputs.0, &inputs.1))
        },
    );
    let (contracts, versions) = match (old, new) {
        (Some(_), Some(_)) => contracts(old, new, &base.access, &head.access),
        // keys, ports and versions stand in files alone
        (None, _) | (_, None) => {
            (contracts_of_documents(&base.documents, &head.documents, &base.access, &head.access), Vec::new())
        }
    };
    let contracts = under_new_names(contracts);
    let mut diff = Diff {
        version: 1,
        base: base.side.clone(),
        head: head.side.clone(),
        summary: Summary::default(),
        access,
        discovered: discovered(&base.access, &head.access, new),
        expired: expired(new, as_of),
        contracts,
        versions,
        stacks,
        moments,
        findings: Vec::new(),
        unknown: unknown(base, head),
    };
    with_change_sets(&mut diff.stacks, said);
    let judged = judge(&diff, &desk);
    diff.findings = told(head, &judged);
    diff.summary = Summary::of(&diff);
    (diff, judged.into_iter().map(|judged| judged.finding).collect())
}

/// Composite products that were renamed too, by the name under which whoever reads this finds them.
fn under_new_names(mut contracts: Vec<ContractChange>) -> Vec<ContractChange> {
    let renamed = contracts.iter().filter(|change| change.change == ContractChangeKind::ProductRenamed);
    let names: BTreeMap<String, String> = renamed
        .filter_map(|change| {
            let name = |product: &str| format!("{}/{product}", change.domain);
            Some((name(&change.product), name(change.after.as_deref()?)))
        })
        .collect();
    let affected = contracts.iter_mut().flat_map(|change| &mut change.affected);
    for affected in affected {
        for name in affected.through.iter_mut().chain([&mut affected.subscriber]) {
            if let Some(new) = names.get(name.as_str()) {
                name.clone_from(new);
            }
        }
    }
    contracts
}

/// Findings at their lines, errors first.
fn told(head: &Prepared, judged: &[Judged]) -> Vec<PolicyFinding> {
    let nowhere = Source::default();
    let source = head.environment.as_ref().map_or(&nowhere, |(source, _)| source);
    let spans = source.locate_all(judged.iter().map(|judged| &judged.finding.place));
    let mut told: Vec<(Severity, PolicyFinding)> = judged
        .iter()
        .zip(spans)
        .map(|(judged, span)| {
            let finding = &judged.finding;
            let help = if finding.help.is_empty() { finding.code.advice() } else { &finding.help };
            let told = PolicyFinding {
                severity: finding.severity().word().to_owned(),
                code: finding.code.name().to_owned(),
                message: finding.message.clone(),
                help: help.to_owned(),
                file: finding.place.file.to_string(),
                line: span.start_line,
                column: span.start_column,
                accepted: judged.accepted.as_ref().map(ToString::to_string),
            };
            (finding.severity(), told)
        })
        .collect();
    told.sort();
    told.into_iter().map(|(_, told)| told).collect()
}

/// What could not be evaluated on either side; what is missing on one alone names it.
fn unknown(base: &Prepared, head: &Prepared) -> Vec<String> {
    let of = |side: &Prepared| side.access.unknown.iter().cloned().collect::<BTreeSet<_>>();
    let (before, after) = (of(base), of(head));
    let only = |these: &BTreeSet<String>, others: &BTreeSet<String>, name: &str| {
        these.difference(others).map(|text| format!("{name}: {text}")).collect::<Vec<_>>()
    };
    let both = before.intersection(&after).cloned();
    both.chain(only(&before, &after, &base.side.name)).chain(only(&after, &before, &head.side.name)).collect()
}

impl Diff {
    /// Whether the two sides are the same: nothing that anybody would see, deploy or have to decide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.access.is_empty() && self.contracts.is_empty() && self.stacks.is_empty() && self.findings.is_empty()
    }

    /// Whether it must not go on as it stands: a rule is broken and nobody accepted it, or a side could not be read whole.
    #[must_use]
    pub fn refuses(&self) -> bool {
        let limited = [&self.base, &self.head].iter().any(|side| !side.limits.is_empty());
        limited || self.findings.iter().any(PolicyFinding::refuses)
    }
}

impl PolicyFinding {
    /// Whether it is an error that nobody accepted.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.severity == "error" && self.accepted.is_none()
    }
}

impl Summary {
    /// Counts what a difference holds.
    #[must_use]
    pub fn of(diff: &Diff) -> Self {
        let resources = || diff.stacks.iter().flat_map(|stack| &stack.resources);
        let at_stake = |impact: Impact| matches!(impact, Impact::MayBeReplaced | Impact::Replaced | Impact::Destroyed);
        let replaced = |impact: Impact| matches!(impact, Impact::MayBeReplaced | Impact::Replaced);
        let (access, _) = without_renames(&diff.access, &diff.contracts);
        let sensitive = access.iter().filter(|change| change.sensitive);
        let breaking = || diff.contracts.iter().filter(|change| change.breaking);
        let errors = diff.findings.iter().filter(|finding| finding.refuses()).count();
        Self {
            sensitive_gains: sensitive.map(|change| change.principal.as_str()).collect::<BTreeSet<_>>().len(),
            gained: access.iter().map(|change| change.gained.len()).sum(),
            lost: access.iter().map(|change| change.lost.len()).sum(),
            data_at_stake: resources().filter(|found| found.data_store && at_stake(found.impact)).count(),
            replaced: resources().filter(|found| found.change == ChangeKind::Changed && replaced(found.impact)).count(),
            removed: resources().filter(|found| found.change == ChangeKind::Removed).count(),
            added: resources().filter(|found| found.change == ChangeKind::Added).count(),
            changed: resources()
                .filter(|found| found.change == ChangeKind::Changed && !replaced(found.impact))
                .filter(|found| found.impact != Impact::None)
                .count(),
            breaking: breaking().count(),
            broken_subscribers: breaking()
                .flat_map(|change| &change.affected)
                .map(|affected| affected.subscriber.as_str())
                .collect::<BTreeSet<_>>()
                .len(),
            errors,
            warnings: diff.findings.iter().filter(|finding| finding.accepted.is_none()).count() - errors,
        }
    }
}
