//! `bootstrap --organization` against a stub of STS, CloudFormation's StackSets and the staging bucket of governance: which requests are
//! made, what is told, and what is kept. The stub is no more than a table of answers; nothing here shows how AWS behaves.

use crate::demo::repository;
use crate::local_aws::harness::copy_environment;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

const MANAGEMENT: &str = "999999999990";
const PRODUCERS: &str = "small-bootstrap-producers";
const CONSUMERS: &str = "small-bootstrap-consumers";

/// The fields of a request, `Action` among them.
type Form = BTreeMap<String, String>;

#[derive(Default)]
struct Set {
    template: String,
    units: BTreeSet<String>,
    /// Accounts with the status of their stack.
    instances: BTreeMap<String, &'static str>,
}

#[derive(Default)]
struct Stub {
    requests: Vec<(String, Form)>,
    sets: BTreeMap<String, Set>,
    /// Operations by id: how often each was looked at.
    operations: BTreeMap<String, usize>,
    /// Accounts by unit.
    units: BTreeMap<String, Vec<String>>,
    /// Accounts that have their own bootstrap.
    single: BTreeSet<String>,
    /// Accounts that nobody may enter.
    closed: BTreeSet<String>,
    /// Accounts in which a stack of a StackSet fails.
    failing: BTreeSet<String>,
    /// Whether governance's staging bucket stands.
    bucket: bool,
    /// The lock, and how often it was written.
    lock: Option<(String, usize)>,
    /// Calls that are done and whose first answer is lost.
    lost: BTreeSet<String>,
}

type Shared = Arc<Mutex<Stub>>;

struct Request {
    method: String,
    headers: BTreeMap<String, String>,
    body: String,
    account: String,
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let key = headers.get("authorization").and_then(|text| text.split("Credential=").nth(1)?.split('/').next());
    Some(Request {
        method: first.split(' ').next()?.to_owned(),
        account: key.unwrap_or_default().trim_start_matches("ASIA").to_owned(),
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

/// Values of a form, as URLs write them.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut at, mut out) = (0, Vec::new());
    while let Some(byte) = bytes.get(at) {
        let hex = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if *byte == b'+' { b' ' } else { *byte });
                at += 1;
            }
        }
    }
    String::from_utf8(out).expect("a form is text")
}

fn error(code: &str, message: &str) -> (u16, String) {
    let status = if code.contains("NotFound") { 404 } else { 400 };
    let body = format!("<Code>{code}</Code><Message>{message}</Message>");
    (status, format!("<ErrorResponse><Error><Type>Sender</Type>{body}</Error></ErrorResponse>"))
}

