//! Templates: a good assembly has no findings, and each fixture's mutation of it has exactly the one that it is about.
//!
//! A fixture is `invalid/<code>/mutations.json`: several ways to break a good assembly, all of which one rule must catch.

use crate::common::fixture;
use crate::demo::synthesize;
use meshform::assembly::{Document, StackId, check};
use meshform::finding::{Code, Finding};
use meshform::plan::mesh_of;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// A fixture.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutations {
    /// The environment whose assembly is broken, below `tests/fixtures/`.
    environment: String,
    cases: Vec<Case>,
}

/// One way to break it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is done, in words.
    about: String,
    changes: Vec<Change>,
    /// Other codes that cannot but follow from it.
    #[serde(default)]
    also: BTreeSet<String>,
}

/// One change of one stack.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    stack: StackId,
    /// JSON pointer into the template, for `set`, `append` and `remove`; `{n}` in it and in texts counts `times` from 1.
    #[serde(default)]
    path: String,
    set: Option<Value>,
    append: Option<Value>,
    #[serde(default)]
    remove: bool,
    times: Option<usize>,
    /// The stack stands in another Region.
    region: Option<String>,
    /// The stack no longer waits for another.
    forget: Option<StackId>,
    /// The stack waits for another.
    need: Option<StackId>,
    /// The stack's parameter is filled by an output of a stack.
    wire: Option<(String, StackId, String)>,
    /// The stack's parameter is filled by nothing.
    unwire: Option<String>,
}

fn documents(environment: &str) -> Vec<Document> {
    Document::all(&synthesize(&fixture(environment)))
}

fn codes(findings: &[Finding]) -> BTreeSet<String> {
    findings.iter().map(|finding| finding.code.to_string()).collect()
}

impl Change {
    pub(crate) fn apply(&self, documents: &mut [Document]) {
        let document = documents.iter_mut().find(|document| document.id == self.stack);
        let document = document.unwrap_or_else(|| panic!("there is no stack {}", self.stack));
        if let Some(region) = &self.region {
            document.region.clone_from(region);
        }
        if let Some(stack) = &self.forget {
            assert!(document.needs.remove(stack), "{} does not wait for {stack}", self.stack);
        }
        document.needs.extend(self.need.clone());
        document.wires.extend(self.wire.clone());
        if let Some(parameter) = &self.unwire {
            document.wires.retain(|(name, _, _)| name != parameter);
        }
        for number in 1..=self.times.unwrap_or(1) {
            self.mutate(document.template_mut(), number);
        }
    }

    fn mutate(&self, template: &mut Value, number: usize) {
        let path = self.path.replace("{n}", &number.to_string());
        let numbered = |value: &Value| -> Value {
            let text = value.to_string().replace("{n}", &number.to_string());
            serde_json::from_str(&text).expect("a number in a text keeps it JSON")
        };
        if let Some(value) = &self.append {
            let list = template.pointer_mut(&path).and_then(Value::as_array_mut);
            list.unwrap_or_else(|| panic!("no list at {path}")).push(numbered(value));
        }
        if self.set.is_none() && !self.remove {
            return;
        }
        let (parent, last) = path.rsplit_once('/').unwrap_or_else(|| panic!("{path} is no pointer"));
        let last = last.replace("~1", "/").replace("~0", "~");
        match (template.pointer_mut(parent), &self.set) {
            (Some(Value::Object(object)), Some(value)) => drop(object.insert(last, numbered(value))),
            (Some(Value::Object(object)), None) => {
                assert!(object.remove(&last).is_some(), "nothing at {path}");
            }
            (Some(Value::Array(items)), change) => {
                let index: usize = last.parse().unwrap_or_else(|_| panic!("{last} is no index"));
                match change {
                    Some(value) => items[index] = numbered(value),
                    None => drop(items.remove(index)),
                }
            }
            _ => panic!("nothing at {parent}"),
        }
    }
}

fn broken(code: Code) {
    let path = fixture("invalid").join(code.name()).join("mutations.json");
    let text = fs::read_to_string(&path).expect("the fixture is there");
    let mutations: Mutations = serde_json::from_str(&text).expect("the fixture has its form");
    let good = documents(&mutations.environment);
    assert_eq!(check::check_documents(&good), [], "{}", mutations.environment);
    for case in mutations.cases {
        let mut documents = good.clone();
        case.changes.iter().for_each(|change| change.apply(&mut documents));
        let findings = check::check_documents(&documents);
        let mut expected = case.also;
        expected.insert(code.to_string());
        assert_eq!(codes(&findings), expected, "{}: {findings:#?}", case.about);
    }
}

