//! Athena in an account: the limit of a query, and the database `default`.

use super::Findings;
use crate::environment::files::AthenaFile;
use crate::finding::Place;
use crate::mesh::Athena;

/// Most that one query may scan where nothing is written.
const SCAN_LIMIT: &str = "100GB";

/// Least that Athena takes as a limit, in bytes (schema of AWS::Athena::WorkGroup, BytesScannedCutoffPerQuery).
const LEAST_LIMIT: u64 = 10_000_000;

pub(super) fn read(file: Option<&AthenaFile>, place: &Place, findings: &mut Findings) -> Athena {
    let limit = file.and_then(|athena| athena.scan_limit.as_deref()).unwrap_or(SCAN_LIMIT);
    let scan_limit = bytes(limit).filter(|bytes| *bytes >= LEAST_LIMIT).unwrap_or_else(|| {
        findings.invalid(
            place.child("athena").child("scanLimit"),
            format!("`{limit}` is no limit that Athena accepts"),
            "write a number of at least 10MB with MB, GB or TB, such as `100GB`",
        );
        0
    });
    let default_database = file.and_then(|athena| athena.default_database).unwrap_or_default();
    Athena { scan_limit, default_database }
}

/// Decimal bytes, as Athena counts them.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    let factor = match unit {
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}
