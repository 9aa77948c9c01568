//! Who may become a role, as its trust policy says.
//!
//! Sources: IAM user guide, "AWS JSON policy elements: Principal" (an account's root stands for all of the account) and
//! "How to use trust policies with IAM roles".

use super::Standing;
use super::conditions::{Condition, Context, Fact};
use super::pattern::fits;
use super::policy::{Decision, Request, Statement, Who, account_of, decide};
use super::rights::{Actor, View};
use super::text::{Outputs, Text};
use super::truth::Truth;
use std::collections::BTreeSet;

const PRINCIPAL: &str = "aws:principalarn";

/// Actions by which somebody becomes a role.
const BECOMES: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

impl<'a> View<'a> {
    /// Whether somebody may become a role.
    pub(super) fn trust(self, actor: &Actor<'a>) -> Standing {
        let decided = actor.rights.trust.get_or_init(|| {
            let (who, told) = self.assumed_by(actor);
            match (who.is_empty(), told) {
                (false, _) => Standing::Holds(vec![actor.role.spot.clone()]),
                (true, true) => Standing::Missing(
                    "nobody may assume the role: its trust policy allows it to no principal that can exist".to_owned(),
                ),
                (true, false) => Standing::Unknown("whom the role trusts, the template does not tell".to_owned()),
            }
        });
        decided.clone()
    }

    /// Who may become a role, sorted, and whether the template tells all of them.
    pub(super) fn assumed_by(self, actor: &Actor<'a>) -> (BTreeSet<String>, bool) {
        let outputs = &self.records.outputs;
        let mut who = BTreeSet::new();
        let mut told = true;
        for statement in &*actor.role.trust.statements {
            match statement.allows() {
                Some(true) if BECOMES.iter().any(|action| !statement.allowed_resources(action).is_empty()) => {}
                Some(_) => continue,
                None => {
                    told = false;
                    continue;
                }
            }
            let Some(patterns) = patterns(statement, outputs) else {
                told = false;
                continue;
            };
            for named in statement.named() {
                match named.get(outputs) {
                    Some(named) => who.extend(self.may_become(actor, statement, &named, patterns.as_ref())),
                    None => told = false,
                }
            }
            for provider in statement.federated() {
                match provider.get(outputs) {
                    Some(provider) => drop(who.insert(provider.into_owned())),
                    None => told = false,
                }
            }
            if statement.names_everyone() {
                who.extend(patterns.unwrap_or_else(|| ["*".to_owned()].into()));
            }
        }
        (who, told)
    }

    /// Those of a principal that may become the role: itself, or what a condition leaves of its account.
    fn may_become(
        self,
        actor: &Actor<'a>,
        statement: &Statement,
        named: &str,
        patterns: Option<&BTreeSet<String>>,
    ) -> BTreeSet<String> {
        let candidates: BTreeSet<String> = match (account_of(named), patterns) {
            (Some(account), Some(patterns)) => {
                // a pattern of another account leaves nobody
                let own = |pattern: &&String| pattern.split(':').nth(4).is_some_and(|part| fits(part, account));
                patterns.iter().filter(own).cloned().collect()
            }
            (None, Some(patterns)) if named.contains(":iam::") => {
                let left = patterns.iter().any(|pattern| fits(pattern, named));
                left.then(|| named.to_owned()).into_iter().collect()
            }
            _ => [named.to_owned()].into(),
        };
        candidates.into_iter().filter(|candidate| !self.is_kept_out(actor, statement, candidate)).collect()
    }

    /// Whether a Deny of the same policy, or a condition of the statement, keeps a candidate out for sure.
    fn is_kept_out(self, actor: &Actor<'a>, statement: &Statement, candidate: &str) -> bool {
        let outputs = &self.records.outputs;
        let account = account_of(candidate).or_else(|| candidate.split(':').nth(4).filter(|part| part.len() == 12));
        let exact = candidate.contains(":iam::") && !candidate.contains(['*', '?']) && account_of(candidate).is_none();
        let service = !candidate.contains(':') && candidate.contains('.');
        let organization = account.and_then(|account| self.organization(account));
        let mut context = Context::default().with("aws:securetransport", Fact::Is("true"));
        context = if service {
            context.with("aws:principalisawsservice", Fact::Is("true")).with("aws:principalarn", Fact::Absent)
        } else {
            context.with("aws:principalisawsservice", Fact::Is("false"))
        };
        if exact {
            context = context.with(PRINCIPAL, Fact::Is(candidate));
        }
        let context =
            context.with_value("aws:principalaccount", account).with_value("aws:principalorgid", organization);
        let who = if service {
            Who::Service(candidate)
        } else {
            account.map_or(Who::Somebody, |account| Who::Role { arn: candidate, account, bounded: false })
        };
        let refused = statement.conditions().iter().any(|condition| condition.holds(&context, outputs) == Truth::No);
        let request = Request { who, action: BECOMES[0], resource: "*", context: &context, outputs, by_name: false };
        refused || matches!(decide([&actor.role.trust], &request), Decision::Denied(Some(_)))
    }
}

/// The patterns of principals that a statement's conditions ask for; `Some(None)` where they ask for none, `None` where the
/// template does not tell.
fn patterns(statement: &Statement, outputs: &Outputs) -> Option<Option<BTreeSet<String>>> {
    let mut asking =
        statement.conditions().iter().filter(|condition| condition.key() == PRINCIPAL).map(Condition::asked);
    let Some(values) = asking.find(|values| !values.is_empty()) else { return Some(None) };
    let texts: Option<BTreeSet<String>> =
        values.iter().map(|value: &Text| value.get(outputs).map(std::borrow::Cow::into_owned)).collect();
    texts.map(Some)
}