macro_rules! fixtures {
    ($($test:ident: $code:expr;)+) => {
        /// Codes whose fixtures are mutations of a good assembly.
        pub(crate) const CHECKED_HERE: &[Code] = &[$($code),+];
        $(
            #[test]
            fn $test() {
                broken($code);
            }
        )+
    };
}

fixtures! {
    schema_violation: Code::SchemaViolation;
    type_not_in_region: Code::TypeNotInRegion;
    unknown_reference: Code::UnknownReference;
    circular_dependency: Code::CircularDependency;
    stack_over_limit: Code::StackOverLimit;
    policy_too_large: Code::PolicyTooLarge;
    stack_near_limit: Code::StackNearLimit;
    wildcard_in_policy: Code::WildcardInPolicy;
    policy_names_principal: Code::PolicyNamesPrincipal;
    unknown_endpoint: Code::UnknownEndpoint;
    endpoint_open: Code::EndpointOpen;
    deny_without_null: Code::DenyWithoutNull;
    data_not_retained: Code::DataNotRetained;
    bucket_not_private: Code::BucketNotPrivate;
    settings_open: Code::SettingsOpen;
    settings_twice: Code::SettingsTwice;
    grants_unordered: Code::GrantsUnordered;
    grant_before_target: Code::GrantBeforeTarget;
    grant_shape: Code::GrantShape;
    association_shape: Code::AssociationShape;
    grant_twice: Code::GrantTwice;
    unknown_tag: Code::UnknownTag;
    used_before_made: Code::UsedBeforeMade;
    location_not_registered: Code::LocationNotRegistered;
    expression_open: Code::ExpressionOpen;
    database_classified: Code::DatabaseClassified;
    not_grantable: Code::NotGrantable;
    expression_mismatch: Code::ExpressionMismatch;
    link_incomplete: Code::LinkIncomplete;
    link_misused: Code::LinkMisused;
    grant_to_admin: Code::GrantToAdmin;
    tag_limits: Code::TagLimits;
    role_cannot_read: Code::RoleCannotRead;
    role_lacks_action: Code::RoleLacksAction;
    data_set_beyond_sight: Code::DataSetBeyondSight;
    role_unbounded: Code::RoleUnbounded;
    crawler_shape: Code::CrawlerShape;
    crawler_without_grant: Code::CrawlerWithoutGrant;
}

/// By it, and by nothing else, a stack is told from one of the same name that is somebody else's.
#[test]
fn every_template_names_its_mesh() {
    for (environment, mesh) in [("environments/demo", "demo"), ("tests/fixtures/valid/small", "small")] {
        let assembly = synthesize(&crate::demo::repository(environment));
        assert_eq!(assembly.mesh, mesh);
        let documents = Document::all(&assembly);
        assert!(documents.len() > 8, "{environment}");
        for document in documents {
            assert_eq!(mesh_of(&document.template), Some(mesh), "{}", document.id);
        }
    }
}

#[test]
fn good_assemblies_have_no_findings() {
    let environments = [
        "valid/crawled",
        "valid/minimal",
        "valid/quicksight",
        "valid/small",
        "valid/network",
        "valid/without-warnings",
        "valid/written-out",
        "../../environments/demo",
    ];
    for environment in environments {
        assert_eq!(check::check_documents(&documents(environment)), [], "{environment}");
    }
}

#[test]
fn every_code_has_its_fixture_and_every_fixture_its_code() {
    let folders: Vec<String> = ["invalid", "changes"]
        .into_iter()
        .flat_map(|place| fs::read_dir(fixture(place)).expect("the fixtures are there"))
        .map(|entry| entry.expect("they can be listed").file_name().into_string().expect("names are text"))
        .collect();
    let number = folders.len();
    let folders: BTreeSet<String> = folders.into_iter().collect();
    assert_eq!(folders.len(), number, "a code has its fixture in one place");
    let tested = [crate::loading::CHECKED_HERE, crate::resolving::CHECKED_HERE, CHECKED_HERE].concat();
    let tested = [tested.as_slice(), crate::policies::CHECKED_HERE].concat();
    let tested: BTreeSet<String> = tested.into_iter().map(|code| code.to_string()).collect();
    let all: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(folders, all);
    assert_eq!(tested, all);
}
