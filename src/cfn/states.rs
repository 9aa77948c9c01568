//! AWS Step Functions: state machines as typed Amazon States Language (states-language.net), with JSONPath.

mod arguments;

pub use arguments::{Argument, Arguments};

use super::{Arn, ResourceTag, Val, iam, logs};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use std::collections::BTreeMap;

/// `AWS::StepFunctions::StateMachine` of type STANDARD: each step runs exactly once, and `.sync` steps are waited for.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateMachine {
    /// Its name.
    pub state_machine_name: String,
    /// The role that every step works as.
    pub role_arn: Val<Arn<iam::Role>>,
    state_machine_type: &'static str,
    definition: Definition,
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_configuration: Option<LoggingConfiguration>,
    tags: Vec<ResourceTag>,
}

impl StateMachine {
    /// A machine that logs what fails, without the data of its executions.
    #[must_use]
    pub fn standard(
        name: String,
        role: Val<Arn<iam::Role>>,
        definition: Definition,
        log_group: Option<Val<Arn<logs::LogGroup>>>,
        tags: Vec<ResourceTag>,
    ) -> Self {
        let logging_configuration = log_group.map(|log_group| LoggingConfiguration {
            level: "ERROR",
            include_execution_data: false,
            destinations: [LogDestination {
                cloud_watch_logs_log_group: CloudWatchLogsLogGroup { log_group_arn: log_group },
            }],
        });
        Self {
            state_machine_name: name,
            role_arn: role,
            state_machine_type: "STANDARD",
            definition,
            logging_configuration,
            tags,
        }
    }
}

#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingConfiguration {
    level: &'static str,
    include_execution_data: bool,
    destinations: [LogDestination; 1],
}

#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct LogDestination {
    cloud_watch_logs_log_group: CloudWatchLogsLogGroup,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct CloudWatchLogsLogGroup {
    log_group_arn: Val<Arn<logs::LogGroup>>,
}

/// What a machine, or a branch of it, does.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Definition {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    start_at: String,
    /// Ends an execution that hangs; in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    states: BTreeMap<String, State>,
}

impl Definition {
    /// States in a row: each without a next of its own leads to the one after it, the last one ends.
    ///
    /// # Panics
    /// When there is no state, or two of one name: a defect of the synthesis.
    #[must_use]
    pub fn in_a_row(states: Vec<(String, State)>) -> Self {
        let names: Vec<String> = states.iter().map(|(name, _)| name.clone()).collect();
        let start_at = crate::sure(names.first().cloned().ok_or("no state"), "a state machine has a state");
        let mut definition = Self { comment: None, start_at, timeout_seconds: None, states: BTreeMap::new() };
        for (position, (name, mut state)) in states.into_iter().enumerate() {
            state.lead_to(names.get(position + 1));
            let earlier = definition.states.insert(name.clone(), state);
            crate::invariant(earlier.is_none(), || format!("state {name} was added twice"));
        }
        definition
    }

    /// Adds a state that others lead to by name, such as what catches failures.
    #[must_use]
    pub fn with(mut self, name: &str, state: State) -> Self {
        self.states.insert(name.to_owned(), state);
        self
    }
}

/// One state.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "Type")]
pub enum State {
    /// Calls a service.
    Task(Box<Task>),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Goes where the data says.
    Choice(Choice),
    /// Goes on where a number is high enough.
    #[serde(rename = "Choice")]
    Threshold(Threshold),
    /// Waits.
    Wait(Wait),
    /// Ends well.
    Succeed {},
    /// Ends badly.
    Fail(Fail),
}

impl State {
    fn lead_to(&mut self, name: Option<&String>) {
        let next = match self {
            Self::Task(task) => &mut task.next,
            Self::Parallel(parallel) => &mut parallel.next,
            Self::Wait(wait) => &mut wait.next,
            Self::Choice(_) | Self::Threshold(_) | Self::Succeed {} | Self::Fail(_) => return,
        };
        if matches!(next, Next::Follows) {
            *next = name.map_or(Next::End, |name| Next::To(name.clone()));
        }
    }
}

/// What comes after a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The one after it in the row.
    Follows,
    /// A state by name.
    To(String),
    /// Nothing.
    End,
}

impl Serialize for Next {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::To(name) => map.serialize_entry("Next", name)?,
            Self::Follows | Self::End => map.serialize_entry("End", &true)?,
        }
        map.end()
    }
}

/// A call of a service.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// What is called: `arn:aws:states:::glue:startJobRun.sync`.
    pub resource: String,
    /// With what.
    pub parameters: Arguments,
    /// Where the answer goes; `None` drops it, so that the state's input goes on.
    #[serde(rename = "ResultPath")]
    pub result_path: Option<&'static str>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Failures that pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retry>,
    /// Failures that are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// What comes after it.
    #[serde(flatten)]
    pub next: Next,
}

impl Task {
    /// A call whose answer is dropped; `integration` is what stands after `states:::`.
    #[must_use]
    pub fn new(partition: &str, integration: &str, parameters: Arguments) -> Self {
        Self {
            resource: format!("arn:{partition}:states:::{integration}"),
            parameters,
            result_path: None,
            timeout_seconds: None,
            retry: Vec::new(),
            catch: Vec::new(),
            next: Next::Follows,
        }
    }

