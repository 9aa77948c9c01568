//! Lines at a terminal: painted where colours are wanted, broken at spaces where they are too long.

use super::phrase::{Part, Phrase};
use super::visible::visible;
use crate::report::Colour;
use std::io::{self, Write};

pub(super) const BOLD: &str = "1";
pub(super) const RED: &str = "31";
pub(super) const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";
pub(super) const CYAN: &str = "36";
pub(super) const GREY: &str = "2";
pub(super) const ALARM: &str = "1;31";

/// What is written on.
pub(super) struct Paper<'a> {
    pub(super) out: &'a mut dyn Write,
    pub(super) width: usize,
    pub(super) colour: Colour,
}

impl Paper<'_> {
    pub(super) fn paint(&self, style: &str, text: &str) -> String {
        match self.colour {
            Colour::Ansi if !text.is_empty() => format!("\x1b[{style}m{text}\x1b[0m"),
            Colour::Ansi | Colour::Plain => text.to_owned(),
        }
    }

    pub(super) fn phrase(&self, phrase: &Phrase, strong: &str) -> String {
        let parts = phrase.parts().iter().map(|part| match part {
            Part::Words(words) => words.clone(),
            Part::Strong(words) => self.paint(strong, &words.to_uppercase()),
            Part::Name(name) => self.paint(BOLD, &visible(name)),
            Part::Prose(text) => visible(text),
        });
        parts.collect()
    }

    /// A line, broken at spaces, with what follows below its text.
    pub(super) fn line(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let (room, start) = (self.width.saturating_sub(indent).max(30), " ".repeat(indent));
        let mut line = String::new();
        let mut first = true;
        let mut used = 0;
        for word in text.split(' ') {
            let wide = seen(word);
            if used > 0 && used + 1 + wide > room {
                writeln!(self.out, "{start}{}", line.trim_end())?;
                line =
                    if first { "    ".to_owned() } else { line.chars().take_while(|letter| *letter == ' ').collect() };
                used = line.len();
                first = false;
                line.push_str(word);
                used += wide;
                continue;
            }
            if !line.is_empty() {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
        writeln!(self.out, "{start}{}", line.trim_end())
    }

    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        let text = self.paint(BOLD, text);
        writeln!(self.out, "{text}")
    }
}

/// Characters of a word that are seen: without escape sequences.
fn seen(word: &str) -> usize {
    let mut count = 0;
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => drop(letters.by_ref().find(|letter| *letter == 'm')),
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_by_what_is_seen_of_them() {
        let mut out = Vec::new();
        let mut paper = Paper { out: &mut out, width: 40, colour: Colour::Ansi };
        let red = paper.paint(RED, "eleven-characters");
        paper.line(2, &format!("{red} and {red} and {red}")).expect("a vector takes everything");
        let text = String::from_utf8(out).expect("it is text");
        let widths: Vec<usize> = text.lines().map(seen).collect();
        assert_eq!(widths, [23, 27, 23], "{text}");
    }
}
