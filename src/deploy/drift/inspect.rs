//! What a look at drift asks of a cloud. Nothing here changes anything in an account.

use crate::access::GrantedFact;
use crate::deploy::cloud::{CloudError, Scope};
use crate::plan::Observed;
use crate::plan::drift::{LiveGrant, LiveResource, LiveSettings, LiveTable, Tagging};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

/// How far a drift detection is (CloudFormation API reference, `DescribeStackDriftDetectionStatus`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetectionState {
    /// It goes on.
    Going,
    /// Every resource that can be checked was checked.
    Complete,
    /// Some resource could not be checked; the others were.
    Failed(Option<String>),
}

/// A cloud that can be looked at.
pub trait Inspect: Send + Sync + 'static {
    /// A stack as it stands.
    fn stack(&self, scope: &Scope, name: &str) -> impl Future<Output = Result<Observed, CloudError>> + Send;
    /// Starts a drift detection of a stack, by ARN; its id.
    fn detect_drift(&self, scope: &Scope, stack: &str) -> impl Future<Output = Result<String, CloudError>> + Send;
    /// How far a detection is.
    fn drift_detection(
        &self,
        scope: &Scope,
        id: &str,
    ) -> impl Future<Output = Result<DetectionState, CloudError>> + Send;
    /// What the last detection of a stack said of its resources, by logical id; every page is followed.
    fn resource_drifts(
        &self,
        scope: &Scope,
        stack: &str,
    ) -> impl Future<Output = Result<BTreeMap<String, LiveResource>, CloudError>> + Send;
    /// The Lake Formation settings of an account.
    fn settings(&self, scope: &Scope) -> impl Future<Output = Result<LiveSettings, CloudError>> + Send;
    /// The values of an LF-Tag of the account's catalog; none when there is no such tag.
    fn tag_values(
        &self,
        scope: &Scope,
        key: &str,
    ) -> impl Future<Output = Result<Option<BTreeSet<String>>, CloudError>> + Send;
    /// Every grant that the account lists; every page is followed.
    fn grants(&self, scope: &Scope) -> impl Future<Output = Result<Vec<LiveGrant>, CloudError>> + Send;
    /// The grants on one resource; every page is followed.
    fn grants_on(
        &self,
        scope: &Scope,
        granted: &GrantedFact,
    ) -> impl Future<Output = Result<Vec<LiveGrant>, CloudError>> + Send;
    /// The tags on a database of the account's catalog; none when there is no such database.
    fn database_tags(
        &self,
        scope: &Scope,
        database: &str,
    ) -> impl Future<Output = Result<Option<BTreeMap<String, BTreeSet<String>>>, CloudError>> + Send;
    /// The tables of a database of the account's catalog, without their tags; none when there is no such database. Every page is
    /// followed.
    fn tables(
        &self,
        scope: &Scope,
        database: &str,
    ) -> impl Future<Output = Result<Option<BTreeMap<String, LiveTable>>, CloudError>> + Send;
    /// The tags on a table and its columns; none when there is no such table.
    fn table_tags(
        &self,
        scope: &Scope,
        database: &str,
        table: &str,
    ) -> impl Future<Output = Result<Option<Tagging>, CloudError>> + Send;
}