    /// Keeps the answer at a path of the state's data, such as `$.run`.
    #[must_use]
    pub const fn keeping(mut self, path: &'static str) -> Self {
        self.result_path = Some(path);
        self
    }

    /// Tries again after some failures.
    #[must_use]
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.retry.push(retry);
        self
    }

    /// Goes to a state after any failure, with the error at `$.error`.
    #[must_use]
    pub fn or_else(mut self, state: &str) -> Self {
        self.catch.push(Catch::all(state));
        self
    }

    /// Ends the call after some seconds.
    #[must_use]
    pub const fn within(mut self, seconds: u64) -> Self {
        self.timeout_seconds = Some(seconds);
        self
    }

    /// Goes to a state by name.
    #[must_use]
    pub fn then(mut self, state: &str) -> Self {
        self.next = Next::To(state.to_owned());
        self
    }

    /// As a state.
    #[must_use]
    pub fn state(self) -> State {
        State::Task(Box::new(self))
    }
}

/// Branches side by side; their answers are dropped.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parallel {
    branches: Vec<Definition>,
    result_path: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    catch: Vec<Catch>,
    #[serde(flatten)]
    next: Next,
}

impl Parallel {
    /// All branches; one that fails stops the others and leads to a state.
    #[must_use]
    pub fn new(branches: Vec<Definition>, or_else: &str) -> Self {
        Self { branches, result_path: None, catch: vec![Catch::all(or_else)], next: Next::Follows }
    }
}

/// Goes where the data says.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Choice {
    /// The first that holds leads on.
    pub choices: Vec<Branch>,
    /// Where none holds.
    pub default: String,
}

/// A text in the data, and where it leads.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Branch {
    /// A path into the data.
    pub variable: String,
    /// What stands there.
    pub string_equals: String,
    /// The state it leads to.
    pub next: String,
}

/// Goes on where a number is high enough.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Threshold {
    choices: [AtLeast; 1],
    default: String,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct AtLeast {
    variable: String,
    numeric_greater_than_equals: u64,
    next: String,
}

impl Threshold {
    /// Where the number at a path is at least this, to one state; otherwise to another.
    #[must_use]
    pub fn at_least(variable: &str, least: u64, next: &str, otherwise: &str) -> Self {
        let choice =
            AtLeast { variable: variable.to_owned(), numeric_greater_than_equals: least, next: next.to_owned() };
        Self { choices: [choice], default: otherwise.to_owned() }
    }
}

/// Waits.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wait {
    /// How long.
    pub seconds: u64,
    /// What comes after it.
    #[serde(flatten)]
    pub next: Next,
}

/// Ends badly.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fail {
    /// A name.
    pub error: String,
    /// What to do.
    pub cause: String,
}

/// Failures that pass, and how they are tried again.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retry {
    error_equals: Vec<String>,
    interval_seconds: u64,
    max_attempts: u64,
    backoff_rate: f64,
    jitter_strategy: &'static str,
}

impl Retry {
    /// Waits `first` seconds, then twice as long each time, with full jitter.
    #[must_use]
    pub fn of(errors: &[&str], first: u64, attempts: u64) -> Self {
        Self {
            error_equals: errors.iter().map(|error| (*error).to_owned()).collect(),
            interval_seconds: first,
            max_attempts: attempts,
            backoff_rate: 2.0,
            jitter_strategy: "FULL",
        }
    }
}

/// Failures that lead to another state.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catch {
    error_equals: [&'static str; 1],
    result_path: &'static str,
    next: String,
}

impl Catch {
    /// Every failure; the error stands at `$.error`.
    #[must_use]
    pub fn all(next: &str) -> Self {
        Self { error_equals: ["States.ALL"], result_path: "$.error", next: next.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Argument, Arguments, Definition, Fail, Retry, State, Task};
    use serde_json::json;

    #[test]
    fn states_in_a_row_lead_to_one_another_and_the_last_one_ends() {
        let task = |name: &str| {
            Task::new("aws", name, Arguments::new([("Name", Argument::with_run("it's {a} ", ""))])).or_else("Failed")
        };
        let states = vec![
            ("First".to_owned(), task("glue:startJobRun.sync").retrying(Retry::of(&["X"], 5, 3)).state()),
            ("Last".to_owned(), task("events:putEvents").state()),
        ];
        let failed = State::Fail(Fail { error: "Failed".to_owned(), cause: "see the error".to_owned() });
        let definition = Definition::in_a_row(states).with("Failed", failed);
        let text = serde_json::to_value(&definition).expect("a definition is JSON");
        assert_eq!(text["StartAt"], "First");
        assert_eq!(text["States"]["First"]["Next"], "Last");
        assert_eq!(text["States"]["Last"]["End"], true);
        assert_eq!(text["States"]["First"]["ResultPath"], json!(null));
        assert_eq!(
            text["States"]["First"]["Parameters"],
            json!({"Name.$": r"States.Format('it\'s \{a\} {}', $$.Execution.Name)"})
        );
        assert_eq!(text["States"]["First"]["Catch"][0]["ErrorEquals"], json!(["States.ALL"]));
        assert_eq!(text["States"]["Failed"], json!({"Type": "Fail", "Error": "Failed", "Cause": "see the error"}));
    }
}
