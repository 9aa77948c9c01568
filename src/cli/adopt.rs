//! `meshform adopt columns`: what crawlers found goes into the domain's own file, by an edit that is shown first.

mod edit;

use super::arguments::{AdoptArguments, AdoptColumnsArguments, Adopted};
use super::environment::{Synthesized, synthesized};
use super::failure::{Exit, Failure};
use super::journal::run_id;
use super::planning::reach;
use super::ui::Ui;
use crate::environment::FoundColumn;
use crate::mesh::{Classification, Mesh, Product, Table};
use crate::plan::drift::{ColumnKind, LiveTable};
use crate::report::deploy::plural;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

pub(super) fn run(arguments: &AdoptArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    match &arguments.what {
        Adopted::Columns(arguments) => columns(arguments, ui),
    }
}

/// A table of the mesh that was asked for, and what was found in it.
pub(super) struct Found<'a> {
    product: &'a Product,
    table: &'a Table,
    columns: Vec<FoundColumn>,
}

fn columns(arguments: &AdoptColumnsArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let before = synthesized(&arguments.environment, None)?;
    let Some((mesh, _)) = &before.result else {
        return before.or_refuse(ui).map(|refused| refused.err().unwrap_or(Exit::Findings));
    };
    let tables = asked(mesh, &arguments.target)?;
    let given = given(mesh, &arguments.classifications)?;
    let databases: BTreeSet<String> =
        tables.iter().map(|(product, _)| mesh.database(&product.domain, &product.id)).collect();
    let looked =
        crate::deploy::drift::look_at_tables(&mesh.governance, &mesh.region, &databases, &reach(mesh, &run_id(), ui)?);
    let mut live = BTreeMap::new();
    for (database, tables) in looked.map_err(Failure::new)? {
        let tables = tables.map_err(|error| {
            let hints = error.hints();
            hints.into_iter().fold(Failure::new(error), Failure::hint)
        })?;
        live.insert(database, tables);
    }
    let mut found = Vec::new();
    for (product, table) in tables {
        let database = mesh.database(&product.domain, &product.id);
        let Some(live) = live.get(&database).and_then(|tables| tables.as_ref()?.get(table.name.as_str())) else {
            ui.say(&format!("{}.{} is not in the catalog: it is not deployed", product.id, table.name))?;
            continue;
        };
        let columns = undeclared(product, table, live, ui)?;
        if !columns.is_empty() {
            found.push(Found { product, table, columns });
        }
    }
    let names: BTreeSet<&str> =
        found.iter().flat_map(|found| &found.columns).map(|column| column.name.as_str()).collect();
    if let Some(unknown) = given.keys().find(|name| !names.contains(name.as_str())) {
        let known: Vec<&str> = names.into_iter().collect();
        let failure = Failure::new(format!("--classification names `{unknown}`, which was not found in the catalog"));
        let hint = if known.is_empty() { "every column there is declared".to_owned() } else { known.join(", ") };
        return Err(failure.hint(format!("found were: {hint}")).exit(Exit::Usage));
    }
    if found.is_empty() {
        ui.say("every column in the catalog is declared")?;
        return Ok(Exit::Done);
    }
    classify(mesh, &mut found, &given, arguments, ui)?;
    write(&before, &found, arguments, ui)
}

/// The tables that a word means.
fn asked<'a>(mesh: &'a Mesh, target: &str) -> Result<Vec<(&'a Product, &'a Table)>, Failure> {
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for domain in mesh.domains.values() {
        for product in domain.products.values() {
            for table in product.tables.values() {
                let (id, whole) = (product.id.to_string(), format!("{}/{}", domain.name, product.id));
                let of_table = |product: &str| format!("{product}.{}", table.name);
                let names = [id.clone(), whole.clone(), of_table(&id), of_table(&whole), table.name.to_string()];
                if names.iter().any(|name| name == target) {
                    found.push((product, table));
                }
                known.extend(names);
            }
        }
    }
    if found.is_empty() {
        let failure = Failure::new(format!("there is no product and no table `{target}`")).exit(Exit::Usage);
        return Err(match crate::finding::nearest(target, known.iter().map(String::as_str)) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("name a product, <domain>/<product>, <product>.<table>, or a table"),
        });
    }
    Ok(found)
}

/// What `--classification` says, by column.
fn given(mesh: &Mesh, texts: &[String]) -> Result<BTreeMap<String, Classification>, Failure> {
    let mut given = BTreeMap::new();
    for text in texts {
        let Some((column, class)) = text.split_once('=') else {
            let failure = Failure::new(format!("--classification `{text}` is not <column>=<classification>"));
            return Err(failure.exit(Exit::Usage));
        };
        given.insert(column.to_owned(), class_of(mesh, class).map_err(|error| error.exit(Exit::Usage))?);
    }
    Ok(given)
}

