//! [`Cloud`] by AWS's own API.

mod change_set;
mod cloudformation;
mod doctor;
mod drift;
mod events;
mod glue;
mod lakeformation;
mod recovery;
mod s3;
mod stack_sets;

use super::cloud::{
    Access, ChangeSetHandle, ChangeSetRequest, ChangeSetView, Cloud, CloudError, EventsFrom, Expected, Identity,
    Object, ProbeAnswer, Scope, StackEvent, StackResource, StackView, Upload, Written, probe_scope,
};
use super::credentials::{Reach, Sessions};
use crate::plan::{Probe, Protection, Way};
use std::collections::BTreeSet;

/// AWS, reached by role sessions.
pub(super) struct Aws {
    sessions: Sessions,
}

impl Aws {
    /// Loads the base identity's configuration; calls nobody yet.
    pub(super) async fn new(reach: Reach) -> Self {
        Self { sessions: Sessions::new(reach).await }
    }

    /// Whether something else answers in AWS's place, by an endpoint of its own.
    pub(super) fn is_stand_in(&self) -> bool {
        self.sessions.is_stand_in()
    }

    /// The role that CloudFormation is told to work as. A bootstrap makes that role, so it works as the administrator.
    fn execution_role(&self, scope: &Scope) -> Option<String> {
        match scope.access {
            Access::Plan | Access::Deploy => {
                let reach = &self.sessions.reach;
                Some(reach.role_arn(&scope.account, &reach.execution_role))
            }
            Access::Administrator => None,
        }
    }
}

impl Cloud for Aws {
    async fn who_am_i(&self, scope: &Scope) -> Result<Identity, CloudError> {
        Ok(self.sessions.session(scope).await?.identity.clone())
    }

    async fn describe_stack(&self, scope: &Scope, stack: &str) -> Result<Option<StackView>, CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::describe_stack(&session, scope, stack).await
    }

    async fn get_template(&self, scope: &Scope, stack: &str, change_set: Option<&str>) -> Result<String, CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::get_template(&session, scope, stack, change_set).await
    }

    async fn create_change_set(
        &self,
        scope: &Scope,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSetHandle, CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::create_change_set(&session, scope, request, self.execution_role(scope)).await
    }

    async fn describe_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
    ) -> Result<ChangeSetView, CloudError> {
        let session = self.sessions.session(scope).await?;
        change_set::describe_change_set(&session, scope, change_set).await
    }

    async fn list_stacks(&self, scope: &Scope, prefix: &str) -> Result<Vec<String>, CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::list_stacks(&session, scope, prefix).await
    }

    async fn list_change_sets(&self, scope: &Scope, stack: &str) -> Result<Vec<String>, CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::list_change_sets(&session, scope, stack).await
    }

    async fn execute_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
        token: &str,
    ) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::execute_change_set(&session, scope, change_set, token).await
    }

    async fn delete_change_set(&self, scope: &Scope, change_set: &ChangeSetHandle) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::delete_change_set(&session, scope, change_set).await
    }

    async fn delete_stack(
        &self,
        scope: &Scope,
        stack_arn: &str,
        retain: &BTreeSet<String>,
        token: &str,
    ) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::delete_stack(&session, scope, stack_arn, retain, token, self.execution_role(scope)).await
    }

    async fn continue_rollback(
        &self,
        scope: &Scope,
        stack_arn: &str,
        way: &Way,
        token: &str,
    ) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        recovery::continue_rollback(&session, scope, stack_arn, way, token, self.execution_role(scope)).await
    }

    async fn roll_back(&self, scope: &Scope, stack_arn: &str, token: &str) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        recovery::roll_back(&session, scope, stack_arn, token, self.execution_role(scope)).await
    }

    async fn protect(&self, scope: &Scope, stack_arn: &str, protection: Protection) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        recovery::protect(&session, scope, stack_arn, protection).await
    }

    async fn stack_policy(&self, scope: &Scope, stack_arn: &str) -> Result<Option<String>, CloudError> {
        let session = self.sessions.session(scope).await?;
        recovery::stack_policy(&session, scope, stack_arn).await
    }

    async fn set_stack_policy(&self, scope: &Scope, stack_arn: &str, policy: &str) -> Result<(), CloudError> {
        let session = self.sessions.session(scope).await?;
        recovery::set_stack_policy(&session, scope, stack_arn, policy).await
    }

    async fn stack_resources(&self, scope: &Scope, stack_arn: &str) -> Result<Vec<StackResource>, CloudError> {
        let session = self.sessions.session(scope).await?;
        recovery::stack_resources(&session, scope, stack_arn).await
    }

    async fn stack_events(
        &self,
        scope: &Scope,
        stack_arn: &str,
        from: &EventsFrom,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let session = self.sessions.session(scope).await?;
        events::stack_events(&session, scope, stack_arn, from).await
    }

    async fn failed_checks(
        &self,
        scope: &Scope,
        stack_arn: &str,
        change_set: Option<&str>,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let session = self.sessions.session(scope).await?;
        events::failed_checks(&session, scope, stack_arn, change_set).await
    }

    async fn upload(&self, scope: &Scope, bucket: &str, key: &str, content: &[u8]) -> Result<Upload, CloudError> {
        let session = self.sessions.session(scope).await?;
        s3::upload(&session, scope, bucket, key, content).await
    }

    async fn read_object(&self, scope: &Scope, bucket: &str, key: &str) -> Result<Option<Object>, CloudError> {
        let session = self.sessions.session(scope).await?;
        s3::read(&session, scope, bucket, key).await
    }

    async fn write_object(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
        content: &[u8],
        expected: &Expected,
    ) -> Result<Written, CloudError> {
        let session = self.sessions.session(scope).await?;
        s3::write(&session, scope, bucket, key, content, expected).await
    }

    async fn probe(&self, probe: &Probe, access: Access) -> Result<ProbeAnswer, CloudError> {
        let scope = probe_scope(probe, access);
        let session = self.sessions.session(&scope).await?;
        match probe {
            Probe::Settings { administrators, closed, .. } => {
                lakeformation::settings(&session, &scope, administrators, closed).await
            }
            Probe::Catalog { databases, tables, .. } => lakeformation::tags(&session, &scope, databases, tables).await,
            Probe::Gone { grants, .. } => lakeformation::gone(&session, &scope, grants).await,
            Probe::Share { catalog, database, .. } => glue::sees_database(&session, &scope, catalog, database).await,
        }
    }
}
