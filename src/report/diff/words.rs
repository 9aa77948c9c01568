//! What things are called in a report of a difference.

use super::phrase::Phrase;
use crate::plan::diff::{
    AccessChange, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, Impact, PolicyFinding,
    ResourceChange, VersionBump,
};
use std::collections::BTreeMap;

/// The classification of personal data.
const PERSONAL: &str = "pii";

/// What a subscription opens without being asked for more.
const ORDINARY: [&str; 2] = ["internal", "public"];

/// Whether a column holds personal data.
pub(super) fn is_personal(column: &ColumnSight) -> bool {
    column.classification.as_deref() == Some(PERSONAL)
}

/// Whether a column is classified above what a subscription opens by itself, or not at all.
pub(super) fn is_sensitive(column: &ColumnSight) -> bool {
    column.classification.as_deref().is_none_or(|classification| !ORDINARY.contains(&classification))
}

/// The classification of a column, as it is told.
pub(super) fn classification(of: Option<&str>) -> &str {
    of.unwrap_or("not classified")
}

/// The last part of an ARN: the name by which people know a role.
pub(super) fn short(principal: &str) -> &str {
    principal.rsplit('/').next().unwrap_or(principal)
}

/// What becomes of a resource, as a predicate.
pub(super) const fn becomes(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "stays as it is",
        Impact::Created => "is made",
        Impact::InPlace => "changes in place",
        Impact::SomeInterruption => "changes, and is not available for a while",
        Impact::Retained => "leaves the template and stays in the account",
        Impact::MayBeReplaced => "may be replaced",
        Impact::Replaced => "is replaced",
        Impact::Destroyed => "is deleted",
    }
}

/// Whether a resource that holds data loses it, or may.
pub(super) const fn is_at_stake(resource: &ResourceChange) -> bool {
    resource.data_store && matches!(resource.impact, Impact::MayBeReplaced | Impact::Replaced | Impact::Destroyed)
}

/// Whether a resource goes, or another takes its place.
pub(super) const fn is_replaced_or_gone(resource: &ResourceChange) -> bool {
    match resource.impact {
        Impact::MayBeReplaced | Impact::Replaced | Impact::Destroyed | Impact::Retained => true,
        Impact::None | Impact::Created | Impact::InPlace | Impact::SomeInterruption => {
            matches!(resource.change, ChangeKind::Removed)
        }
    }
}

/// What happens to the data of a resource.
pub(super) const fn data(resource: &ResourceChange) -> &'static str {
    match (resource.data_store, resource.impact) {
        (false, _) => "holds none",
        (true, Impact::Destroyed) => "lost",
        (true, Impact::Replaced) => "lost: the new one is empty",
        (true, Impact::MayBeReplaced) => "lost if it is replaced",
        (true, Impact::Retained) => "kept in the account, but nobody manages it",
        (true, Impact::None | Impact::Created | Impact::InPlace | Impact::SomeInterruption) => "kept",
    }
}

/// A resource by what people call it, with its type.
pub(super) fn resource(change: &ResourceChange) -> Phrase {
    Phrase::of(format!("{} ", noun(&change.resource_type).0)).name(label(change))
}

/// What people call a resource.
pub(super) fn label(change: &ResourceChange) -> &str {
    if change.label.is_empty() { &change.logical_id } else { &change.label }
}

