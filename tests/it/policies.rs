//! Rules of what must not merge: each fixture's changes find what they are about, or come close and do not; and what is
//! accepted is told and does not refuse.
//!
//! A fixture is `changes/<code>/changes.json`: for each case what differs between the two sides of an environment, in its
//! files (`edits`) or in its templates (`changes`).

use crate::common::fixture;
use crate::templates::Change;
use meshform::access::{Access, Facts, evaluate};
use meshform::assembly::Document;
use meshform::environment::{RawFile, read};
use meshform::finding::{Code, Finding, Severity, refuses};
use meshform::mesh::{Day, Mesh, resolve};
use meshform::plan::diff::{self, Diff, Input, StackChange, Summary};
use meshform::plan::policy::{Desk, Judged, judge};
use meshform::stacks;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A fixture.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    /// The environment, below `tests/fixtures/`.
    environment: String,
    cases: Vec<Case>,
}

/// One change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    /// Whether the rule finds something.
    finds: bool,
    /// Other codes that cannot but follow from it.
    #[serde(default)]
    also: BTreeSet<String>,
    #[serde(default)]
    base: Patch,
    #[serde(default)]
    head: Patch,
    /// Only the templates are known.
    #[serde(default)]
    bare: bool,
    /// What becomes of the resources.
    #[serde(default)]
    stacks: Vec<StackChange>,
}

/// What makes a side of the environment.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    #[serde(default)]
    edits: Vec<Edit>,
    #[serde(default)]
    changes: Vec<Change>,
}

/// A text of a file and what stands in its place.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    file: String,
    from: String,
    to: String,
}

impl Edit {
    pub(crate) fn of(file: &str, from: &str, to: &str) -> Self {
        Self { file: file.to_owned(), from: from.to_owned(), to: to.to_owned() }
    }
}

/// A side, taken as far as a comparison needs it.
pub(crate) struct Side {
    pub(crate) mesh: Mesh,
    pub(crate) findings: Vec<Finding>,
    pub(crate) documents: Vec<Document>,
    pub(crate) access: Access,
}

impl Side {
    /// An environment with some texts changed.
    pub(crate) fn of(environment: &str, edits: &[Edit]) -> Self {
        Self::changed(environment, &Patch { edits: edits.to_vec(), changes: Vec::new() })
    }

    fn changed(environment: &str, patch: &Patch) -> Self {
        let mut files = BTreeMap::new();
        for folder in ["", "domains", "consumers", "jobs"] {
            for entry in fs::read_dir(fixture(environment).join(folder)).into_iter().flatten() {
                let path = entry.expect("the environment can be read").path();
                if path.is_file() {
                    let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
                    let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                    files.insert(name, fs::read_to_string(&path).expect("it is text"));
                }
            }
        }
        for Edit { file, from, to } in &patch.edits {
            let text = files.get_mut(file).unwrap_or_else(|| panic!("there is no {file}"));
            assert!(text.contains(from.as_str()), "{file} has `{from}`:\n{text}");
            *text = text.replacen(from.as_str(), to, 1);
        }
        let files = files.into_iter().map(|(path, text)| (path, RawFile::Bytes(text.into_bytes()))).collect();
        let loaded = read("an environment", files);
        let resolved = resolve(&loaded.source, None);
        let findings = [loaded.findings, resolved.findings].concat();
        assert!(!refuses(&findings), "{findings:#?}");
        let mesh = resolved.mesh.expect("without faults there is a mesh");
        let mut documents = Document::all(&stacks::synthesize(&mesh));
        patch.changes.iter().for_each(|change| change.apply(&mut documents));
        let access = evaluate(&Facts::of(&documents));
        Self { mesh, findings, documents, access }
    }

    fn input(&self, bare: bool, as_of: Option<&str>) -> Input<'_> {
        let as_of = as_of.map(|day| Day::parse(day).expect("it is a day"));
        let mesh = (!bare).then_some(&self.mesh);
        Input { mesh, documents: &self.documents, access: &self.access, as_of }
    }
}

/// What the rules say of two sides.
fn judged(base: &Input<'_>, head: &Input<'_>, stacks: Vec<StackChange>) -> Vec<Judged> {
    let (contracts, versions) = diff::contracts(base.mesh, head.mesh, base.access, head.access);
    let side = |name: &str| diff::Side { name: name.to_owned(), limits: Vec::new() };
    let diff = Diff {
        moments: Vec::new(),
        version: 1,
        base: side("base"),
        head: side("head"),
        summary: Summary::default(),
        access: diff::sight(base.access, head.access, base.mesh, head.mesh),
        discovered: diff::discovered(base.access, head.access, head.mesh),
        expired: diff::expired(head.mesh, head.as_of.as_ref()),
        contracts,
        versions,
        stacks,
        findings: Vec::new(),
        unknown: Vec::new(),
    };
    judge(&diff, &Desk::of(base, head))
}

