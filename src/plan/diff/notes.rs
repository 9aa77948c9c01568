//! What else is to be known of a change: gaps in somebody's access, what stays behind, what CloudFormation will refuse.
//!
//! Sources: the resource schemas (`replacementStrategy`), the CloudFormation user guide ("Name type": no update that causes a
//! custom-named resource to be replaced; "UpdateReplacePolicy attribute"), and the Lake Formation developer guide
//! ("Assigning LF-Tags to Data Catalog resources", "Updating LF-Tags").

mod access;

use super::documented::{self, Saying};
use super::names::{Names, name_pointer};
use super::stacks::Pair;
use super::{ChangeKind, Impact, ResourceChange, stores};
use crate::cfn::schema::{self, ReplacementStrategy};
use serde_json::Value;

/// Writes the notes of every resource that differs.
pub(super) fn write(pairs: &mut [Pair<'_>]) {
    for pair in &mut *pairs {
        for (id, change) in &mut pair.resources {
            let entry = |document: Option<&'_ crate::assembly::Document>| -> Option<Value> {
                document?.template.get("Resources")?.get(*id).cloned()
            };
            let sides = Sides { base: entry(pair.base), head: entry(pair.head) };
            fate(change, &sides);
            let template = pair.base.or(pair.head).map(|document| &document.template);
            if let Some(template) = template {
                access::gaps(change, &sides, &Names::of(template));
            }
        }
    }
    access::pairs(pairs);
}

/// A resource's entry on both sides.
struct Sides {
    base: Option<Value>,
    head: Option<Value>,
}

impl Sides {
    fn base(&self) -> &Value {
        self.base.as_ref().unwrap_or(&Value::Null)
    }

    fn head(&self) -> &Value {
        self.head.as_ref().unwrap_or(&Value::Null)
    }
}

/// What becomes of the old one, and of the update.
fn fate(change: &mut ResourceChange, sides: &Sides) {
    let lost = stores::lost_with(&change.resource_type);
    match change.predicted {
        Impact::Replaced | Impact::MayBeReplaced => {
            let when = if change.predicted == Impact::Replaced { "" } else { "if it is replaced, " };
            match sides.head()["UpdateReplacePolicy"].as_str() {
                Some("Retain") => change.notes.push(format!(
                    "{when}the old one stays in the account, outside of any stack (UpdateReplacePolicy Retain); the new one is empty"
                )),
                Some("Snapshot") => change.notes.push(format!("{when}a snapshot of the old one is kept")),
                Some(_) | None => {
                    if let Some(lost) = lost {
                        change.notes.push(format!("{when}lost with the old one: {lost}"));
                    }
                }
            }
            if change.predicted == Impact::Replaced {
                refused(change, sides);
            }
        }
        Impact::Destroyed => match (sides.base()["DeletionPolicy"].as_str(), lost) {
            (Some("Snapshot"), _) => change.notes.push("a snapshot is kept (DeletionPolicy Snapshot)".to_owned()),
            (_, Some(lost)) => change.notes.push(format!("lost with it: {lost}")),
            (_, None) => {}
        },
        Impact::Retained => {
            change.notes.push("it stays in the account, outside of any stack (DeletionPolicy Retain)".to_owned());
        }
        Impact::None | Impact::Created | Impact::InPlace | Impact::SomeInterruption => {}
    }
    for property in &change.properties {
        if documented::saying(&change.resource_type, &property.path) == Some(Saying::Fixed) {
            change.notes.push(format!("the update fails: AWS does not let {} of a key change", property.path));
        }
    }
    catalog(change);
    policies(change, sides);
}

/// A fixed name that stays the same: the successor cannot be made beside the old one.
fn refused(change: &mut ResourceChange, sides: &Sides) {
    let resource_type = change.resource_type.as_str();
    let strategy = schema::of(resource_type).map(schema::ResourceSchema::replacement_strategy);
    if sides.base()["Type"] != sides.head()["Type"] || strategy != Some(ReplacementStrategy::CreateThenDelete) {
        return;
    }
    let Some(pointer) = name_pointer(resource_type) else { return };
    let name = |entry: &Value| entry["Properties"].pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let (Some(before), Some(after)) = (name(sides.base()), name(sides.head()))
        && before == after
    {
        let name = super::names::tamed(&after);
        change.notes.push(format!(
            "CloudFormation refuses this update: it makes the new one first, and the name `{name}` is taken by the old one; change the name too"
        ));
    }
}

/// Catalog entries are no data, but something goes with them.
fn catalog(change: &mut ResourceChange) {
    let gone = matches!(change.predicted, Impact::Replaced | Impact::Destroyed);
    if gone && change.resource_type == "AWS::Glue::Table" {
        change
            .notes
            .push("the files stay in S3; partitions and columns that crawlers found go with the entry".to_owned());
    }
    if gone && change.resource_type == "AWS::Glue::Database" {
        change.notes.push("the files stay in S3; every table in the database goes with it".to_owned());
    }
}

/// A resource that is no longer kept.
fn policies(change: &mut ResourceChange, sides: &Sides) {
    if change.change != ChangeKind::Changed {
        return;
    }
    for (policy, when) in [("DeletionPolicy", "leaves the template"), ("UpdateReplacePolicy", "is replaced")] {
        let kept =
            |entry: &Value| matches!(entry[policy].as_str(), Some("Retain" | "RetainExceptOnCreate" | "Snapshot"));
        if kept(sides.base()) && !kept(sides.head()) {
            change.notes.push(format!("from now on it is deleted when it {when} ({policy})"));
        }
    }
}
