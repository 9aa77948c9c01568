//! Amazon CloudWatch.

use super::{Arn, ResourceTag, Text, Val, sns};
use serde::Serialize;

/// `AWS::CloudWatch::Alarm` on the sum of a metric over one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    /// At most 255 characters.
    pub alarm_name: String,
    /// What it means and what to do, for the person who is woken.
    pub alarm_description: String,
    /// Namespace of the metric.
    pub namespace: &'static str,
    /// The metric.
    pub metric_name: &'static str,
    /// Which of its series.
    pub dimensions: Vec<Dimension>,
    statistic: &'static str,
    /// In seconds: a multiple of 60; above an hour a multiple of 3,600, and at most seven days
    /// (Amazon CloudWatch API reference, PutMetricAlarm, EvaluationPeriods and Period).
    pub period: u32,
    evaluation_periods: u32,
    threshold: u32,
    comparison_operator: &'static str,
    treat_missing_data: &'static str,
    alarm_actions: [Val<Arn<sns::Topic>>; 1],
    #[serde(rename = "OKActions")]
    ok_actions: [Val<Arn<sns::Topic>>; 1],
    tags: Vec<ResourceTag>,
}

/// Which of a metric's series.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dimension {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: Val<Text>,
}

/// What an alarm watches.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Namespace of the metric.
    pub namespace: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Which of its series.
    pub dimensions: Vec<Dimension>,
    /// In seconds.
    pub period: u32,
}

impl Alarm {
    /// Wakes the owner when something happened at all.
    #[must_use]
    pub fn when_any(
        name: String,
        description: String,
        metric: Metric,
        topic: &Val<Arn<sns::Topic>>,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self::over(name, description, metric, "GreaterThanOrEqualToThreshold", "notBreaching", topic, tags)
    }

    /// Wakes the owner when nothing happened: a silent metric counts as nothing.
    #[must_use]
    pub fn when_none(
        name: String,
        description: String,
        metric: Metric,
        topic: &Val<Arn<sns::Topic>>,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self::over(name, description, metric, "LessThanThreshold", "breaching", topic, tags)
    }

    fn over(
        alarm_name: String,
        alarm_description: String,
        metric: Metric,
        comparison_operator: &'static str,
        treat_missing_data: &'static str,
        topic: &Val<Arn<sns::Topic>>,
        tags: Vec<ResourceTag>,
    ) -> Self {
        let Metric { namespace, name, dimensions, period } = metric;
        Self {
            alarm_name,
            alarm_description,
            namespace,
            metric_name: name,
            dimensions,
            statistic: "Sum",
            period,
            evaluation_periods: 1,
            threshold: 1,
            comparison_operator,
            treat_missing_data,
            alarm_actions: [topic.clone()],
            ok_actions: [topic.clone()],
            tags,
        }
    }
}
