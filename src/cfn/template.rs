//! A template, and the handles by which its resources refer to one another.

use super::{Arn, Name, Properties, Resource, Text, Val};
use crate::assembly::Asset;
use crate::finding::Place;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

/// The logical id of a resource: letters and digits, stable for ever, since another id is another resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct LogicalId(String);

impl LogicalId {
    /// An id from words in CamelCase. Anything but letters and digits is left out.
    #[must_use]
    pub fn new(words: &str) -> Self {
        Self(words.chars().filter(char::is_ascii_alphanumeric).collect())
    }

    /// An id from a word and the whole path of what it stands for: `TableOrders1f0c22ab`.
    ///
    /// The eight hexadecimal digits are the start of SHA-256 of the path; the words are there for people.
    #[must_use]
    pub fn of(kind: &str, words: &str, path: &str) -> Self {
        let mut id = String::from(kind);
        for word in words.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            let mut letters = word.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(letters.as_str());
        }
        id.truncate(200);
        id.push_str(&crate::mesh::fingerprint(path)[..8]);
        Self(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogicalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A resource in a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its type and properties.
    pub properties: Properties,
    /// What must stand before it, beyond what its properties refer to.
    pub depends_on: BTreeSet<LogicalId>,
    /// The place in the environment that made it.
    pub origin: Place,
}

/// A parameter: a value that another stack makes.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// Always `String`: ids and ARNs.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// What it is.
    pub description: String,
}

/// An output: a value that another stack needs.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    /// What it is.
    pub description: String,
    /// The value.
    pub value: Val<Text>,
}

/// A CloudFormation template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// One sentence for people in the console.
    pub description: String,
    /// By name.
    pub parameters: BTreeMap<String, Parameter>,
    /// By logical id.
    pub resources: BTreeMap<LogicalId, Entry>,
    /// By name.
    pub outputs: BTreeMap<String, Output>,
    /// Files that its resources name, by the SHA-256 of their content; they are no part of the template's text.
    pub assets: BTreeMap<String, Asset>,
}

/// A resource of type `R` that stands in a template.
#[derive(Debug)]
pub struct Handle<R> {
    id: LogicalId,
    mark: PhantomData<fn() -> R>,
}

impl<R> Handle<R> {
    /// The logical id, for `DependsOn`.
    #[must_use]
    pub const fn id(&self) -> &LogicalId {
        &self.id
    }

    /// `Ref`, for types whose `Ref` is their name.
    #[must_use]
    pub fn name(&self) -> Val<Name<R>> {
        Val::reference(&self.id)
    }

    /// `Ref`, for types whose `Ref` is their ARN.
    #[must_use]
    pub fn reference(&self) -> Val<Arn<R>> {
        Val::reference(&self.id)
    }

    /// `Fn::Sub` of a text around `Ref`: an ARN with the id that AWS makes.
    #[must_use]
    pub fn within(&self, before: &str, after: &str) -> Val<Text> {
        Val::around(before, &self.id, after)
    }

    /// `Fn::GetAtt` of the attribute `Arn`.
    #[must_use]
    pub fn arn(&self) -> Val<Arn<R>> {
        Val::attribute(&self.id, "Arn")
    }
}

impl Template {
    /// A template without resources.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            parameters: BTreeMap::new(),
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            assets: BTreeMap::new(),
        }
    }

    /// Adds a resource and returns its handle.
    ///
    /// # Panics
    /// When the logical id stands already: two resources of one meaning are a defect of the synthesis.
    pub fn add<R: Resource>(&mut self, id: LogicalId, properties: R, origin: &Place) -> Handle<R> {
        let entry = Entry { properties: properties.into(), depends_on: BTreeSet::new(), origin: origin.clone() };
        let earlier = self.resources.insert(id.clone(), entry);
        crate::invariant(earlier.is_none(), || format!("logical id {id} was added twice"));
        Handle { id, mark: PhantomData }
    }

    /// Lets one resource wait for another that its properties do not refer to.
    pub fn depend(&mut self, id: &LogicalId, on: &LogicalId) {
        if let Some(entry) = self.resources.get_mut(id) {
            entry.depends_on.insert(on.clone());
        }
    }

    /// Declares a parameter and returns its value.
    pub fn parameter<T>(&mut self, name: &str, description: impl Into<String>) -> Val<T> {
        self.parameters.insert(name.to_owned(), Parameter { kind: "String", description: description.into() });
        Val::parameter(name)
    }

    /// Names a file, which is stored before the stack is made, and returns its key in the account's bucket.
    pub fn asset(&mut self, asset: Asset) -> String {
        // one content has one key, whoever names it first
        self.assets.entry(asset.sha256().to_owned()).or_insert(asset).path().to_owned()
    }

    /// Declares an output.
    pub fn output<T>(&mut self, name: &str, description: impl Into<String>, value: &Val<T>) {
        self.outputs.insert(name.to_owned(), Output { description: description.into(), value: value.text() });
    }

    /// The template as it is written: JSON, two-space indent, keys in CloudFormation's usual order, a final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::assembly::pretty(self)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut template = serializer.serialize_struct("Template", 5)?;
        template.serialize_field("AWSTemplateFormatVersion", "2010-09-09")?;
        template.serialize_field("Description", &self.description)?;
        if !self.parameters.is_empty() {
            template.serialize_field("Parameters", &self.parameters)?;
        }
        template.serialize_field("Resources", &self.resources)?;
        if !self.outputs.is_empty() {
            template.serialize_field("Outputs", &self.outputs)?;
        }
        template.end()
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entry = serializer.serialize_struct("Entry", 5)?;
        entry.serialize_field("Type", self.properties.type_name())?;
        if !self.depends_on.is_empty() {
            entry.serialize_field("DependsOn", &self.depends_on)?;
        }
        if self.properties.retained() {
            entry.serialize_field("DeletionPolicy", "Retain")?;
            entry.serialize_field("UpdateReplacePolicy", "Retain")?;
        }
        entry.serialize_field("Properties", &self.properties)?;
        entry.end()
    }
}
