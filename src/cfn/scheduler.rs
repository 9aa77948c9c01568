//! Amazon EventBridge Scheduler.

use super::{Arn, ResourceTag, Val, iam, states};
use serde::Serialize;

/// `AWS::Scheduler::ScheduleGroup`: schedules take no tags, their group does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleGroup {
    /// At most 64 characters.
    pub name: String,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// `AWS::Scheduler::Schedule` that starts a state machine, in UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Schedule {
    /// At most 64 characters.
    pub name: String,
    /// Its group.
    pub group_name: Val<super::Name<ScheduleGroup>>,
    /// What it starts, for people.
    pub description: String,
    /// `rate(1 day)` or `cron(0 3 * * ? *)`.
    pub schedule_expression: String,
    flexible_time_window: FlexibleTimeWindow,
    target: Target,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FlexibleTimeWindow {
    mode: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    arn: Val<Arn<states::StateMachine>>,
    role_arn: Val<Arn<iam::Role>>,
    input: &'static str,
}

impl Schedule {
    /// Starts a machine, as a role that may start just that.
    #[must_use]
    pub const fn starting(
        name: String,
        group_name: Val<super::Name<ScheduleGroup>>,
        description: String,
        schedule_expression: String,
        machine: Val<Arn<states::StateMachine>>,
        role: Val<Arn<iam::Role>>,
    ) -> Self {
        Self {
            name,
            group_name,
            description,
            schedule_expression,
            flexible_time_window: FlexibleTimeWindow { mode: "OFF" },
            target: Target { arn: machine, role_arn: role, input: "{}" },
        }
    }
}