fn holds(code: Code) {
    let path = fixture("changes").join(code.name()).join("changes.json");
    let text = fs::read_to_string(&path).expect("the fixture is there");
    let changes: Changes = serde_json::from_str(&text).expect("the fixture has its form");
    for finds in [true, false] {
        assert!(changes.cases.iter().any(|case| case.finds == finds), "{code} has a case of either kind");
    }
    for case in changes.cases {
        let base = Side::changed(&changes.environment, &case.base);
        let head = Side::changed(&changes.environment, &case.head);
        let judged = judged(&base.input(case.bare, None), &head.input(case.bare, None), case.stacks);
        let found: BTreeSet<String> = judged.iter().map(|judged| judged.finding.code.to_string()).collect();
        let mut expected = case.also;
        if case.finds {
            expected.insert(code.to_string());
        }
        assert_eq!(found, expected, "{code}: {}: {judged:#?}", case.about);
        for Judged { finding, .. } in judged.iter().filter(|_| !case.bare) {
            let target = serde_json::Value::from(finding.targets.first().expect("it can be accepted").as_str());
            let line = format!("accept: [{{code: {}, target: {target}, reason: ", finding.code);
            assert!(finding.help.contains(&line), "{code}: {}", finding.help);
            assert!(finding.help.contains(&*finding.place.file), "{code}: {}", finding.help);
        }
        // the other way round, nothing differs
        let same = self::judged(&head.input(case.bare, None), &head.input(case.bare, None), Vec::new());
        assert_eq!(same, [], "{code}: {}: a change of nothing", case.about);
    }
}

macro_rules! fixtures {
    ($($test:ident: $code:expr;)+) => {
        /// Codes whose fixtures are changes.
        pub(crate) const CHECKED_HERE: &[Code] = &[$($code),+];
        $(
            #[test]
            fn $test() {
                holds($code);
            }
        )+
    };
}

fixtures! {
    sensitive_without_purpose: Code::SensitiveWithoutPurpose;
    tag_value_in_use: Code::TagValueInUse;
    data_store_replaced: Code::DataStoreReplaced;
    retention_shortened: Code::RetentionShortened;
    retain_removed: Code::RetainRemoved;
    encryption_weakened: Code::EncryptionWeakened;
    public_access_opened: Code::PublicAccessOpened;
    deploy_role_widened: Code::DeployRoleWidened;
    trust_opened: Code::TrustOpened;
    administrator_added: Code::AdministratorAdded;
    stack_left_behind: Code::StackLeftBehind;
    end_date_postponed: Code::EndDatePostponed;
    version_not_raised: Code::VersionNotRaised;
}

#[test]
fn the_policies_are_those_that_only_a_change_shows() {
    let policies: Vec<Code> = Code::ALL.iter().copied().filter(|code| code.is_policy()).collect();
    assert_eq!(policies, CHECKED_HERE);
}

/// A new column that calls for a minor version, and what is written about that.
fn shortfall(accept: &str, as_of: Option<&str>) -> (Vec<Judged>, Vec<Judged>) {
    let column = Edit::of(
        "domains/sales.yaml",
        "- {name: email,",
        "- {name: amount, logicalType: number}\n          - {name: email,",
    );
    let line = Edit::of("domains/sales.yaml", "products:\n", &format!("{accept}products:\n"));
    let base = Side::of("valid/small", &[]);
    let head = Side::of("valid/small", &[column, line]);
    let judge = |base: &Side| judged(&base.input(false, as_of), &head.input(false, as_of), Vec::new());
    (judge(&base), judge(&head))
}

#[test]
fn what_is_accepted_is_told_and_does_not_refuse() {
    let accept =
        "accept: [{code: version-not-raised, target: orders, reason: nobody reads it yet, until: 2027-03-31}]\n";
    let (judged, _) = shortfall(accept, Some("2027-03-31"));
    let [Judged { finding, accepted: Some(accepted) }] = judged.as_slice() else { panic!("{judged:#?}") };
    assert_eq!(finding.severity(), Severity::Note);
    assert_eq!(accepted.to_string(), "nobody reads it yet (until 2027-03-31)");
    assert_eq!(finding.help, "accepted: nobody reads it yet (until 2027-03-31)");
}

#[test]
fn what_is_accepted_is_so_until_its_last_day() {
    let accept =
        "accept: [{code: version-not-raised, target: orders, reason: nobody reads it yet, until: 2027-03-31}]\n";
    let (judged, _) = shortfall(accept, Some("2027-04-01"));
    let [Judged { finding, accepted: None }] = judged.as_slice() else { panic!("{judged:#?}") };
    assert_eq!(finding.severity(), Severity::Warning);
    assert!(finding.help.ends_with("its acceptance ended on 2027-03-31"), "{}", finding.help);
}

