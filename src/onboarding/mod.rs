//! New files for an environment: the first form of a domain, a consumer or a mesh, rendered from `templates/onboarding/`.
//!
//! Names are parsed before they come here, so that they can stand in a path. What people write freely enters a file as a
//! quoted text of YAML and in no other way, whatever the template is: [`draft`] refuses a file in which a value is more
//! than its own field.

mod kept;
mod template;

pub use template::{Fault, quoted};

use crate::environment::{Kind, plain};
use crate::mesh::{AccountId, MeshName, OrganizationId, OwnerName, Region, Tenant};
use serde_json::Value;

/// An account and the team that owns it.
#[derive(Debug, Clone)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The team's name; what it may hold is [`crate::mesh::resolve`]'s to say.
    pub team: String,
    /// The team's mailbox.
    pub email: String,
}

/// A new mesh, with the account and the team of governance.
#[derive(Debug, Clone)]
pub struct Founding {
    /// Name of the mesh.
    pub name: MeshName,
    /// The organization's short name.
    pub tenant: Tenant,
    /// The Region of every account.
    pub region: Region,
    /// The AWS Organization.
    pub organization: OrganizationId,
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
    Domain(OwnerName, Account, Products),
    /// The file of a consumer.
    Consumer(OwnerName, Account),
    /// The file of a mesh.
    Mesh(Founding, Account),
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
        /// The field, as a path of names.
        field: String,
        /// What the file says.
        said: String,
        /// What was asked for.
        asked: String,
        /// What a template calls the value.
        value: &'static str,
    },
}

impl DraftError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Template(fault) => fault.hint.iter().cloned().collect(),
            Self::Spilled(_) => vec![
                "write each value alone and without quotes around it, as in `name: {{team}}`: it brings its quotes with it"
                    .to_owned(),
            ],
            Self::Missed { value, .. } => vec![format!("write the value that was asked for: `{{{{{value}}}}}`")],
        }
    }
}

impl Wanted {
    /// The kind of file.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Domain(..) => Kind::Domain,
            Self::Consumer(..) => Kind::Consumer,
            Self::Mesh(..) => Kind::Mesh,
        }
    }

    /// Whose file it is.
    #[must_use]
    pub const fn account(&self) -> &Account {
        match self {
            Self::Domain(_, account, _) | Self::Consumer(_, account) | Self::Mesh(_, account) => account,
        }
    }

    /// The name that stands in the file.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Domain(name, ..) | Self::Consumer(name, _) => name.as_str(),
            Self::Mesh(founding, _) => founding.name.as_str(),
        }
    }

    /// Where the file belongs, below the environment's directory.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Domain(name, ..) | Self::Consumer(name, _) => format!("{}{name}.yaml", self.kind().home()),
            Self::Mesh(..) => self.kind().home().to_owned(),
        }
    }

    /// What a template gets and where the file must say it, with other words in the place of people's own.
    fn values<'a>(&'a self, team: &'a str, email: &'a str) -> Vec<(&'static str, &'static str, &'a str)> {
        let id = self.account().id.as_str();
        match self {
            Self::Domain(name, ..) | Self::Consumer(name, _) => vec![
                ("name", "/name", name.as_str()),
                ("account", "/account", id),
                ("team", "/team/name", team),
                ("email", "/team/email", email),
            ],
            Self::Mesh(founding, _) => vec![
                ("name", "/name", founding.name.as_str()),
                ("tenant", "/tenant", founding.tenant.as_str()),
                ("region", "/region", founding.region.as_str()),
                ("organization", "/organization", founding.organization.as_str()),
                ("account", "/governance/account", id),
                ("team", "/governance/team/name", team),
                ("email", "/governance/team/email", email),
            ],
        }
    }

    /// The values as a template gets them.
    fn data(&self, team: &str, email: &str) -> Value {
        let mut data: serde_json::Map<_, _> =
            self.values(team, email).into_iter().map(|(name, _, value)| (name.to_owned(), value.into())).collect();
        if let Self::Domain(name, _, products) = self {
            let example = match products {
                Products::Example => format!("{name}-example").into(),
                Products::None => Value::Null,
            };
            data.insert("example".to_owned(), example);
        }
        Value::Object(data)
    }
}

/// The template of a kind that comes with meshform.
#[must_use]
pub const fn embedded(kind: Kind) -> &'static str {
    match kind {
        Kind::Mesh => include_str!("../../templates/onboarding/mesh.yaml.hbs"),
        Kind::Domain => include_str!("../../templates/onboarding/domain.yaml.hbs"),
        Kind::Consumer => include_str!("../../templates/onboarding/consumer.yaml.hbs"),
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
    let account = wanted.account();
    let rendering = template::Rendering::compile(template).map_err(DraftError::Template)?;
    let render = |team, email| rendering.render(&wanted.data(team, email)).map_err(DraftError::Template);
    let draft = Draft { path: wanted.path(), text: render(&account.team, &account.email)? };
    let found = plain(&draft.text);
    let stand_in = plain(&render(STAND_INS.0, STAND_INS.1)?);
    let pairs = [(STAND_INS.0, account.team.as_str()), (STAND_INS.1, account.email.as_str())];
    let at = match (&found, &stand_in) {
        (Some(found), Some(stand_in)) => kept::spilled(found, stand_in, &pairs),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => Some(String::new()),
    };
    if let Some(pointer) = at {
        return Err(DraftError::Spilled(if pointer.is_empty() { "/".to_owned() } else { pointer }));
    }
    for (value, pointer, asked) in wanted.values(&account.team, &account.email) {
        // what is missing, or no text, is found by whoever reads the file
        let said = found.as_ref().and_then(|found| found.pointer(pointer)?.as_str());
        if let Some(said) = said.filter(|said| *said != asked) {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            return Err(DraftError::Missed { field, said: quoted(said), asked: quoted(asked), value });
        }
    }
    Ok(draft)
}

#[cfg(test)]
mod tests;
