//! A line that is typed at the terminal and not shown there.

use std::io;

/// Longest line that is read, in bytes.
#[cfg(unix)]
const LONGEST: usize = 100;

/// Asks, and reads a line without showing it; none when the answer was Ctrl-C. The terminal is as it was afterwards: Ctrl-C is read as a
/// character meanwhile, since a signal would leave the terminal silent.
#[cfg(unix)]
pub(super) fn typed_unseen(ask: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Option<String>> {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
    use std::io::Read as _;

    /// Puts the terminal back, however the reading ends.
    struct Silent(Termios);

    impl Drop for Silent {
        fn drop(&mut self) {
            // a terminal that is gone needs no mending
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        }
    }

    const INTERRUPT: u8 = 3;
    let _before = Silent(tcgetattr(io::stdin())?);
    let mut silent = tcgetattr(io::stdin())?;
    silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
    // the end of the line is shown, and Ctrl-C ends one too: the terminal hands over whole lines
    silent.local_modes.insert(LocalModes::ECHONL);
    silent.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
    tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
    ask()?;
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes().take(LONGEST) {
        match byte? {
            b'\n' => break,
            INTERRUPT => return Ok(None),
            byte => line.push(byte),
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Asks, and reads a line; it is shown where it cannot be hidden.
#[cfg(not(unix))]
pub(super) fn typed_unseen(ask: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Option<String>> {
    ask()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(Some(line))
}
