//! From what was found to what is told.

use super::model::{Answering, Diagnosis, Examined, Finding, Precondition, VERSION, Verdict};
use super::policy::lets_shares;
use super::quotas::quotas;
use crate::access::Facts;
use crate::assembly::{Document, Layer};
use crate::mesh::Units;
use crate::plan::drift::{LiveSettings, Looked};
use crate::plan::{Observed, Phase, Standing};
use std::collections::{BTreeMap, BTreeSet};

const SETTINGS: &str = "AWS::LakeFormation::DataLakeSettings";
const DATA_SOURCE: &str = "AWS::QuickSight::DataSource";

/// What is diagnosed.
pub struct Input<'a> {
    /// The mesh's name.
    pub mesh: &'a str,
    /// How the environment is named on the command line.
    pub environment: &'a str,
    /// The account of governance.
    pub governance: &'a str,
    /// The stacks that the environment asks for.
    pub wanted: &'a [Document],
    /// The organizational units that are bootstrapped by StackSets, where there are any.
    pub units: Option<&'a Units>,
    /// What was found, by account.
    pub examined: &'a BTreeMap<String, Examined>,
}

/// Tells each precondition of each account: the worst first.
#[must_use]
pub fn diagnose(input: &Input<'_>) -> Diagnosis {
    let facts = Facts::of(input.wanted);
    let mut findings = Vec::new();
    for (account, examined) in input.examined {
        let documents: Vec<&Document> = input.wanted.iter().filter(|document| document.account == *account).collect();
        let of = Of { input, account, documents: &documents, examined, facts: &facts };
        findings.push(of.role(Precondition::PlanRole, "plan", &examined.plan_role));
        findings.push(of.role(Precondition::DeployRole, "deploy", &examined.deploy_role));
        findings.push(of.bootstrap());
        findings.extend(of.settings());
        findings.extend(of.catalog_policy());
        findings.extend(of.sharing());
        findings.extend(of.quicksight());
        findings.extend(quotas(account, &documents, examined));
    }
    findings.sort_by(|left, right| {
        (left.verdict, left.precondition, &left.account, &left.found).cmp(&(
            right.verdict,
            right.precondition,
            &right.account,
            &right.found,
        ))
    });
    Diagnosis { version: VERSION, mesh: input.mesh.to_owned(), findings }
}

struct Of<'a> {
    input: &'a Input<'a>,
    account: &'a str,
    documents: &'a [&'a Document],
    examined: &'a Examined,
    facts: &'a Facts,
}

