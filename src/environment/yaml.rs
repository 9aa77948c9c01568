//! YAML text to plain values: the fast parse, and the only one of a file that is right.
//!
//! [`Tree`] reads the same text with places, under the same options, so that the two agree.

use super::tree::{Tree, bytes};
use crate::finding::{Code, Finding, Place};
use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::granit_parser::ErrorKind;
use serde_saphyr::localizer::ExternalMessageSource;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Location, MessageFormatter as _, UserMessageFormatter};

/// Levels that a file may nest; the format itself needs ten.
const MOST_LEVELS: usize = 24;
/// Values that a file may hold.
const MOST_VALUES: usize = 500_000;
/// Values that aliases may bring in.
const MOST_REPLAYED: usize = 200_000;

/// What a text says, as far as it can be read.
pub(super) struct Parsed {
    /// Nothing when the text is no YAML, or no content.
    pub(super) value: Option<Value>,
    pub(super) findings: Vec<Finding>,
}

/// Reads one document. Repeated keys are all reported, and the first of each is kept, so that the rest can be checked too.
pub(super) fn parse(file: &str, text: &str) -> Parsed {
    match serde_saphyr::from_str_with_options(text, options(DuplicateKeyPolicy::Error)) {
        Ok(Value::Null) => Parsed {
            value: None,
            findings: vec![Finding::new(Code::EmptyFile, Place::file(file), "the file holds no content")],
        },
        Ok(value) => Parsed { value: Some(value), findings: Vec::new() },
        Err(error) if matches!(cause(&error), Error::DuplicateMappingKey { .. }) => match Tree::parse(text) {
            Ok(tree) => {
                let mut findings = Vec::new();
                tree.repeated(file, &mut findings);
                Parsed { value: Some(tree.value()), findings }
            }
            Err(later) => Parsed { value: None, findings: vec![refusal(file, text, &later)] },
        },
        Err(error) => Parsed { value: None, findings: vec![refusal(file, text, &error)] },
    }
}

/// YAML 1.2 with merge keys: `no` is text, `1_000` is text, and a tag that nobody knows is not silently dropped.
pub(super) fn options(duplicate_keys: DuplicateKeyPolicy) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_LEVELS,
            max_nodes: MOST_VALUES,
            max_events: 4 * MOST_VALUES,
            // one anchor may well serve a hundred columns; what aliases may expand to is limited below
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_REPLAYED },
        duplicate_keys: duplicate_keys,
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// An error of the YAML reader in the words of a finding.
fn refusal(file: &str, text: &str, error: &Error) -> Finding {
    let place = match error.location() {
        Some(location) => {
            let (start, end) = byte_range(text, location);
            Place::bytes(file, start, end)
        }
        None => Place::file(file),
    };
    let (code, message) = match cause(error) {
        Error::MultipleDocuments { .. } => (Code::SeveralDocuments, "a second YAML document begins here".to_owned()),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            (Code::TooDeep, format!("this nests deeper than {MOST_LEVELS} levels"))
        }
        Error::ExternalMessage { source, .. } if nests_too_deep(source) => {
            (Code::TooDeep, format!("this nests deeper than {MOST_LEVELS} levels"))
        }
        Error::Budget { .. } => (Code::TooDeep, format!("the file holds more than {MOST_VALUES} values")),
        Error::RecursiveReferencesRequireWeakTypes { .. } => (Code::TooDeep, "this anchor contains itself".to_owned()),
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            (Code::TooDeep, format!("the aliases of the file expand to more than {MOST_REPLAYED} values"))
        }
        other => (Code::YamlSyntax, format!("the YAML cannot be read: {}", words(other))),
    };
    Finding::new(code, place, message)
}

fn nests_too_deep(source: &ExternalMessageSource) -> bool {
    matches!(source, ExternalMessageSource::Parser(error) if matches!(error.kind(), ErrorKind::RecursionLimitExceeded))
}

/// The reader's own words, in our form: lower-case, no full stop.
fn words(error: &Error) -> String {
    let message = UserMessageFormatter.format_message(error).trim_end_matches('.').to_owned();
    let mut characters = message.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(characters).collect(),
        _ => message,
    }
}

fn cause(error: &Error) -> &Error {
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => cause(error),
        other => other,
    }
}

/// The byte range of an error. Of a syntax error the reader knows line and column alone.
fn byte_range(text: &str, location: Location) -> (usize, usize) {
    if location.span().byte_offset().is_some() {
        let (start, end) = bytes(location);
        return (start.min(text.len()), end.min(text.len()));
    }
    let (line, column) = (location.line().saturating_sub(1), location.column().saturating_sub(1));
    let mut start = 0;
    for _ in 0..line {
        start = text[start..].find('\n').map_or(text.len(), |end| start + end + 1);
    }
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    start += text[start..].chars().take(column).map(char::len_utf8).sum::<usize>();
    (start, start + text[start..].chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deepest file that is read must not overflow the stack of a thread, in the larger of the two parses either.
    #[test]
    fn the_limit_of_levels_is_below_that_of_the_stack() {
        for (open, close) in [("- ", ""), ("[", "]"), ("{a: ", "}")] {
            let nested = |levels| format!("{}{}", open.repeat(levels), close.repeat(levels));
            assert!(parse("", &nested(MOST_LEVELS)).findings.is_empty());
            assert!(Tree::parse(&nested(MOST_LEVELS)).is_ok());
            assert_eq!(parse("", &nested(MOST_LEVELS + 1)).findings[0].code, Code::TooDeep);
        }
    }

    #[test]
    fn aliases_do_not_get_around_the_limit_of_levels() {
        let level =
            |number: usize, inner: &str| format!("a{number}: &a{number} {}{inner}{}\n", "[".repeat(10), "]".repeat(10));
        let text: String = (1..20).map(|number| level(number, &format!("*a{}", number - 1))).collect();
        let findings = parse("", &(level(0, "") + &text)).findings;
        assert_eq!(findings[0].code, Code::TooDeep);
    }

    #[test]
    fn collections_end_behind_their_last_bracket() {
        let text = "a: {b: [1, 2 ], c: 'x', }\nd:\n  - e\n";
        let tree = Tree::parse(text).expect("it is YAML");
        let shown = |name| tree.child(name).map(|(_, child)| &text[child.bytes.0..child.bytes.1]);
        assert_eq!(shown("a"), Some("{b: [1, 2 ], c: 'x', }"));
        assert_eq!(shown("d"), Some("- e"));
    }

    #[test]
    fn words_of_yaml_1_1_are_text() {
        let value = parse("", "[no, on, 1_000, 12:30:00, 2027-06-30]").value;
        assert_eq!(value, Some(serde_json::json!(["no", "on", "1_000", "12:30:00", "2027-06-30"])));
    }
}