#[test]
fn an_acceptance_of_nothing_is_told_in_the_change_that_brings_it() {
    let accept =
        "accept: [{code: version-not-raised, target: order, reason: nobody reads it yet, until: 2027-03-31}]\n";
    let (judged, later) = shortfall(accept, None);
    let codes: Vec<Code> = judged.iter().map(|judged| judged.finding.code).collect();
    assert_eq!(codes, [Code::VersionNotRaised, Code::AcceptanceUnused]);
    assert_eq!(&*judged[1].finding.place.pointer, "/accept/0/target");
    // once it is merged, the change that it was for is no longer one
    assert_eq!(later, []);
}

#[test]
fn an_expired_subscription_that_is_still_granted_is_told() {
    let ends = Edit::of(
        "consumers/analysts.yaml",
        "purpose: revenue reporting",
        "purpose: revenue reporting, endDate: 2027-03-31",
    );
    let side = Side::of("valid/small", &[ends]);
    let on = |day: &str| {
        let input = side.input(false, Some(day));
        judged(&input, &input, Vec::new())
    };
    assert_eq!(on("2027-03-31"), []);
    let after = on("2027-04-01");
    let [Judged { finding, accepted: None }] = after.as_slice() else { panic!("{after:#?}") };
    assert_eq!(finding.code, Code::AccessExpired);
    assert_eq!(&*finding.place.pointer, "/subscriptions/0/endDate");
    assert_eq!(finding.message, "access of `analysts` to `orders` ended on 2027-03-31, and it is still granted");
}

/// Templates that meshform makes are refused for it before anybody compares them.
#[test]
fn a_new_grant_without_the_classification_is_told_of_any_template() {
    let base = Side::of("valid/small", &[]);
    let mut head = Side::of("valid/small", &[]);
    let share = head.documents.iter_mut().find(|document| document.id.name() == "small-sharing-analysts");
    let grant = share.expect("it is there").template_mut()["Resources"]
        .as_object_mut()
        .expect("it has resources")
        .iter_mut()
        .find(|(_, entry)| {
            entry.pointer("/Properties/Resource/LFTagPolicy/ResourceType").is_some_and(|kind| kind == "TABLE")
        });
    let (id, entry) = grant.expect("there is a grant on tables");
    let (id, expression) = (id.clone(), &mut entry["Properties"]["Resource"]["LFTagPolicy"]["Expression"]);
    expression.as_array_mut().expect("it is a list").retain(|condition| condition["TagKey"] != "small/classification");
    for bare in [false, true] {
        let judged = judged(&base.input(bare, None), &head.input(bare, None), Vec::new());
        let [Judged { finding, .. }] = judged.as_slice() else { panic!("{judged:#?}") };
        assert_eq!(finding.code, Code::ExpressionOpen);
        assert!(finding.message.contains(&id), "{}", finding.message);
        let twice = self::judged(&head.input(bare, None), &head.input(bare, None), Vec::new());
        assert_eq!(twice, [], "it is no finding of a change that leaves it as it is");
    }
}

#[test]
fn a_warning_of_the_files_is_accepted_too() {
    let edits = |until: &str| {
        [
            Edit::of(
                "domains/sales.yaml",
                "- {name: order_id, logicalType: string, primaryKey: true}",
                "- {name: order_id, logicalType: string}",
            ),
            Edit::of(
                "consumers/analysts.yaml",
                "subscriptions: [{product: orders, purpose: revenue reporting}]",
                &format!(
                    "subscriptions: [{{product: orders, purpose: reports}}, {{product: revenue, purpose: reports}}]\n\
                     accept: [{{code: no-join-key, target: {until}, reason: they are not joined, until: 2027-12-31}}]"
                ),
            ),
        ]
    };
    let codes = |side: &Side| -> BTreeMap<Code, Severity> {
        let findings = side.findings.iter().filter(|finding| finding.code != Code::NotRenderedYet);
        findings.map(|finding| (finding.code, finding.severity())).collect()
    };
    let accepted = codes(&Side::of("valid/small", &edits("analysts")));
    assert_eq!(accepted, BTreeMap::from([(Code::NoJoinKey, Severity::Note)]));
    let mistyped = codes(&Side::of("valid/small", &edits("analyst")));
    let both = BTreeMap::from([(Code::NoJoinKey, Severity::Warning), (Code::AcceptanceUnused, Severity::Warning)]);
    assert_eq!(mistyped, both);
}
