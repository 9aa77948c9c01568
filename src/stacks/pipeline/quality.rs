//! Rulesets, and the steps that evaluate them: as the owner, who alone sees the product whole.

use super::dqdl;
use crate::assembly::Layer;
use crate::cfn::glue::DataQualityRuleset;
use crate::cfn::states::{Argument, Arguments, Definition, Fail, Next, Parallel, Retry, State, Task, Threshold, Wait};
use crate::cfn::states::{Branch, Choice};
use crate::cfn::{LogicalId, Template};
use crate::mesh::{Domain, Mesh, Product, Table, fit};
use crate::stacks::ownership::Owner;

/// Longest name of a state (Amazon States Language, "States").
const STATE_NAME: usize = 80;

/// Seconds between two looks at an evaluation: one takes some minutes.
const PAUSE: u64 = 30;

/// Tables of a product that have rules.
pub(in crate::stacks) fn judged(product: &Product) -> impl Iterator<Item = (&Table, String)> {
    product.tables.values().filter_map(|table| dqdl::ruleset(table).map(|rules| (table, rules)))
}

/// Adds a ruleset for each table that has rules. The account sees the table through the link that bears its database's name.
pub(super) fn add_rulesets(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product) {
    for (table, rules) in judged(product) {
        let name = mesh.dotted(&domain.name, &product.id, table.name.as_str());
        let ruleset = DataQualityRuleset::on(
            mesh.database(&domain.name, &product.id),
            table.name.to_string(),
            name.clone(),
            format!("What the table {} of the product {} promises", table.name, product.id),
            rules,
            Owner::domain(domain).tags(mesh, Layer::Pipeline, Some(&product.id)),
        );
        template.add(LogicalId::of("Rules", table.name.as_str(), &name), ruleset, &table.origin);
    }
}

/// The state that judges every table of a product; one that breaks its rules leads to a state. None without rules.
pub(super) fn state(mesh: &Mesh, domain: &Domain, product: &Product, or_else: &str) -> Option<State> {
    let branches: Vec<Definition> = judged(product).map(|(table, _)| branch(mesh, domain, product, table)).collect();
    (!branches.is_empty()).then(|| State::Parallel(Parallel::new(branches, or_else)))
}

/// Starts an evaluation, waits for its end, and fails where a rule did.
fn branch(mesh: &Mesh, domain: &Domain, product: &Product, table: &Table) -> Definition {
    let name = |verb: &str| fit(format!("{verb} {}", table.name), STATE_NAME);
    let partition = mesh.region.partition();
    let owner = mesh.role_arn(&domain.account, &mesh.owner_role(&domain.name));
    let ruleset = mesh.dotted(&domain.name, &product.id, table.name.as_str());
    let source = Argument::structure([(
        "GlueTable",
        Argument::structure([
            ("DatabaseName", Argument::text(mesh.database(&domain.name, &product.id))),
            ("TableName", Argument::text(table.name.to_string())),
        ]),
    )]);
    let start = Arguments::new([
        ("DataSource", source),
        ("Role", Argument::text(owner)),
        ("RulesetNames", Argument::List(vec![Argument::text(ruleset)])),
    ]);
    let call = |action: &str, arguments: Arguments| {
        Task::new(partition, &format!("aws-sdk:glue:{action}"), arguments).retrying(passing())
    };
    let run_id = || Arguments::new([("RunId", Argument::Computed("$.run.RunId".to_owned()))]);
    let result = Arguments::new([("ResultId", Argument::Computed("$.run.ResultIds[0]".to_owned()))]);
    let status = |status: &str, next: String| Branch {
        variable: "$.run.Status".to_owned(),
        string_equals: status.to_owned(),
        next,
    };
    let going = ["STARTING", "RUNNING", "STOPPING"].map(|word| status(word, name("Wait for")));
    let mut choices = vec![status("SUCCEEDED", name("Read"))];
    choices.extend(going);
    let failed = |error: &str, cause: String| State::Fail(Fail { error: error.to_owned(), cause });
    let states = vec![
        (name("Judge"), call("startDataQualityRulesetEvaluationRun", start).keeping("$.run").state()),
        (name("Wait for"), State::Wait(Wait { seconds: PAUSE, next: Next::Follows })),
        (name("Look at"), call("getDataQualityRulesetEvaluationRun", run_id()).keeping("$.run").state()),
        (name("Ended"), State::Choice(Choice { choices, default: name("Not judged") })),
        (name("Read"), call("getDataQualityResult", result).keeping("$.result").state()),
        // the share of rules that hold (AWS Glue API reference, GetDataQualityResult, Score)
        (name("Good"), State::Threshold(Threshold::at_least("$.result.Score", 1, &name("Passed"), &name("Broken")))),
    ];
    Definition::in_a_row(states)
        .with(&name("Passed"), State::Succeed {})
        .with(
            &name("Broken"),
            failed(
                "QualityFailed",
                format!("the table {} breaks rules: look at the results of its ruleset in AWS Glue", table.name),
            ),
        )
        .with(
            &name("Not judged"),
            failed("NotJudged", format!("the evaluation of the table {} did not end well", table.name)),
        )
}

/// What Glue says when it is busy: error names of its API, as the AWS SDK integration writes them (Step Functions guide,
/// "Learning to use AWS service SDK integrations").
fn passing() -> Retry {
    Retry::of(
        &[
            "Glue.ConcurrentModificationException",
            "Glue.InternalServiceException",
            "Glue.OperationTimeoutException",
            "Glue.ResourceNumberLimitExceededException",
            "Glue.ThrottlingException",
        ],
        20,
        5,
    )
}
