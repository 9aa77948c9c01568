//! What wakes the owner: a machine that failed, and a product that was not renewed in time.

use crate::assembly::Layer;
use crate::cfn::cloudwatch::{Alarm, Dimension, Metric};
use crate::cfn::events::{Match, Matches, Pattern, Rule};
use crate::cfn::states::StateMachine;
use crate::cfn::{Handle, LogicalId, Template, Val};
use crate::mesh::{BucketUse, Domain, Frequency, Mesh, Product, fit};
use crate::stacks::ownership::Owner;
use std::collections::BTreeMap;

/// Longest name of an alarm, and of a rule.
const ALARM_NAME: usize = 255;
const RULE_NAME: usize = 64;

/// Seconds over which ends of executions are counted.
const SOON: u32 = 300;

const HOUR: u32 = 60;

/// How an execution ends badly: the metric's ending, and what it means (Step Functions guide, "Monitoring Step Functions
/// metrics using Amazon CloudWatch", execution metrics).
const ENDS: [(&str, &str, &str); 3] = [
    ("ExecutionsFailed", "failed", "failed"),
    ("ExecutionsTimedOut", "timed-out", "took too long"),
    ("ExecutionsAborted", "aborted", "was stopped by somebody"),
];

/// One alarm for each way in which a machine's execution ends badly. An expression over the three metrics would be silent
/// while one of them has no data yet.
pub(super) fn add_machine(
    template: &mut Template,
    mesh: &Mesh,
    domain: &Domain,
    product: &Product,
    name: &str,
    machine: &Handle<StateMachine>,
) {
    for (metric, word, what) in ENDS {
        let description = format!(
            "{name}, which works on the product {}, {what}. What to do: open its last execution in Step Functions; the \
             step that is red says why. Mend that, and start the machine again.",
            product.id
        );
        let metric = Metric {
            namespace: "AWS/States",
            name: metric,
            dimensions: vec![Dimension { name: "StateMachineArn", value: machine.reference().text() }],
            period: SOON,
        };
        let alarm = Alarm::when_any(
            fit(format!("{name}-{word}"), ALARM_NAME),
            description,
            metric,
            &Val::literal(mesh.topic_arn(domain.name.as_str(), &domain.account)),
            Owner::domain(domain).tags(mesh, Layer::Pipeline, Some(&product.id)),
        );
        let id = LogicalId::of("Alarm", &format!("{word}-{}", product.id), &format!("{name}/{word}"));
        template.add(id, alarm, &product.origin);
    }
}

/// An alarm where the product promises a frequency: no file arrived below its prefix for so long, whoever writes it.
///
/// A rule on the bucket's events counts them, and needs no target for that: `TriggeredRules` is the number of times that it
/// matched (Amazon EventBridge guide, "Monitoring Amazon EventBridge"; without a bus among the dimensions it is the account's
/// own).
pub(super) fn add_freshness(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product) {
    let Some(period) = product.promise.and_then(period) else { return };
    let owner = Owner::domain(domain);
    let tags = || owner.tags(mesh, Layer::Pipeline, Some(&product.id));
    let name = format!("{}-arrival-{}-{}", mesh.name, domain.name, product.id);
    let is = |text: String| Matches::Any(vec![Match::Equals(text)]);
    let bucket = is(mesh.bucket(&domain.name, BucketUse::Data, &domain.account));
    let key = Matches::Any(vec![Match::Prefix(format!("products/{}/", product.id))]);
    let rule = Rule {
        name: fit(name.clone(), RULE_NAME),
        description: format!("Counts the files that arrive for the product {}", product.id),
        event_bus_name: None,
        event_pattern: Pattern {
            account: Vec::new(),
            source: vec!["aws.s3".to_owned()],
            detail_type: vec!["Object Created".to_owned()],
            detail: BTreeMap::from([
                ("bucket", Matches::Parts(BTreeMap::from([("name", bucket)]))),
                ("object", Matches::Parts(BTreeMap::from([("key", key)]))),
            ]),
        },
        targets: Vec::new(),
        tags: tags(),
    };
    template.add(LogicalId::of("Arrival", product.id.as_str(), &name), rule, &product.origin);
    let metric = Metric {
        namespace: "AWS/Events",
        name: "TriggeredRules",
        dimensions: vec![Dimension { name: "RuleName", value: Val::literal(fit(name.clone(), RULE_NAME)) }],
        period,
    };
    let promise = product.promise.map(|promise| promise.to_string()).unwrap_or_default();
    let description = format!(
        "The product {} promises new data {promise}, and no file has arrived below products/{}/ for so long. What to do: \
         look at what makes it, the job or the source before it; subscribers work with old data meanwhile.",
        product.id, product.id
    );
    let alarm = Alarm::when_none(
        fit(format!("{}-stale-{}-{}", mesh.name, domain.name, product.id), ALARM_NAME),
        description,
        metric,
        &Val::literal(mesh.topic_arn(domain.name.as_str(), &domain.account)),
        tags(),
    );
    template.add(LogicalId::of("Freshness", product.id.as_str(), &name), alarm, &product.origin);
}

/// The period of an alarm on a frequency, in seconds: up to the next full hour above one; none above seven days, which the
/// user is told of.
fn period(frequency: Frequency) -> Option<u32> {
    let minutes = frequency.minutes();
    let whole = if minutes > HOUR { minutes.div_ceil(HOUR) * HOUR } else { minutes };
    (whole <= 7 * 24 * HOUR).then_some(whole * 60)
}

#[cfg(test)]
mod tests {
    use super::period;
    use crate::mesh::Frequency;

    #[test]
    fn a_period_is_one_that_cloudwatch_takes() {
        let of = |value, unit| period(Frequency::parse(value, Some(unit)).expect("a frequency"));
        assert_eq!(of(30.0, "m"), Some(1_800));
        assert_eq!(of(90.0, "m"), Some(7_200));
        assert_eq!(of(1.0, "d"), Some(86_400));
        assert_eq!(of(7.0, "d"), Some(604_800));
        assert_eq!(of(8.0, "d"), None);
    }
}
