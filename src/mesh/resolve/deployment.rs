//! `deployment` of mesh.yaml: by which roles the mesh is deployed, and with which options.

use super::Findings;
use super::owners::or_stand_in;
use crate::assembly::Operation;
use crate::environment::files::{LimitsFile, MeshFile, OrganizationFile};
use crate::finding::Place;
use crate::mesh::{AccountId, Acting, Deployment, Limits, MeshName, Region, RoleArn, RoleName, Tenant, Units};
use std::collections::BTreeSet;

/// `arn:aws:sns:eu-west-1:111111111111:stacks` (SNS API reference, `CreateTopic`: letters, digits, `_` and `-`, at most 256; a FIFO
/// topic ends in `.fifo`, which CloudFormation does not notify).
fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "sns", region, account, name] = parts.as_slice() else { return false };
    let word =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    partition.starts_with("aws")
        && word(partition)
        && Region::parse(region).is_ok()
        && AccountId::parse(account).is_ok()
        && word(name)
        && name.len() <= 256
}

/// What names an MFA device: `[\w+=/:,.@-]*`, 9 to 256 characters (STS API reference, `GetSessionToken`, SerialNumber). A person is
/// shown it, so only ASCII passes.
fn is_device(text: &str) -> bool {
    (9..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=/:,.@-".contains(&byte))
}

/// `ou-a1b2-1a2b3c4d`, or the root `r-a1b2` (CloudFormation API reference, `DeploymentTargets`).
fn is_unit(text: &str) -> bool {
    let word = |text: &str, least: usize| {
        (least..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    match text.split('-').collect::<Vec<_>>().as_slice() {
        ["r", root] => word(root, 4),
        ["ou", root, unit] => word(root, 4) && word(unit, 8),
        _ => false,
    }
}

/// Which units are bootstrapped by StackSets.
fn units(
    file: OrganizationFile,
    place: &Place,
    management: Option<&AccountId>,
    findings: &mut Findings,
) -> Option<Units> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    let mut read = |texts: Vec<String>, field: &str, findings: &mut Findings| {
        let mut units = BTreeSet::new();
        for (at, text) in texts.into_iter().enumerate() {
            let here = place.child(field).child(at.to_string());
            if !is_unit(&text) {
                let message = format!("`{text}` is no id of an organizational unit");
                findings.invalid(here, message, "write ou-ROOT-UNIT, or r-ROOT for the whole Organization");
            } else if all.insert(text.clone()) {
                units.insert(text);
            } else {
                // each account gets one bootstrap: both would make the same roles
                let message = format!("the organizational unit `{text}` is named twice");
                findings.invalid(here, message, "name it once: an account either produces or consumes");
            }
        }
        units
    };
    let producers = read(file.producers, "producers", findings);
    let consumers = read(file.consumers, "consumers", findings);
    let named = file
        .administrator
        .as_ref()
        .map(|text| findings.name("account", text, &place.child("administrator"), AccountId::parse));
    let administrator = match named {
        Some(named) => named?,
        None => {
            let Some(management) = management else {
                findings.invalid(
                    place.clone(),
                    "nobody is named who manages the StackSets".to_owned(),
                    "name `administrator`, or `deployment.management`",
                );
                return None;
            };
            management.clone()
        }
    };
    let acting = if management == Some(&administrator) { Acting::Management } else { Acting::Delegated };
    Some(Units { administrator, acting, producers, consumers })
}

/// Whom the mesh is deployed by, and how.
pub(super) fn read(
    file: &MeshFile,
    place: &Place,
    mesh: &MeshName,
    tenant: &Tenant,
    governance: &AccountId,
    findings: &mut Findings,
) -> Deployment {
    let written = file.deployment.clone().unwrap_or_default();
    let place = place.child("deployment");
    let roles = written.roles.unwrap_or_default();
    let role = |findings: &mut Findings, text: Option<String>, place: Place, default: String| {
        or_stand_in(
            findings.name("role name", &text.unwrap_or(default), &place, RoleName::parse),
            "unnamed",
            RoleName::parse,
        )
    };
    let account = |findings: &mut Findings, text: &Option<String>, field: &str| {
        text.as_ref().and_then(|text| findings.name("account", text, &place.child(field), AccountId::parse))
    };
    let names = place.child("roles");
    let plan_role = role(findings, roles.plan, names.child("plan"), format!("{mesh}-plan"));
    let deploy_role = role(findings, roles.deploy, names.child("deploy"), format!("{mesh}-deploy"));
    let execution_role = role(findings, roles.execution, names.child("execution"), format!("{mesh}-execution"));
    let administrator_role = role(
        findings,
        written.administrator_role,
        place.child("administratorRole"),
        "OrganizationAccountAccessRole".to_owned(),
    );
    let from = account(findings, &written.from, "from");
    let management = account(findings, &written.management, "management");
    let organization =
        written.organization.and_then(|file| units(file, &place.child("organization"), management.as_ref(), findings));
    let hub = written.hub.and_then(|text| findings.name("hub", &text, &place.child("hub"), RoleArn::parse));
    let staging =
        written.staging.and_then(|text| findings.name("staging", &text, &place.child("staging"), Tenant::parse));
    let external_id = written.external_id.unwrap_or_else(|| format!("{tenant}-{mesh}"));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@:/-_".contains(&byte);
    if !(2..=1224).contains(&external_id.len()) || !external_id.bytes().all(allowed) {
        // the pattern of STS AssumeRole's ExternalId
        findings.invalid(
            place.child("externalId"),
            format!("external id `{external_id}` is not what STS accepts"),
            "use 2 to 1224 letters, digits and +=,.@:/-_",
        );
    }
    if let Some(serial) = written.mfa_serial.as_ref().filter(|serial| !is_device(serial)) {
        findings.invalid(
            place.child("mfaSerial"),
            format!("`{serial}` names no MFA device"),
            "write its ARN, such as arn:aws:iam::111111111111:mfa/NAME, or the serial number of a hardware device",
        );
    }
    for (at, topic) in written.notification_topics.iter().enumerate() {
        let here = place.child("notificationTopics").child(at.to_string());
        if !is_topic(topic) {
            findings.invalid(
                here,
                format!("`{topic}` is no ARN of an SNS topic"),
                "write arn:aws:sns:REGION:ACCOUNT:NAME",
            );
        } else if at >= 5 {
            // API reference, CreateChangeSet: NotificationARNs takes five
            findings.invalid(here, format!("`{topic}` is one topic too many"), "name at most five");
        }
    }
    let operation = Operation {
        termination_protection: written.termination_protection.unwrap_or_default(),
        notification_topics: written.notification_topics.into_iter().collect(),
        early_validation: written.early_validation.unwrap_or_default(),
        mode: written.mode.unwrap_or_default(),
        drift: written.drift.unwrap_or_default(),
        stack_policy: written.stack_policy.unwrap_or_default(),
    };
    Deployment {
        from: from.unwrap_or_else(|| governance.clone()),
        plan_role,
        deploy_role,
        execution_role,
        administrator_role,
        external_id,
        management,
        organization,
        hub,
        mfa_serial: written.mfa_serial,
        staging: staging.map(|name| name.to_string()),
        operation,
        limits: limits(written.limits.unwrap_or_default()),
    }
}

/// The limits; their ranges were checked with the file's shape.
fn limits(file: LimitsFile) -> Limits {
    let usual = Limits::default();
    Limits {
        stacks: file.stacks.unwrap_or(usual.stacks),
        stacks_per_account: file.stacks_per_account.unwrap_or(usual.stacks_per_account),
        grant_stacks_per_account: file.grant_stacks_per_account.unwrap_or(usual.grant_stacks_per_account),
        reads_per_second: file.reads_per_second.unwrap_or(usual.reads_per_second),
        effect_minutes: file.effect_minutes.unwrap_or(usual.effect_minutes),
        operation_minutes: file.operation_minutes.unwrap_or(usual.operation_minutes),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_device, is_topic, is_unit};

    #[test]
    fn only_what_sts_accepts_names_a_device() {
        for right in ["arn:aws:iam::111111111111:mfa/deployer", "GAHT12345678"] {
            assert!(is_device(right), "{right}");
        }
        for wrong in
            ["", "short", "arn:aws:iam::111111111111:mfa/a b", "GAHT1234\u{1b}[2J", "GAHT1234ä678", &"a".repeat(257)]
        {
            assert!(!is_device(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn only_ids_of_units_and_roots_are_targets() {
        for right in ["ou-a1b2-1a2b3c4d", "r-a1b2"] {
            assert!(is_unit(right), "{right}");
        }
        for wrong in
            ["", "ou", "ou-a1b2", "ou-a1b2-1a2b", "ou-A1b2-1a2b3c4d", "ou-a1b2-1a2b3c4d-x", "r-a1", "o-a1b2c3d4e5", "*"]
        {
            assert!(!is_unit(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_arns_of_topics_are_notified() {
        for right in ["arn:aws:sns:eu-west-1:111111111111:stacks", "arn:aws-cn:sns:cn-north-1:111111111111:A_b-1"] {
            assert!(is_topic(right), "{right}");
        }
        for wrong in [
            "",
            "stacks",
            "arn:aws:sqs:eu-west-1:111111111111:stacks",
            "arn:aws:sns:eu-west-1:1111:stacks",
            "arn:aws:sns:nowhere:111111111111:stacks",
            "arn:aws:sns:eu-west-1:111111111111:",
            "arn:aws:sns:eu-west-1:111111111111:stacks.fifo",
            "arn:aws:sns:eu-west-1:111111111111:stacks:sub",
            "arn:aws:sns:eu-west-1:111111111111:a b",
            "arn:*:sns:eu-west-1:111111111111:stacks",
        ] {
            assert!(!is_topic(wrong), "{wrong}");
        }
    }
}