fn result(action: &str, body: &str) -> (u16, String) {
    (200, format!("<{action}Response><{action}Result>{body}</{action}Result></{action}Response>"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn members<T>(items: impl IntoIterator<Item = T>, show: impl Fn(T) -> String) -> String {
    items.into_iter().map(|item| format!("<member>{}</member>", show(item))).collect()
}

/// The values of a list in a form.
fn listed(form: &Form, name: &str) -> Vec<String> {
    let start = format!("{name}.member.");
    form.iter().filter(|(key, _)| key.starts_with(&start)).map(|(_, value)| value.clone()).collect()
}

impl Stub {
    fn answer(&mut self, request: &Request) -> (u16, Vec<String>, String) {
        let pairs = request.body.split('&').filter_map(|pair| pair.split_once('='));
        let form: Form = pairs.map(|(key, value)| (decoded(key), decoded(value))).collect();
        let Some(action) = form.get("Action").cloned() else { return self.object(request) };
        self.requests.push((request.account.clone(), form.clone()));
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let name = field("StackSetName");
        let (status, text) = match action.as_str() {
            "AssumeRole" => {
                let account = field("RoleArn").split(':').nth(4).unwrap_or_default().to_owned();
                if self.closed.contains(&account) {
                    error("AccessDenied", "not authorized to perform: sts:AssumeRole")
                } else {
                    let key = format!("<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>");
                    let rest = "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>";
                    result(&action, &format!("<Credentials>{key}{rest}</Credentials>"))
                }
            }
            "GetCallerIdentity" => {
                let account = &request.account;
                let arn = format!("<Arn>arn:aws:sts::{account}:assumed-role/x/y</Arn>");
                result(&action, &format!("<Account>{account}</Account>{arn}"))
            }
            "DescribeStacks" if self.single.contains(&request.account) => {
                let arn =
                    format!("arn:aws:cloudformation:eu-west-1:{}:stack/{}/1", request.account, field("StackName"));
                let stack = format!(
                    "<StackId>{arn}</StackId><StackName>{}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>",
                    field("StackName")
                );
                result(&action, &format!("<Stacks><member>{stack}</member></Stacks>"))
            }
            "DescribeStacks" => error("ValidationError", "Stack with id x does not exist"),
            "CreateStackSet" if self.sets.contains_key(&name) => error("NameAlreadyExistsException", "it is there"),
            "CreateStackSet" => {
                self.sets.insert(name, Set { template: field("TemplateBody"), ..Set::default() });
                result(&action, "<StackSetId>1</StackSetId>")
            }
            _ if !self.sets.contains_key(&name) => error("StackSetNotFoundException", "there is no such StackSet"),
            "DescribeStackSet" => {
                let set = &self.sets[&name];
                let units = members(&set.units, Clone::clone);
                let options = "<AutoDeployment><Enabled>true</Enabled><RetainStacksOnAccountRemoval>true</RetainStacksOnAccountRemoval></AutoDeployment><ManagedExecution><Active>true</Active></ManagedExecution>";
                let template = escaped(&set.template);
                let body = format!(
                    "<StackSet><StackSetName>{name}</StackSetName><TemplateBody>{template}</TemplateBody><PermissionModel>SERVICE_MANAGED</PermissionModel><OrganizationalUnitIds>{units}</OrganizationalUnitIds>{options}</StackSet>"
                );
                result(&action, &body)
            }
            // a page for each
            "ListStackInstances" => {
                let at: usize = field("NextToken").parse().unwrap_or(0);
                let all: Vec<(&String, &&str)> = self.sets[&name].instances.iter().collect();
                let page = all.iter().skip(at).take(1);
                let page = members(page, |(account, status)| {
                    format!("<Account>{account}</Account><Region>eu-west-1</Region><Status>{status}</Status>")
                });
                let next =
                    if at + 1 < all.len() { format!("<NextToken>{}</NextToken>", at + 1) } else { String::new() };
                result(&action, &format!("<Summaries>{page}</Summaries>{next}"))
            }
            "CreateStackInstances" | "UpdateStackSet" if self.operations.contains_key(&field("OperationId")) => {
                error("OperationIdAlreadyExistsException", "the id of an operation serves once")
            }
            "CreateStackInstances" | "UpdateStackSet" => {
                let without = listed(&form, "DeploymentTargets.Accounts");
                let units = listed(&form, "DeploymentTargets.OrganizationalUnitIds");
                let inside: Vec<String> = units.iter().flat_map(|unit| self.units[unit].clone()).collect();
                let (failing, set) = (self.failing.clone(), self.sets.get_mut(&name).expect("it was looked for"));
                set.units.extend(units);
                if let Some(template) = form.get("TemplateBody") {
                    set.template.clone_from(template);
                }
                let known: Vec<String> = set.instances.keys().cloned().collect();
                for account in inside.into_iter().filter(|account| !without.contains(account)).chain(known) {
                    let status = if failing.contains(&account) { "OUTDATED" } else { "CURRENT" };
                    set.instances.insert(account, status);
                }
                self.operations.insert(field("OperationId"), 0);
                result(&action, &format!("<OperationId>{}</OperationId>", field("OperationId")))
            }
            "DescribeStackSetOperation" => match self.operations.get_mut(&field("OperationId")) {
                None => error("OperationNotFoundException", "there is no such operation"),
                Some(looks) => {
                    *looks += 1;
                    let failed = self.sets[&name].instances.values().any(|status| *status == "OUTDATED");
                    let status = match (*looks, failed) {
                        (1, _) => "RUNNING",
                        (_, true) => "FAILED",
                        (_, false) => "SUCCEEDED",
                    };
                    result(&action, &format!("<StackSetOperation><Status>{status}</Status></StackSetOperation>"))
                }
            },
            "ListStackSetOperationResults" => {
                let results = members(&self.sets[&name].instances, |(account, status)| {
                    let (status, reason) = match *status {
                        "OUTDATED" => ("FAILED", "<StatusReason>small-plan already exists</StatusReason>"),
                        _ => ("SUCCEEDED", ""),
                    };
                    format!("<Account>{account}</Account><Status>{status}</Status>{reason}")
                });
                result(&action, &format!("<Summaries>{results}</Summaries>"))
            }
            _ => error("InvalidAction", "the stub has no such call"),
        };
        if self.lost.remove(&action) {
            return (500, Vec::new(), error("InternalFailure", "nobody knows what was done").1);
        }
        (status, Vec::new(), text)
    }

    /// The lock in the bucket, written on its condition.
    fn object(&mut self, request: &Request) -> (u16, Vec<String>, String) {
        let tag = |number: usize| format!("ETag: \"{number}\"");
        let refused = |status, code: &str| (status, Vec::new(), format!("<Error><Code>{code}</Code></Error>"));
        let standing = self.lock.as_ref().map(|(_, number)| format!("\"{number}\""));
        match (request.method.as_str(), self.bucket) {
            (_, false) => refused(404, "NoSuchBucket"),
            ("GET", true) => match &self.lock {
                None => refused(404, "NoSuchKey"),
                Some((text, number)) => {
                    let at = "Sun, 22 Nov 2026 10:00:00 GMT";
                    (200, vec![tag(*number), format!("Last-Modified: {at}"), format!("Date: {at}")], text.clone())
                }
            },
            ("PUT", true) => {
                let (wanted, none) = (request.headers.get("if-match"), request.headers.get("if-none-match"));
                if wanted.is_some_and(|wanted| Some(wanted) != standing.as_ref())
                    || none.is_some() && standing.is_some()
                {
                    return refused(412, "PreconditionFailed");
                }
                let number = self.lock.as_ref().map_or(1, |(_, number)| number + 1);
                self.lock = Some((request.body.clone(), number));
                self.requests
                    .push((request.account.clone(), Form::from([("Action".to_owned(), "PutObject".to_owned())])));
                (200, vec![tag(number)], String::new())
            }
            _ => refused(405, "MethodNotAllowed"),
        }
    }
}

fn serve(stub: Stub) -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let endpoint = format!("http://{}", listener.local_addr().expect("the port is known"));
    let shared = Arc::new(Mutex::new(stub));
    let inner = Arc::clone(&shared);
    // ends with the test's process; a connection that fails is the client's to tell
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let shared = Arc::clone(&inner);
            std::thread::spawn(move || {
                let request = read(&stream)?;
                let (status, headers, text) = shared.lock().ok()?.answer(&request);
                let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
                let length = text.len();
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{text}"
                )
                .ok()
            });
        }
    });
    (endpoint, shared)
}

