//! Names that cannot be wrong: each newtype is parsed once and states its invariant.

use crate::finding::Code;
use std::borrow::Cow;
use std::fmt;

/// Why a text is not the name it was given as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// The code of the finding it becomes.
    pub code: Code,
    /// What is wrong, to follow "`<text>` ".
    pub message: Cow<'static, str>,
}

impl NameError {
    const fn new(message: &'static str) -> Self {
        Self { code: Code::InvalidName, message: Cow::Borrowed(message) }
    }
}

macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident, $check:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses a name.
            ///
            /// # Errors
            /// What is wrong with the text, as the end of a sentence that starts with it.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> Result<(), NameError> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{:?}", self.0)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                Self::parse(&text).map_err(|error| format!("`{text}` {}", error.message))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )+};
}

names! {
    /// A twelve-digit AWS account id.
    AccountId, |text| if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) { Ok(()) } else {
        Err(NameError { code: Code::InvalidValue, message: Cow::Borrowed("is no account id: twelve digits, in quotes") })
    };
    /// An AWS Region that the vendored list has, such as `eu-west-1`.
    Region, |text| if crate::cfn::schema::region_exists(text) { Ok(()) } else {
        Err(NameError { code: Code::InvalidValue, message: Cow::Borrowed("is no AWS Region") })
    };
    /// Id of an AWS Organization: `o-` and 10 to 32 lower-case letters or digits.
    OrganizationId, |text| {
        let rest = text.strip_prefix("o-").unwrap_or("");
        if (10..=32).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) { Ok(()) } else {
            Err(NameError { code: Code::InvalidValue, message: Cow::Borrowed("is no organization id: `o-` and 10 to 32 lower-case letters or digits") })
        }
    };
    /// Name of a mesh: words of lower-case letters and digits joined by single hyphens, at most 20 characters.
    MeshName, |text| words(text, 20);
    /// An organization's short name, formed like a mesh's, at most 24 characters.
    Tenant, |text| words(text, 24);
    /// Name of a domain or a consumer, formed like a mesh's, at most 24 characters, none of the reserved names.
    OwnerName, |text| {
        words(text, 24)?;
        if RESERVED.contains(&text) {
            return Err(NameError { code: Code::ReservedName, message: Cow::Borrowed("is reserved: the tool uses `assets`, `classification`, `governance` and `local` itself") });
        }
        Ok(())
    };
    /// Id of a product, formed like a mesh's, at most 40 characters.
    ProductId, |text| words(text, 40);
    /// Name of a table or a column: a lower-case letter, then lower-case letters, digits and underscores, at most 128 characters.
    CatalogName, |text| {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
        if !starts || !bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return Err(NameError::new("is not made of lower-case letters, digits and underscores, starting with a letter"));
        }
        if text.len() > 128 {
            return Err(NameError::new("is longer than 128 characters"));
        }
        Ok(())
    };
    /// A value of the classification tag: formed like a mesh's name, at most 50 characters (AWS Lake Formation, TBAC notes).
    Classification, |text| words(text, 50);
    /// A day, `YYYY-MM-DD`; equal order as text and in time.
    Day, |text| if is_day(text) { Ok(()) } else {
        Err(NameError { code: Code::InvalidValue, message: Cow::Borrowed("is no day: write it as YYYY-MM-DD") })
    };
    /// ARN of an IAM role, without wildcards.
    RoleArn, |text| if is_role_arn(text) { Ok(()) } else {
        Err(NameError { code: Code::InvalidValue, message: Cow::Borrowed("is no ARN of an IAM role: arn:aws:iam::<account>:role/<name>, without wildcards") })
    };
    /// Name of an IAM role: letters, digits and `+=,.@_-`, at most 64 characters (IAM and STS quotas).
    RoleName, |text| if !text.is_empty() && text.len() <= 64 && text.bytes().all(is_role_byte) { Ok(()) } else {
        Err(NameError::new("is no name of an IAM role: letters, digits and +=,.@_-, at most 64"))
    };
    /// Name of a permission set: 1 to 32 letters, digits and `_+=,.@-` (IAM Identity Center API, PermissionSet).
    PermissionSetName, |text| if (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)) { Ok(()) } else {
        Err(NameError::new("is no name of a permission set: letters, digits and _+=,.@-, at most 32"))
    };
    /// Name of a group of QuickSight: letters, digits, `_+=,.@-` and single spaces between them, at most 128. QuickSight takes
    /// any character from U+0020 to U+00FF (API_Group); in an ARN the others would be wildcards, separators or ambiguous.
    QuicksightGroup, |text| {
        let word = |word: &str| !word.is_empty() && word.bytes().all(is_role_byte);
        if text.len() <= 128 && text.split(' ').all(word) { Ok(()) } else {
            Err(NameError::new("is no name of a group that can stand in an ARN: letters, digits, _+=,.@- and single spaces between them, at most 128"))
        }
    };
}

