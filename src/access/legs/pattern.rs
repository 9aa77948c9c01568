//! Patterns of IAM.

/// IAM's wildcards: `*` for any text, `?` for one character.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    // nearly all patterns part from the question before their first wildcard
    let (expected, found) = (pattern.as_bytes(), text.as_bytes());
    for (at, letter) in expected.iter().enumerate() {
        match letter {
            b'*' | b'?' => return glob(&pattern[at..], &text[at..], |expected, found| expected == found),
            _ if found.get(at) == Some(letter) => {}
            _ => return false,
        }
    }
    expected.len() == found.len()
}

/// The same without regard to case, as actions are compared (IAM user guide, "IAM JSON policy elements: Action").
pub(super) fn fits_folded(pattern: &str, text: &str) -> bool {
    glob(pattern, text, |expected, found| expected.eq_ignore_ascii_case(&found))
}

/// Goes back to the last `*` alone, so that no pattern takes longer than its length times the text's.
fn glob(pattern: &str, text: &str, same: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, bytes) = (pattern.as_bytes(), text.as_bytes());
    let next = |at: usize| (at + 1..=bytes.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(bytes.len());
    let (mut expected, mut found) = (0, 0);
    let mut star = None;
    while found < bytes.len() {
        match pattern.get(expected) {
            Some(b'*') => {
                expected += 1;
                star = Some((expected, found));
            }
            Some(b'?') => {
                expected += 1;
                found = next(found);
            }
            Some(letter) if same(*letter, bytes[found]) => {
                expected += 1;
                found += 1;
            }
            _ => {
                let Some((after, from)) = star else { return false };
                let from = next(from);
                star = Some((after, from));
                (expected, found) = (after, from);
            }
        }
    }
    pattern[expected..].iter().all(|letter| *letter == b'*')
}
