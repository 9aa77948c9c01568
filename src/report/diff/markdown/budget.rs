//! What fits into a comment: pieces by risk, and what had to be left out.

/// UTF-16 units that a comment may have. GitHub takes 65,536 characters of a comment; the rest is for what a workflow adds.
pub(super) const BUDGET: usize = 60_000;

/// What the frame, the headings and the words about what is left out may take of it.
const FRAME: usize = 6_000;

/// How much it matters that somebody reads a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Risk {
    /// Documents and properties of what changes in place.
    Detail,
    /// What else changes.
    Other,
    /// Documents and properties of what is replaced or goes.
    GraveDetail,
    /// Losses of sight, replacements without data.
    Notable,
    /// Somebody gains what is not sensitive.
    Gain,
    /// Something breaks, a rule refuses.
    Grave,
    /// Data is at stake.
    Stake,
    /// Somebody gains sight of sensitive data.
    Sensitive,
    /// What to do.
    Advice,
}

/// A piece of a section: a row, a list item, a block.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) risk: Risk,
    pub(super) text: String,
}

/// A section of the comment.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Its heading.
    pub(super) title: &'static str,
    /// Whether it is folded away.
    pub(super) folded: bool,
    /// What stands under the heading.
    pub(super) intro: Option<String>,
    /// What stands right before the pieces: the head of a table.
    pub(super) header: Option<&'static str>,
    pub(super) pieces: Vec<Piece>,
    /// What a piece is called, for what is left out: "row".
    pub(super) noun: &'static str,
}

/// A section as far as it fits.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub(super) section: Section,
    /// Pieces that did not fit.
    pub(super) left_out: usize,
}

/// Fills the budget with the pieces of all sections, the gravest first, and keeps their order within each section.
pub(super) fn fill(sections: Vec<Section>) -> Vec<Filled> {
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        order.extend((0..section.pieces.len()).map(|piece| (index, piece)));
    }
    // a stable sort: among equals the earlier section and the earlier piece stay first
    order.sort_by_key(|(section, piece)| std::cmp::Reverse(sections[*section].pieces[*piece].risk));
    let mut left = BUDGET - FRAME;
    let mut kept: Vec<Vec<bool>> = sections.iter().map(|section| vec![false; section.pieces.len()]).collect();
    for (section, piece) in order {
        let cost = units(&sections[section].pieces[piece].text) + 2;
        if cost <= left {
            left -= cost;
            kept[section][piece] = true;
        }
    }
    let filled = sections.into_iter().zip(kept).map(|(mut section, kept)| {
        let all = section.pieces.len();
        let mut kept = kept.into_iter();
        section.pieces.retain(|_| kept.next().unwrap_or(false));
        Filled { left_out: all - section.pieces.len(), section }
    });
    filled.collect()
}

/// The length of a text as GitHub counts it: in UTF-16 units.
pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(pieces: &[(Risk, usize)]) -> Section {
        let pieces = pieces.iter().map(|(risk, length)| Piece { risk: *risk, text: "x".repeat(*length) }).collect();
        Section { title: "title", folded: false, intro: None, header: None, pieces, noun: "row" }
    }

    #[test]
    fn the_gravest_stay_and_the_order_too() {
        let half = (BUDGET - FRAME) / 2;
        let sections = vec![
            section(&[(Risk::Detail, half), (Risk::Stake, half - 10), (Risk::Detail, half)]),
            section(&[(Risk::Other, 100), (Risk::Sensitive, half - 10)]),
        ];
        let filled = fill(sections);
        let told: Vec<Vec<Risk>> =
            filled.iter().map(|filled| filled.section.pieces.iter().map(|piece| piece.risk).collect()).collect();
        assert_eq!(told, [vec![Risk::Stake], vec![Risk::Sensitive]]);
        assert_eq!(filled.iter().map(|filled| filled.left_out).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn what_fits_stays_whole() {
        let filled = fill(vec![section(&[(Risk::Detail, 10), (Risk::Advice, 10)])]);
        let told: Vec<Risk> = filled[0].section.pieces.iter().map(|piece| piece.risk).collect();
        assert_eq!((told, filled[0].left_out), (vec![Risk::Detail, Risk::Advice], 0));
    }

    #[test]
    fn lengths_are_counted_as_github_counts() {
        assert_eq!(units("aé顧😀"), 1 + 1 + 1 + 2);
    }
}
