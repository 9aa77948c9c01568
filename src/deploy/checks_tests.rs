//! Checks that fail before any resource is touched: CloudFormation names what they found in `DescribeEvents` alone.

use super::*;
use crate::deploy::fake::CheckedAt;
use crate::deploy::origins::Origins;
use crate::deploy::outcome::Cause;

const BUCKET: &str = "S3 bucket name acme-data is already taken (NAME_CONFLICT_VALIDATION)";

/// Two branches, of which the storage fails two checks.
fn checked(at: CheckedAt) -> Run {
    let mut run = branches();
    let found = [("Data", BUCKET), ("Key", "#/KeySpec: unknown value (PROPERTY_VALIDATION)")];
    let found = found.map(|(resource, reason)| (resource.to_owned(), reason.to_owned()));
    let cloud = Arc::get_mut(&mut run.cloud).unwrap();
    cloud.checks.insert("storage".to_owned(), (at, found.to_vec()));
    run
}

fn resources(failure: &Failure) -> Vec<&str> {
    failure.cause.iter().chain(&failure.also).map(|cause| cause.logical_id.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_check_of_a_change_set_found_is_told_and_nothing_is_left() {
    let mut run = checked(CheckedAt::ChangeSet);
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    let expected = "cannot be changed as planned: The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]";
    assert_eq!(failure.message, expected);
    assert_eq!(resources(failure), ["Data", "Key"]);
    let cause = Cause {
        logical_id: "Data".to_owned(),
        resource_type: "AWS::SNS::Topic".to_owned(),
        status: "VALIDATION_FAILED".to_owned(),
        reason: BUCKET.to_owned(),
        origin: None,
    };
    assert_eq!(failure.cause, Some(cause));
    assert_eq!(run.cloud.change_sets(), [""; 0], "a change set that failed is of no use");
    assert!(run.cloud.log().contains(&"DeleteStack storage 222222222222/Deploy".to_owned()), "nor is the shell");
    assert!(!run.cloud.log().contains(&"ExecuteChangeSet storage 222222222222/Deploy".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_failure_leads_to_where_its_resources_are_written() {
    let mut run = checked(CheckedAt::Operation);
    run.settings.origins = Origins::new(|stack, resource| {
        (resource == "Data").then(|| format!("environments/demo/domains/{}.yaml:4:3", stack.owner()))
    });
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    let origins: Vec<Option<&str>> =
        failure.cause.iter().chain(&failure.also).map(|cause| cause.origin.as_deref()).collect();
    assert_eq!(origins, [Some("environments/demo/domains/sales.yaml:4:3"), None]);
}

#[tokio::test(start_paused = true)]
async fn what_a_check_of_an_operation_found_is_told() {
    let mut run = checked(CheckedAt::Operation);
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    assert_eq!(failure.message, "ended in ROLLBACK_COMPLETE");
    assert_eq!(resources(failure), ["Data", "Key"]);
}

/// The checks only explain what failed: it is told without them too.
#[tokio::test(start_paused = true)]
async fn where_the_checks_are_not_told_cloudformations_own_words_are() {
    let mut run = checked(CheckedAt::Operation);
    run.cloud.fails_once("DescribeEvents", trouble(ErrorKind::Denied));
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    let expected = "ended in ROLLBACK_COMPLETE: Validation failed with 2 error(s). Call DescribeEvents to see them.";
    assert_eq!((failure.message.as_str(), resources(failure)), (expected, Vec::new()));
    let mut run = checked(CheckedAt::ChangeSet);
    run.cloud.fails_once("DescribeEvents", trouble(ErrorKind::Throttled));
    let ran = run.go().await;
    assert_eq!(resources(&ran.summary().failed[0]), ["Data", "Key"], "a call that passes is made again");
}
