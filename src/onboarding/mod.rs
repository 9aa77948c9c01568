//! New files for an environment: the first form of a domain or a consumer, rendered from `templates/onboarding/`.
//!
//! Names are parsed before they come here, so that they can stand in a path. What people write freely enters a file as a
//! quoted text of YAML and in no other way, whatever the template is: [`draft`] refuses a file in which a value is more
//! than its own field.

mod kept;
mod template;

pub use template::{Fault, quoted};

use crate::environment::files::TeamFile;
use crate::environment::{Content, Kind, plain, read_one};
use crate::mesh::{AccountId, OwnerName};
use serde_json::{Value, json};

/// The owner of a new file.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Name of the domain or the consumer.
    pub name: OwnerName,
    /// Its account.
    pub account: AccountId,
    /// The team's name; what it may hold is [`crate::mesh::resolve`]'s to say.
    pub team: String,
    /// The team's mailbox.
    pub email: String,
}

/// What a new domain begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Products {
    /// A small example that can be deployed.
    Example,
    /// Nothing.
    None,
}

/// A file that somebody wants.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// The file of a domain.
    Domain(Owner, Products),
    /// The file of a consumer.
    Consumer(Owner),
}

/// A new file of an environment, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Path below the environment's directory, with forward slashes.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// Why a template makes no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The template cannot be rendered.
    #[error("{}:{}: {}", .0.line, .0.column, .0.message)]
    Template(Fault),
    /// The text of a value says more than its own field.
    #[error("the values change more of the file than their own fields, at `{0}`")]
    Spilled(String),
    /// A field says something else than was asked for.
    #[error("the file that the template makes says {said} for `{field}`, not {asked}")]
    Missed {
        /// The field.
        field: &'static str,
        /// What the file says.
        said: String,
        /// What was asked for.
        asked: String,
    },
}

impl DraftError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Template(fault) => fault.hint.iter().cloned().collect(),
            Self::Spilled(_) => vec![
                "write each value alone and without quotes around it, as in `name: {{team}}`: \
                it brings its quotes with it"
                    .to_owned(),
            ],
            Self::Missed { field, .. } => {
                vec![
                    format!("write the value that was asked for: `{{{{{}}}}}`", field.replace("team.name", "team"))
                        .replace("team.email", "email"),
                ]
            }
        }
    }
}

impl Wanted {
    /// The kind of file.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Domain(..) => Kind::Domain,
            Self::Consumer(_) => Kind::Consumer,
        }
    }

    /// Whose file it is.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        match self {
            Self::Domain(owner, _) | Self::Consumer(owner) => owner,
        }
    }

    /// Where the file belongs, below the environment's directory.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}{}.yaml", self.kind().home(), self.owner().name)
    }

    /// What a template gets; people's own words are replaced by `team` and `email`.
    fn values(&self, team: &str, email: &str) -> Value {
        let owner = self.owner();
        let mut values = json!({ "name": owner.name, "account": owner.account, "team": team, "email": email });
        if let Self::Domain(_, products) = self {
            values["example"] = match products {
                Products::Example => format!("{}-example", owner.name).into(),
                Products::None => Value::Null,
            };
        }
        values
    }
}

/// The template of a kind that comes with meshform; none where nothing is made by one.
#[must_use]
pub const fn embedded(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Mesh => None,
        Kind::Domain => Some(include_str!("../../templates/onboarding/domain.yaml.hbs")),
        Kind::Consumer => Some(include_str!("../../templates/onboarding/consumer.yaml.hbs")),
    }
}

/// Words that stand in for people's own, to see what a value changes; no YAML, and nothing that anybody writes.
const STAND_INS: (&str, &str) = ("meshformStandInTeam", "meshformStandInEmail");

/// Renders a file.
///
/// What the file says is not judged here, but that it says what was asked for, and nothing else by the text of a value.
///
/// # Errors
/// When the template cannot be rendered, or does something else with the values than write them into their fields. A text that
/// is no YAML at all is no error here: whoever reads the file finds it, with its place.
pub fn draft(wanted: &Wanted, template: &str) -> Result<Draft, DraftError> {
    let owner = wanted.owner();
    let rendering = template::Rendering::compile(template).map_err(DraftError::Template)?;
    let render = |team, email| rendering.render(&wanted.values(team, email)).map_err(DraftError::Template);
    let text = render(&owner.team, &owner.email)?;
    let draft = Draft { path: wanted.path(), text };
    let stand_in = plain(&render(STAND_INS.0, STAND_INS.1)?);
    let pairs = [(STAND_INS.0, owner.team.as_str()), (STAND_INS.1, owner.email.as_str())];
    let at = match (plain(&draft.text), stand_in) {
        (Some(found), Some(stand_in)) => kept::spilled(&found, &stand_in, &pairs),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => Some(String::new()),
    };
    if let Some(pointer) = at {
        return Err(DraftError::Spilled(if pointer.is_empty() { "/".to_owned() } else { pointer }));
    }
    let content = read_one(&draft.path, &draft.text);
    let said = match &content {
        Some(Content::Domain(file)) => Some((&file.name, &file.account, &file.team)),
        Some(Content::Consumer(file)) => Some((&file.name, &file.account, &file.team)),
        Some(Content::Mesh(_)) | None => None,
    };
    match said {
        Some((name, account, team)) => same(owner, name, account, team).map(|()| draft),
        None => Ok(draft),
    }
}

/// Whether a file says what was asked for.
fn same(owner: &Owner, name: &str, account: &str, team: &TeamFile) -> Result<(), DraftError> {
    let fields = [
        ("name", name, owner.name.as_str()),
        ("account", account, owner.account.as_str()),
        ("team.name", &team.name, &owner.team),
        ("team.email", &team.email, &owner.email),
    ];
    match fields.into_iter().find(|(_, said, asked)| said != asked) {
        Some((field, said, asked)) => Err(DraftError::Missed { field, said: quoted(said), asked: quoted(asked) }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
