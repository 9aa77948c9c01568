//! `bootstrap` for whole organizational units: one StackSet for each kind of account, with one template for all of its accounts.
//!
//! A StackSet hands the same template to every account. Parameters could be overridden account by account, but "accounts added to the
//! target OUs [..] in the future will use the StackSet default values and not the overridden values" (CloudFormation user guide, "Enable
//! or disable automatic deployments"). So nothing is a parameter: the account's id is what CloudFormation fills in, and what bears the
//! owner's name elsewhere bears `*` here (two ARNs in a consumer's account), or the governance team's tags.

use super::AccountKind;
use super::bootstrap;
use crate::assembly::Layer;
use crate::mesh::{AccountId, Mesh};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A StackSet that bootstraps the accounts of organizational units.
#[derive(Debug, Clone, PartialEq)]
pub struct StackSet {
    /// Its name: `<mesh>-bootstrap-producers` or `<mesh>-bootstrap-consumers`.
    pub name: String,
    /// Name of the stack by which an account is bootstrapped by itself.
    pub single: String,
    /// Its template.
    pub template: Value,
    /// The units whose accounts get it.
    pub units: BTreeSet<String>,
    /// Accounts of the environment's files that should be among these.
    pub accounts: BTreeSet<AccountId>,
}

/// Why there is no template for all accounts of a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackSetError {
    /// The bucket's name is cut, and what it is cut to depends on the account.
    #[error("the name of the staging buckets is too long to end in each account's id")]
    LongBucket,
}

/// The StackSets of a mesh; none where it names no units.
///
/// # Errors
/// When the template would depend on more of an account than its id.
pub fn stack_sets(mesh: &Mesh) -> Result<Vec<StackSet>, StackSetError> {
    let Some(units) = &mesh.deployment.organization else { return Ok(Vec::new()) };
    let producers = mesh.domains.values().map(|domain| domain.account.clone()).collect();
    let consumers = mesh.consumers.values().map(|consumer| consumer.account.clone()).collect();
    let kinds = [
        ("producers", AccountKind::Producer, &units.producers, producers),
        ("consumers", AccountKind::Consumer, &units.consumers, consumers),
    ];
    kinds
        .into_iter()
        .filter(|(_, _, units, _)| !units.is_empty())
        .map(|(word, kind, units, accounts)| {
            let single = mesh.stack(word, Layer::Bootstrap, None, 1).name().to_owned();
            let name = format!("{single}-{word}");
            Ok(StackSet { name, single, template: template(mesh, kind)?, units: units.clone(), accounts })
        })
        .collect()
}

/// The bootstrap of an account that no file names, without its names.
fn template(mesh: &Mesh, kind: AccountKind) -> Result<Value, StackSetError> {
    // what stands for the account and its owner must be in nothing else of the template
    let known = format!("{mesh:?}");
    let unlike = |make: fn(usize) -> String| (0..).map(make).find(|name| !known.contains(name));
    let name = crate::sure(unlike(|at| format!("stand-in-{at}")).ok_or("none"), "names are without end");
    let account = crate::sure(unlike(|at| format!("{at:012}")).ok_or("none"), "a mesh names few accounts");
    let account =
        crate::sure(AccountId::parse(&account).map_err(|error| error.message), "twelve digits are an account");
    if !mesh.staging_bucket(&account).ends_with(account.as_str()) {
        return Err(StackSetError::LongBucket);
    }
    let stack = bootstrap::anybody(mesh, &name, &account, kind);
    let value = crate::sure(serde_json::to_value(&stack.template), "templates have text keys");
    Ok(general(value, account.as_str(), &name))
}

const SUB: &str = "Fn::Sub";

