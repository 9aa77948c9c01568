//! What the answers of a probe mean. Whatever does not tell clearly is not told.

use super::{Came, Judged, Verdict};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Answers = BTreeMap<String, Value>;

/// Why nothing can be told.
type Untold = Judged;

fn judged(verdict: Verdict, seen: String) -> Judged {
    Judged { verdict, seen }
}

fn as_expected(seen: impl Into<String>) -> Judged {
    judged(Verdict::AsExpected, seen.into())
}

fn otherwise(seen: impl Into<String>) -> Judged {
    judged(Verdict::Otherwise, seen.into())
}

/// Takes the reason as the verdict.
fn either(judged: Result<Judged, Untold>) -> Judged {
    judged.unwrap_or_else(|untold| untold)
}

/// The answers of an act that was done; else why not.
fn done(came: &[Came], act: usize) -> Result<&Answers, Untold> {
    match came.get(act) {
        Some(Came::Done(answers)) => Ok(answers),
        Some(Came::Failed(reason) | Came::Lost(reason)) => Err(Judged::not_told(reason.clone())),
        None => Err(not_so_far()),
    }
}

fn not_so_far() -> Untold {
    Judged::not_told("it was not come so far")
}

/// All acts before this one were done.
fn done_before(came: &[Came], act: usize) -> Result<(), Untold> {
    (0..act).try_for_each(|before| done(came, before).map(|_| ()))
}

/// The value of an answer; an error of the call tells nothing.
fn value<'a>(answers: &'a Answers, name: &str) -> Result<&'a Value, Untold> {
    let answer = answers.get(name).ok_or_else(|| Judged::not_told(format!("there is no answer `{name}`")))?;
    match (&answer["error"], answer.get("value")) {
        (Value::String(code), _) => {
            Err(Judged::not_told(format!("the call `{name}` failed: {code}, {}", text(&answer["message"]))))
        }
        (_, Some(value)) => Ok(value),
        (_, None) => Err(Judged::not_told(format!("the answer `{name}` has no value"))),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list of texts; null is an empty one.
fn list<'a>(answers: &'a Answers, name: &str) -> Result<BTreeSet<&'a str>, Untold> {
    match value(answers, name)? {
        Value::Null => Ok(BTreeSet::new()),
        Value::Array(items) => Ok(items.iter().filter_map(Value::as_str).collect()),
        other => Err(Judged::not_told(format!("the answer `{name}` is no list: {other}"))),
    }
}

fn joined(list: &BTreeSet<&str>) -> String {
    if list.is_empty() { "none".to_owned() } else { list.iter().copied().collect::<Vec<_>>().join(", ") }
}

/// Whether a query was let through.
enum Query<'a> {
    Let,
    Refused(&'a str),
}

/// Words by which Athena, AWS Glue and Lake Formation say that somebody may not, or sees nothing there (Amazon Athena user guide,
/// "Troubleshooting": COLUMN_NOT_FOUND and TABLE_NOT_FOUND for what is not granted).
const REFUSALS: [&str; 10] = [
    "column_not_found",
    "table_not_found",
    "schema_not_found",
    "does not exist",
    "cannot be resolved",
    "accessdenied",
    "access denied",
    "insufficient",
    "not authorized",
    "permission",
];

fn refuses(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    REFUSALS.iter().any(|word| reason.contains(word))
}

/// What came of a query or a job: a failure for another reason than rights tells nothing.
fn query<'a>(answers: &'a Answers, name: &str) -> Result<Query<'a>, Untold> {
    let answer = value(answers, name)?;
    let (state, reason) = (text(&answer["state"]), text(&answer["reason"]));
    match state {
        "SUCCEEDED" => Ok(Query::Let),
        _ if refuses(reason) => Ok(Query::Refused(reason)),
        _ => Err(Judged::not_told(format!("`{name}` ended as {state}, which says nothing of rights: {reason}"))),
    }
}