fn class_of(mesh: &Mesh, text: &str) -> Result<Classification, Failure> {
    let usable = mesh.classifications.iter().filter(|class| !class.is_unclassified());
    usable.clone().find(|class| class.as_str() == text).cloned().ok_or_else(|| {
        let known: Vec<&str> = usable.map(Classification::as_str).collect();
        Failure::new(format!("`{text}` is no classification that a declared column may have"))
            .hint(format!("there are: {}", known.join(", ")))
    })
}

/// The columns of a table that no file declares. A partition key cannot be added to a table that stands.
fn undeclared(product: &Product, table: &Table, live: &LiveTable, ui: &mut Ui) -> Result<Vec<FoundColumn>, Failure> {
    let mut found = Vec::new();
    for column in &live.columns {
        if table.all_columns().any(|declared| declared.name.as_str() == column.name) {
            continue;
        }
        match column.kind {
            ColumnKind::Data => found.push(FoundColumn {
                name: column.name.clone(),
                type_name: column.type_name.clone(),
                classification: None,
                by: live.crawler.clone(),
            }),
            ColumnKind::Partition => ui.say(&format!(
                "{}.{}: the partition key `{}` is left alone: a new partition key is another table",
                product.id, table.name, column.name
            ))?,
        }
    }
    Ok(found)
}

/// Gives each column the classification that was given or is told now; the others stay to be filled.
fn classify(
    mesh: &Mesh,
    found: &mut [Found<'_>],
    given: &BTreeMap<String, Classification>,
    arguments: &AdoptColumnsArguments,
    ui: &mut Ui,
) -> Result<(), Failure> {
    let can_ask = !arguments.yes && io::stdin().is_terminal();
    for Found { product, table, columns } in found {
        for column in columns {
            let mut class = given.get(&column.name).cloned();
            while class.is_none() && can_ask {
                let usable = mesh.classifications.iter().filter(|class| !class.is_unclassified());
                let known: Vec<&str> = usable.map(Classification::as_str).collect();
                let place = format!("{}.{}.{}", product.id, table.name, column.name.escape_debug());
                let kind = column.type_name.escape_debug();
                write!(ui.err, "{place} ({kind}): {}, or nothing to fill it in later? ", known.join(", "))?;
                ui.err.flush()?;
                let mut answer = String::new();
                if io::stdin().lock().read_line(&mut answer)? == 0 || answer.trim().is_empty() {
                    break;
                }
                match class_of(mesh, answer.trim()) {
                    Ok(known) => class = Some(known),
                    Err(error) => writeln!(ui.err, "{}", error.error)?,
                }
            }
            column.classification = class.map(|class| class.to_string());
        }
    }
    Ok(())
}

/// Shows the edit, checks the mesh with it, asks, and writes.
fn write(
    before: &Synthesized,
    found: &[Found<'_>],
    arguments: &AdoptColumnsArguments,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let edits = edit::edits(before, found)?;
    if edits.iter().all(edit::Edit::is_empty) {
        ui.say("what was found stands in the files already, as comments: fill in the classifications")?;
        return Ok(Exit::Done);
    }
    for edit in &edits {
        edit.show(ui)?;
    }
    if let Some(exit) = edit::validate(before, &edits, ui)? {
        return Ok(exit);
    }
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            let failure = Failure::new("nobody can be asked: there is no terminal")
                .hint("look at the edit above, then pass --yes")
                .exit(Exit::Declined);
            return Ok(ui.failure(&failure));
        }
        write!(ui.err, "write {}? [y/N] ", plural(edits.len(), "file"))?;
        ui.err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if !["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
            ui.say("declined; nothing was written")?;
            return Ok(Exit::Declined);
        }
    }
    for edit in &edits {
        edit.write()?;
    }
    let columns = found.iter().flat_map(|found| &found.columns);
    let (filled, open): (Vec<&FoundColumn>, Vec<&FoundColumn>) =
        columns.partition(|column| column.classification.is_some());
    if !filled.is_empty() {
        ui.say(&format!(
            "{} declared: run `meshform synth`, have the change reviewed, then deploy",
            plural(filled.len(), "column")
        ))?;
    }
    if !open.is_empty() {
        ui.say(&format!(
            "{} to be filled: they stand as comments, and nobody but the owner sees them until then",
            plural(open.len(), "column")
        ))?;
    }
    Ok(Exit::Done)
}
