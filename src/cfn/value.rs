//! Values of properties, typed by what they resolve to.

use super::LogicalId;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// The ARN of a resource of type `R`.
#[derive(Debug)]
pub enum Arn<R> {
    /// Never made; `Arn` is a mark for [`Val`].
    #[doc(hidden)]
    Never(std::convert::Infallible, PhantomData<R>),
}

/// The name of a resource of type `R`.
#[derive(Debug)]
pub enum Name<R> {
    /// Never made; `Name` is a mark for [`Val`].
    #[doc(hidden)]
    Never(std::convert::Infallible, PhantomData<R>),
}

/// A property's value that resolves to a `T`: `Val<Arn<Bucket>>` is not `Val<Arn<Key>>`.
pub struct Val<T> {
    expression: Expression,
    mark: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Literal(String),
    Ref(String),
    GetAtt(LogicalId, &'static str),
    Zone(u8),
    Sub(String),
}

impl<T> Val<T> {
    /// A text known when the template is written.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self { expression: Expression::Literal(text.into()), mark: PhantomData }
    }

    /// `Ref` of a resource of this template.
    #[must_use]
    pub(super) fn reference(id: &LogicalId) -> Self {
        Self { expression: Expression::Ref(id.as_str().to_owned()), mark: PhantomData }
    }

    /// `Ref` of a parameter of this template.
    #[must_use]
    pub(super) fn parameter(name: &str) -> Self {
        Self { expression: Expression::Ref(name.to_owned()), mark: PhantomData }
    }

    /// `Fn::GetAtt` of a resource of this template.
    #[must_use]
    pub(super) fn attribute(id: &LogicalId, attribute: &'static str) -> Self {
        Self { expression: Expression::GetAtt(id.clone(), attribute), mark: PhantomData }
    }

    /// The Availability Zone of an index in the stack's Region: `Fn::Select` of `Fn::GetAZs`.
    #[must_use]
    pub fn zone(index: u8) -> Self {
        Self { expression: Expression::Zone(index), mark: PhantomData }
    }

    /// `Fn::Sub` of a text around the `Ref` of a resource of this template.
    #[must_use]
    pub(super) fn around(before: &str, id: &LogicalId, after: &str) -> Self {
        // `${` in our own text would be read as a reference
        let literal = |text: &str| text.replace("${", "${!");
        let text = format!("{}${{{id}}}{}", literal(before), literal(after));
        Self { expression: Expression::Sub(text), mark: PhantomData }
    }

    /// The same value where any text will do, as in a policy's resources or an output.
    #[must_use]
    pub fn text(&self) -> Val<Text> {
        Val { expression: self.expression.clone(), mark: PhantomData }
    }
}

/// A text of any meaning.
#[derive(Debug)]
pub enum Text {}

impl<T> Clone for Val<T> {
    fn clone(&self) -> Self {
        Self { expression: self.expression.clone(), mark: PhantomData }
    }
}

impl<T> std::fmt::Debug for Val<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.expression.fmt(formatter)
    }
}

impl<T> PartialEq for Val<T> {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl<T> Serialize for Val<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.expression {
            Expression::Literal(text) => serializer.serialize_str(text),
            Expression::Ref(id) => one(serializer, "Ref", id),
            Expression::GetAtt(id, attribute) => one(serializer, "Fn::GetAtt", &[id.as_str(), attribute]),
            // the empty text is the Region of the stack (CloudFormation user guide, Fn::GetAZs)
            Expression::Zone(index) => one(serializer, "Fn::Select", &(index, BTreeMap::from([("Fn::GetAZs", "")]))),
            Expression::Sub(text) => one(serializer, "Fn::Sub", text),
        }
    }
}

fn one<S: Serializer, V: Serialize + ?Sized>(serializer: S, key: &str, value: &V) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::{LogicalId, Text, Val};
    use serde_json::json;

    #[test]
    fn a_value_is_written_as_the_intrinsic_it_is() {
        let written = |value: &Val<Text>| serde_json::to_value(value).expect("it is JSON");
        let id = LogicalId::new("Domain");
        assert_eq!(written(&Val::zone(1)), json!({"Fn::Select": [1, {"Fn::GetAZs": ""}]}));
        assert_eq!(written(&Val::around("app/", &id, "/*")), json!({"Fn::Sub": "app/${Domain}/*"}));
        assert_eq!(written(&Val::around("${x}", &id, "")), json!({"Fn::Sub": "${!x}${Domain}"}));
    }
}