pub(super) fn columns(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 2)?;
        let answers = done(came, 2)?;
        if let Query::Refused(reason) = query(answers, "id")? {
            return Ok(otherwise(format!("the public column is not reached: {reason}")));
        }
        if let Query::Let = query(answers, "name")? {
            return Ok(otherwise("a column of another value is seen: the expression is not decided by column"));
        }
        value(answers, "widened")?;
        let tags = list(answers, "tags")?;
        if let Query::Let = query(answers, "found")? {
            return Ok(otherwise(format!("the new column is seen; its classification: {}", joined(&tags))));
        }
        if let Query::Refused(reason) = query(answers, "again")? {
            return Ok(otherwise(format!("since the new column came, the public one is not reached: {reason}")));
        }
        let seen = format!("the public column alone is seen; the new column's classification: {}", joined(&tags));
        Ok(if tags == BTreeSet::from(["unclassified"]) { as_expected(seen) } else { otherwise(seen) })
    })())
}

pub(super) fn crawler(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 1)?;
        let answers = done(came, 1)?;
        value(answers, "started")?;
        let (over, crawl) = (value(answers, "over")?, value(answers, "crawl")?);
        if text(over) != "READY" {
            return Err(Judged::not_told(format!("the crawler was not ready in time: {}", text(over))));
        }
        let (status, message) = (text(&crawl["status"]), text(&crawl["message"]));
        if status != "SUCCEEDED" {
            let seen = format!("the crawl ended as {status}: {message}");
            return Ok(if refuses(message) { otherwise(seen) } else { Judged::not_told(seen) });
        }
        let (columns, tables) = (list(answers, "columns")?, list(answers, "tables")?);
        if tables != BTreeSet::from(["things"]) || !columns.contains("coupon") {
            return Ok(otherwise(format!(
                "tables: {}; columns of the declared one: {}",
                joined(&tables),
                joined(&columns)
            )));
        }
        let tags = list(answers, "tags")?;
        let seen = format!("the declared table has the column; its classification: {}", joined(&tags));
        Ok(if tags == BTreeSet::from(["unclassified"]) { as_expected(seen) } else { otherwise(seen) })
    })())
}

pub(super) fn untag(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 1)?;
        let answers = done(came, 1)?;
        if list(answers, "before")? != BTreeSet::from(["public"]) {
            return Err(Judged::not_told("the column did not bear `public` to begin with"));
        }
        // a refused call is an answer here
        let removed = match answers.get("removed").and_then(|answer| answer["error"].as_str()) {
            Some(code) => format!("the removal by another value is refused ({code})"),
            None => format!("the removal by another value is taken, failures: {}", joined(&list(answers, "removed")?)),
        };
        let after = list(answers, "after")?;
        for call in ["tagged", "dropped", "added"] {
            value(answers, call)?;
        }
        if !list(answers, "tagged")?.is_empty() {
            return Err(Judged::not_told("the column could not be tagged again before it was dropped"));
        }
        let again = list(answers, "again")?;
        let seen = format!(
            "{removed}, after it the column bears {}; dropped and added again it bears {}",
            joined(&after),
            joined(&again)
        );
        Ok(if after == BTreeSet::from(["public"]) && !again.contains("public") {
            as_expected(seen)
        } else {
            otherwise(seen)
        })
    })())
}

/// Whether the share arrived in the other account.
fn arrived(came: &[Came], act: usize) -> Result<(), Untold> {
    value(done(came, act)?, "arrived").map(|_| ())
}

pub(super) fn granted_on(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 3)?;
        arrived(came, 2)?;
        if let Some(Came::Failed(reason)) = came.get(3) {
            let seen = format!("the identical expression is not granted on: {reason}");
            return Ok(if refuses(reason) { otherwise(seen) } else { Judged::not_told(seen) });
        }
        let answers = done(came, 3)?;
        let grants = list(answers, "grants")?;
        if !grants.contains("SELECT") {
            return Ok(otherwise(format!(
                "the stack is complete, but the role's listed rights are: {}",
                joined(&grants)
            )));
        }
        let columns = list(answers, "columns")?;
        let seen = format!("granted on and listed; the role sees: {}", joined(&columns));
        Ok(if columns == BTreeSet::from(["id"]) { as_expected(seen) } else { otherwise(seen) })
    })())
}

