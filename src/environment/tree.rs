//! The nodes of a YAML text with the place of each: read only when something must be located.

use super::yaml::options;
use crate::finding::{Code, Finding, Place};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Location, Spanned};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A node of the document and where it stands.
#[derive(Debug)]
pub(super) struct Tree {
    /// Byte range of the node; of what an alias or a merge key brings in, the range of that alias.
    pub(super) bytes: (usize, usize),
    /// Where the node is defined: differs from `bytes` below an alias.
    pub(super) defined: (usize, usize),
    node: Node,
}

#[derive(Debug)]
enum Node {
    Scalar(Value),
    Sequence(Vec<Tree>),
    Mapping { entries: BTreeMap<String, (Key, Tree)>, repeated: Vec<(String, Key, Key)> },
}

/// Byte range of a key.
type Key = (usize, usize);

impl Tree {
    /// Reads the places of a text. Repeated keys are kept apart, not refused, so that the rest can still be located.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let mut tree: Self = serde_saphyr::from_str_with_options(text, options(DuplicateKeyPolicy::PassThrough))?;
        tree.close(text);
        Ok(tree)
    }

    /// The child that a segment of a JSON pointer names, with the range of its key.
    pub(super) fn child(&self, segment: &str) -> Option<(Option<Key>, &Self)> {
        match &self.node {
            Node::Scalar(_) => None,
            Node::Sequence(items) => Some((None, items.get(segment.parse::<usize>().ok()?)?)),
            Node::Mapping { entries, .. } => entries.get(segment).map(|(key, value)| (Some(*key), value)),
        }
    }

    fn children(&mut self) -> Vec<&mut Self> {
        match &mut self.node {
            Node::Scalar(_) => Vec::new(),
            Node::Sequence(items) => items.iter_mut().collect(),
            Node::Mapping { entries, .. } => entries.values_mut().map(|(_, value)| value).collect(),
        }
    }

    /// Lets every collection end where its last child ends; the reader gives the place of the opening alone.
    fn close(&mut self, text: &str) {
        let (start, own_end) = self.bytes;
        let is_alias = start != self.defined.0;
        let mut end = own_end;
        for child in self.children() {
            child.close(text);
            end = end.max(child.bytes.1);
        }
        if is_alias {
            return;
        }
        let rest = text.get(end..).unwrap_or_default();
        let closing = rest.trim_start_matches([' ', ',', '\t', '\r', '\n']);
        let opened = text.get(start..).and_then(|text| text.chars().next());
        let closes = matches!((opened, closing.chars().next()), (Some('{'), Some('}')) | (Some('['), Some(']')));
        self.bytes.1 = match &self.node {
            Node::Scalar(_) => own_end,
            Node::Sequence(_) | Node::Mapping { .. } if closes => end + (rest.len() - closing.len()) + 1,
            Node::Sequence(_) | Node::Mapping { .. } => end,
        };
    }

    /// The plain value; of a repeated key the first.
    pub(super) fn value(&self) -> Value {
        match &self.node {
            Node::Scalar(value) => value.clone(),
            Node::Sequence(items) => items.iter().map(Self::value).collect(),
            Node::Mapping { entries, .. } => {
                entries.iter().map(|(key, (_, value))| (key.clone(), value.value())).collect()
            }
        }
    }

    /// A finding for every key that stands twice.
    pub(super) fn repeated(&self, file: &str, findings: &mut Vec<Finding>) {
        match &self.node {
            Node::Scalar(_) => {}
            Node::Sequence(items) => items.iter().for_each(|item| item.repeated(file, findings)),
            Node::Mapping { entries, repeated } => {
                for (name, first, again) in repeated {
                    let finding = Finding::new(
                        Code::DuplicateKey,
                        Place::bytes(file, again.0, again.1),
                        format!("`{name}` stands twice in one mapping"),
                    );
                    findings.push(finding.related(Place::bytes(file, first.0, first.1), "the first one"));
                }
                entries.values().for_each(|(_, value)| value.repeated(file, findings));
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, defined } = Spanned::deserialize(deserializer)?;
        Ok(Self { bytes: used(referenced, defined), defined: bytes(defined), node: value })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        serde_json::Number::from_f64(value)
            .map(|number| Node::Scalar(number.into()))
            .ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Node::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Node, A::Error> {
        let mut entries = BTreeMap::new();
        let mut repeated = Vec::new();
        while let Some((name, value)) = mapping.next_entry::<Spanned<String>, Tree>()? {
            let key = used(name.referenced, name.defined);
            match entries.entry(name.value) {
                Entry::Vacant(entry) => {
                    entry.insert((key, value));
                }
                Entry::Occupied(entry) => {
                    let (first, _) = entry.get();
                    repeated.push((entry.key().clone(), *first, key));
                }
            }
        }
        Ok(Node::Mapping { entries, repeated })
    }
}

/// The byte range of a node. The reader knows it of every node of a text.
pub(super) fn bytes(location: Location) -> (usize, usize) {
    let count = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let start = count(location.span().byte_offset());
    (start, start + count(location.span().byte_len()))
}

/// The byte range where a node is used. Of what a merge key takes from a mapping written on the spot, the reader names the
/// beginning of that mapping, at most a bracket, where it would name an alias: there the definition says more.
fn used(referenced: Location, defined: Location) -> (usize, usize) {
    let (start, end) = bytes(referenced);
    if referenced != defined && end - start < "*a".len() { bytes(defined) } else { (start, end) }
}