/// A template in which CloudFormation fills the account's id in, and any owner's name fits.
fn general(value: Value, account: &str, owner: &str) -> Value {
    let filled = |text: &str| text.replace(account, "${AWS::AccountId}");
    match value {
        Value::String(text) => {
            let text = text.replace(owner, "*");
            if text.contains(account) {
                // what looks like a variable is one of IAM's
                json!({ SUB: filled(&text.replace("${", "${!")) })
            } else {
                Value::String(text)
            }
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| general(item, account, owner)).collect()),
        Value::Object(object) => {
            let inner = |(key, value): (String, Value)| {
                let value = match (key.as_str(), value) {
                    (SUB, Value::String(text)) => Value::String(filled(&text.replace(owner, "*"))),
                    (_, value) => general(value, account, owner),
                };
                (key, value)
            };
            Value::Object(object.into_iter().map(inner).collect::<Map<String, Value>>())
        }
        value @ (Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::load;
    use crate::mesh::{Acting, Units, resolve};
    use std::path::Path;

    fn demo() -> Mesh {
        let loaded = load(Path::new("environments/demo")).unwrap();
        let mut mesh = resolve(&loaded.source, None).mesh.unwrap();
        mesh.deployment.organization = Some(Units {
            administrator: AccountId::parse("999999999990").unwrap(),
            acting: Acting::Management,
            producers: BTreeSet::from(["ou-a1b2-1a2b3c4d".to_owned()]),
            consumers: BTreeSet::from(["ou-a1b2-5e6f7a8b".to_owned()]),
        });
        mesh
    }

    /// What CloudFormation makes of it in an account.
    fn filled(value: &Value, account: &str) -> Value {
        match value {
            Value::Object(object) => match object.get(SUB) {
                Some(Value::String(text)) if object.len() == 1 => {
                    Value::String(text.replace("${AWS::AccountId}", account).replace("${!", "${"))
                }
                _ => object
                    .iter()
                    .map(|(key, value)| (key.clone(), filled(value, account)))
                    .collect::<Map<_, _>>()
                    .into(),
            },
            Value::Array(items) => items.iter().map(|item| filled(item, account)).collect(),
            value => value.clone(),
        }
    }

    /// Differences of two templates, save tags.
    fn differences(general: &Value, single: &Value, owner: &str, found: &mut Vec<String>) {
        match (general, single) {
            (Value::Object(one), Value::Object(other)) => {
                assert!(one.keys().eq(other.keys()), "{general} and {single}");
                for (key, value) in one.iter().filter(|(key, _)| *key != "Tags") {
                    differences(value, &other[key], owner, found);
                }
            }
            (Value::Array(one), Value::Array(other)) => {
                assert_eq!(one.len(), other.len(), "{general} and {single}");
                // a list of ARNs stands in their order, which is that of the accounts
                let sorted = |list: &[Value]| {
                    let mut list = list.to_vec();
                    if list.iter().all(Value::is_string) {
                        list.sort_by_key(ToString::to_string);
                    }
                    list
                };
                let (one, other) = (sorted(one), sorted(other));
                one.iter().zip(&other).for_each(|(one, other)| differences(one, other, owner, found));
            }
            (Value::String(one), Value::String(other)) if one != other => {
                let (start, end) = one.split_once('*').unwrap();
                // the first `*` may be one that the other has too
                let fits =
                    other.starts_with(start) && other.contains(owner) && (end.is_empty() || other.ends_with(end));
                assert!(fits, "{one} and {other}");
                found.push(one.clone());
            }
            (one, other) => assert_eq!(one, other),
        }
    }

    #[test]
    fn in_every_account_the_template_of_all_is_that_of_its_own_but_for_tags_and_the_owners_name() {
        let mesh = demo();
        let sets = stack_sets(&mesh).unwrap();
        let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(names, ["demo-bootstrap-producers", "demo-bootstrap-consumers"]);
        let producers = mesh.domains.values().map(|domain| (&sets[0], bootstrap::domain(&mesh, domain), &domain.name));
        let consumers = mesh.consumers.values().map(|it| (&sets[1], bootstrap::consumer(&mesh, it), &it.name));
        let mut accounts = 0;
        for (set, stack, owner) in producers.chain(consumers) {
            assert!(set.accounts.contains(&stack.account));
            let single = serde_json::to_value(&stack.template).unwrap();
            let mut found = Vec::new();
            differences(&filled(&set.template, stack.account.as_str()), &single, owner.as_str(), &mut found);
            let expected = if set.name.ends_with("producers") { 0 } else { 2 };
            assert_eq!(found.len(), expected, "{found:?}");
            accounts += 1;
        }
        assert_eq!(accounts, 7);
    }

    #[test]
    fn a_template_names_no_account_of_its_own_and_fits_into_a_request() {
        for set in stack_sets(&demo()).unwrap() {
            let text = set.template.to_string();
            assert!(!text.contains("stand-in") && !text.contains("000000000000"), "{}", set.name);
            assert!(text.len() < 51_200, "{} has {} bytes", set.name, text.len());
        }
    }

    #[test]
    fn no_units_are_no_stack_sets_and_a_name_that_is_cut_is_refused() {
        let mut mesh = demo();
        mesh.deployment.staging = Some("a".repeat(60));
        assert_eq!(stack_sets(&mesh), Err(StackSetError::LongBucket));
        mesh.deployment.organization = None;
        assert_eq!(stack_sets(&mesh), Ok(Vec::new()));
    }

    #[test]
    fn variables_of_iam_stay_variables_of_iam() {
        let value = json!({"a": "arn:000000000000:${aws:username}", "b": {"Fn::Sub": "${X}/000000000000/mine"}, "c": "${aws:x}"});
        let made = general(value, "000000000000", "mine");
        assert_eq!(
            made,
            json!({"a": {"Fn::Sub": "arn:${AWS::AccountId}:${!aws:username}"}, "b": {"Fn::Sub": "${X}/${AWS::AccountId}/*"}, "c": "${aws:x}"})
        );
    }
}