pub(super) fn twice(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 1)?;
        if let Some(Came::Failed(reason)) = came.get(1) {
            let refused = reason.to_lowercase().contains("exist");
            let seen = format!("the second grant is refused: {reason}");
            return Ok(if refused { as_expected(seen) } else { Judged::not_told(reason.clone()) });
        }
        if let Some(Came::Failed(reason)) = came.get(2) {
            return Ok(as_expected(format!("the second grant is made, and cannot be removed by itself: {reason}")));
        }
        done_before(came, 3)?;
        let left = list(done(came, 3)?, "grants")?;
        let seen = format!("both are made; after the removal of one the role holds: {}", joined(&left));
        Ok(if left.contains("DESCRIBE") && left.contains("SELECT") { otherwise(seen) } else { as_expected(seen) })
    })())
}

pub(super) fn cleanup(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 2)?;
        let answers = done(came, 1)?;
        value(answers, "revoked")?;
        if list(answers, "grants")?.contains("DESCRIBE") {
            return Err(Judged::not_told("the grant could not be revoked behind CloudFormation's back"));
        }
        Ok(match came.get(2) {
            Some(Came::Failed(reason)) if reason.contains(COULD_NOT_DELETE) => as_expected(reason.clone()),
            Some(Came::Failed(reason)) => otherwise(reason.clone()),
            Some(Came::Done(_)) => otherwise(
                "the stack is complete, and no event tells of a failure: CloudFormation takes a grant that is gone for revoked",
            ),
            Some(Came::Lost(reason)) => return Err(Judged::not_told(reason.clone())),
            None => return Err(not_so_far()),
        })
    })())
}

/// How the executor says that something survived the cleanup.
pub(super) const COULD_NOT_DELETE: &str = "could not delete what left its template";

pub(super) fn revoked_first(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 5)?;
        arrived(came, 2)?;
        if list(done(came, 3)?, "columns")?.is_empty() {
            return Err(Judged::not_told("the role saw nothing before the account's grant went"));
        }
        let answers = done(came, 5)?;
        // a refused look is what is expected
        let refused = answers.get("columns").and_then(|answer| answer["error"].as_str()).is_some();
        let columns = if refused { BTreeSet::new() } else { list(answers, "columns")? };
        if !columns.is_empty() {
            return Ok(otherwise(format!("the role still sees: {}", joined(&columns))));
        }
        let listed = answers.get("grants").and_then(|answer| answer["error"].as_str()).is_none();
        let left = if listed { list(answers, "grants")? } else { BTreeSet::new() };
        let seen = format!("the role sees nothing; its listed rights: {}", joined(&left));
        Ok(match came.get(6) {
            None => return Err(Judged::not_told(format!("{seen}; the local grants were not deleted"))),
            Some(Came::Lost(reason)) => return Err(Judged::not_told(format!("{seen}; {reason}"))),
            Some(Came::Failed(reason)) => as_expected(format!("{seen}; the local grants cannot be revoked: {reason}")),
            Some(Came::Done(_)) if !left.is_empty() => {
                as_expected(format!("{seen}; their stack is deleted without a word"))
            }
            Some(Came::Done(_)) => otherwise(format!("{seen}; their stack is deleted: the order does not matter here")),
        })
    })())
}

pub(super) fn partition(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 2)?;
        let answers = done(came, 2)?;
        if let Query::Refused(reason) = query(answers, "plain")? {
            return Ok(otherwise(format!("without the key the query is refused too: {reason}")));
        }
        Ok(match query(answers, "filtered")? {
            Query::Refused(reason) => as_expected(format!("with the key in WHERE the query is refused: {reason}")),
            Query::Let => otherwise("a key that the role does not see can be used in WHERE"),
        })
    })())
}

pub(super) fn glue_job(came: &[Came]) -> Judged {
    either((|| {
        done_before(came, 2)?;
        Ok(match query(done(came, 2)?, "started")? {
            Query::Let => as_expected("the job read the table"),
            Query::Refused(reason) => otherwise(format!("the job was refused: {reason}")),
        })
    })())
}
