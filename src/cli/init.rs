//! `meshform init`

use super::arguments::InitArguments;
use super::environment::{Chosen, ENVIRONMENTS, SCHEMA};
use super::failure::{Exit, Failure};
use super::new::{account, add, parsed};
use super::new_file;
use super::ui::Ui;
use crate::environment::schemas;
use crate::mesh::{MeshName, OrganizationId, Region, Tenant};
use crate::onboarding::{Founding, Wanted};
use std::path::Path;

pub(super) fn run(arguments: &InitArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let founding = Founding {
        name: parsed("mesh name", &arguments.mesh, MeshName::parse)?,
        tenant: parsed("tenant", &arguments.tenant, Tenant::parse)?,
        region: parsed("region", &arguments.region, Region::parse)?,
        organization: parsed("organization", &arguments.organization, OrganizationId::parse)?,
    };
    let default = Path::new(ENVIRONMENTS).join(founding.name.as_str());
    let directory = arguments.directory.clone().unwrap_or(default);
    let wanted = Wanted::Mesh(founding, account(&arguments.account)?);
    let named = directory.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = named.filter(|name| name != SCHEMA) else {
        return Err(Failure::new(format!("{} can be no environment", directory.display()))
            .hint("name a directory for it, such as environments/<mesh>; `schema` is for the JSON Schemas")
            .exit(Exit::Usage));
    };
    let chosen = Chosen { directory: directory.clone(), name };
    let environment = chosen.typed();
    let outcome = add(chosen, &wanted, ui)?;
    if outcome != Exit::Done {
        return Ok(outcome);
    }
    // what the first line of each file leads an editor to
    if let Some(folder) =
        directory.parent().filter(|parent| parent.file_name().is_some_and(|name| name == ENVIRONMENTS))
    {
        for (name, text) in schemas() {
            new_file::write_if_missing(&folder.join(SCHEMA).join(name), &text)?;
        }
    }
    ui.say("next:")?;
    ui.say(&format!(
        "  meshform new domain NAME -e {environment} --account ID --team TEAM --email MAIL     # for each producer"
    ))?;
    ui.say(&format!(
        "  meshform new consumer NAME -e {environment} --account ID --team TEAM --email MAIL   # for each consumer"
    ))?;
    Ok(Exit::Done)
}
