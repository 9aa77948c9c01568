//! Resolving: every fixture says what it should and nothing else, and what comes close to a fault is let through.

use crate::common::{errors, fixture, load, report};
use meshform::environment::{RawFile, Source, read};
use meshform::finding::{Code, Finding, Severity};
use meshform::mesh::{Day, Limits, Mesh, resolve};
use meshform::report::findings::Format;
use std::collections::BTreeMap;

/// Everything that loading and resolving find in a fixture, on a day on which some access has ended.
fn resolved(path: &str) -> (Source, Vec<Finding>, Option<Mesh>) {
    let loaded = load(&fixture(path));
    let as_of = Day::parse("2027-01-01").expect("it is a day");
    let resolved = resolve(&loaded.source, Some(&as_of));
    (loaded.source, [loaded.findings, resolved.findings].concat(), resolved.mesh)
}

macro_rules! fixtures {
    ($($test:ident: $code:expr;)+) => {
        /// Codes whose fixtures are environments that load without a finding.
        pub(crate) const CHECKED_HERE: &[Code] = &[$($code),+];
        $(
            #[test]
            fn $test() {
                let (source, findings, mesh) = resolved(&format!("invalid/{}", $code.name()));
                assert!(findings.iter().any(|finding| finding.code == $code), "{findings:#?}");
                let mut others = errors(&findings);
                others.remove(&$code);
                assert!(others.is_empty(), "{others:?} in {findings:#?}");
                assert_eq!(mesh.is_none(), $code.severity() == Severity::Error);
                // warnings about the rest of the fixture are not what it is about
                let about: Vec<Finding> = findings.into_iter().filter(|finding| finding.code == $code).collect();
                insta::assert_snapshot!($code.name(), report(&source, &about, Format::Text));
            }
        )+
    };
}

fixtures! {
    invalid_name: Code::InvalidName;
    reserved_name: Code::ReservedName;
    duplicate_owner: Code::DuplicateOwner;
    duplicate_account: Code::DuplicateAccount;
    duplicate_product: Code::DuplicateProduct;
    duplicate_table: Code::DuplicateTable;
    duplicate_column: Code::DuplicateColumn;
    invalid_frequency: Code::InvalidFrequency;
    invalid_quality: Code::InvalidQuality;
    name_collision: Code::NameCollision;
    unknown_product: Code::UnknownProduct;
    port_not_offered: Code::PortNotOffered;
    unknown_classification: Code::UnknownClassification;
    unknown_column: Code::UnknownColumn;
    unknown_code: Code::UnknownCode;
    not_acceptable: Code::NotAcceptable;
    acceptance_expired: Code::AcceptanceExpired;
    acceptance_unused: Code::AcceptanceUnused;
    self_input: Code::SelfInput;
    product_cycle: Code::ProductCycle;
    duplicate_subscription: Code::DuplicateSubscription;
    asks_unclassified: Code::AsksUnclassified;
    declared_unclassified: Code::DeclaredUnclassified;
    missing_purpose: Code::MissingPurpose;
    access_expired: Code::AccessExpired;
    no_tool_for_port: Code::NoToolForPort;
    foreign_principal: Code::ForeignPrincipal;
    no_join_key: Code::NoJoinKey;
    column_not_in_quicksight: Code::ColumnNotInQuicksight;
    sensitive_copy: Code::SensitiveCopy;
    not_rendered_yet: Code::NotRenderedYet;
}

#[test]
fn what_comes_close_to_a_fault_is_let_through() {
    for path in [
        "valid/minimal",
        "valid/network",
        "valid/quicksight",
        "valid/small",
        "valid/without-warnings",
        "valid/written-out",
    ] {
        let (source, findings, mesh) = resolved(path);
        assert!(mesh.is_some(), "{path}:\n{}", report(&source, &findings, Format::Text));
    }
}

