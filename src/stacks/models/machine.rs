//! The state machine of a model: copy what it reads, predict, and tell the owner where that fails.

use super::Predicting;
use crate::assembly::Layer;
use crate::cfn::sagemaker::Model;
use crate::cfn::scheduler::Schedule;
use crate::cfn::states::{Argument, Arguments, Definition, Fail, Retry, State, StateMachine, Task};
use crate::cfn::{Handle, LogicalId, Template, Val};
use crate::mesh::{BatchModel, BucketUse, fit};
use crate::stacks::ownership::Owner;
use crate::stacks::pipeline::making::{UNLOAD_SECONDS, identifier, passing};

/// The smallest instance of general use that transforms run on (Amazon SageMaker pricing, "Batch Transform"): a job is billed
/// by the second, and one that is too small is slow, which its owner sees, where one that is too large is paid for unseen.
const INSTANCE: &str = "ml.m5.large";

/// Seconds that the transform may take, after which Step Functions stops it.
const TRANSFORM_SECONDS: u64 = 4 * 60 * 60;

/// The state that tells of a failure.
const TELL_FAILURE: &str = "Tell failure";

/// Adds the machine of a model, and its schedule.
pub(super) fn add(template: &mut Template, predicting: &Predicting<'_>, model: &BatchModel, made: &Handle<Model>) {
    let Predicting { mesh, consumer, .. } = predicting;
    let name = mesh.model_machine(&consumer.name, &model.name);
    let owner = Owner::consumer(consumer);
    let states = vec![
        ("Copy input".to_owned(), predicting.copy(model)),
        ("Predict".to_owned(), predicting.transform(model, made)),
    ];
    let failed = Fail {
        error: "ModelFailed".to_owned(),
        cause: "the failed step of this execution says why; when it is mended, start the machine again".to_owned(),
    };
    let mut definition = Definition::in_a_row(states)
        .with(TELL_FAILURE, predicting.tell(model, &name))
        .with("Failed", State::Fail(failed));
    // no timeout of the whole: it would end the execution without a word, where those of the steps are caught
    definition.comment = Some(format!("Predicts with the model {}", model.name));
    let role = Val::literal(mesh.role_arn(&consumer.account, &mesh.model_role(&consumer.name)));
    let tags = owner.tags(mesh, Layer::Pipeline, Some(&model.product));
    let machine = StateMachine::standard(name.clone(), role, definition, None, tags);
    let machine = template.add(LogicalId::of("Machine", model.name.as_str(), &name), machine, &model.origin);
    let schedule = Schedule::starting(
        name.clone(),
        Val::literal(mesh.schedule_group(consumer.name.as_str())),
        format!("Starts {name}"),
        model.schedule.clone(),
        machine.reference(),
        Val::literal(mesh.role_arn(&consumer.account, &mesh.start_role(consumer.name.as_str()))),
    );
    template.add(LogicalId::of("Schedule", model.name.as_str(), &name), schedule, &model.origin);
}