/// Names of owners that the tool needs for itself.
pub const RESERVED: [&str; 4] = ["assets", "classification", "governance", "local"];

/// `[a-z][a-z0-9]*(-[a-z0-9]+)*` within a length.
fn words(text: &str, limit: usize) -> Result<(), NameError> {
    let starts_with_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
    let words_hold = text
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if !starts_with_letter || !words_hold {
        return Err(NameError::new(
            "is not made of lower-case letters and digits in words joined by single hyphens, starting with a letter",
        ));
    }
    if text.len() > limit {
        let message = format!("is {} characters long; at most {limit} fit into the names AWS allows", text.len());
        return Err(NameError { code: Code::InvalidName, message: Cow::Owned(message) });
    }
    Ok(())
}

/// The proleptic Gregorian calendar, so that 2027-02-30 is refused.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if (year.len(), month.len(), day.len()) != (4, 2, 2)
        || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>()) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

const fn is_role_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=' | b',' | b'.' | b'@' | b'_' | b'-')
}

fn is_role_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else { return false };
    let Some(path) = resource.strip_prefix("role/") else { return false };
    ["aws", "aws-cn", "aws-us-gov"].contains(&partition)
        && AccountId::parse(account).is_ok()
        && !path.is_empty()
        && path.len() <= 512
        && path.split('/').all(|part| !part.is_empty() && part.bytes().all(is_role_byte))
}

impl RoleArn {
    /// The account in the ARN.
    #[must_use]
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl Region {
    /// The partition that the Region belongs to: `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match self.0.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if self.0.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

impl Classification {
    /// The value of columns that nobody has looked at.
    pub const UNCLASSIFIED: &'static str = "unclassified";

    /// True for the value of columns that nobody has looked at.
    #[must_use]
    pub fn is_unclassified(&self) -> bool {
        self.0 == Self::UNCLASSIFIED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_words() {
        for good in ["a", "sales", "sales-eu", "line-0042", "a1"] {
            assert!(OwnerName::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "-", "Sales", "1a", "a--b", "a-", "-a", "a_b", "a b", "a/b", "ä", "a\n", "abcdefghijklmnopqrstuvwxyz"]
        {
            assert!(OwnerName::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(OwnerName::parse("governance").map_err(|error| error.code), Err(Code::ReservedName));
    }

    #[test]
    fn days_are_days() {
        for good in ["2027-06-30", "2028-02-29", "2000-02-29"] {
            assert!(Day::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "2027-02-29",
            "1900-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-1-1",
            "27-01-01",
            "2027-06-31",
            "+027-01-01",
            "2027-06-30T00:00",
        ] {
            assert!(Day::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn role_arns_carry_no_wildcards() {
        assert!(RoleArn::parse("arn:aws:iam::888888888888:role/checkout-service").is_ok());
        assert_eq!(
            RoleArn::parse("arn:aws:iam::888888888888:role/a/b").map(|arn| arn.account().to_owned()),
            Ok("888888888888".to_owned())
        );
        for bad in [
            "arn:aws:iam::888888888888:role/*",
            "arn:aws:iam::8888:role/x",
            "arn:aws:iam::888888888888:user/x",
            "arn:aws:iam::888888888888:role/",
            "arn:aws:iam::888888888888:role/${x}",
            "*",
        ] {
            assert!(RoleArn::parse(bad).is_err(), "{bad}");
        }
    }
}
