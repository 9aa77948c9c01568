//! Sentences of which it is known what is ours and what somebody else wrote.

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Our own words.
    Words(String),
    /// Our own words, to be seen first.
    Strong(String),
    /// A name of the user's: a product, a column, a file.
    Name(String),
    /// A text of the user's: a purpose, a reason.
    Prose(String),
}

/// A sentence, or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Phrase(Vec<Part>);

impl Phrase {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(words: impl Into<String>) -> Self {
        Self::new().words(words)
    }

    pub(crate) fn words(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    pub(crate) fn strong(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Strong(words.into()));
        self
    }

    pub(crate) fn name(mut self, name: impl Into<String>) -> Self {
        self.0.push(Part::Name(name.into()));
        self
    }

    pub(crate) fn prose(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Prose(text.into()));
        self
    }

    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// "a, b and 3 more", of at most so many.
    pub(crate) fn names<'a>(mut self, names: impl IntoIterator<Item = &'a str>, most: usize) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        let shown = if names.len() > most + 1 { most } else { names.len() };
        for (index, name) in names.iter().take(shown).enumerate() {
            let last = index + 1 == names.len();
            match index {
                0 => {}
                _ if last => self = self.words(" and "),
                _ => self = self.words(", "),
            }
            self = self.name(*name);
        }
        match names.len() - shown {
            0 => self,
            more => self.words(format!(" and {more} more")),
        }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }
}

/// "1 column", "2 columns".
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(number)) }
}

/// A number with commas, as English groups it.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_where_that_saves_something() {
        let told = |names: &[&str], most| {
            let phrase = Phrase::new().names(names.iter().copied(), most);
            let parts = phrase.parts().iter().map(|part| match part {
                Part::Words(text) | Part::Strong(text) | Part::Name(text) | Part::Prose(text) => text.as_str(),
            });
            parts.collect::<String>()
        };
        assert_eq!(told(&["a"], 2), "a");
        assert_eq!(told(&["a", "b"], 2), "a and b");
        assert_eq!(told(&["a", "b", "c"], 2), "a, b and c");
        assert_eq!(told(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(told(&[], 2), "");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
