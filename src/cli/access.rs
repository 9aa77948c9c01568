//! `meshform access`

use super::arguments::{AccessArguments, AccessFormat};
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::access::{Access, Facts, evaluate, settle};
use crate::assembly::{Document, Foreign, gather};
use crate::report::access::{self, Detail};
use std::io::Write as _;
use std::path::Path;

pub(super) fn run(arguments: &AccessArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut access = match &arguments.templates {
        Some(directory) => of_templates(directory, ui)?,
        None => match of_environment(arguments, ui)? {
            Ok(access) => access,
            Err(exit) => return Ok(exit),
        },
    };
    narrow(&mut access, arguments);
    match arguments.format {
        AccessFormat::Json => write!(ui.out, "{}", crate::assembly::pretty(&access))?,
        AccessFormat::Text => {
            let detail = if arguments.why { Detail::Chain } else { Detail::Columns };
            access::write(&mut ui.out, &access, detail, ui.width)?;
        }
    }
    ui.out.flush()?;
    Ok(Exit::Done)
}

/// Sight of an environment, by the templates that it is synthesized to.
fn of_environment(arguments: &AccessArguments, ui: &mut Ui) -> Result<Result<Access, Exit>, Failure> {
    let (mesh, assembly, _) = match synthesized(&arguments.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(Err(exit)),
    };
    if let Some(product) = &arguments.product {
        let mut products = mesh.domains.values().flat_map(|domain| domain.products.keys());
        if !products.any(|known| known.as_str() == product) {
            return Err(Failure::new(format!("no domain has a product `{product}`")).exit(Exit::Usage));
        }
    }
    Ok(Ok(evaluate(&Facts::of(&Document::all(&assembly)))))
}

/// Sight by the templates of a directory, whoever wrote them.
fn of_templates(directory: &Path, ui: &mut Ui) -> Result<Access, Failure> {
    let told = directory.display();
    let found = gather(directory).map_err(|error| {
        Failure::new(format!("failed to read the templates below {told}: {error}")).exit(Exit::Usage)
    })?;
    let Foreign { mut documents, parameters, problems, without_account } = found;
    for problem in &problems {
        ui.say(&format!("{told}/{} cannot be read: {}", problem.path, problem.message))?;
    }
    if documents.is_empty() {
        return Err(Failure::new(format!("no CloudFormation template is below {told}"))
            .hint("a template is a file *.json, *.yaml, *.yml or *.template with `Resources`"));
    }
    let mut unknown = settle(&mut documents, &parameters);
    let mut access = evaluate(&Facts::of(&documents));
    unknown.extend(problems.iter().map(|problem| format!("{}: it cannot be read: {}", problem.path, problem.message)));
    unknown.extend(without_account.iter().map(|path| {
        format!("{path}: no folder above it names an account, so it is taken to stand in one account `unknown`")
    }));
    access.unknown.extend(unknown);
    Ok(access)
}

/// Leaves out principals and products that were not asked for.
fn narrow(access: &mut Access, arguments: &AccessArguments) {
    if let Some(principal) = &arguments.principal {
        access.principals.retain(|found| found.principal.contains(principal.as_str()) || found.owner == *principal);
    }
    if let Some(product) = &arguments.product {
        for principal in &mut access.principals {
            principal.tables.retain(|table| table.product == *product);
        }
        access.principals.retain(|principal| !principal.tables.is_empty());
    }
}
