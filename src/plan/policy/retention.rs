//! Something is kept for a shorter time than before.

use super::desk::{Changed, Desk, items, text};
use crate::finding::{Code, Finding};
use serde_json::Value;
use std::collections::BTreeMap;

/// A property that says how long something is kept.
struct Kept {
    kind: &'static str,
    /// JSON pointer into the properties.
    pointer: &'static str,
    what: &'static str,
    /// What an absent property means.
    absent: Absent,
    unit: &'static str,
}

/// What holds where a property is not there.
#[derive(Clone, Copy)]
enum Absent {
    /// It is kept for ever.
    Forever,
    /// AWS's default.
    Default(u64),
}

/// CloudFormation template reference of each type; `AWS::Logs::LogGroup`: without RetentionInDays events never expire;
/// `AWS::KMS::Key`: PendingWindowInDays is 30 by default; `AWS::Kinesis::Stream`: 24 hours; `AWS::SQS::Queue`: 345,600
/// seconds; RDS, Neptune and DocumentDB: one day of backups.
const KEPT: &[Kept] = &[
    Kept {
        kind: "AWS::Logs::LogGroup",
        pointer: "/RetentionInDays",
        what: "its events",
        absent: Absent::Forever,
        unit: "days",
    },
    Kept {
        kind: "AWS::KMS::Key",
        pointer: "/PendingWindowInDays",
        what: "the key, once its deletion is asked for,",
        absent: Absent::Default(30),
        unit: "days",
    },
    Kept {
        kind: "AWS::Kinesis::Stream",
        pointer: "/RetentionPeriodHours",
        what: "its records",
        absent: Absent::Default(24),
        unit: "hours",
    },
    Kept {
        kind: "AWS::SQS::Queue",
        pointer: "/MessageRetentionPeriod",
        what: "its messages",
        absent: Absent::Default(345_600),
        unit: "seconds",
    },
    Kept {
        kind: "AWS::RDS::DBInstance",
        pointer: "/BackupRetentionPeriod",
        what: "its backups",
        absent: Absent::Default(1),
        unit: "days",
    },
    Kept {
        kind: "AWS::RDS::DBCluster",
        pointer: "/BackupRetentionPeriod",
        what: "its backups",
        absent: Absent::Default(1),
        unit: "days",
    },
    Kept {
        kind: "AWS::Neptune::DBCluster",
        pointer: "/BackupRetentionPeriod",
        what: "its backups",
        absent: Absent::Default(1),
        unit: "days",
    },
    Kept {
        kind: "AWS::DocDB::DBCluster",
        pointer: "/BackupRetentionPeriod",
        what: "its backups",
        absent: Absent::Default(1),
        unit: "days",
    },
    Kept {
        kind: "AWS::Redshift::Cluster",
        pointer: "/AutomatedSnapshotRetentionPeriod",
        what: "its snapshots",
        absent: Absent::Default(1),
        unit: "days",
    },
    Kept {
        kind: "AWS::Events::Archive",
        pointer: "/RetentionDays",
        what: "its events",
        absent: Absent::Forever,
        unit: "days",
    },
];

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (changed, base) in desk.altered() {
        let (before, after) = (&base["Properties"], &changed.head["Properties"]);
        for kept in KEPT.iter().filter(|kept| kept.kind == changed.kind) {
            let (old, new) = (kept.of(before), kept.of(after));
            if new < old {
                let message =
                    format!("{} would be kept for {} instead of {}", kept.what, kept.told(new), kept.told(old));
                findings.push(desk.about(Code::RetentionShortened, changed, message));
            }
        }
        match changed.kind {
            "AWS::S3::Bucket" => bucket(changed, before, after, desk, &mut findings),
            "AWS::Backup::BackupPlan" => backups(changed, before, after, desk, &mut findings),
            _ => {}
        }
    }
    findings
}

impl Kept {
    /// How long, in its unit; the greatest number is for ever. What only AWS knows counts as for ever on neither side.
    fn of(&self, properties: &Value) -> u64 {
        match (number(properties.pointer(self.pointer)), self.absent) {
            (Some(0), Absent::Forever) | (None, Absent::Forever) => u64::MAX,
            (Some(number), Absent::Forever | Absent::Default(_)) => number,
            (None, Absent::Default(default)) => default,
        }
    }

