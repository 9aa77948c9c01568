//! The section about the way from one side to the other.

use super::budget::{Piece, Risk, Section};
use super::escape::phrase;
use crate::plan::diff::Diff;
use crate::plan::safety::Wrong;
use crate::report::diff::moments::{MEANING, moments};

pub(super) fn section(diff: &Diff) -> Section {
    let pieces = moments(diff).into_iter().map(|moment| {
        let (risk, mark) = match (moment.wrong, moment.sensitive) {
            (Wrong::Leak, true) => (Risk::Sensitive, "🔴"),
            (Wrong::Leak, false) => (Risk::Grave, "🔴"),
            (Wrong::Gap, _) => (Risk::Notable, "🟠"),
        };
        Piece { risk, text: format!("- {mark} {}", phrase(&moment.phrase)) }
    });
    Section {
        title: "What happens on the way",
        folded: false,
        intro: (!diff.moments.is_empty()).then(|| MEANING.to_owned()),
        header: None,
        pieces: pieces.collect(),
        noun: "moment",
    }
}
