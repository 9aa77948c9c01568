//! What AWS's own resource schemas say of a type: which properties are right, what replaces it, where it exists.
//!
//! The schemas are vendored by `tools/schemas.py` into one compressed file of this binary. It is unpacked on the first
//! question of a process, a type's validator is compiled when its first resource is checked, and both are kept.
//! No type of the crate `jsonschema` leaves this folder.

mod intrinsics;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Read as _;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

static PACKED: &[u8] = include_bytes!("../schemas/schemas.json.gz");

/// Where the schemas come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The PyPI package that carries AWS's schemas: `cfn-lint`.
    pub package: String,
    /// Its version.
    pub version: String,
    /// When that package took the schemas from AWS, as an RFC 3339 time.
    pub schema_date: String,
}

/// What CloudFormation calls a type's handler for. Each has its own list of IAM actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Make the resource.
    Create,
    /// Read it, also for drift and imports.
    Read,
    /// Change it in place.
    Update,
    /// Remove it.
    Delete,
    /// Find all of its type.
    List,
}

/// In which order a replaced resource and its successor go and come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplacementStrategy {
    /// The successor stands before the old one goes: CloudFormation's default.
    CreateThenDelete,
    /// The old one goes first. For a grant that is a gap in somebody's access.
    DeleteThenCreate,
}

/// One thing that is wrong with a resource's properties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the properties: of the wrong value, of an unknown property itself, and for a
    /// missing one of the object that lacks it. Empty for the properties as a whole.
    pub pointer: String,
    /// What is wrong, naming the value, without the place.
    pub message: String,
}

/// How the tags of a type are written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Tags {
    property: String,
    map: bool,
}

/// What is known of a type without compiling anything.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Facts<'a> {
    actions: BTreeMap<Verb, Vec<String>>,
    attributes: Vec<String>,
    conditional_create_only: Vec<String>,
    create_only: Vec<String>,
    missing_in: Vec<String>,
    primary_identifier: Vec<String>,
    read_only: Vec<String>,
    replacement_strategy: ReplacementStrategy,
    #[serde(borrow)]
    schema: &'a RawValue,
    tags: Option<Tags>,
    unordered: Vec<String>,
}

/// What AWS says of one resource type. Paths are JSON pointers into the properties (`/TableInput/Name`), in which `*`
/// stands for any index or key.
#[derive(Debug)]
pub struct ResourceSchema {
    facts: Facts<'static>,
    validator: OnceLock<jsonschema::Validator>,
}

