//! A file beside the templates: what a job runs. Its key carries the hash of its content, so that a change of it is a
//! change of the template that names it, and what lies under a key never changes.

use super::AssetEntry;
use crate::mesh::fingerprint;

/// A file that a template names, stored in the account's bucket before the stack that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    sha256: String,
    path: String,
    content: String,
}

impl Asset {
    /// An asset; its name is for people, and keeps letters, digits, hyphens, underscores and dots only.
    #[must_use]
    pub fn new(name: &str, content: String) -> Self {
        let sha256 = fingerprint(&content);
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
        let name: String = name.chars().map(plain).collect();
        Self { path: format!("assets/{sha256}-{name}"), sha256, content }
    }

    /// SHA-256 of the content, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Its path below the assembly's directory, and its key in the bucket.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is in it.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Its line in the manifest.
    #[must_use]
    pub fn entry(&self) -> AssetEntry {
        AssetEntry { sha256: self.sha256.clone(), path: self.path.clone(), size: self.content.len() as u64 }
    }
}

impl AssetEntry {
    /// Whether the path is one that we make: `assets/<sha256>-<name>`. A manifest may have been edited by hand, and what
    /// is read or uploaded must not lie anywhere else.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let name = self.path.strip_prefix("assets/").and_then(|rest| rest.strip_prefix(self.sha256.as_str()));
        self.sha256.len() == 64
            && self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
            && name.and_then(|rest| rest.strip_prefix('-')).is_some_and(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::Asset;

    #[test]
    fn the_path_is_hash_and_name_whatever_the_name() {
        let asset = Asset::new("../../customer 360.py", "print(1)\n".to_owned());
        assert!(asset.path().ends_with("-..-..-customer-360.py"), "{}", asset.path());
        assert!(asset.path().starts_with(&format!("assets/{}-", asset.sha256())));
        assert!(asset.entry().is_ours());
        let mut entry = asset.entry();
        entry.path = "assets/../../etc/passwd".to_owned();
        assert!(!entry.is_ours());
        entry.path = format!("assets/{}-a/../../b", entry.sha256);
        assert!(!entry.is_ours());
    }
}
