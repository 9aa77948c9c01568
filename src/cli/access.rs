//! `meshform access`

use super::arguments::{AccessArguments, AccessFormat};
use super::environment::unchecked;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::access::{Access, Facts, evaluate, settle};
use crate::assembly::{Document, Foreign, gather};
use crate::mesh::Mesh;
use crate::report::{
    self,
    access::{Detail, Format, Look},
};
use crate::stacks::each;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

pub(super) fn run(arguments: &AccessArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut access = match &arguments.templates {
        Some(directory) => of_templates(directory, arguments, ui)?,
        None => match of_environment(arguments, ui)? {
            Ok(access) => access,
            Err(exit) => return Ok(exit),
        },
    };
    if let Some(principal) = &arguments.principal {
        access.principals.retain(|found| found.principal.contains(principal.as_str()) || found.owner == *principal);
    }
    let format = match arguments.format {
        AccessFormat::Json => {
            ui.out.write_all(access.to_json().as_bytes())?;
            ui.out.flush()?;
            std::mem::forget(access);
            return Ok(Exit::Done);
        }
        AccessFormat::Text => Format::Text,
        AccessFormat::Markdown => Format::Markdown,
    };
    let detail = if arguments.why { Detail::Chain } else { Detail::Columns };
    let look = Look { detail, width: ui.width, colour: ui.out_colour };
    report::access::write(&mut ui.out, &access, format, &look)?;
    ui.out.flush()?;
    Ok(Exit::Done)
}

/// Sight of an environment, by the templates that it is synthesized to.
fn of_environment(arguments: &AccessArguments, ui: &mut Ui) -> Result<Result<Access, Exit>, Failure> {
    // what the templates say, right or wrong: that they are right is asked by validate, synth, diff and deploy
    let facts = |mesh: &Mesh| {
        // of each template only its facts are kept
        Facts::together(each(mesh, |stack| Facts::one(&Document::of(&stack))).into_values().collect())
    };
    let (mesh, facts) = match unchecked(&arguments.environment, facts)?.or_refuse(ui)? {
        Ok((mesh, facts, _)) => (mesh, facts),
        Err(exit) => return Ok(Err(exit)),
    };
    let mut access = evaluate(&facts);
    // here and below: the process ends soon, and to take a large mesh apart leaf by leaf is work for nothing
    std::mem::forget(facts);
    if let Some(asked) = &arguments.product {
        let mut databases: BTreeSet<String> = BTreeSet::new();
        for (owner, domain) in &mesh.domains {
            for product in domain.products.keys() {
                let full = format!("{owner}/{product}");
                if product.as_str() == asked || full == *asked {
                    databases.insert(mesh.database(owner, product));
                }
            }
        }
        if databases.is_empty() {
            return Err(Failure::new(format!("no domain has a product `{asked}`"))
                .hint("write its name, or <domain>/<product>")
                .exit(Exit::Usage));
        }
        keep(&mut access, &|database, _| databases.contains(database));
    }
    Ok(Ok(access))
}

/// Sight by the templates of a directory, whoever wrote them.
fn of_templates(directory: &Path, arguments: &AccessArguments, ui: &mut Ui) -> Result<Access, Failure> {
    let told = directory.display();
    let found = gather(directory).map_err(|error| {
        Failure::new(format!("failed to read the templates below {told}: {error}")).exit(Exit::Usage)
    })?;
    let Foreign { mut documents, parameters, problems, without_account, passed_over } = found;
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
    unknown.extend(passed_over.iter().map(|path| {
        format!("{path}: it is not read, since a file of parameters by the template's whole name stands beside it")
    }));
    access.unknown.extend(unknown);
    if let Some(asked) = &arguments.product {
        let products: BTreeSet<(String, String)> = access
            .principals
            .iter()
            .flat_map(|principal| &principal.tables)
            .filter(|table| table.product == *asked)
            .map(|table| (table.database.clone(), table.table.clone()))
            .collect();
        keep(&mut access, &|database, table| {
            database == asked
                || format!("{database}.{table}") == *asked
                || products.contains(&(database.to_owned(), table.to_owned()))
        });
    }
    Ok(access)
}

/// Leaves out what is not of some tables, told by database and table.
fn keep(access: &mut Access, is_asked: &dyn Fn(&str, &str) -> bool) {
    // a reason begins with `<database>.<table>: `
    let of_reason = |reason: &str| {
        let place = reason.split(": ").next().unwrap_or_default();
        place.split_once('.').is_some_and(|(database, table)| is_asked(database, table))
    };
    for principal in &mut access.principals {
        principal.tables.retain(|table| is_asked(&table.database, &table.table));
        principal.missing.retain(|missing| of_reason(&missing.reason));
    }
    access.principals.retain(|principal| !principal.tables.is_empty() || !principal.missing.is_empty());
}
