//! The JSON Schemas of the files, generated from their types: for editors, and for our own check of a file's shape.

use super::files::{ConsumerFile, DomainFile, MeshFile};
use jsonschema::Validator;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The three kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The mesh itself.
    Mesh,
    /// A producer.
    Domain,
    /// A consumer.
    Consumer,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Mesh, Self::Domain, Self::Consumer];

    /// The word in the field `kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mesh => "Mesh",
            Self::Domain => "Domain",
            Self::Consumer => "Consumer",
        }
    }

    /// Where files of this kind belong.
    #[must_use]
    pub const fn home(self) -> &'static str {
        match self {
            Self::Mesh => "mesh.yaml",
            Self::Domain => "domains/",
            Self::Consumer => "consumers/",
        }
    }

    /// The kind that a file must have at its path; none where no file belongs.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        match path.split('/').collect::<Vec<_>>()[..] {
            ["mesh.yaml"] => Some(Self::Mesh),
            ["domains", _] => Some(Self::Domain),
            ["consumers", _] => Some(Self::Consumer),
            _ => None,
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The schema and its compiled form, made once.
    pub(super) fn compiled(self) -> &'static (Value, Validator) {
        static COMPILED: LazyLock<[(Value, Validator); 3]> = LazyLock::new(|| {
            Kind::ALL.map(|kind| {
                let schema = json_schema(kind);
                let validator = jsonschema::draft202012::new(&schema).expect("the schema of our own types is a schema");
                (schema, validator)
            })
        });
        &COMPILED[self as usize]
    }
}

/// The JSON Schema (2020-12) of one kind of file.
#[must_use]
pub fn json_schema(kind: Kind) -> Value {
    let generator = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(plain)).into_generator();
    match kind {
        Kind::Mesh => generator.into_root_schema_for::<MeshFile>(),
        Kind::Domain => generator.into_root_schema_for::<DomainFile>(),
        Kind::Consumer => generator.into_root_schema_for::<ConsumerFile>(),
    }
    .to_value()
}

/// The schemas as files: name and text.
#[must_use]
pub fn schemas() -> Vec<(String, String)> {
    Kind::ALL
        .map(|kind| (format!("{}.schema.json", kind.name().to_lowercase()), format!("{:#}\n", json_schema(kind))))
        .into()
}

/// Says the same more plainly, so that an error speaks of the value and not of the branches of a schema:
/// an optional field is left out and not `null`, and a choice of documented constants is an `enum`.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = object.remove("anyOf") {
        choices.retain(|choice| *choice != json!({"type": "null"}));
        match &mut choices[..] {
            [Value::Object(only)] => object.append(only),
            _ => drop(object.insert("anyOf".to_owned(), choices.into())),
        }
    }
    if let Some(Value::Array(choices)) = object.get("oneOf") {
        let field = |name: &str| choices.iter().map(|choice| choice.get(name).cloned()).collect::<Option<Vec<_>>>();
        if let (Some(values), Some(descriptions)) = (field("const"), field("description")) {
            object.remove("oneOf");
            object.insert("type".to_owned(), "string".into());
            object.insert("enum".to_owned(), values.into());
            object.insert("enumDescriptions".to_owned(), descriptions.into());
        }
    }
    // that a field may be left out is said by `required`; what holds then is said where it is a value
    if object.get("default").is_some_and(|value| [json!(null), json!([]), json!({})].contains(value)) {
        object.remove("default");
    }
}
