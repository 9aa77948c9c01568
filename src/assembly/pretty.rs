//! JSON as it stands in the repository: two-space indent and a final newline.

use serde::Serialize;
use std::io::{self, Write};

/// Writes a value as pretty JSON with a final newline.
///
/// # Panics
/// When the value has a map whose keys are no texts; ours have none.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = crate::sure(serde_json::to_string_pretty(value), "templates and manifests have text keys");
    text.push('\n');
    text
}

/// How many bytes [`pretty`] would write.
///
/// # Panics
/// As [`pretty`].
pub fn pretty_length<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut length = Length(1);
    crate::sure(serde_json::to_writer_pretty(&mut length, value), "templates and manifests have text keys");
    length.0
}

/// Counts what is written and keeps nothing of it.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{pretty, pretty_length};

    #[test]
    fn the_length_is_that_of_the_text() {
        let value = serde_json::json!({"é\n": [1, 2.5, null, {"deep": []}], "empty": {}});
        assert_eq!(pretty_length(&value), pretty(&value).len());
    }
}
