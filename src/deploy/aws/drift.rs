//! [`Inspect`] by AWS's own API. Every list is followed to its last page.

mod grants;

use super::Aws;
use crate::access::GrantedFact;
use crate::assembly::StackPolicies;
use crate::deploy::cloud::{CloudError, ErrorKind, Scope};
use crate::deploy::drift::{DetectionState, Inspect};
use crate::deploy::failure::{At, failed};
use crate::deploy::observe::observed;
use crate::plan::Observed;
use crate::plan::drift::{
    ColumnKind, LiveColumn, LiveGrant, LiveResource, LiveSettings, LiveTable, ResourceDrift, Tagging,
};
use aws_sdk_cloudformation::types::{StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus};
use aws_sdk_glue::types::Table;
use aws_sdk_lakeformation::types::{
    DataLakePrincipal, DatabaseResource, LfTagPair, PrincipalPermissions, Resource, TableResource,
};
use std::collections::{BTreeMap, BTreeSet};

const CLOUDFORMATION: &str = "CloudFormation";
const LAKE_FORMATION: &str = "Lake Formation";

impl Inspect for Aws {
    async fn stack(&self, scope: &Scope, name: &str) -> Result<Observed, CloudError> {
        observed(self, scope, name, StackPolicies::None).await
    }

    async fn detect_drift(&self, scope: &Scope, stack: &str) -> Result<String, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new(CLOUDFORMATION, "DetectStackDrift", scope);
        let answer = session.cloudformation.detect_stack_drift().stack_name(stack).send().await;
        let answer = answer.map_err(|error| failed(&at, error))?;
        answer.stack_drift_detection_id().map(str::to_owned).ok_or_else(|| at.incomplete("StackDriftDetectionId"))
    }

    async fn drift_detection(&self, scope: &Scope, id: &str) -> Result<DetectionState, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new(CLOUDFORMATION, "DescribeStackDriftDetectionStatus", scope);
        let call = session.cloudformation.describe_stack_drift_detection_status().stack_drift_detection_id(id);
        let answer = call.send().await.map_err(|error| failed(&at, error))?;
        match answer.detection_status().ok_or_else(|| at.incomplete("DetectionStatus"))? {
            StackDriftDetectionStatus::DetectionInProgress => Ok(DetectionState::Going),
            StackDriftDetectionStatus::DetectionComplete => Ok(DetectionState::Complete),
            StackDriftDetectionStatus::DetectionFailed => {
                Ok(DetectionState::Failed(answer.detection_status_reason().map(str::to_owned)))
            }
            other => Err(at.error(ErrorKind::Other, format!("the detection is {}", other.as_str()))),
        }
    }

    async fn resource_drifts(&self, scope: &Scope, stack: &str) -> Result<BTreeMap<String, LiveResource>, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new(CLOUDFORMATION, "DescribeStackResourceDrifts", scope);
        let mut drifts = BTreeMap::new();
        let mut token = None;
        loop {
            let call = session.cloudformation.describe_stack_resource_drifts().stack_name(stack).set_next_token(token);
            let answer = call.send().await.map_err(|error| failed(&at, error))?;
            drifts.extend(answer.stack_resource_drifts().iter().filter_map(resource));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(drifts);
            }
        }
    }

    async fn settings(&self, scope: &Scope) -> Result<LiveSettings, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new(LAKE_FORMATION, "GetDataLakeSettings", scope);
        let answer = session.lakeformation.get_data_lake_settings().send().await.map_err(|error| failed(&at, error))?;
        let settings = answer.data_lake_settings().ok_or_else(|| at.incomplete("DataLakeSettings"))?;
        let mut external = Vec::new();
        if settings.allow_external_data_filtering() == Some(true) {
            let engines: Vec<&str> = settings.external_data_filtering_allow_list().iter().filter_map(named).collect();
            external.push(format!("engines of others may filter data by themselves: {}", engines.join(", ")));
        }
        if settings.allow_full_table_external_data_access() == Some(true) {
            external.push("engines of others get full access to tables".to_owned());
        }
        Ok(LiveSettings {
            administrators: principals(settings.data_lake_admins()),
            readers: principals(settings.read_only_admins()),
            database_defaults: defaults(settings.create_database_default_permissions()),
            table_defaults: defaults(settings.create_table_default_permissions()),
            parameters: settings
                .parameters()
                .into_iter()
                .flatten()
                .map(|(key, it)| (key.clone(), it.clone()))
                .collect(),
            external,
        })
    }

    async fn tag_values(&self, scope: &Scope, key: &str) -> Result<Option<BTreeSet<String>>, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new(LAKE_FORMATION, "GetLFTag", scope);
        let answer = session.lakeformation.get_lf_tag().tag_key(key).send().await.map_err(|error| failed(&at, error));
        Ok(there(answer)?.map(|answer| answer.tag_values().iter().cloned().collect()))
    }

    async fn grants(&self, scope: &Scope) -> Result<Vec<LiveGrant>, CloudError> {
        let session = self.sessions.session(scope).await?;
        grants::listed(&session, scope, None).await
    }

    async fn grants_on(&self, scope: &Scope, granted: &GrantedFact) -> Result<Vec<LiveGrant>, CloudError> {
        let session = self.sessions.session(scope).await?;
        grants::listed(&session, scope, Some(granted)).await
    }

    async fn database_tags(
        &self,
        scope: &Scope,
        database: &str,
    ) -> Result<Option<BTreeMap<String, BTreeSet<String>>>, CloudError> {
        let at = At::new(LAKE_FORMATION, "GetResourceLFTags", scope);
        let resource = DatabaseResource::builder().name(database).build();
        let resource = resource.map_err(|error| at.error(ErrorKind::Other, error.to_string()))?;
        let session = self.sessions.session(scope).await?;
        let resource = Resource::builder().database(resource).build();
        let answer = session.lakeformation.get_resource_lf_tags().resource(resource).send().await;
        let answer = there(answer.map_err(|error| failed(&at, error)))?;
        Ok(answer.map(|answer| pairs(answer.lf_tag_on_database())))
    }

    async fn tables(&self, scope: &Scope, database: &str) -> Result<Option<BTreeMap<String, LiveTable>>, CloudError> {
        let session = self.sessions.session(scope).await?;
        let at = At::new("Glue", "GetTables", scope);
        let mut tables = BTreeMap::new();
        let mut token = None;
        loop {
            let call = session.glue.get_tables().database_name(database).set_next_token(token);
            let answer = there(call.send().await.map_err(|error| failed(&at, error)))?;
            let Some(answer) = answer else { return Ok(None) };
            tables.extend(answer.table_list().iter().map(|found| (found.name().to_owned(), table(found))));
            token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(Some(tables));
            }
        }
    }

    async fn table_tags(&self, scope: &Scope, database: &str, table: &str) -> Result<Option<Tagging>, CloudError> {
        let at = At::new(LAKE_FORMATION, "GetResourceLFTags", scope);
        let resource = TableResource::builder().database_name(database).name(table).build();
        let resource = resource.map_err(|error| at.error(ErrorKind::Other, error.to_string()))?;
        let session = self.sessions.session(scope).await?;
        let resource = Resource::builder().table(resource).build();
        let answer = session.lakeformation.get_resource_lf_tags().resource(resource).send().await;
        let answer = there(answer.map_err(|error| failed(&at, error)))?;
        Ok(answer.map(|answer| Tagging {
            table: pairs(answer.lf_tags_on_table()),
            columns: answer
                .lf_tags_on_columns()
                .iter()
                .filter_map(|column| Some((column.name()?.to_owned(), pairs(column.lf_tags()))))
                .collect(),
        }))
    }
}