impl Of<'_> {
    fn finding(&self, precondition: Precondition, verdict: Verdict, found: impl Into<String>) -> Finding {
        Finding { precondition, account: self.account.to_owned(), verdict, found: found.into(), mend: None }
    }

    fn bootstrap_command(&self) -> String {
        format!("meshform bootstrap -e {}", self.input.environment)
    }

    fn role(&self, precondition: Precondition, word: &str, answer: &Answering) -> Finding {
        match answer {
            Answering::Yes => self.finding(precondition, Verdict::Good, format!("the {word} role answers")),
            Answering::No(why) => {
                let mend = format!(
                    "{}; or compare the account's id and `deployment` in mesh.yaml with the account",
                    self.bootstrap_command()
                );
                Finding { mend: Some(mend), ..self.finding(precondition, Verdict::Bad, why) }
            }
            Answering::Unknown(why) => {
                let mend = "sign in, and run the same command again".to_owned();
                Finding { mend: Some(mend), ..self.finding(precondition, Verdict::CannotTell, why) }
            }
        }
    }

    /// A stack that stands and whose last operation did what was asked.
    fn standing(&self, name: &str) -> Option<&Standing> {
        match self.examined.stacks.get(name) {
            Some(Ok(Observed::Present(standing))) if standing.status.phase() == Phase::Succeeded => Some(standing),
            Some(Ok(Observed::Present(_) | Observed::Absent) | Err(_)) | None => None,
        }
    }

    /// Whether the plan role answers in an account that a StackSet may have bootstrapped: its stack has a name of its own, which that
    /// role may not read. Governance is always bootstrapped by itself.
    fn is_of_stack_set(&self) -> bool {
        let named = self.input.units.is_some() && self.account != self.input.governance;
        named && matches!(self.examined.plan_role, Answering::Yes)
    }

    fn bootstrap(&self) -> Finding {
        let precondition = Precondition::Bootstrap;
        let bad = |found: String| Finding {
            mend: Some(self.bootstrap_command()),
            ..self.finding(precondition, Verdict::Bad, found)
        };
        let Some(wanted) = self.documents.iter().find(|document| document.layer == Some(Layer::Bootstrap)) else {
            return self.finding(precondition, Verdict::CannotTell, "the environment has no bootstrap for the account");
        };
        let name = wanted.id.name();
        match self.examined.stacks.get(name) {
            Some(Err(unread)) => Finding {
                mend: Some(self.bootstrap_command()),
                ..self.finding(precondition, Verdict::CannotTell, &unread.message)
            },
            None | Some(Ok(Observed::Absent)) if self.is_of_stack_set() => Finding {
                mend: Some(format!("{} --organization, which tells each account", self.bootstrap_command())),
                ..self.finding(
                    precondition,
                    Verdict::CannotTell,
                    format!("there is no stack {name}: a StackSet may have made it"),
                )
            },
            None | Some(Ok(Observed::Absent)) => bad(format!("there is no stack {name}")),
            Some(Ok(Observed::Present(standing))) if standing.status.phase() != Phase::Succeeded => {
                bad(format!("the stack {name} is {}", standing.status))
            }
            Some(Ok(Observed::Present(standing))) if standing.template.as_ref() != Some(&*wanted.template) => {
                bad(format!("the stack {name} is not the one that this version makes for this environment"))
            }
            Some(Ok(Observed::Present(_))) => {
                self.finding(precondition, Verdict::Good, format!("the stack {name} is the one of this version"))
            }
        }
    }

    /// Settings are the mesh's once its stack stands; before that a deploy closes them.
    fn settings(&self) -> Option<Finding> {
        let precondition = Precondition::Settings;
        let has_settings = |document: &&&Document| document.resources().any(|(_, kind, _)| kind == SETTINGS);
        let document = self.documents.iter().find(has_settings)?;
        let settings = match &self.examined.settings {
            Ok(settings) => settings,
            Err(unread) => return Some(self.finding(precondition, Verdict::CannotTell, &unread.message)),
        };
        let wanted = self.facts.settings.iter().find(|wanted| wanted.account == self.account)?;
        let others: Vec<&str> = settings.administrators.difference(&wanted.admins).map(String::as_str).collect();
        if self.standing(document.id.name()).is_none() {
            return Some(match others.as_slice() {
                [] => self.finding(precondition, Verdict::Good, "nobody administers yet; a deploy closes the defaults"),
                others => Finding {
                    mend: Some(
                        "ask them first: a deploy adds the mesh's administrator, and empties the defaults for everybody's new tables".to_owned(),
                    ),
                    ..self.finding(precondition, Verdict::CannotTell, format!("{} administer already", others.join(", ")))
                },
            });
        }
        let faults = faults(settings, &wanted.admins);
        Some(match faults.is_empty() {
            true => self.finding(precondition, Verdict::Good, "the defaults are closed, and the mesh administers"),
            false => Finding {
                mend: Some(format!("meshform drift -e {} tells each difference", self.input.environment)),
                ..self.finding(precondition, Verdict::Bad, faults.join("; "))
            },
        })
    }

    fn catalog_policy(&self) -> Option<Finding> {
        if self.account != self.input.governance {
            return None;
        }
        let precondition = Precondition::CatalogPolicy;
        Some(match &self.examined.catalog_policy {
            Err(unread) => Finding {
                mend: Some("aws glue get-resource-policy".to_owned()),
                ..self.finding(precondition, Verdict::CannotTell, &unread.message)
            },
            Ok(None) => self.finding(precondition, Verdict::Good, "the catalog has no policy of its own"),
            Ok(Some(policy)) if lets_shares(policy) => {
                self.finding(precondition, Verdict::Good, "the catalog's policy lets ram.amazonaws.com share")
            }
            Ok(Some(_)) => Finding {
                mend: Some(
                    "add a statement that allows ram.amazonaws.com glue:ShareResource to what `aws glue get-resource-policy` prints, then: aws glue put-resource-policy --enable-hybrid TRUE --policy-in-json file://policy.json".to_owned(),
                ),
                ..self.finding(
                    precondition,
                    Verdict::Bad,
                    "the catalog has a policy that does not allow ram.amazonaws.com glue:ShareResource: grants to accounts fail",
                )
            },
        })
    }

    /// No role of the mesh may ask AWS RAM of the Organization's management account, so the shares themselves tell.
    fn sharing(&self) -> Option<Finding> {
        let precondition = Precondition::Sharing;
        let linked: BTreeSet<&String> = self
            .facts
            .databases
            .iter()
            .filter(|database| database.catalog == self.account)
            .filter_map(|database| database.target.as_ref())
            .filter(|(catalog, _)| catalog == self.input.governance)
            .map(|(_, database)| database)
            .collect();
        if linked.is_empty() || self.account == self.input.governance {
            return None;
        }
        let seen: Vec<&Looked<bool>> = linked.iter().filter_map(|database| self.examined.seen.get(*database)).collect();
        let arrived = seen.iter().filter(|seen| matches!(seen, Ok(true))).count();
        let tells = "in the management account: aws ram enable-sharing-with-aws-organization (to look: aws organizations list-aws-service-access-for-organization)";
        if arrived > 0 {
            let found = format!("{arrived} of {} shared databases have arrived", linked.len());
            return Some(self.finding(precondition, Verdict::Good, found));
        }
        let owner = self.documents.first().map(|document| document.id.owner()).unwrap_or_default();
        let is_shared = self.input.examined.get(self.input.governance).is_some_and(|governance| {
            let ours = |name: &&String| {
                let stack = self.input.wanted.iter().find(|document| document.id.name() == name.as_str());
                stack.is_some_and(|stack| stack.layer == Some(Layer::Sharing)) && name.ends_with(&format!("-{owner}"))
            };
            governance.stacks.iter().filter(|(name, _)| ours(name)).any(|(_, stack)| {
                matches!(stack, Ok(Observed::Present(standing)) if standing.status.phase() == Phase::Succeeded)
            })
        });
        let unread = seen.iter().find_map(|seen| seen.as_ref().err());
        Some(match (is_shared, unread) {
            (true, None) => Finding {
                mend: Some(tells.to_owned()),
                ..self.finding(precondition, Verdict::Bad, "governance has shared, and no database has arrived")
            },
            (_, Some(unread)) => Finding {
                mend: Some(tells.to_owned()),
                ..self.finding(precondition, Verdict::CannotTell, &unread.message)
            },
            (false, None) => Finding {
                mend: Some(tells.to_owned()),
                ..self.finding(precondition, Verdict::CannotTell, "nothing is shared with the account yet")
            },
        })
    }

    /// No call of the SDK in use asks for a subscription; a data source cannot be made without one.
    fn quicksight(&self) -> Option<Finding> {
        let precondition = Precondition::Quicksight;
        let has = |document: &Document| document.resources().any(|(_, kind, _)| kind == DATA_SOURCE);
        let document = self.documents.iter().find(|document| has(document))?;
        let stands = self.standing(document.id.name()).and_then(|standing| standing.template.as_ref());
        let stands =
            stands.is_some_and(|template| has(&Document { template: template.clone().into(), ..(*document).clone() }));
        Some(match stands {
            true => self.finding(precondition, Verdict::Good, "a data source of the mesh stands"),
            false => Finding {
                mend: Some(format!(
                    "aws quicksight describe-account-subscription --aws-account-id {}: it must say ACCOUNT_CREATED; else subscribe in the console of QuickSight",
                    self.account
                )),
                ..self.finding(precondition, Verdict::CannotTell, "no data source of the mesh stands yet")
            },
        })
    }
}

fn faults(settings: &LiveSettings, administrators: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    if !settings.database_defaults.is_empty() {
        faults.push(format!("new databases are opened for {}", settings.database_defaults.join(", ")));
    }
    if !settings.table_defaults.is_empty() {
        faults.push(format!("new tables are opened for {}", settings.table_defaults.join(", ")));
    }
    for name in administrators.difference(&settings.administrators) {
        faults.push(format!("{name} is no administrator"));
    }
    faults
}
