//! State machines: the one that makes a product by its job, and the one that judges a product which others make.

use super::{alarms, job, quality};
use crate::assembly::Layer;
use crate::cfn::glue::TIMEOUT_MINUTES;
use crate::cfn::scheduler::Schedule;
use crate::cfn::states::{Argument, Arguments, Definition, Fail, Parallel, Retry, State, StateMachine, Task};
use crate::cfn::{LogicalId, Template, Val};
use crate::mesh::{BucketUse, Domain, Mesh, Product, fit};
use crate::stacks::ownership::Owner;

/// Seconds that one UNLOAD may take: Athena's own limit for a query (Amazon Athena, "Service Quotas": 30 minutes).
pub(in crate::stacks) const UNLOAD_SECONDS: u64 = 30 * 60;

/// Seconds that a whole run may take: staging, the job after a wait for workers, judging.
const RUN_SECONDS: u64 = 4 * 60 * 60;

/// The state that tells of a failure.
const TELL_FAILURE: &str = "Tell failure";

/// Adds the machine that makes a product: stage the inputs, run the job, judge, tell.
pub(super) fn add(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product) {
    let name = mesh.job_role(&domain.name, &product.id);
    let run = job::staged(mesh, product);
    let mut states: Vec<(String, State)> = Vec::new();
    if !run.is_empty() {
        let branches = run.iter().map(|staged| stage(mesh, domain, product, staged)).collect();
        states.push(("Stage inputs".to_owned(), State::Parallel(Parallel::new(branches, TELL_FAILURE))));
    }
    let arguments = Arguments::new([
        ("JobName", Argument::text(name.clone())),
        ("Arguments", Argument::structure([("--run", Argument::Computed("$$.Execution.Name".to_owned()))])),
    ]);
    let make = Task::new(mesh.region.partition(), "glue:startJobRun.sync", arguments)
        .retrying(passing(
            &["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"],
            "Glue",
        ))
        .within(u64::from(TIMEOUT_MINUTES) * 60 * 2)
        .or_else(TELL_FAILURE);
    states.push(("Make".to_owned(), make.state()));
    states.extend(quality::state(mesh, domain, product, TELL_FAILURE).map(|state| ("Judge".to_owned(), state)));
    let told = tell(mesh, domain, product, "Product Refreshed", &[]).or_else(TELL_FAILURE);
    states.push(("Tell".to_owned(), told.state()));
    let comment = format!("Makes the product {}", product.id);
    finish(template, mesh, domain, product, Machine { role: name.clone(), name, comment, states });
}

/// Adds the machine that judges a product which the team's own jobs make; nothing where it has no rules.
pub(super) fn add_judging(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product) {
    let Some(state) = quality::state(mesh, domain, product, TELL_FAILURE) else { return };
    let machine = Machine {
        name: mesh.quality_machine(&domain.name, &product.id),
        role: mesh.quality_role(&domain.name),
        comment: format!("Judges the product {}", product.id),
        states: vec![("Judge".to_owned(), state)],
    };
    finish(template, mesh, domain, product, machine);
}

struct Machine {
    name: String,
    role: String,
    comment: String,
    states: Vec<(String, State)>,
}

