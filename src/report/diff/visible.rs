//! Texts of others in which nothing hides: neither from a reader nor from a terminal.

/// A text in which nothing hides: control characters, line breaks, invisible and direction-changing characters as `\u{..}`.
pub(in crate::report) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        push_visible(&mut out, letter);
    }
    out
}

/// Adds a character, or its escape.
pub(in crate::report) fn push_visible(out: &mut String, letter: char) {
    if letter == ' ' || letter.is_ascii_graphic() || letter.is_alphanumeric() {
        return out.push(letter);
    }
    // the letter before it keeps a combining mark from being taken for the start of a text
    let pair = ['a', letter].iter().collect::<String>();
    let escaped = pair.escape_debug().skip(1).collect::<String>();
    out.push_str(&escaped);
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(visible("plain, größe and 顧客 (ok)"), "plain, größe and 顧客 (ok)");
        assert_eq!(visible("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(visible("a\nb\r\tc"), "a\\nb\\r\\tc");
        assert_eq!(visible("\u{202e}gnp\u{200b}\u{feff}\u{ad}"), "\\u{202e}gnp\\u{200b}\\u{feff}\\u{ad}");
        // a combining mark is part of its letter
        assert_eq!(visible("e\u{301}"), "e\u{301}");
    }
}