/// Logic of a job that no product runs would be written for nothing.
#[test]
fn logic_of_a_job_belongs_to_a_product_that_runs_one() {
    let demo = load(&fixture("../../environments/demo"));
    let files = |extra: [(&str, &[u8]); 4]| {
        let yaml = demo.source.files.iter().map(|(path, file)| (path.clone(), file.text.clone().into_bytes()));
        let extra = extra.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
        yaml.chain(extra).map(|(path, bytes)| (path, RawFile::Bytes(bytes))).collect::<BTreeMap<_, _>>()
    };
    let loaded = read(
        "demo",
        files([
            ("jobs/customer-360.py", b"def transform(spark, inputs): pass\n".as_slice()),
            ("jobs/customer-361.py", b"x = 1\n".as_slice()),
            ("jobs/sales-analytics.py", b"x = 1\n".as_slice()),
            ("jobs/customer-journey.py", b"\xff\n".as_slice()),
        ]),
    );
    let resolved = resolve(&loaded.source, None);
    let said: Vec<String> = [loaded.findings, resolved.findings]
        .concat()
        .iter()
        .filter(|finding| finding.severity() == Severity::Error)
        .map(|finding| format!("{}: {}", finding.place.file, finding.message))
        .collect();
    let expected = [
        "jobs/customer-journey.py: the byte 0xFF is not UTF-8",
        "jobs/customer-361.py: there is no product `customer-361` whose job would run this file",
        "jobs/sales-analytics.py: product `sales-analytics` has no Glue job that would run this file",
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_is_rendered_whole_has_no_warning() {
    let (source, findings, _) = resolved("valid/without-warnings");
    assert_eq!(report(&source, &findings, Format::Text), "no findings\n");
}

#[test]
fn everything_wrong_is_reported_at_once_in_the_order_of_the_files() {
    let (source, findings, mesh) = resolved("mixed/everything-at-once");
    assert!(mesh.is_none());
    let is_error = |finding: &Finding| finding.severity() == Severity::Error;
    let findings: Vec<Finding> = findings.into_iter().filter(is_error).collect();
    assert!(errors(&findings).len() > 10, "{findings:#?}");
    insta::assert_snapshot!("everything-at-once", report(&source, &findings, Format::Text));
}

/// A limit that is out of its range, or none, is told with what was written; the ends of each range are let through.
#[test]
fn a_limit_is_within_its_range() {
    let minimal = load(&fixture("valid/minimal"));
    let said = |limits: &str| {
        let files = minimal.source.files.iter().map(|(path, file)| {
            let more =
                if path == "mesh.yaml" { format!("\ndeployment: {{limits: {limits}}}\n") } else { String::new() };
            (path.clone(), RawFile::Bytes(format!("{}{more}", file.text).into_bytes()))
        });
        let loaded = read("minimal", files.collect());
        let resolved = resolve(&loaded.source, None);
        let errors: Vec<String> =
            loaded.findings.iter().filter(|it| it.severity() == Severity::Error).map(|it| it.message.clone()).collect();
        (errors, resolved.mesh.map(|mesh| mesh.deployment.limits))
    };
    let ranges = [
        ("stacks", 1000),
        ("stacksPerAccount", 100),
        ("grantStacksPerAccount", 20),
        ("readsPerSecond", 20),
        ("effectMinutes", 120),
        ("operationMinutes", 1440),
    ];
    for (field, most) in ranges {
        for wrong in [-1, 0, most + 1, 70_000] {
            let (errors, _) = said(&format!("{{{field}: {wrong}}}"));
            assert_eq!(errors, [format!("`{field}` is {wrong}; it goes from 1 to {most}")]);
        }
        for wrong in ["1.5", "\"4\"", "many", "[1]"] {
            let (errors, _) = said(&format!("{{{field}: {wrong}}}"));
            assert!(errors.len() == 1 && errors[0].contains("whole number is expected"), "{errors:?}");
        }
        for right in [1, most] {
            assert_eq!(said(&format!("{{{field}: {right}}}")).0, [""; 0]);
        }
    }
    assert_eq!(said("{}").1, Some(Limits::default()));
    let few = Limits { stacks: 5, effect_minutes: 7, ..Limits::default() };
    assert_eq!(said("{stacks: 5, effectMinutes: 7}").1, Some(few));
}