/// Adds the machine with its end, its schedule and its alarms.
fn finish(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product, machine: Machine) {
    let Machine { name, role, comment, states } = machine;
    let owner = Owner::domain(domain);
    let failed = Fail {
        error: "ProductFailed".to_owned(),
        cause: "the failed step of this execution says why; when it is mended, start the machine again".to_owned(),
    };
    let path = |path: &str| Argument::Computed(path.to_owned());
    let told = tell(
        mesh,
        domain,
        product,
        "Product Failed",
        &[("error", path("$.error.Error")), ("cause", path("$.error.Cause"))],
    )
    .then("Failed");
    let mut definition =
        Definition::in_a_row(states).with(TELL_FAILURE, told.state()).with("Failed", State::Fail(failed));
    definition.comment = Some(comment);
    definition.timeout_seconds = Some(RUN_SECONDS);
    let role = Val::literal(mesh.role_arn(&domain.account, &role));
    let tags = owner.tags(mesh, Layer::Pipeline, Some(&product.id));
    let machine = StateMachine::standard(name.clone(), role, definition, None, tags);
    let machine = template.add(LogicalId::of("Machine", product.id.as_str(), &name), machine, &product.origin);
    let frequency = product.frequency();
    let schedule = Schedule::starting(
        name.clone(),
        Val::literal(mesh.schedule_group(domain.name.as_str())),
        format!("Starts {name} {frequency}"),
        frequency.cron(&name),
        machine.reference(),
        Val::literal(mesh.role_arn(&domain.account, &mesh.start_role(domain.name.as_str()))),
    );
    template.add(LogicalId::of("Schedule", product.id.as_str(), &name), schedule, &product.origin);
    alarms::add_machine(template, mesh, domain, product, &name, &machine);
}

/// Copies one input table: explicit columns, as the product's role, which sees no others.
fn stage(mesh: &Mesh, domain: &Domain, product: &Product, staged: &job::Staged<'_>) -> Definition {
    let columns: Vec<String> = staged.columns.iter().map(|column| identifier(column.name.as_str())).collect();
    let bucket = mesh.bucket(&domain.name, BucketUse::Staging, &domain.account);
    let before = format!(
        "UNLOAD (SELECT {} FROM {}.{}) TO 's3://{bucket}/{}/",
        columns.join(", "),
        identifier(&mesh.database(&staged.port.domain, &staged.port.product)),
        identifier(staged.table),
        product.id,
    );
    let after = format!("/{}/{}/' WITH (format = 'PARQUET')", staged.port.product, staged.table);
    let arguments = Arguments::new([
        ("QueryString", Argument::with_run(&before, &after)),
        ("WorkGroup", Argument::text(mesh.job_role(&domain.name, &product.id))),
    ]);
    let unload = Task::new(mesh.region.partition(), "athena:startQueryExecution.sync", arguments)
        .retrying(passing(&["Athena.TooManyRequestsException"], "Athena"))
        .within(UNLOAD_SECONDS);
    let name = fit(format!("Copy {}.{}", staged.port.product, staged.table), 80);
    Definition::in_a_row(vec![(name, unload.state())])
}

/// A name in a query of Athena (Amazon Athena, "Escape reserved keywords": double quotes in a SELECT).
pub(in crate::stacks) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Puts an event on the mesh's bus.
fn tell(mesh: &Mesh, domain: &Domain, product: &Product, kind: &str, further: &[(&str, Argument)]) -> Task {
    let mut detail = Arguments::new([
        ("domain", Argument::text(domain.name.to_string())),
        ("product", Argument::text(product.id.to_string())),
        ("run", Argument::Computed("$$.Execution.Name".to_owned())),
    ]);
    for (name, argument) in further {
        detail = detail.and(name, argument.clone());
    }
    let entry = Argument::structure([
        ("Detail", Argument::Structure(detail)),
        ("DetailType", Argument::text(kind)),
        ("EventBusName", Argument::text(mesh.bus_arn(&mesh.governance))),
        ("Source", Argument::text(mesh.event_source())),
    ]);
    let entries = Arguments::new([("Entries", Argument::List(vec![entry]))]);
    Task::new(mesh.region.partition(), "events:putEvents", entries)
        .retrying(passing(&["EventBridge.FailedEntry"], "EventBridge"))
}

/// What passes: what a service says when it is busy, and what Step Functions says of its SDK (Step Functions guide,
/// "Handling errors in Step Functions workflows", and the pages of the integrations).
pub(in crate::stacks) fn passing(errors: &[&str], service: &str) -> Retry {
    let sdk = [format!("{service}.SdkClientException"), format!("{service}.ThrottlingException")];
    let errors: Vec<&str> = errors.iter().copied().chain(sdk.iter().map(String::as_str)).collect();
    Retry::of(&errors, 30, 5)
}
