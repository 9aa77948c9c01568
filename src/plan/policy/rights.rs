//! What a policy document allows and denies, so that two can be compared.

use super::desk::{items, text};
use serde_json::Value;
use std::collections::BTreeSet;

/// One action on one resource under one condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Right {
    /// In lower case: IAM does not tell them apart (IAM user guide, "AWS JSON policy elements: Action").
    pub(super) action: String,
    pub(super) resource: String,
    /// The conditions as JSON; empty for none.
    pub(super) condition: String,
}

/// What a document says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) allowed: BTreeSet<Right>,
    pub(super) denied: BTreeSet<Right>,
}

impl Rights {
    /// Adds the statements of a policy document.
    pub(super) fn read(&mut self, document: &Value) {
        for statement in items(&document["Statement"]) {
            let rights = of(statement);
            match text(statement, "/Effect") {
                "Allow" => self.allowed.extend(rights),
                _ => self.denied.extend(rights),
            }
        }
    }

    /// What is allowed here and was not there, not even by a wider pattern or under no condition.
    pub(super) fn allowed_beyond(&self, before: &Self) -> Vec<&Right> {
        self.allowed.iter().filter(|right| !before.allowed.iter().any(|other| other.covers(right))).collect()
    }

    /// What was denied there and is not here.
    pub(super) fn no_longer_denied<'a>(&self, before: &'a Self) -> Vec<&'a Right> {
        before.denied.iter().filter(|right| !self.denied.iter().any(|other| other.covers(right))).collect()
    }
}

impl Right {
    fn covers(&self, other: &Self) -> bool {
        (self.condition.is_empty() || self.condition == other.condition)
            && glob(&self.action, &other.action)
            && glob(&self.resource, &other.resource)
    }

    pub(super) fn told(&self) -> String {
        let condition = if self.condition.is_empty() { "" } else { ", on a condition" };
        format!("{} on {}{condition}", self.action, self.resource)
    }
}

fn of(statement: &Value) -> Vec<Right> {
    let condition = match &statement["Condition"] {
        Value::Null => String::new(),
        condition => condition.to_string(),
    };
    let actions = named(statement, "Action", "NotAction");
    let resources = match (&statement["Resource"], &statement["NotResource"]) {
        // a boundary of trust: its own role is meant
        (Value::Null, Value::Null) => vec![String::new()],
        _ => named(statement, "Resource", "NotResource"),
    };
    let mut rights = Vec::new();
    for action in &actions {
        for resource in &resources {
            let action = action.to_lowercase();
            rights.push(Right { action, resource: resource.clone(), condition: condition.clone() });
        }
    }
    rights
}

/// The names of an element, or all but the names of its negation as one.
fn named(statement: &Value, element: &str, negated: &str) -> Vec<String> {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match &statement[negated] {
        Value::Null => items(&statement[element]).map(word).collect(),
        names => {
            let names: BTreeSet<String> = items(names).map(word).collect();
            vec![format!("all but {}", names.into_iter().collect::<Vec<_>>().join(" and "))]
        }
    }
}

/// Whether a pattern with `*` and `?` matches a text, in which these stand for themselves.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while from < text.len() {
        if pattern.get(at) == Some(&b'*') {
            retry = Some((at, from));
            at += 1;
        } else if pattern.get(at).is_some_and(|letter| *letter == b'?' || *letter == text[from]) {
            at += 1;
            from += 1;
        } else if let Some((star, start)) = retry {
            retry = Some((star, start + 1));
            at = star + 1;
            from = start + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::{Rights, glob};
    use serde_json::json;

    #[test]
    fn patterns_cover_what_they_match() {
        for (pattern, text, expected) in [
            ("s3:*", "s3:get*", true),
            ("s3:get*", "s3:*", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("a?c", "abc", true),
            ("abc", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_condition_that_goes_is_more_and_a_wider_pattern_is_not() {
        let rights = |statements: serde_json::Value| {
            let mut rights = Rights::default();
            rights.read(&json!({"Statement": statements}));
            rights
        };
        let wide = rights(json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]));
        let narrow = rights(json!({"Effect": "Allow", "Action": ["S3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}));
        let held =
            rights(json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"a": "b"}}}]));
        assert!(narrow.allowed_beyond(&wide).is_empty());
        assert_eq!(wide.allowed_beyond(&narrow).len(), 1);
        assert_eq!(wide.allowed_beyond(&held).len(), 1);
        assert!(held.allowed_beyond(&wide).is_empty());
        let denied = rights(json!([{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]));
        assert_eq!(wide.no_longer_denied(&denied).len(), 1);
    }
}
