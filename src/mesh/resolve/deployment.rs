//! `deployment` of mesh.yaml: by which roles the mesh is deployed, and with which options.

use super::Findings;
use super::owners::or_stand_in;
use crate::assembly::Operation;
use crate::environment::files::MeshFile;
use crate::finding::Place;
use crate::mesh::{AccountId, Deployment, MeshName, Region, RoleArn, RoleName, Tenant};

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
        hub,
        mfa_serial: written.mfa_serial,
        staging: staging.map(|name| name.to_string()),
        operation,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_device, is_topic};

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
