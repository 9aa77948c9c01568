//! What counts as sensitive.

/// What a subscription opens without being asked for more: `public` and `internal`.
const ORDINARY: [&str; 2] = ["internal", "public"];

/// Whether a classification is above what a subscription opens by default, or is missing: the notion of the finding
/// `sensitive-copy`. The classifications of a mesh have no order among themselves, so all others count alike.
#[must_use]
pub fn is_sensitive(classification: Option<&str>) -> bool {
    classification.is_none_or(|classification| !ORDINARY.contains(&classification))
}

#[cfg(test)]
mod tests {
    use super::is_sensitive;

    #[test]
    fn what_nobody_classified_is_sensitive() {
        assert!(is_sensitive(None) && is_sensitive(Some("unclassified")) && is_sensitive(Some("pii")));
        assert!(!is_sensitive(Some("public")) && !is_sensitive(Some("internal")));
    }
}
