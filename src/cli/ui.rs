//! The terminal: data to stdout, talk to stderr, colours where they are wanted.

#![expect(clippy::disallowed_methods, reason = "the one place that reads NO_COLOR, CI and the width of the terminal")]

use super::failure::{Exit, Failure};
#[cfg(feature = "aws")]
use crate::plan::StepId;
#[cfg(feature = "aws")]
use crate::report::deploy::{Blocks, Board, Fold, PlainLines, Show};
use crate::report::findings::Colour;
#[cfg(feature = "aws")]
use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal as _, Write};

/// When text carries colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the process can say, and to whom.
pub(super) struct Ui {
    pub(super) out: Box<dyn Write>,
    pub(super) err: Box<dyn Write>,
    pub(super) out_colour: Colour,
    pub(super) err_colour: Colour,
    /// Columns of the terminal.
    pub(super) width: usize,
    /// Whether stderr is a terminal, where lines can be drawn anew.
    #[cfg(feature = "aws")]
    pub(super) live: bool,
    /// How the log folds blocks, in CI.
    #[cfg(feature = "aws")]
    pub(super) ci: Option<Fold>,
    /// What is known of the code of an MFA device.
    #[cfg(feature = "aws")]
    pub(super) mfa: super::mfa::OneTime,
    quiet: bool,
}

impl Ui {
    pub(super) fn of_process(quiet: bool, when: When) -> Self {
        let colour = |is_terminal: bool| {
            let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            match when {
                When::Always => Colour::Ansi,
                When::Auto if is_terminal && !no_color => Colour::Ansi,
                When::Auto | When::Never => Colour::Plain,
            }
        };
        let (stdout, stderr) = (io::stdout(), io::stderr());
        #[cfg(feature = "aws")]
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
        #[cfg(feature = "aws")]
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            out_colour: colour(stdout.is_terminal()),
            err_colour: colour(stderr.is_terminal()),
            width: terminal_width(),
            #[cfg(feature = "aws")]
            live: stderr.is_terminal() && !dumb && !quiet,
            // GitHub Actions and GitLab set CI (their documentation, default variables)
            #[cfg(feature = "aws")]
            ci: match (is_set("GITHUB_ACTIONS"), is_set("CI")) {
                (true, _) => Some(Fold::GitHub),
                (false, true) => Some(Fold::None),
                (false, false) => None,
            },
            #[cfg(feature = "aws")]
            mfa: super::mfa::OneTime::default(),
            quiet,
            out: Box::new(BufWriter::new(stdout)),
            err: Box::new(Talk { to: stderr }),
        }
    }

    /// Says something about the work, unless `--quiet`.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        writeln!(self.err, "{text}")
    }

    /// Shows a run on stderr: as a board on a terminal, as blocks in CI, else line by line.
    #[cfg(feature = "aws")]
    pub(super) fn show(&mut self, usual: BTreeMap<StepId, f64>) -> Box<dyn Show + '_> {
        let colour = self.err_colour;
        if self.live {
            let columns = u16::try_from(self.width).unwrap_or(u16::MAX);
            return Box::new(Board::new(indicatif::ProgressDrawTarget::stderr(), columns, colour, usual));
        }
        match self.ci {
            Some(fold) => Box::new(Blocks::new(&mut self.err, colour, fold)),
            None => Box::new(PlainLines::new(&mut self.err, colour)),
        }
    }

    /// Whether only data and errors are wanted.
    #[cfg(feature = "aws")]
    pub(super) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints a failure with its causes and hints, and returns the exit code.
    pub(super) fn failure(&mut self, failure: &Failure) -> Exit {
        if failure.is_closed_pipe() {
            return Exit::Done;
        }
        let (bold, red, cyan, reset) = match self.err_colour {
            Colour::Ansi => ("\x1b[1m", "\x1b[31m", "\x1b[36m", "\x1b[0m"),
            Colour::Plain => ("", "", "", ""),
        };
        // nothing can be done when stderr itself is gone
        let _ = writeln!(self.err, "{bold}{red}error{reset}{bold}: {}{reset}", failure.error);
        let mut source = failure.error.source();
        while let Some(cause) = source {
            let _ = writeln!(self.err, "  caused by: {cause}");
            source = cause.source();
        }
        for detail in &failure.details {
            let _ = writeln!(self.err, "  {detail}");
        }
        for hint in &failure.hints {
            let _ = writeln!(self.err, "{cyan}hint{reset}: {hint}");
        }
        failure.exit
    }
}

/// Whether nobody is there to hear: a pipe whose reader went away, or a terminal that is gone (EIO, which is 5 on Linux and macOS:
/// write(2)).
pub(super) fn is_unheard(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe || (cfg!(unix) && error.raw_os_error() == Some(5))
}

/// Talk, which goes on when nobody listens any more: a terminal that was closed stops no work, and what it came to is told by the
/// exit code and the journal.
struct Talk<W> {
    to: W,
}

impl<W: Write> Write for Talk<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match self.to.write(text) {
            Err(error) if is_unheard(&error) => Ok(text.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.to.flush() {
            Err(error) if is_unheard(&error) => Ok(()),
            flushed => flushed,
        }
    }
}

/// Columns of the terminal; 100 where there is none, so that logs are the same everywhere.
fn terminal_width() -> usize {
    let of_variable = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    of_variable.filter(|columns| (40..=400).contains(columns)).unwrap_or_else(|| match io::stderr().is_terminal() {
        true => console_width().unwrap_or(100),
        false => 100,
    })
}

fn console_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0))
}