/// The small mesh, whose accounts are in two units; its journals are its own.
struct Mesh {
    _folder: tempfile::TempDir,
    environment: PathBuf,
}

impl Mesh {
    fn new(deployment: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let environment = folder.path().join("environments/small");
        copy_environment("tests/fixtures/valid/small", &environment);
        let file = environment.join("mesh.yaml");
        let text = std::fs::read_to_string(&file).expect("the mesh has a file");
        std::fs::write(file, format!("{text}deployment: {deployment}\n")).expect("the file can be written");
        Self { _folder: folder, environment }
    }

    fn with_units() -> Self {
        Self::new(&format!(
            "{{management: \"{MANAGEMENT}\", organization: {{producers: [ou-a1b2-1a2b3c4d], consumers: [ou-a1b2-5e6f7a8b]}}}}"
        ))
    }

    fn run(&self, endpoint: &str, verb: &[&str], more: &[&str]) -> Output {
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKIABASE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        Command::new(env!("CARGO_BIN_EXE_meshform"))
            .env_clear()
            .envs(variables)
            .args(verb)
            .args(["-e", &self.environment.to_string_lossy()])
            .args(more)
            .current_dir(repository(""))
            .stdin(Stdio::null())
            .output()
            .expect("meshform starts")
    }

    fn bootstrap(&self, endpoint: &str, more: &[&str]) -> (Option<i32>, String, String) {
        let ran = self.run(endpoint, &["bootstrap", "--organization"], more);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
    }

