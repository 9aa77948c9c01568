//! The parameters of a step: fixed, made by AWS, or computed when the step runs.

use crate::cfn::{Text, Val};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::collections::BTreeMap;

/// The parameters of a call, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arguments(BTreeMap<String, Argument>);

/// A parameter of a call.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// A text.
    Text(String),
    /// A value that AWS makes.
    Value(Val<Text>),
    /// A number.
    Number(u64),
    /// A path into the state's data or the execution's context, or an intrinsic function; its name gets the ending `.$`.
    Computed(String),
    /// Several.
    List(Vec<Self>),
    /// A structure.
    Structure(Arguments),
}

impl Arguments {
    /// Parameters by name.
    #[must_use]
    pub fn new<const N: usize>(arguments: [(&str, Argument); N]) -> Self {
        Self(arguments.into_iter().map(|(name, argument)| (name.to_owned(), argument)).collect())
    }

    /// Adds one.
    #[must_use]
    pub fn and(mut self, name: &str, argument: Argument) -> Self {
        self.0.insert(name.to_owned(), argument);
        self
    }
}

impl Argument {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A structure.
    #[must_use]
    pub fn structure<const N: usize>(arguments: [(&str, Self); N]) -> Self {
        Self::Structure(Arguments::new(arguments))
    }

    /// A text with the name of the execution in the place of `{}`: it tells the runs of a machine apart.
    ///
    /// The text becomes an argument of `States.Format`, in which quote, backslash and braces are escaped.
    #[must_use]
    pub fn with_run(before: &str, after: &str) -> Self {
        Self::formatted(before, &[("$$.Execution.Name", after)])
    }

    /// A text with computed values in it: each a path or an intrinsic function, with the text that comes after it.
    #[must_use]
    pub fn formatted(first: &str, values: &[(&str, &str)]) -> Self {
        let after: String = values.iter().map(|(_, after)| format!("{{}}{}", quoted(after))).collect();
        let computed: String = values.iter().map(|(value, _)| format!(", {value}")).collect();
        Self::Computed(format!("States.Format('{}{after}'{computed})", quoted(first)))
    }
}

/// A text inside the quotes of an intrinsic function (Amazon States Language, "Intrinsic functions": `\'`, `\{`, `\}`, `\\`).
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '\'' | '{' | '}' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, argument) in &self.0 {
            match argument {
                Argument::Computed(path) => map.serialize_entry(&format!("{name}.$"), path)?,
                Argument::Text(_)
                | Argument::Value(_)
                | Argument::Number(_)
                | Argument::List(_)
                | Argument::Structure(_) => map.serialize_entry(name, argument)?,
            }
        }
        map.end()
    }
}