/// What people call a resource of a type: one, and several. What a label says already is not said again.
pub(super) fn noun(resource_type: &str) -> (String, String) {
    let known = match resource_type {
        "AWS::LakeFormation::PrincipalPermissions" => ("Lake Formation", "grants of Lake Formation"),
        "AWS::LakeFormation::TagAssociation" => ("Lake Formation", "tags on databases, tables and columns"),
        "AWS::LakeFormation::Tag" => ("Lake Formation", "tags of Lake Formation"),
        "AWS::LakeFormation::Resource" => ("registered location", "registered locations"),
        "AWS::LakeFormation::DataLakeSettings" => ("settings of Lake Formation", "settings of Lake Formation"),
        "AWS::S3::Bucket" => ("bucket", "buckets"),
        "AWS::S3::BucketPolicy" => ("bucket policy", "bucket policies"),
        "AWS::KMS::Key" => ("key", "keys"),
        "AWS::KMS::Alias" => ("key alias", "key aliases"),
        "AWS::IAM::Role" => ("role", "roles"),
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => ("policy", "policies"),
        "AWS::IAM::RolePolicy" => ("policy of a role", "policies of roles"),
        "AWS::Logs::LogGroup" => ("log group", "log groups"),
        "AWS::Glue::Database" => ("database", "databases and links"),
        "AWS::Glue::Table" => ("table", "tables of the catalog"),
        "AWS::Glue::Crawler" => ("crawler", "crawlers"),
        "AWS::Glue::Job" => ("job", "jobs"),
        "AWS::Glue::DataQualityRuleset" => ("data quality ruleset", "data quality rulesets"),
        "AWS::Athena::WorkGroup" => ("workgroup", "workgroups"),
        "AWS::CloudWatch::Alarm" => ("alarm", "alarms"),
        "AWS::StepFunctions::StateMachine" => ("state machine", "state machines"),
        "AWS::Scheduler::Schedule" => ("schedule", "schedules"),
        "AWS::Scheduler::ScheduleGroup" => ("schedule group", "schedule groups"),
        "AWS::Events::Rule" => ("event rule", "event rules"),
        "AWS::Events::EventBus" => ("event bus", "event buses"),
        "AWS::Events::EventBusPolicy" => ("event bus policy", "event bus policies"),
        "AWS::SNS::Topic" => ("topic", "topics"),
        "AWS::SNS::TopicPolicy" => ("topic policy", "topic policies"),
        "AWS::SNS::Subscription" => ("topic subscription", "topic subscriptions"),
        "AWS::SSM::Parameter" => ("parameter", "parameters"),
        "AWS::EC2::VPC" => ("VPC", "VPCs"),
        "AWS::EC2::VPCEndpoint" => ("VPC endpoint", "VPC endpoints"),
        "AWS::EC2::Subnet" => ("subnet", "subnets"),
        "AWS::EC2::RouteTable" => ("route table", "route tables"),
        "AWS::EC2::SecurityGroup" => ("security group", "security groups"),
        "AWS::EC2::FlowLog" => ("flow log", "flow logs"),
        "AWS::SageMaker::Domain" => ("SageMaker domain", "SageMaker domains"),
        "AWS::SageMaker::UserProfile" => ("SageMaker user profile", "SageMaker user profiles"),
        "AWS::QuickSight::RefreshSchedule" => ("refresh schedule", "refresh schedules"),
        "AWS::QuickSight::DataSet" => ("data set", "data sets"),
        "AWS::QuickSight::DataSource" => ("data source", "data sources"),
        _ => ("", ""),
    };
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == ':';
    match known {
        // a template of somebody else's may call a type what it likes
        ("", _) if !resource_type.chars().all(plain) => ("resource".to_owned(), "resources".to_owned()),
        ("", _) => {
            let kind = resource_type.trim_start_matches("AWS::").replace("::", " ");
            (kind.clone(), kind)
        }
        (one, several) => (one.to_owned(), several.to_owned()),
    }
}

/// "1 log group", "2 log groups and 1 bucket".
pub(super) fn counted<'a>(resources: impl IntoIterator<Item = &'a ResourceChange>) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in resources {
        *kinds.entry(&resource.resource_type).or_default() += 1;
    }
    let told: Vec<String> = kinds
        .into_iter()
        .map(|(kind, number)| {
            let (one, several) = noun(kind);
            format!("{number} {}", if number == 1 { one } else { several })
        })
        .collect();
    match told.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Advice, and the line by which the finding can be accepted instead: its file and what to write there.
pub(super) fn advice_of(finding: &PolicyFinding) -> (&str, Option<(&str, &str)>) {
    match finding.help.split_once("; or take it on knowingly, in ") {
        Some((advice, accept)) => (advice, accept.split_once(": ")),
        None => (&finding.help, None),
    }
}

