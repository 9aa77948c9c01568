//! The resources of a stack, by CloudFormation's own drift detection.

use super::live::{Detection, LiveResource, ResourceDrift, StackLive};
use super::model::{Check, Difference, Direction, Reason, Subject, Unchecked};
use crate::assembly::StackId;
use crate::plan::deployed::is_secret;
use crate::plan::{MASKED, Observed};
use serde_json::Value;

/// Tells a stack; none is one that was not asked for.
pub(super) fn compare(id: &StackId, account: &str, live: Option<&StackLive>) -> Check {
    let not_checked = |reason: Reason, message: &str| {
        let why = Unchecked { what: String::new(), reason, message: message.to_owned() };
        Check::not_checked(Subject::Stack, account, id.to_string(), why)
    };
    let Some(live) = live else { return not_checked(Reason::NotAsked, "it is outside of --select") };
    let standing = match &live.observed {
        Err(unread) => return Check::not_checked(Subject::Stack, account, id.to_string(), unread.of("")),
        Ok(Observed::Absent) => return not_checked(Reason::NotReady, "it is not deployed"),
        Ok(Observed::Present(standing)) => standing,
    };
    let detection = match &live.detection {
        Err(unread) => return Check::not_checked(Subject::Stack, account, id.to_string(), unread.of("")),
        Ok(detection) => detection,
    };
    let Some(resources) = standing.template.as_ref().and_then(|template| template["Resources"].as_object()) else {
        return not_checked(Reason::NotReady, "its template cannot be read");
    };
    let template = standing.template.as_ref().unwrap_or(&Value::Null);
    let mut told = Told::default();
    for (logical, resource) in resources {
        told.resource(
            logical,
            resource,
            detection.resources.get(logical).map(|it| shown(template, resource, it)),
            detection,
        );
    }
    Check::new(Subject::Stack, account, id.to_string(), told.same, told.differences, told.unchecked)
}

#[derive(Default)]
struct Told {
    same: usize,
    differences: Vec<Difference>,
    unchecked: Vec<Unchecked>,
}

impl Told {
    fn resource(&mut self, logical: &str, resource: &Value, found: Option<LiveResource>, detection: &Detection) {
        let kind = resource["Type"].as_str().unwrap_or("resource");
        let what = format!("{logical} ({kind})");
        let unchecked = |reason: Reason, message: String| Unchecked { what: what.clone(), reason, message };
        let Some(found) = found else {
            let message = detection.incomplete.clone();
            let reason = if message.is_some() { Reason::Failed } else { Reason::NotSupported };
            let message =
                message.unwrap_or_else(|| "CloudFormation's drift detection does not know the type".to_owned());
            self.unchecked.push(unchecked(reason, message));
            return;
        };
        match found.drift {
            ResourceDrift::InSync => self.same += 1,
            ResourceDrift::Modified => self.modified(&what, &found),
            ResourceDrift::Deleted => self.differences.push(Difference {
                direction: Direction::Less,
                what,
                expected: None,
                actual: Some("it is gone".to_owned()),
                by: None,
                mend: Some(
                    "restore it, or take it out of the files and deploy, then put it back and deploy again".to_owned(),
                ),
            }),
            ResourceDrift::NotChecked => self.unchecked.push(unchecked(
                Reason::NotSupported,
                "CloudFormation's drift detection does not know the type".to_owned(),
            )),
            ResourceDrift::Unknown => {
                let message = found.reason.clone().unwrap_or_else(|| "its drift detection failed".to_owned());
                self.unchecked.push(unchecked(unknown(&message), message));
            }
        }
    }

    fn modified(&mut self, what: &str, found: &LiveResource) {
        if found.properties.is_empty() {
            self.differences.push(Difference {
                direction: Direction::Other,
                what: what.to_owned(),
                expected: None,
                actual: None,
                by: None,
                mend: None,
            });
        }
        for (path, expected, actual) in &found.properties {
            self.differences.push(Difference {
                direction: Direction::Other,
                what: format!("{what} {path}"),
                expected: Some(expected.clone()),
                actual: Some(actual.clone()),
                by: None,
                mend: Some(format!("set it back on {}", found.physical_id)),
            });
        }
    }
}

/// Whether a detection failed since it was not allowed to read.
fn unknown(message: &str) -> Reason {
    let denied = ["AccessDenied", "not authorized", "Access Denied"].iter().any(|phrase| message.contains(phrase));
    if denied { Reason::NotAllowed } else { Reason::Failed }
}

/// What was found, with values hidden where the resource uses a parameter with NoEcho: whatever the service masks.
fn shown(template: &Value, resource: &Value, found: &LiveResource) -> LiveResource {
    let parameters = template["Parameters"].as_object().into_iter().flat_map(|parameters| parameters.keys());
    let text = resource.to_string();
    let mut secrets = parameters.filter(|name| is_secret(template, name));
    let mut found = found.clone();
    if secrets.any(|name| text.contains(&format!("\"{name}\"")) || text.contains(&format!("${{{name}}}"))) {
        for (_, expected, actual) in &mut found.properties {
            MASKED.clone_into(expected);
            MASKED.clone_into(actual);
        }
    }
    found
}
