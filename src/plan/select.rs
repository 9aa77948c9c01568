//! `--select`: a pattern over stack ids.

use crate::assembly::StackId;
use std::fmt;

/// A pattern over stack ids: `*` stands for any characters (a slash too), `?` for one, everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether an id fits, as a whole.
    #[must_use]
    pub fn matches(&self, id: &StackId) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text: Vec<char> = id.to_string().chars().collect();
        // linear: on a mismatch only the last `*` can take one character more
        let (mut at, mut from) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while from < text.len() {
            if at < pattern.len() && pattern[at] == '*' {
                star = Some((at, from));
                at += 1;
            } else if at < pattern.len() && (pattern[at] == '?' || pattern[at] == text[from]) {
                at += 1;
                from += 1;
            } else if let Some((star_at, star_from)) = star {
                star = Some((star_at, star_from + 1));
                at = star_at + 1;
                from = star_from + 1;
            } else {
                return false;
            }
        }
        pattern[at..].iter().all(|character| *character == '*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        let id = StackId::new("sales", "demo-storage-sales");
        for fits in ["sales/*", "*", "*storage*", "sales/demo-storage-sales", "sale?/demo-*-sales", "**", "*sales"] {
            assert!(Pattern::new(fits).matches(&id), "{fits}");
        }
        for differs in ["sales", "shop/*", "*storage", "", "?", "sales/demo-storage-sale", "Sales/*"] {
            assert!(!Pattern::new(differs).matches(&id), "{differs}");
        }
    }
}