/// Where a change of a contract is: `product`, `product.table` or `product.table.column`.
pub(super) fn place(change: &ContractChange) -> String {
    let parts = [Some(change.product.as_str()), change.table.as_deref(), change.column.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(".")
}

/// What changed in a contract.
pub(super) fn contract(change: &ContractChange) -> Phrase {
    let before = change.before.as_deref().unwrap_or_default();
    let after = change.after.as_deref().unwrap_or_default();
    let from = |words: &str| Phrase::of(format!("{words} from ")).name(before).words(" to ").name(after);
    match change.change {
        ContractChangeKind::ProductRemoved => Phrase::of("the product is removed"),
        ContractChangeKind::ProductRenamed => Phrase::of("the product is renamed to ").name(after),
        ContractChangeKind::ProductAdded => Phrase::of("the product is new"),
        ContractChangeKind::TableRemoved => Phrase::of("the table is removed"),
        ContractChangeKind::TableAdded => Phrase::of("the table is new"),
        ContractChangeKind::ColumnRemoved => Phrase::of("the column is removed"),
        ContractChangeKind::ColumnRenamed => Phrase::of("the column is renamed to ").name(after),
        ContractChangeKind::ColumnAdded => Phrase::of("the column is new"),
        ContractChangeKind::TypeNarrowed => from("its type is narrowed"),
        ContractChangeKind::TypeWidened => from("its type is widened"),
        ContractChangeKind::MadeNullable => Phrase::of("it may be empty now"),
        ContractChangeKind::MadeRequired => Phrase::of("it is always filled now"),
        ContractChangeKind::Reclassified => from("it is reclassified"),
        ContractChangeKind::PrimaryKeyChanged => from("the primary key changes"),
        ContractChangeKind::PartitionKeysChanged => from("the partition keys change"),
        ContractChangeKind::PortRemoved => Phrase::of("the port ").name(before).words(" is removed"),
        ContractChangeKind::PortAdded => Phrase::of("the port ").name(after).words(" is new"),
    }
}

/// What somebody who is affected should do.
pub(super) fn remedy(change: &ContractChange) -> Phrase {
    let after = change.after.as_deref().unwrap_or_default();
    let own = change.column.as_deref().or(change.table.as_deref()).unwrap_or(&change.product);
    match change.change {
        ContractChangeKind::ProductRemoved => {
            Phrase::of("stop using ").name(&change.product).words(", and remove the subscription")
        }
        ContractChangeKind::ProductRenamed => {
            Phrase::of("subscribe to ").name(after).words(", and name its new database in every query")
        }
        ContractChangeKind::TableRemoved | ContractChangeKind::ColumnRemoved => Phrase::of("stop reading ").name(own),
        ContractChangeKind::ColumnRenamed => Phrase::of("read ").name(after).words(" instead of ").name(own),
        ContractChangeKind::TypeNarrowed => Phrase::of("read ").name(own).words(" as ").name(after),
        ContractChangeKind::MadeNullable => Phrase::of("expect ").name(own).words(" to be empty"),
        ContractChangeKind::Reclassified => {
            Phrase::of("ask for ").name(after).words(" in the subscription, with a purpose, or stop reading ").name(own)
        }
        ContractChangeKind::PrimaryKeyChanged => Phrase::of("join ").name(own).words(" by ").name(after),
        ContractChangeKind::PartitionKeysChanged => Phrase::of("filter ").name(own).words(" by ").name(after),
        ContractChangeKind::PortRemoved => Phrase::of("use another port of ").name(&change.product),
        ContractChangeKind::ProductAdded
        | ContractChangeKind::TableAdded
        | ContractChangeKind::ColumnAdded
        | ContractChangeKind::TypeWidened
        | ContractChangeKind::MadeRequired
        | ContractChangeKind::PortAdded => Phrase::of("nothing"),
    }
}

/// The version that a product should bear; none when it bears it already.
pub(super) fn wanted(bump: &VersionBump) -> Option<String> {
    if bump.enough {
        return None;
    }
    let mut parts = bump.before.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
    let (major, minor, patch) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    Some(match bump.needed {
        Bump::None => return None,
        Bump::Patch => format!("{major}.{minor}.{}", patch.saturating_add(1)),
        Bump::Minor => format!("{major}.{}.0", minor.saturating_add(1)),
        Bump::Major => format!("{}.0.0", major.saturating_add(1)),
    })
}

/// Rights on a table that came or went, where columns do not say it already.
pub(super) fn rights(change: &AccessChange) -> Option<String> {
    // a right to read without a column, and DESCRIBE beside SELECT, say nothing more than the columns do
    let told = |rights: &[String], columns: &[ColumnSight]| {
        let rest =
            rights.iter().filter(|right| columns.is_empty() || !["SELECT", "DESCRIBE"].contains(&right.as_str()));
        rest.cloned().collect::<Vec<_>>().join(", ")
    };
    let gained = told(&change.permissions_gained, &change.gained);
    let lost = told(&change.permissions_lost, &change.lost);
    match (gained.is_empty(), lost.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("may now {gained}")),
        (true, false) => Some(format!("may no longer {lost}")),
        (false, false) => Some(format!("may now {gained}, no longer {lost}")),
    }
}
