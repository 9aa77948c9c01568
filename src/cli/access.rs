//! `meshform access`

use super::arguments::{AccessArguments, AccessFormat};
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::access::{Access, Facts, evaluate};
use crate::assembly::Document;
use crate::report::access::{self, Detail};
use std::io::Write as _;

pub(super) fn run(arguments: &AccessArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (mesh, assembly, _) = match synthesized(&arguments.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    if let Some(product) = &arguments.product {
        let mut products = mesh.domains.values().flat_map(|domain| domain.products.keys());
        if !products.any(|known| known.as_str() == product) {
            return Err(Failure::new(format!("no domain has a product `{product}`")).exit(Exit::Usage));
        }
    }
    let mut access = evaluate(&Facts::of(&Document::all(&assembly)));
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