impl ResourceSchema {
    /// Everything that is wrong with a resource's `Properties`, sorted by place; empty when all is well.
    ///
    /// An intrinsic function (`Ref`, `Fn::Sub`, ..) may stand for any value; its own form is checked, what it will
    /// resolve to is not, nor are the branches of `Fn::If`. Numbers and booleans written as strings are refused, though
    /// CloudFormation would take them.
    #[must_use]
    pub fn check(&self, properties: &Value) -> Vec<Violation> {
        let mut violations = intrinsics::misused(properties);
        let validator = self.validator.get_or_init(|| self.compile());
        // a look costs less than an account of what is wrong, and nearly all resources are right
        if !validator.is_valid(properties) {
            // what a misspelt intrinsic function breaks besides is told by its own violation
            let told: Vec<String> = violations.iter().map(|violation| violation.pointer.clone()).collect();
            let is_told = |violation: &Violation| {
                let below = |place: &String| violation.pointer.strip_prefix(place.as_str());
                told.iter().filter_map(below).any(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let found = messages::all(validator.iter_errors(properties), &self.schema(), &self.facts.read_only);
            violations.extend(found.into_iter().filter(|violation| !is_told(violation)));
        }
        violations.sort();
        violations.dedup();
        violations
    }

    /// The names that `Fn::GetAtt` may ask for, sorted, dotted where nested: `Arn`, `Workgroup.Endpoint.Address`.
    #[must_use]
    pub fn attributes(&self) -> &[String] {
        &self.facts.attributes
    }

    /// What cannot be changed in place: another value there, or anywhere below, replaces the resource.
    #[must_use]
    pub fn create_only(&self) -> &[String] {
        &self.facts.create_only
    }

    /// What can be changed in place under circumstances that the schema does not tell: it *may* replace.
    #[must_use]
    pub fn conditional_create_only(&self) -> &[String] {
        &self.facts.conditional_create_only
    }

    /// The lists whose order means nothing (`insertionOrder` is false).
    #[must_use]
    pub fn unordered(&self) -> &[String] {
        &self.facts.unordered
    }

    /// Whether a replacement makes the new one first or removes the old one first.
    #[must_use]
    pub const fn replacement_strategy(&self) -> ReplacementStrategy {
        self.facts.replacement_strategy
    }

    /// What together identifies a resource of this type, in AWS's order. A part may be a read-only property.
    #[must_use]
    pub fn primary_identifier(&self) -> &[String] {
        &self.facts.primary_identifier
    }

    /// The IAM actions that CloudFormation needs for a verb, sorted. Empty where the type has no such handler, and
    /// for the older types whose handlers AWS does not publish (such as `AWS::LakeFormation::DataLakeSettings`).
    #[must_use]
    pub fn actions(&self, verb: Verb) -> &[String] {
        self.facts.actions.get(&verb).map_or(&[], Vec::as_slice)
    }

    /// The property that holds the tags, if the type takes any.
    #[must_use]
    pub fn tag_property(&self) -> Option<&str> {
        self.facts.tags.as_ref().map(|tags| tags.property.as_str())
    }

    /// Whether the tags are a map from key to value, as in Glue, and not a list of `Key` and `Value`.
    #[must_use]
    pub fn tags_are_a_map(&self) -> bool {
        self.facts.tags.as_ref().is_some_and(|tags| tags.map)
    }

    /// Whether the type exists in a Region; false for a Region that does not exist (see [`region_exists`]).
    #[must_use]
    pub fn available_in(&self, region: &str) -> bool {
        region_exists(region) && !self.facts.missing_in.iter().any(|missing| missing == region)
    }

    fn schema(&self) -> Value {
        sound(serde_json::from_str(self.facts.schema.get()), "a schema")
    }

    fn compile(&self) -> jsonschema::Validator {
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft7).should_validate_formats(false);
        sound(options.build(&self.schema()), "a schema")
    }
}

/// The schema of a type, such as `AWS::S3::Bucket`; none for a type that is not in `src/cfn/schemas/types.txt`.
#[must_use]
pub fn of(type_name: &str) -> Option<&'static ResourceSchema> {
    let entry = archive().types.get(type_name)?;
    Some(entry.parsed.get_or_init(|| ResourceSchema {
        facts: sound(serde_json::from_str(entry.text.get()), "the facts of a type"),
        validator: OnceLock::new(),
    }))
}

/// The names of all types that have a schema here, sorted.
pub fn types() -> impl Iterator<Item = &'static str> {
    archive().types.keys().copied()
}

/// Whether AWS has a Region of that name, in any partition, as far as the schemas know.
#[must_use]
pub fn region_exists(region: &str) -> bool {
    archive().regions.binary_search_by(|known| known.as_str().cmp(region)).is_ok()
}

/// All Regions of all partitions, sorted.
pub fn regions() -> impl Iterator<Item = &'static str> {
    archive().regions.iter().map(String::as_str)
}

/// Where the schemas come from and how old they are.
#[must_use]
pub fn provenance() -> &'static Provenance {
    &archive().provenance
}

/// The file as unpacked: each type is text until somebody asks for it.
struct Archive {
    provenance: Provenance,
    regions: Vec<String>,
    types: BTreeMap<&'static str, Entry>,
}

struct Entry {
    text: &'static RawValue,
    parsed: OnceLock<ResourceSchema>,
}

fn archive() -> &'static Archive {
    #[derive(Deserialize)]
    struct File<'a> {
        provenance: Provenance,
        regions: Vec<String>,
        #[serde(borrow)]
        types: BTreeMap<&'a str, &'a RawValue>,
    }

    static TEXT: OnceLock<String> = OnceLock::new();
    static ARCHIVE: OnceLock<Archive> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let text: &'static str = TEXT.get_or_init(|| {
            let mut text = String::new();
            sound(flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text), "the file");
            text
        });
        let file: File<'static> = sound(serde_json::from_str(text), "the file");
        let types = file.types.into_iter().map(|(name, text)| (name, Entry { text, parsed: OnceLock::new() }));
        Archive { provenance: file.provenance, regions: file.regions, types: types.collect() }
    })
}

/// What was vendored is right, or the build is broken: `tools/schemas.py --check` and the tests see it first.
fn sound<T, E: Display>(result: Result<T, E>, what: &str) -> T {
    crate::sure(result, &format!("{what} in the vendored schemas cannot be read"))
}