    fn told(&self, time: u64) -> String {
        told(time, self.unit)
    }
}

fn told(time: u64, unit: &str) -> String {
    if time == u64::MAX { "ever".to_owned() } else { format!("{time} {unit}") }
}

/// CloudFormation takes numbers as texts too.
fn number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// What a lifecycle rule takes away: objects, or versions that another replaced, below a prefix.
fn expiries(properties: &Value) -> BTreeMap<(&'static str, String), u64> {
    let mut expiries: BTreeMap<(&'static str, String), u64> = BTreeMap::new();
    let rules = items(&properties["LifecycleConfiguration"]["Rules"]);
    for rule in rules.filter(|rule| rule["Status"] == "Enabled") {
        let scope = |rule: &Value| match (text(rule, "/Prefix"), &rule["TagFilters"]) {
            (prefix, Value::Null) => prefix.to_owned(),
            (prefix, tags) => format!("{prefix} with {tags}"),
        };
        let days = [
            ("objects", number(rule.get("ExpirationInDays"))),
            ("objects", rule.get("ExpirationDate").map(|_| 0)),
            ("replaced versions", number(rule.get("NoncurrentVersionExpirationInDays"))),
            ("replaced versions", number(rule.pointer("/NoncurrentVersionExpiration/NoncurrentDays"))),
        ];
        for (what, days) in days {
            let Some(days) = days else { continue };
            let shortest = expiries.entry((what, scope(rule))).or_insert(u64::MAX);
            *shortest = days.min(*shortest);
        }
    }
    expiries
}

fn bucket(changed: &Changed<'_>, before: &Value, after: &Value, desk: &Desk<'_>, findings: &mut Vec<Finding>) {
    let (old, new) = (expiries(before), expiries(after));
    for ((what, scope), days) in &new {
        // a rule on the whole bucket holds below every prefix
        let whole = old.get(&(*what, String::new()));
        let earlier = [old.get(&(*what, scope.clone())), whole].into_iter().flatten().min().copied();
        let earlier = earlier.unwrap_or(u64::MAX);
        if *days < earlier {
            let below = if scope.is_empty() { String::new() } else { format!(" below `{scope}`") };
            let message = format!("{what}{below} would be kept for {days} days instead of {}", told(earlier, "days"));
            findings.push(desk.about(Code::RetentionShortened, changed, message));
        }
    }
    let versioned = |properties: &Value| text(properties, "/VersioningConfiguration/Status") == "Enabled";
    if versioned(before) && !versioned(after) {
        let message = "versions that another replaces would no longer be kept".to_owned();
        findings.push(desk.about(Code::RetentionShortened, changed, message));
    }
    let locked = |properties: &Value| {
        let rule = properties.pointer("/ObjectLockConfiguration/Rule/DefaultRetention");
        let days = |unit: &str| number(rule.and_then(|rule| rule.get(unit))).unwrap_or(0);
        days("Days").saturating_add(days("Years").saturating_mul(365))
    };
    if locked(after) < locked(before) {
        let message = format!("objects would be locked for {} days instead of {}", locked(after), locked(before));
        findings.push(desk.about(Code::RetentionShortened, changed, message));
    }
}

fn backups(changed: &Changed<'_>, before: &Value, after: &Value, desk: &Desk<'_>, findings: &mut Vec<Finding>) {
    let rules = |properties: &Value| -> BTreeMap<String, u64> {
        let rules = items(&properties["BackupPlan"]["BackupPlanRule"]);
        rules
            .map(|rule| {
                let days = number(rule.pointer("/Lifecycle/DeleteAfterDays")).unwrap_or(u64::MAX);
                (text(rule, "/RuleName").to_owned(), days)
            })
            .collect()
    };
    let new = rules(after);
    for (rule, days) in rules(before) {
        let now = new.get(&rule).copied().unwrap_or(0);
        if now < days {
            let message =
                format!("backups of the rule `{rule}` would be kept for {now} days instead of {}", told(days, "days"));
            findings.push(desk.about(Code::RetentionShortened, changed, message));
        }
    }
}
