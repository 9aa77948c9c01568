//! `meshform doctor`

use super::arguments::{DoctorArguments, DoctorFormat};
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::journal::run_id;
use super::planning::reach;
use super::ui::Ui;
use crate::assembly::Document;
use crate::plan::doctor::{Input, diagnose};
use crate::report::doctor::{Form, write};
use std::io::Write as _;

pub(super) fn run(arguments: &DoctorArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (mesh, assembly, chosen) = match synthesized(&arguments.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    if !arguments.probe.is_empty() {
        return super::probe::run(&arguments.probe, arguments.format, &mesh, &chosen, ui);
    }
    let wanted = Document::all(&assembly);
    let examined = crate::deploy::doctor::examine(&wanted, &reach(&mesh, &run_id(), ui)?).map_err(Failure::new)?;
    let diagnosis = diagnose(&Input {
        mesh: mesh.name.as_str(),
        environment: &chosen.name,
        governance: mesh.governance.as_str(),
        wanted: &wanted,
        units: mesh.deployment.organization.as_ref(),
        examined: &examined,
    });
    let form = match arguments.format {
        DoctorFormat::Text => Form::Text { colour: ui.out_colour },
        DoctorFormat::Json => Form::Json,
    };
    write(&mut ui.out, &diagnosis, form)?;
    ui.out.flush()?;
    Ok(if diagnosis.is_bad() { Exit::Error } else { Exit::Done })
}