impl Predicting<'_> {
    /// Where a model's runs lie, in the part of the results' bucket that is its role's.
    fn folder(&self, model: &BatchModel) -> String {
        let Self { mesh, consumer, .. } = self;
        let bucket = mesh.bucket(&consumer.name, BucketUse::Results, &consumer.account);
        format!("s3://{bucket}/{}/{}/", mesh.model_role(&consumer.name), model.name)
    }

    /// Copies the columns that the role sees, by name and in the order of the contract: one that somebody classifies anew
    /// fails the run, instead of moving those after it.
    ///
    /// JSON, an object on each line (Amazon Athena user guide, "UNLOAD": `format` and `compression`). Text files have no quotes
    /// there: a comma or a line break in a text would move the columns of its row without a word.
    fn copy(&self, model: &BatchModel) -> State {
        let Self { mesh, consumer, .. } = self;
        let subscription = consumer.subscription_of(model);
        let product = subscription.and_then(|found| mesh.product(&found.domain, &found.product));
        let columns: Vec<String> = product
            .and_then(|product| product.tables.get(&model.table))
            .into_iter()
            .flat_map(|table| table.all_columns())
            .filter(|column| subscription.is_some_and(|found| found.classifications.contains(&column.classification)))
            .map(|column| identifier(column.name.as_str()))
            .collect();
        let database = subscription.map(|found| mesh.database(&found.domain, &found.product)).unwrap_or_default();
        let before = format!(
            "UNLOAD (SELECT {} FROM {}.{}) TO '{}",
            columns.join(", "),
            identifier(&database),
            identifier(model.table.as_str()),
            self.folder(model),
        );
        let after = "/input/' WITH (format = 'JSON', compression = 'GZIP')";
        let arguments = Arguments::new([
            ("QueryString", Argument::with_run(&before, after)),
            ("WorkGroup", Argument::text(mesh.model_role(&consumer.name))),
        ]);
        Task::new(mesh.region.partition(), "athena:startQueryExecution.sync", arguments)
            .retrying(passing(&["Athena.TooManyRequestsException"], "Athena"))
            .within(UNLOAD_SECONDS)
            .or_else(TELL_FAILURE)
            .state()
    }

    /// Runs the transform over what was copied.
    ///
    /// A job's name has at most 63 letters, digits and hyphens (SageMaker API reference, CreateTransformJob), of which an
    /// execution's may have more and others: a UUID takes its place.
    fn transform(&self, model: &BatchModel, made: &Handle<Model>) -> State {
        let Self { mesh, key, .. } = self;
        let name = format!("{}-", mesh.transform_prefix(&model.name));
        let folder = self.folder(model);
        let source = Argument::structure([
            ("S3DataType", Argument::text("S3Prefix")),
            ("S3Uri", Argument::with_run(&folder, "/input/")),
        ]);
        let arguments = Arguments::new([
            ("ModelName", Argument::Value(made.model_name().text())),
            (
                "TransformInput",
                Argument::structure([
                    ("CompressionType", Argument::text("Gzip")),
                    ("ContentType", Argument::text("application/jsonlines")),
                    ("DataSource", Argument::structure([("S3DataSource", source)])),
                    ("SplitType", Argument::text("Line")),
                ]),
            ),
            ("TransformJobName", Argument::formatted(&name, &[("States.UUID()", "")])),
            (
                "TransformOutput",
                Argument::structure([
                    ("AssembleWith", Argument::text("Line")),
                    ("KmsKeyId", Argument::Value(key.text())),
                    ("S3OutputPath", Argument::with_run(&folder, "/output/")),
                ]),
            ),
            (
                "TransformResources",
                Argument::structure([
                    ("InstanceCount", Argument::Number(1)),
                    ("InstanceType", Argument::text(INSTANCE)),
                    ("VolumeKmsKeyId", Argument::Value(key.text())),
                ]),
            ),
        ]);
        // the instance limit of an account is reached for as long as another job runs
        let busy = Retry::of(&["SageMaker.ResourceLimitExceededException"], 300, 5);
        Task::new(mesh.region.partition(), "sagemaker:createTransformJob.sync", arguments)
            .retrying(busy)
            .retrying(passing(&[], "SageMaker"))
            .within(TRANSFORM_SECONDS)
            .or_else(TELL_FAILURE)
            .state()
    }

    /// Tells the owner what failed and what to do.
    fn tell(&self, model: &BatchModel, machine: &str) -> State {
        let Self { mesh, consumer, .. } = self;
        let before = format!("The model {} of {} failed in the execution ", model.name, consumer.name);
        let after = format!(
            ". The failed step of the execution says more. When it is mended, start the state machine {machine} again; \
             otherwise it runs at its next time.",
        );
        let values = [("$$.Execution.Id", ": "), ("States.JsonToString($.error)", after.as_str())];
        let arguments = Arguments::new([
            ("Message", Argument::formatted(&before, &values)),
            ("Subject", Argument::text(fit(format!("Model {} of {} failed", model.name, consumer.name), 99))),
            ("TopicArn", Argument::text(mesh.topic_arn(consumer.name.as_str(), &consumer.account))),
        ]);
        Task::new(mesh.region.partition(), "sns:publish", arguments)
            .retrying(passing(&["SNS.ThrottledException"], "SNS"))
            .then("Failed")
            .state()
    }
}