    /// The lines of each journal.
    fn journals(&self) -> Vec<Vec<Value>> {
        let folder = self.environment.join("../../.meshform/journal/small");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let texts = entries.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a journal"));
        texts
            .map(|text| text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect())
            .collect()
    }
}

/// Two units: one producer, two consumers, of which one is bootstrapped by itself; and an account that no file names.
fn organization() -> Stub {
    let owned = |unit: &str, accounts: &[&str]| (unit.to_owned(), accounts.iter().map(|id| (*id).to_owned()).collect());
    Stub {
        units: BTreeMap::from([
            owned("ou-a1b2-1a2b3c4d", &["222222222222"]),
            owned("ou-a1b2-5e6f7a8b", &["333333333333", "444444444444", "555555555555"]),
        ]),
        single: BTreeSet::from(["444444444444".to_owned()]),
        bucket: true,
        ..Stub::default()
    }
}

fn changing(stub: &Shared) -> Vec<String> {
    let stub = stub.lock().expect("no thread panicked");
    let actions = stub.requests.iter().map(|(_, form)| form["Action"].clone());
    actions.filter(|action| ["Create", "Update", "Put"].iter().any(|start| action.starts_with(start))).collect()
}

fn forms(stub: &Shared, action: &str) -> Vec<(String, Form)> {
    let stub = stub.lock().expect("no thread panicked");
    stub.requests.iter().filter(|(_, form)| form["Action"] == action).cloned().collect()
}

