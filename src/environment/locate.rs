//! Where things stand: line and column of what findings speak of, computed once, at the end.

use super::read::Source;
use super::tree::Tree;
use super::words;
use crate::finding::{Part, Place};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A range of a file. Lines and columns count from 1, in characters; the end is where the next character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Line of the first character.
    pub start_line: usize,
    /// Column of the first character.
    pub start_column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column of the end.
    pub end_column: usize,
    /// Byte of the first character, from 0.
    pub byte_start: usize,
    /// Byte of the end.
    pub byte_end: usize,
}

impl Source {
    /// Where a place stands: the value or its key, or else the nearest part around it that exists; the beginning of the
    /// file where nothing is known.
    ///
    /// Below an alias it is the alias, since that is what makes the value stand there.
    #[must_use]
    pub fn locate(&self, place: &Place) -> Span {
        self.locate_all([place])[0]
    }

    /// The same of many places, in their order; each file is parsed once.
    #[must_use]
    pub fn locate_all<'a>(&self, places: impl IntoIterator<Item = &'a Place>) -> Vec<Span> {
        let places: Vec<_> = places.into_iter().collect();
        let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, place) in places.iter().enumerate() {
            files.entry(&place.file).or_default().push(index);
        }
        let start = Span { start_line: 1, start_column: 1, end_line: 1, end_column: 1, byte_start: 0, byte_end: 0 };
        let mut spans = vec![start; places.len()];
        let found = files.into_par_iter().flat_map_iter(|(file, indices)| {
            let spans = self.files.get(file).map(|file| {
                let of_file: Vec<&Place> = indices.iter().map(|index| places[*index]).collect();
                located(&file.text, &of_file)
            });
            indices.into_iter().zip(spans.into_iter().flatten())
        });
        for (index, span) in found.collect::<Vec<_>>() {
            spans[index] = span;
        }
        spans
    }
}

/// Where places of one file are in its text.
fn located(text: &str, places: &[&Place]) -> Vec<Span> {
    let needs_tree = places.iter().any(|place| place.bytes.is_none());
    let tree = needs_tree.then(|| Tree::parse(text).ok()).flatten();
    // a place that another stage made up may lie inside a character or behind the end
    let clamp = |(start, end)| (text.floor_char_boundary(start), text.floor_char_boundary(end));
    let ranges: Vec<_> = places.iter().map(|place| clamp(range(place, tree.as_ref()))).collect();
    let positions = positions(text, ranges.iter().flat_map(|(start, end)| [*start, *end]));
    let span = |(byte_start, byte_end): (usize, usize)| {
        let ((start_line, start_column), (end_line, end_column)) = (positions[&byte_start], positions[&byte_end]);
        Span { start_line, start_column, end_line, end_column, byte_start, byte_end }
    };
    ranges.into_iter().map(span).collect()
}

/// The byte range of a place.
fn range(place: &Place, tree: Option<&Tree>) -> (usize, usize) {
    if let Some((start, end)) = place.bytes {
        return (start, end.max(start));
    }
    let Some(mut value) = tree else { return (0, 0) };
    let mut key = None;
    for segment in words::segments(&place.pointer) {
        match value.child(&segment) {
            Some((child_key, child)) => (key, value) = (child_key, child),
            None => return value.bytes,
        }
    }
    match (place.part, key) {
        (Part::Key, Some(key)) => key,
        // an empty value has no extent; its key shows what is meant
        (Part::Value, Some(key)) if value.bytes.0 == value.bytes.1 => key,
        (Part::Key | Part::Value, _) => value.bytes,
    }
}

/// Line and column of byte offsets at the boundaries of characters, in one pass over the text.
fn positions(text: &str, offsets: impl Iterator<Item = usize>) -> BTreeMap<usize, (usize, usize)> {
    let offsets: BTreeSet<_> = offsets.collect();
    let mut positions = BTreeMap::new();
    let (mut line, mut column, mut read) = (1, 1, 0);
    for offset in offsets {
        for character in text[read..offset].chars() {
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        read = offset;
        positions.insert(offset, (line, column));
    }
    positions
}
