//! Conditions of statements over what is known of a request: true, false, or not told.
//!
//! Rules: IAM user guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
//! values": all operators and keys must hold, one of several values suffices, none of a negated operator's may match, and a
//! key that the request lacks makes a negated operator true, any other false, and `..IfExists` true.

use super::pattern::fits;
use super::text::{Outputs, Reader, Text};
use super::truth::Truth;
use serde_json::Value;
use std::borrow::Cow;

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact<'a> {
    /// The request has it, with this value.
    Is(&'a str),
    /// The request does not have it.
    Absent,
    /// The templates do not tell.
    Unknown,
}

/// What is known of a request: facts by key, in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Context<'a> {
    facts: Vec<(&'a str, Fact<'a>)>,
    tags: &'a [(String, String)],
}

impl<'a> Context<'a> {
    /// Adds a fact; the first of a key counts.
    pub(super) fn with(mut self, key: &'a str, fact: Fact<'a>) -> Self {
        self.facts.push((key, fact));
        self
    }

    /// Adds a value, where it is known.
    pub(super) fn with_value(self, key: &'a str, value: Option<&'a str>) -> Self {
        self.with(key, value.map_or(Fact::Unknown, Fact::Is))
    }

    /// The principal's tags.
    pub(super) fn tagged(mut self, tags: &'a [(String, String)]) -> Self {
        self.tags = tags;
        self
    }

    fn get(&self, key: &str) -> Fact<'a> {
        if let Some((_, fact)) = self.facts.iter().find(|(known, _)| *known == key) {
            return *fact;
        }
        let tag = key.strip_prefix("aws:principaltag/");
        let tag = tag.and_then(|tag| self.tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag)));
        tag.map_or(Fact::Unknown, |(_, value)| Fact::Is(value))
    }

    /// A text of a policy with its variables filled in; nothing where one is not known (IAM user guide, "Policy variables").
    pub(super) fn filled(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, behind) = after.split_once('}')?;
            match self.get(&name.trim().to_lowercase()) {
                Fact::Is(value) => out.push_str(value),
                Fact::Absent | Fact::Unknown => return None,
            }
            rest = behind;
        }
        out.push_str(rest);
        Some(out)
    }
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Exact,
    Folded,
    Pattern,
    Arn,
    Null,
    /// Numbers, dates, addresses, and what a later version of IAM brings.
    Other,
}

/// Over several values of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    One,
    All,
    Any,
}

/// One key of one operator.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    over: Over,
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
    operator: String,
    key: String,
    values: Vec<Text>,
}

impl Condition {
    /// The conditions of a statement; one that nobody can tell stands for what cannot be read.
    pub(super) fn all(reader: &Reader<'_>, conditions: &Value) -> Vec<Self> {
        let unreadable = |operator: &str| Self::of(operator, "", Vec::new());
        let operators = match conditions {
            Value::Object(operators) => operators,
            Value::Null => return Vec::new(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return vec![unreadable("Condition")];
            }
        };
        let mut all = Vec::new();
        for (operator, keys) in operators {
            match keys {
                Value::Object(keys) => {
                    all.extend(keys.iter().map(|(key, values)| Self::of(operator, key, reader.texts(values))));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    all.push(unreadable(operator));
                }
            }
        }
        all
    }

    fn of(operator: &str, key: &str, values: Vec<Text>) -> Self {
        let (over, base) = match operator.split_once(':') {
            Some(("ForAllValues", base)) => (Over::All, base),
            Some(("ForAnyValue", base)) => (Over::Any, base),
            _ => (Over::One, operator),
        };
        let (base, if_exists) = base.strip_suffix("IfExists").map_or((base, false), |base| (base, true));
        let (comparison, negated) = match base {
            "StringEquals" => (Comparison::Exact, false),
            "StringNotEquals" => (Comparison::Exact, true),
            "StringEqualsIgnoreCase" | "Bool" => (Comparison::Folded, false),
            "StringNotEqualsIgnoreCase" => (Comparison::Folded, true),
            "StringLike" => (Comparison::Pattern, false),
            "StringNotLike" => (Comparison::Pattern, true),
            // ArnEquals and ArnLike behave the same
            "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
            "Null" => (Comparison::Null, false),
            _ => (Comparison::Other, false),
        };
        let (operator, key) = (operator.to_owned(), key.to_lowercase());
        Self { over, comparison, negated, if_exists, operator, key, values }
    }

    /// The key, in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Its values.
    pub(super) fn values(&self) -> &[Text] {
        &self.values
    }

    /// The values, where the operator asks for one of them.
    pub(super) fn asked(&self) -> &[Text] {
        if self.negated || self.comparison == Comparison::Null { &[] } else { &self.values }
    }

    /// Whether it holds for a request.
    pub(super) fn holds(&self, context: &Context<'_>, outputs: &Outputs) -> Truth {
        let fact = context.get(&self.key);
        if self.comparison == Comparison::Null {
            return self.null(fact, outputs);
        }
        let value = match fact {
            Fact::Unknown => return self.untold(),
            Fact::Absent => return Truth::from(self.without_key()),
            Fact::Is(value) => value,
        };
        if self.comparison == Comparison::Other {
            return self.untold();
        }
        // over one value, all of them and any of them are the same
        let matches = self.matches(value, context, outputs);
        if self.negated { matches.not() } else { matches }
    }

    const fn without_key(&self) -> bool {
        match self.over {
            Over::All => true,
            Over::Any => false,
            Over::One => self.if_exists || self.negated,
        }
    }

    fn untold(&self) -> Truth {
        Truth::Maybe(Cow::Owned(format!(
            "whether its condition {} on `{}` holds, the templates do not tell",
            self.operator, self.key
        )))
    }

    fn null(&self, fact: Fact<'_>, outputs: &Outputs) -> Truth {
        let absent = match fact {
            Fact::Unknown => return self.untold(),
            Fact::Absent => true,
            Fact::Is(_) => false,
        };
        let wanted = self.values.iter().map(|value| match value.get(outputs) {
            Some(text) => Truth::from(text.eq_ignore_ascii_case("true") == absent),
            None => self.untold(),
        });
        Truth::any(wanted)
    }

    /// Whether a value is one of the condition's.
    fn matches(&self, value: &str, context: &Context<'_>, outputs: &Outputs) -> Truth {
        Truth::any(self.values.iter().map(|pattern| {
            let Some(text) = pattern.get(outputs) else { return self.untold() };
            if !text.contains("${") {
                return Truth::from(self.compare(&text, value));
            }
            context.filled(&text).map_or_else(|| self.untold(), |text| Truth::from(self.compare(&text, value)))
        }))
    }

    fn compare(&self, pattern: &str, value: &str) -> bool {
        match self.comparison {
            Comparison::Exact => pattern == value,
            Comparison::Folded => pattern.eq_ignore_ascii_case(value),
            Comparison::Pattern => fits(pattern, value),
            Comparison::Arn => arn_fits(pattern, value),
            Comparison::Null | Comparison::Other => false,
        }
    }
}

/// Each of the six parts of an ARN by itself (IAM user guide, "Amazon Resource Name (ARN) condition operators").
fn arn_fits(pattern: &str, value: &str) -> bool {
    let mut patterns = pattern.splitn(6, ':');
    let mut values = value.splitn(6, ':');
    loop {
        match (patterns.next(), values.next()) {
            (Some(pattern), Some(value)) if fits(pattern, value) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}
