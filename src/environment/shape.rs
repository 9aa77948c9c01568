//! Checks the shape of a file against the schema of its kind: every fault is a finding, and what is wrong is left out,
//! so that the rest of the file still reaches the next stage.

use super::prune::prune;
use super::read::Content;
use super::rejoin::rejoin;
use super::schema::Kind;
use super::tree::Tree;
use super::words;
use crate::finding::{Code, Finding, Place};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use std::cell::LazyCell;
use std::collections::BTreeSet;

/// What a file says, and what is wrong with its shape.
pub(super) struct Checked {
    pub(super) content: Option<Content>,
    pub(super) partial: bool,
    pub(super) findings: Vec<Finding>,
}

/// Checks a file that belongs to `home`'s folder, and types it.
pub(super) fn check(path: &str, text: &str, home: Kind, mut value: Value) -> Checked {
    let mut findings = Vec::new();
    let stated = value.get("kind").and_then(Value::as_str).and_then(Kind::of_name).unwrap_or(home);
    if stated != home {
        findings.push(misplaced(path, home, stated));
    }
    let (schema, validator) = stated.compiled();
    let mut partial = false;
    if !validator.is_valid(&value) {
        findings.extend(rejoin(path, text, schema, &mut value));
    }
    if !validator.is_valid(&value) {
        let faults = Faults { path, text, schema, value: &value, tree: LazyCell::new(|| Tree::parse(text).ok()) };
        let (found, repairs) = faults.all(validator);
        findings.extend(found);
        for (pointer, account) in repairs {
            if let Some(number) = value.pointer_mut(&pointer) {
                *number = account.into();
            }
        }
        if let Value::Object(fields) = &mut value {
            // reported above where it was wrong; the folder says what was meant
            fields.insert("kind".to_owned(), stated.name().into());
        }
        match prune(validator, value) {
            Some((pruned, lost)) => (value, partial) = (pruned, lost),
            None => {
                return Checked { content: None, partial, findings };
            }
        }
    }
    let typed = match stated {
        Kind::Mesh => serde_json::from_value(value).map(|file| Content::Mesh(Box::new(file))),
        Kind::Domain => serde_json::from_value(value).map(|file| Content::Domain(Box::new(file))),
        Kind::Consumer => serde_json::from_value(value).map(|file| Content::Consumer(Box::new(file))),
    };
    match typed {
        Ok(content) => Checked { content: (stated == home).then_some(content), partial, findings },
        Err(error) => {
            // a value that the schema lets pass and the type does not, such as the whole number 2.0
            findings.push(Finding::new(
                Code::WrongType,
                Place::file(path),
                format!("the file cannot be read: {error}"),
            ));
            Checked { content: None, partial, findings }
        }
    }
}

/// The field of an object that a name seems to mean.
fn nearest_field<'a>(owner: &'a Value, name: &str) -> Option<&'a str> {
    crate::finding::nearest(name, words::fields(owner))
}

fn misplaced(path: &str, home: Kind, stated: Kind) -> Finding {
    Finding::new(
        Code::MisplacedFile,
        Place::at(path, "/kind"),
        format!(
            "a file of kind {} does not belong here; {} holds files of kind {}",
            stated.name(),
            home.home(),
            home.name()
        ),
    )
    .help(format!("write `kind: {}`, or move the file to {}", home.name(), stated.home()))
}

/// The faults of one file.
struct Faults<'a, F: FnOnce() -> Option<Tree>> {
    path: &'a str,
    text: &'a str,
    schema: &'a Value,
    value: &'a Value,
    /// Where everything stands: read only when a message shows what was written.
    tree: LazyCell<Option<Tree>, F>,
}

/// An account id that was written as a number: its pointer, and the text that was meant.
type Repair = (String, String);

