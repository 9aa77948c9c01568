//! The version of a product's contract.

use super::NameError;
use crate::finding::Code;
use std::borrow::Cow;
use std::fmt;

/// A semantic version, `MAJOR.MINOR.PATCH` (ODCS 3.1 and ODPS 1.0 call it `version`; semver.org, 2.0.0, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Raised by what breaks those who see it.
    pub major: u32,
    /// Raised by what is new.
    pub minor: u32,
    /// Raised by words.
    pub patch: u32,
}

impl Version {
    /// What a product has that names none.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// Parses a version.
    ///
    /// # Errors
    /// What is wrong with the text, as the end of a sentence that starts with it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let number = |part: &str| {
            let plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            part.parse::<u32>().ok().filter(|_| plain)
        };
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) => Ok(Self { major: *major, minor: *minor, patch: *patch }),
            _ => Err(NameError {
                code: Code::InvalidValue,
                message: Cow::Borrowed("is no version: three numbers without leading zeros, such as 1.0.0"),
            }),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(Version::parse("2.10.0").map(|version| version.to_string()).ok().as_deref(), Some("2.10.0"));
        for bad in ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-beta", "01.0.0", "1..0", "+1.0.0", "1.0.99999999999"] {
            assert!(Version::parse(bad).is_err(), "{bad}");
        }
    }
}