/// The SDK asks again, and is refused with what the first request made.
#[test]
fn a_call_whose_answer_was_lost_is_found_and_not_made_twice() {
    for lost in ["CreateStackSet", "CreateStackInstances"] {
        let mesh = Mesh::with_units();
        let (endpoint, stub) = serve(Stub { lost: BTreeSet::from([lost.to_owned()]), ..organization() });
        let (code, stdout, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
        assert_eq!(code, Some(0), "{lost}: {stdout}{stderr}");
        let asked = forms(&stub, lost);
        let [(_, first), (_, again), (_, other)] = asked.as_slice() else {
            panic!("{lost} was not repeated: {asked:?}")
        };
        assert_eq!(first, again, "the same order under the same id");
        assert_ne!(first["StackSetName"], other["StackSetName"]);
        let (code, _, _) = mesh.bootstrap(&endpoint, &["--yes"]);
        assert_eq!((code, forms(&stub, lost).len()), (Some(0), 3), "{lost}: a second run finds all as it should be");
    }
}

#[test]
fn the_units_are_bootstrapped_with_events_a_journal_and_the_lock_and_a_second_run_changes_nothing() {
    let mesh = Mesh::with_units();
    let (endpoint, stub) = serve(organization());
    let (code, stdout, stderr) = mesh.bootstrap(&endpoint, &["--yes", "--format", "json"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    // what is asked of CloudFormation, as the administrator of the management account
    let order = ["CreateStackSet", "CreateStackInstances"];
    assert_eq!(changing(&stub), [&["PutObject"][..], &order, &order, &["PutObject"]].concat());
    let made = forms(&stub, "CreateStackSet");
    for ((account, form), name) in made.iter().zip([PRODUCERS, CONSUMERS]) {
        assert_eq!(account, MANAGEMENT);
        let fields = [
            ("StackSetName", name),
            ("PermissionModel", "SERVICE_MANAGED"),
            ("AutoDeployment.Enabled", "true"),
            ("AutoDeployment.RetainStacksOnAccountRemoval", "true"),
            ("ManagedExecution.Active", "true"),
            ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
            ("CallAs", "SELF"),
        ];
        for (field, value) in fields {
            assert_eq!(form.get(field).map(String::as_str), Some(value), "{field} of {name}");
        }
        assert!(form["TemplateBody"].contains("${AWS::AccountId}") && !form["TemplateBody"].contains("222222222222"));
        assert!(form["ClientRequestToken"].starts_with("meshform-"));
    }
    let targeted = forms(&stub, "CreateStackInstances");
    let [(_, producers), (_, consumers)] = targeted.as_slice() else { panic!("{targeted:?}") };
    assert_eq!(listed(producers, "DeploymentTargets.OrganizationalUnitIds"), ["ou-a1b2-1a2b3c4d"]);
    assert_eq!(listed(producers, "DeploymentTargets.Accounts"), [""; 0]);
    assert_eq!(listed(producers, "Regions"), ["eu-west-1"]);
    assert_eq!(listed(consumers, "DeploymentTargets.Accounts"), ["444444444444"]);
    assert_eq!(consumers["DeploymentTargets.AccountFilterType"], "DIFFERENCE");
    assert!(producers["OperationId"].starts_with("meshform-"));
    // the account with a bootstrap of its own is left out, and told with the command that moves it
    let import = "aws cloudformation import-stacks-to-stack-set --region eu-west-1 --stack-set-name small-bootstrap-consumers --stack-ids arn:aws:cloudformation:eu-west-1:444444444444:stack/small-bootstrap/1 --organizational-unit-ids ou-a1b2-5e6f7a8b;";
    assert!(stderr.contains("account 444444444444 is bootstrapped by itself") && stderr.contains(import), "{stderr}");
    // the events, in the form of a deploy's
    let schema = std::fs::read_to_string(repository("docs/schemas/events.schema.json")).expect("there is a schema");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let events: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    for event in &events {
        assert!(event["version"] == 1 && jsonschema::is_valid(&schema, event), "{event}");
    }
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    let one = ["stack-set-started", "stack-set-started", "stack-set-finished"];
    assert_eq!(names, [&["lock", "run-started"][..], &one, &one, &["run-finished"]].concat());
    assert_eq!((&events[2]["name"], &events[2]["step"]), (&json!(PRODUCERS), &json!("create")));
    assert_eq!(events[3]["step"], json!({"target": ["ou-a1b2-1a2b3c4d"]}));
    assert_eq!(events[3]["operation"], producers["OperationId"].as_str());
    let last = events.last().expect("there are events");
    assert_eq!(last["summary"]["stack_sets"][1]["name"], CONSUMERS);
    // the journal: an intent before each call, its answer after it
    let journals = mesh.journals();
    let [journal] = journals.as_slice() else { panic!("{} journals", journals.len()) };
    assert_eq!((&journal[0]["entry"], &journal[0]["pass"]), (&json!("opened"), &json!("bootstrap")));
    let intents: Vec<&str> = journal.iter().filter_map(|line| line["operation"].as_str()).collect();
    assert_eq!(intents, [&["PutObject"][..], &order, &order, &["PutObject"]].concat());
    for (at, line) in journal.iter().enumerate().filter(|(_, line)| line["entry"] == "intent") {
        let later = journal[at..].iter().any(|other| other["entry"] == "answer" && other["call"] == line["call"]);
        assert!(later, "{line}");
    }
    let lock = stub.lock().expect("no thread panicked").lock.clone();
    assert!(lock.as_ref().is_some_and(|(text, number)| *number == 2 && text.contains("\"free\"")), "{lock:?}");
    let status = mesh.run(&endpoint, &["status", "--offline"], &[]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("is complete"), "{status}");
    // nothing is left to do
    let calls = changing(&stub).len();
    let (code, stdout, stderr) = mesh.bootstrap(&endpoint, &["--yes", "--format", "json"]);
    assert_eq!((code, changing(&stub).len(), mesh.journals().len()), (Some(0), calls, 1), "{stdout}{stderr}");
    assert!(stdout.lines().all(|line| !line.contains("stack-set-started")), "{stdout}");
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &[]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("StackSet small-bootstrap-producers: as it should be"), "{stderr}");
}

#[test]
fn what_fails_is_told_by_account_and_what_nobody_agreed_to_is_not_begun() {
    let mesh = Mesh::with_units();
    let failing = BTreeSet::from(["333333333333".to_owned()]);
    let (endpoint, stub) =
        serve(Stub { failing, closed: BTreeSet::from(["444444444444".to_owned()]), ..organization() });
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &[]);
    assert_eq!((code, changing(&stub).len()), (Some(6), 0), "{stderr}");
    assert!(stderr.contains("StackSet small-bootstrap-producers: create it"), "{stderr}");
    assert!(stderr.contains("whether account 444444444444 is bootstrapped by itself could not be seen"), "{stderr}");
    assert_eq!(mesh.journals().len(), 0);
    let (code, stdout, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
    assert_eq!((code, stdout.as_str()), (Some(5), ""), "{stderr}");
    let told = "StackSet small-bootstrap-consumers in account 333333333333 failed: small-plan already exists";
    assert!(stderr.contains(told) && stderr.contains("1 of 2 StackSets not in order"), "{stderr}");
    let quiet = mesh.run(&endpoint, &["--quiet", "bootstrap", "--organization"], &["--yes"]);
    let quiet = String::from_utf8_lossy(&quiet.stderr).into_owned();
    assert!(quiet.contains(told) && !quiet.contains("as it should be"), "{quiet}");
    // the one that failed is tried again
    stub.lock().expect("no thread panicked").failing.clear();
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        forms(&stub, "UpdateStackSet").last().map(|(_, form)| form["StackSetName"].clone()),
        Some(CONSUMERS.to_owned())
    );
}

#[test]
fn the_lock_of_another_run_stops_it_and_without_a_bucket_there_is_none() {
    let mesh = Mesh::with_units();
    let holder =
        r#"{"version":1,"state":"held","run":"6a-1","owner":"somebody@machine","leaseSeconds":600,"writing":1}"#;
    let (endpoint, stub) = serve(Stub { lock: Some((holder.to_owned(), 1)), ..organization() });
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
    assert_eq!((code, changing(&stub).len(), mesh.journals().len()), (Some(1), 0, 0), "{stderr}");
    assert!(stderr.contains("run 6a-1 of somebody@machine is deploying this mesh"), "{stderr}");
    let (endpoint, stub) = serve(Stub { bucket: false, ..organization() });
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("no lock is taken: it lies in governance's staging bucket"), "{stderr}");
    assert!(!changing(&stub).contains(&"PutObject".to_owned()));
    assert_eq!(mesh.journals().len(), 1, "a journal needs no bucket");
    // nobody is let into governance's account: not allowed is never taken for not there
    let (endpoint, stub) = serve(Stub { closed: BTreeSet::from(["111111111111".to_owned()]), ..organization() });
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
    assert_eq!((code, changing(&stub).len()), (Some(1), 0), "{stderr}");
}

#[test]
fn a_delegated_administrator_says_so_in_every_call() {
    let mesh = Mesh::new(&format!(
        "{{management: \"{MANAGEMENT}\", organization: {{administrator: \"888888888888\", producers: [ou-a1b2-1a2b3c4d]}}}}"
    ));
    let single = BTreeSet::from(["222222222222".to_owned()]);
    let (endpoint, stub) = serve(Stub { single, ..organization() });
    let (code, _, stderr) = mesh.bootstrap(&endpoint, &["--yes"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("--organizational-unit-ids ou-a1b2-1a2b3c4d --call-as DELEGATED_ADMIN;"), "{stderr}");
    let stub = stub.lock().expect("no thread panicked");
    let of_sets = stub.requests.iter().filter(|(_, form)| form.contains_key("StackSetName"));
    let (mut calls, mut actions) = (0, BTreeSet::new());
    for (account, form) in of_sets {
        assert_eq!((account.as_str(), form["CallAs"].as_str()), ("888888888888", "DELEGATED_ADMIN"), "{form:?}");
        calls += 1;
        actions.insert(form["Action"].clone());
    }
    assert!(calls > 5 && actions.len() > 4, "{actions:?}");
}