impl<F: FnOnce() -> Option<Tree>> Faults<'_, F> {
    fn all(&self, validator: &Validator) -> (Vec<Finding>, Vec<Repair>) {
        let errors: Vec<_> = validator.iter_errors(self.value).collect();
        // of a value of the wrong type it is no news that it is not in the list either
        let mistyped: BTreeSet<_> = errors
            .iter()
            .filter(|error| matches!(error.kind(), ValidationErrorKind::Type { .. }))
            .map(|error| error.instance_path().as_str())
            .collect();
        // of a field whose name is misspelt it is no news that it is missing
        let misspelt: BTreeSet<_> = errors.iter().flat_map(|error| self.misspelt(error)).collect();
        let mut findings = Vec::new();
        let mut repairs = Vec::new();
        for error in &errors {
            let pointer = error.instance_path().as_str();
            match error.kind() {
                ValidationErrorKind::Type { .. } if error.instance().is_number() && is_account(pointer) => {
                    findings.push(self.unquoted(pointer, &mut repairs));
                }
                ValidationErrorKind::Type { .. } => findings.push(self.mistyped(error)),
                _ if mistyped.contains(pointer) => {}
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    findings.extend(unexpected.iter().map(|field| self.unknown(pointer, field)));
                }
                ValidationErrorKind::Required { property }
                    if misspelt.contains(&(pointer, property.as_str().unwrap_or_default())) => {}
                ValidationErrorKind::Required { property } => {
                    findings.push(self.missing(pointer, property.as_str().unwrap_or_default()))
                }
                _ => findings.push(self.invalid(error)),
            }
        }
        (findings, repairs)
    }

    /// The fields that unknown fields seem to mean: the pointer of the object, and the name.
    fn misspelt<'e>(&'e self, error: &'e ValidationError<'_>) -> Vec<(&'e str, &'e str)> {
        let pointer = error.instance_path().as_str();
        let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() else { return Vec::new() };
        let meant = unexpected.iter().filter_map(|field| nearest_field(words::schema_at(self.schema, pointer), field));
        meant.map(|field| (pointer, field)).collect()
    }

    fn unknown(&self, pointer: &str, field: &str) -> Finding {
        let place = Place::at(self.path, pointer).child(field).key();
        let owner = words::schema_at(self.schema, pointer);
        let known = words::fields(owner);
        let message = format!("`{field}` is no field of {}", words::title(owner));
        if let Some(nearest) = nearest_field(owner, field) {
            return Finding::new(Code::UnknownField, place, format!("{message}; did you mean `{nearest}`?"));
        }
        let help = format!("its fields are {}", known.join(", "));
        let finding = Finding::new(Code::UnknownField, place, message);
        match self.value.pointer(pointer).and_then(|owner| owner.get(field)) {
            // `{purpose: chats, recordings}`: the comma ends the text and begins a field
            Some(Value::Null) => {
                finding.help(format!("put the text before it in quotes if the comma belongs to it; {help}"))
            }
            _ => finding.help(help),
        }
    }

    fn missing(&self, pointer: &str, field: &str) -> Finding {
        let owner = words::schema_at(self.schema, pointer);
        let finding = Finding::new(
            Code::MissingField,
            Place::at(self.path, pointer),
            format!("{} needs `{field}`", words::title(owner)),
        );
        match owner["properties"][field]["description"].as_str() {
            Some(description) => finding.help(format!("{field}: {}", description.trim_end_matches('.'))),
            None => finding,
        }
    }

    fn mistyped(&self, error: &ValidationError<'_>) -> Finding {
        let pointer = error.instance_path().as_str();
        let expected = words::schema_at(self.schema, pointer)["type"].as_str().unwrap_or_default();
        let shown = match (error.instance().as_ref(), self.written(pointer)) {
            (Value::Number(_), Some(written)) => format!("the number {written}"),
            (value, _) => words::shown(value),
        };
        let message = format!("{} is {shown}; {} is expected", words::subject(pointer), words::expected(expected));
        let finding = Finding::new(Code::WrongType, Place::at(self.path, pointer), message);
        match (error.instance().as_ref(), expected) {
            (Value::Null, _) => finding.help("give it a value, or remove the line"),
            (Value::Number(_) | Value::Bool(_), "string") => match self.written(pointer) {
                Some(written) => finding.help(format!("put it in quotes: \"{written}\"")),
                None => finding,
            },
            _ => finding,
        }
    }

    fn unquoted(&self, pointer: &str, repairs: &mut Vec<Repair>) -> Finding {
        let written = self.written(pointer).unwrap_or_default();
        let message = format!("{} is {written} without quotes, which YAML reads as a number", words::subject(pointer));
        let finding = Finding::new(Code::UnquotedAccount, Place::at(self.path, pointer), message);
        if written.len() == 12 && written.bytes().all(|byte| byte.is_ascii_digit()) {
            repairs.push((pointer.to_owned(), written.to_owned()));
            finding.help(format!("put it in quotes: \"{written}\""))
        } else {
            finding.help("an account id has twelve digits, in quotes, such as \"012345678901\"")
        }
    }

    fn invalid(&self, error: &ValidationError<'_>) -> Finding {
        let pointer = error.instance_path().as_str();
        let expected = words::schema_at(self.schema, pointer);
        let subject = words::subject(pointer);
        let place = Place::at(self.path, pointer);
        match error.kind() {
            ValidationErrorKind::Enum { options } => {
                let allowed: Vec<_> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let nearest = error
                    .instance()
                    .as_str()
                    .and_then(|wrong| crate::finding::nearest(&wrong.to_lowercase(), allowed.iter().copied()));
                let message = match nearest {
                    Some(nearest) => {
                        format!("{subject} is {}; did you mean `{nearest}`?", words::shown(error.instance()))
                    }
                    None => format!("{subject} is {}, which is not possible", words::shown(error.instance())),
                };
                Finding::new(Code::InvalidValue, place, message).help(format!("possible: {}", allowed.join(", ")))
            }
            ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
                let message = format!(
                    "{subject} is {}; it goes from {} to {}",
                    error.instance(),
                    expected["minimum"],
                    expected["maximum"]
                );
                Finding::new(Code::InvalidValue, place, message)
            }
            ValidationErrorKind::MinItems { limit } | ValidationErrorKind::MaxItems { limit } => {
                let found = error.instance().as_array().map_or(0, Vec::len);
                Finding::new(Code::InvalidValue, place, format!("{subject} is a list of {found}; {limit} are expected"))
            }
            // foreign and open enum: our types bring no other keyword into the schema
            _ => Finding::new(Code::InvalidValue, place, format!("{subject}: {error}")),
        }
    }

    /// The text of a value as it stands in the file, below an alias as it stands where it is defined.
    fn written(&self, pointer: &str) -> Option<&str> {
        let mut tree = self.tree.as_ref()?;
        for segment in words::segments(pointer) {
            tree = tree.child(&segment)?.1;
        }
        self.text.get(tree.defined.0..tree.defined.1)
    }
}

/// True for the fields that hold an account id.
fn is_account(pointer: &str) -> bool {
    let others = ["/deployment/from", "/deployment/management", "/deployment/organization/administrator"];
    pointer.ends_with("/account") || others.contains(&pointer)
}
