//! The code of the MFA device that mesh.yaml names: given, read from stdin, or asked for at the terminal, once in a run.

use super::failure::{Exit, Failure};
use super::terminal::typed_unseen;
use super::ui::Ui;
use crate::deploy::Mfa;
use crate::mesh::Mesh;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// Longest line that is read for a code, in bytes.
const LONGEST: u64 = 100;

/// What is known of the code in this run.
#[derive(Default)]
pub(super) struct OneTime {
    given: Option<String>,
    /// The code that was had, with the session that it opens.
    had: Option<Mfa>,
}

impl OneTime {
    /// What the command line says.
    pub(super) fn give(&mut self, code: Option<&str>) {
        self.given = code.map(str::to_owned);
    }
}

/// The code for the mesh's device; none where it names no device. Every later question is answered with the same.
pub(super) fn one_time(mesh: &Mesh, ui: &mut Ui) -> Result<Option<Mfa>, Failure> {
    let Some(serial) = &mesh.deployment.mfa_serial else { return Ok(None) };
    if let Some(had) = &ui.mfa.had {
        return Ok(Some(had.clone()));
    }
    let code = match ui.mfa.given.clone() {
        Some(code) if code != "-" => code,
        Some(_) => line()?,
        None if io::stdin().is_terminal() => {
            let mut ask = || write!(ui.err, "code of the MFA device {serial}: ").and_then(|()| ui.err.flush());
            match typed_unseen(&mut ask)? {
                Some(code) => code,
                None => return Err(Failure::new("interrupted; no call was made").exit(Exit::Interrupted)),
            }
        }
        None => {
            return Err(Failure::new(format!(
                "nobody can be asked for the code of the MFA device {serial}: there is no terminal"
            ))
            .hint("pass `--mfa-code CODE`, or `--mfa-code -` with the code on stdin")
            .exit(Exit::Declined));
        }
    };
    let mfa = Mfa::new(serial, code.trim()).map_err(|error| {
        Failure::new(error).hint("type the code that the device shows now; no call was made").exit(Exit::Usage)
    })?;
    ui.mfa.had = Some(mfa.clone());
    Ok(Some(mfa))
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut line)?;
    Ok(line)
}
