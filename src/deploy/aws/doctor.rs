//! [`Examine`] by AWS's own API.

use super::{Aws, cloudformation, glue};
use crate::deploy::cloud::{CloudError, ErrorKind, ProbeAnswer, Scope};
use crate::deploy::doctor::Examine;
use crate::deploy::failure::{At, failed};

impl Examine for Aws {
    async fn answers(&self, scope: &Scope) -> Result<(), CloudError> {
        self.sessions.session(scope).await.map(|_| ())
    }

    async fn catalog_policy(&self, scope: &Scope) -> Result<Option<String>, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new("Glue", "GetResourcePolicy", scope);
        match session.glue.get_resource_policy().send().await.map_err(|error| failed(&at, error)) {
            Ok(answer) => Ok(answer.policy_in_json().filter(|policy| !policy.is_empty()).map(str::to_owned)),
            Err(error) if error.kind == ErrorKind::NotFound && error.service == "Glue" => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn stack_limit(&self, scope: &Scope) -> Result<Option<usize>, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new("CloudFormation", "DescribeAccountLimits", scope);
        let answer = session.cloudformation.describe_account_limits().send().await;
        let answer = answer.map_err(|error| failed(&at, error))?;
        let limit = answer.account_limits().iter().find(|limit| limit.name() == Some("StackLimit"));
        Ok(limit.and_then(|limit| limit.value()).and_then(|value| usize::try_from(value).ok()))
    }

    async fn stack_count(&self, scope: &Scope) -> Result<usize, CloudError> {
        let session = self.sessions.session(scope).await?;
        cloudformation::list_stacks(&session, scope, "").await.map(|names| names.len())
    }

    async fn sees(&self, scope: &Scope, catalog: &str, database: &str) -> Result<bool, CloudError> {
        let session = self.sessions.session(scope).await?;
        glue::sees_database(&session, scope, catalog, database).await.map(|answer| answer == ProbeAnswer::Yes)
    }
}
