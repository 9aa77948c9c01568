//! What the mesh makes in an account, and what an account may have.

use super::model::{Examined, Finding, Precondition, Verdict};
use crate::assembly::Document;
use crate::plan::Observed;

/// Resources of a type and the default quota of an account. The applied value is not asked for: it needs another service.
const DEFAULTS: [(&str, &str, &str, usize); 3] = [
    // IAM user guide, "IAM and AWS STS quotas"
    ("AWS::IAM::Role", "roles", "iam", 1_000),
    ("AWS::IAM::ManagedPolicy", "managed policies", "iam", 1_500),
    // AWS Glue quota L-11FA2C1A, "Number of crawlers per account"
    ("AWS::Glue::Crawler", "crawlers", "glue", 1_000),
];

/// The quotas of an account: of stacks by what CloudFormation says, of the rest by their defaults.
pub(super) fn quotas(account: &str, documents: &[&Document], examined: &Examined) -> Vec<Finding> {
    let finding = |verdict: Verdict, found: String, mend: Option<String>| Finding {
        precondition: Precondition::Quotas,
        account: account.to_owned(),
        verdict,
        found,
        mend,
    };
    let mut findings = Vec::new();
    let absent =
        |document: &&&Document| !matches!(examined.stacks.get(document.id.name()), Some(Ok(Observed::Present(_))));
    let missing = documents.iter().filter(absent).count();
    findings.push(match (&examined.stack_limit, &examined.standing) {
        (Ok(Some(limit)), Ok(standing)) => {
            let found = format!("{standing} stacks stand, {missing} are to come, and {limit} may be");
            let mend = "aws service-quotas list-service-quotas --service-code cloudformation";
            match standing + missing <= *limit {
                true => finding(Verdict::Good, found, None),
                false => finding(Verdict::Bad, found, Some(format!("ask for more stacks: {mend}"))),
            }
        }
        (Ok(None), _) => finding(
            Verdict::CannotTell,
            "CloudFormation does not say how many stacks there may be".to_owned(),
            Some("aws cloudformation describe-account-limits".to_owned()),
        ),
        (Err(unread), _) | (_, Err(unread)) => finding(
            Verdict::CannotTell,
            unread.message.clone(),
            Some("aws cloudformation describe-account-limits".to_owned()),
        ),
    });
    for (type_name, noun, service, default) in DEFAULTS {
        let count = |document: &&&Document| document.resources().filter(|(_, kind, _)| *kind == type_name).count();
        let needed: usize = documents.iter().map(|document| count(&document)).sum();
        let found = format!("the mesh makes {needed} {noun}; an account may have {default} unless that was changed");
        // what else uses the quota is not known
        findings.push(match needed * 2 <= default {
            true => finding(Verdict::Good, found, None),
            false => finding(
                Verdict::CannotTell,
                found,
                Some(format!("compare: aws service-quotas list-service-quotas --service-code {service}")),
            ),
        });
    }
    findings
}