/// An answer, or none where there is no such thing.
fn there<T>(answer: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        // a role that is not there is no answer about the thing
        Err(error) if error.kind == ErrorKind::NotFound && error.service != "STS" => Ok(None),
        Err(error) => Err(error),
    }
}

fn resource(drift: &StackResourceDrift) -> Option<(String, LiveResource)> {
    let status = match drift.stack_resource_drift_status()? {
        StackResourceDriftStatus::InSync => ResourceDrift::InSync,
        StackResourceDriftStatus::Modified => ResourceDrift::Modified,
        StackResourceDriftStatus::Deleted => ResourceDrift::Deleted,
        StackResourceDriftStatus::NotChecked | StackResourceDriftStatus::Unsupported => ResourceDrift::NotChecked,
        StackResourceDriftStatus::UnknownValue => ResourceDrift::Unknown,
        // the SDK's enum is open
        _ => ResourceDrift::Unknown,
    };
    let property = |difference: &aws_sdk_cloudformation::types::PropertyDifference| {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        (text(difference.property_path()), text(difference.expected_value()), text(difference.actual_value()))
    };
    let live = LiveResource {
        resource_type: drift.resource_type().unwrap_or_default().to_owned(),
        physical_id: drift.physical_resource_id().unwrap_or_default().to_owned(),
        drift: status,
        reason: drift.drift_status_reason().map(str::to_owned),
        properties: drift.property_differences().iter().map(property).collect(),
    };
    Some((drift.logical_resource_id()?.to_owned(), live))
}

fn named(principal: &DataLakePrincipal) -> Option<&str> {
    principal.data_lake_principal_identifier()
}

fn principals(principals: &[DataLakePrincipal]) -> BTreeSet<String> {
    principals.iter().filter_map(named).map(str::to_owned).collect()
}

fn defaults(defaults: &[PrincipalPermissions]) -> Vec<String> {
    let told = defaults.iter().map(|default| {
        let rights: Vec<&str> = default.permissions().iter().map(|right| right.as_str()).collect();
        let principal = default.principal().and_then(named).unwrap_or("nobody named");
        format!("{principal} ({})", rights.join(", "))
    });
    told.collect()
}

fn pairs(pairs: &[LfTagPair]) -> BTreeMap<String, BTreeSet<String>> {
    pairs.iter().map(|pair| (pair.tag_key().to_owned(), pair.tag_values().iter().cloned().collect())).collect()
}

/// A table without its tags. A crawler leaves its name with what it changed (`UpdatedByCrawler`, AWS Glue developer guide,
/// "Parameters set on Data Catalog tables by crawler").
fn table(table: &Table) -> LiveTable {
    let columns = table.storage_descriptor().map(|storage| storage.columns()).unwrap_or_default();
    let column = |kind: ColumnKind| {
        move |column: &aws_sdk_glue::types::Column| LiveColumn {
            name: column.name().to_owned(),
            type_name: column.r#type().unwrap_or_default().to_owned(),
            kind,
        }
    };
    let crawler = table.parameters().and_then(|parameters| {
        let name = parameters.get("UpdatedByCrawler")?;
        Some(format!("crawler {name}"))
    });
    LiveTable {
        columns: columns
            .iter()
            .map(column(ColumnKind::Data))
            .chain(table.partition_keys().iter().map(column(ColumnKind::Partition)))
            .collect(),
        crawler,
        tags: Ok(None),
    }
}
