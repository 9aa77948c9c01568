//! The nearest known word to a mistyped one.

/// The candidate that is nearest to `word`, if one is near enough to be meant (similarity of at least 0.6).
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    similar::get_close_matches(word, &candidates.into_iter().collect::<Vec<_>>(), 1, 0.6).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(nearest("classifcation", ["classification", "logicalType"]), Some("classification"));
        assert_eq!(nearest("zebra", ["classification", "logicalType"]), None);
    }
}
