//! Texts of others in GitHub-flavoured Markdown: whatever they hold, they stay text.
//!
//! Escaping alone is not enough: GitHub looks for `@name`, `#123`, hashes of commits and addresses in the text that is
//! left after Markdown was rendered, where `&#64;` is an `@` again. It leaves code alone. So a word that could become a
//! link stands in code, and only plain words stand as such.

use crate::report::diff::phrase::{Part, Phrase};
use crate::report::diff::visible::{push_visible, visible};
use std::fmt::Write as _;

/// Most characters of one text; what is longer says nothing more in a cell.
const MOST_CHARACTERS: usize = 240;

/// A phrase as Markdown, for a cell or a paragraph.
pub(super) fn phrase(phrase: &Phrase) -> String {
    let parts = phrase.parts().iter().map(|part| match part {
        Part::Words(words) => words.clone(),
        Part::Strong(words) => format!("**{words}**"),
        Part::Name(name) => code(name),
        Part::Prose(text) => prose(text),
    });
    parts.collect()
}

/// A name as code.
pub(in crate::report) fn code(text: &str) -> String {
    let text = visible(&cut(text));
    if text.is_empty() {
        return "<code></code>".to_owned();
    }
    // everything that ends a code span, a cell or a line is outside of this list
    let harmless = |letter: char| letter.is_alphanumeric() || " ._/:=,+*-()@#'$%&;?!~^{}[]\"".contains(letter);
    let spaced = text.starts_with(' ') || text.ends_with(' ');
    if text.chars().all(harmless) && !spaced { format!("`{text}`") } else { html_code(&text) }
}

/// A name as code where Markdown is not read: in the summary of a `<details>`.
pub(super) fn html_code(text: &str) -> String {
    format!("<code>{}</code>", entities(&visible(&cut(text))))
}

/// What somebody wrote: plain words as they are, everything between backticks and every other word as code.
pub(in crate::report) fn prose(text: &str) -> String {
    let text = visible(&cut(text));
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut out = String::new();
    for (index, piece) in text.split('`').enumerate() {
        let quoted = paired && index % 2 == 1;
        match quoted {
            true => out.push_str(&code(piece)),
            false if index > 0 && !paired => write!(out, "&#96;{}", words(piece)).unwrap_or_default(),
            false => out.push_str(&words(piece)),
        }
    }
    out
}

fn words(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let core = word.trim_matches(|letter: char| "().,;:?!'\"".contains(letter));
        match core.is_empty() || is_plain(core) {
            true => entities(word),
            false => {
                let start = word.find(core).unwrap_or(0);
                let (before, after) = (&word[..start], &word[start + core.len()..]);
                format!("{}{}{}", entities(before), code(core), entities(after))
            }
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word is a word: nothing that Markdown or GitHub makes something else of.
fn is_plain(word: &str) -> bool {
    let inner = |letter: char| letter.is_alphanumeric() || "-./,'’%+…".contains(letter);
    let ends = |letter: char| letter.is_alphanumeric() || letter == '%' || letter == '…';
    let hexadecimal = word.len() >= 7 && word.chars().all(|letter| letter.is_ascii_hexdigit());
    // `GH-12`, and the prefixes of trackers that a repository links: `JIRA-12`
    let reference =
        word.rsplit_once('-').is_some_and(|(_, number)| number.starts_with(|letter: char| letter.is_ascii_digit()));
    // GitHub makes a link of it at a word's start, others may elsewhere
    let address = word.to_ascii_lowercase().contains("www.");
    word.chars().all(inner)
        && word.starts_with(char::is_alphanumeric)
        && word.ends_with(ends)
        && !hexadecimal
        && !reference
        && !address
}

/// Every character that means something to Markdown or HTML as a numeric entity.
fn entities(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' | '<' | '>' | '"' | '\'' | '`' | '|' | '\\' | '*' | '_' | '[' | ']' | '~' | '@' | '#' | '!' | '$'
            | '{' | '}' => {
                write!(out, "&#{};", u32::from(letter)).unwrap_or_default();
            }
            other => out.push(other),
        }
    }
    out
}

/// The lines of a text for a fence, each visible; a tab stays.
pub(super) fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => out.push(letter),
            other => push_visible(&mut out, other),
        }
    }
    out
}

/// A text up to a length that a reader takes in.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A block of code that nothing in it can end.
pub(super) fn fence(language: &str, text: &str) -> String {
    let text = lines(text);
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_code() {
        let cases = [
            ("customer_id", "`customer_id`"),
            ("@everyone", "`@everyone`"),
            ("a|b", "<code>a&#124;b</code>"),
            ("a`b", "<code>a&#96;b</code>"),
            ("</details>", "<code>&#60;/details&#62;</code>"),
            ("a\\", "<code>a&#92;</code>"),
            ("a\nb", "<code>a&#92;nb</code>"),
            (" a", "<code> a</code>"),
            ("", "<code></code>"),
            ("\u{202e}txt", "<code>&#92;u&#123;202e&#125;txt</code>"),
            ("größe", "`größe`"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected, "{text:?}");
        }
    }

    #[test]
    fn plain_words_stay_and_others_become_code() {
        let cases = [
            ("churn and next-best-offer models", "churn and next-best-offer models"),
            ("ask @alice, please", "ask `@alice`, please"),
            ("see #12 and GH-12", "see `#12` and `GH-12`"),
            ("since deadbeef1", "since `deadbeef1`"),
            ("at https://example.com/a (now)", "at `https://example.com/a` (now)"),
            ("www.example.com", "`www.example.com`"),
            ("orderswww.example.com WWW.example.com", "`orderswww.example.com` `WWW.example.com`"),
            ("no product `a|b` here", "no product <code>a&#124;b</code> here"),
            ("a ` b", "a &#96; b"),
            ("<!-- x -->", "<code>&#60;&#33;--</code> x <code>--&#62;</code>"),
            ("**bold**", "`**bold**`"),
            ("50% of it, e.g. this", "50% of it, e.g. this"),
            ("a\u{200b}b", "<code>a&#92;u&#123;200b&#125;b</code>"),
        ];
        for (text, expected) in cases {
            assert_eq!(prose(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_in_it() {
        assert_eq!(fence("diff", "a\n```\nb\n"), "````diff\na\n```\nb\n````");
        assert_eq!(fence("", "``````"), "```````\n``````\n```````");
        assert_eq!(fence("diff", "\ta\r\n\u{1b}[2J"), "```diff\n\ta\\r\n\\u{1b}[2J\n```");
    }
}
