//! JSON as it stands in the repository: two-space indent and a final newline.

use serde::Serialize;

/// Writes a value as pretty JSON with a final newline.
///
/// # Panics
/// When the value has a map whose keys are no texts; ours have none.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = crate::sure(serde_json::to_string_pretty(value), "templates and manifests have text keys");
    text.push('\n');
    text
}
