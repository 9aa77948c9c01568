//! Starts the local AWS, speaks to its control API, runs the binary as an identity, and stops what it started.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The Organization's management account; bootstrap runs from it.
const MANAGEMENT: &str = "999999999990";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn interpreter() -> PathBuf {
    let python = root().join(".local/venv/bin/python");
    assert!(python.exists(), "the local AWS is not installed: run `make local-aws`");
    python
}

/// What a program printed, and its exit code.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    stderr: String,
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        let output = command.current_dir(root()).stdin(Stdio::null()).output().expect("the program starts");
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Both streams.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a Python program with what the local AWS installed.
pub(crate) fn python(arguments: &[&str]) -> Ran {
    Ran::of(Command::new(interpreter()).args(arguments))
}

/// Copies an environment's files.
pub(crate) fn copy_environment(from: &str, to: &Path) {
    for folder in ["", "domains", "consumers"] {
        std::fs::create_dir_all(to.join(folder)).expect("a directory can be made");
        for entry in std::fs::read_dir(root().join(from).join(folder)).expect("the environment is there") {
            let path = entry.expect("an entry can be read").path();
            if path.is_file() {
                std::fs::copy(&path, to.join(folder).join(path.file_name().expect("a file has a name")))
                    .expect("a file can be copied");
            }
        }
    }
}

/// Who runs meshform.
#[derive(Clone, Copy)]
pub(crate) enum Identity {
    /// In the management account.
    Administrator,
    /// In the governance account.
    Deployer,
    /// In another organization.
    Outsider,
}

/// The launcher as a child process.
pub(crate) struct LocalAws {
    _server: Server,
    pub(crate) endpoint: String,
    keys: std::cell::RefCell<Value>,
}

impl LocalAws {
    pub(crate) fn start() -> Self {
        let server = Server::start(&["tests/local-aws/launcher.py", "--delay-ms", "0", "--log", "/dev/null"]);
        Self { endpoint: server.endpoint.clone(), _server: server, keys: std::cell::RefCell::new(Value::Null) }
    }

    /// Empties everything and makes the demo's accounts; each seed is another legal order.
    pub(crate) fn setup(&self, seed: u32) {
        self.call("POST", "reset", &json!({}));
        self.call("POST", "control", &json!({"seed": seed, "delayMs": 0}));
        let accounts: Vec<String> = (1..=8_u8).map(|digit| digit.to_string().repeat(12)).collect();
        let setup = json!({"organization": "o-a1b2c3d4e5", "management": MANAGEMENT, "accounts": accounts, "deployAccount": "111111111111"});
        *self.keys.borrow_mut() = self.call("POST", "setup", &setup);
    }

    /// Bootstraps the demo's accounts, then shuts the root keys out.
    pub(crate) fn bootstrap(&self) {
        self.bootstrap_of("environments/demo");
    }

    /// Bootstraps the accounts of an environment, then shuts the root keys out.
    pub(crate) fn bootstrap_of(&self, environment: &str) {
        let ran = self.meshform(Identity::Administrator, &["bootstrap", "-e", environment, "--yes"]);
        assert_eq!(ran.code, 0, "{}", ran.text());
        self.call("POST", "lock", &json!({}));
    }

    pub(crate) fn prepare(&self, seed: u32) {
        self.setup(seed);
        self.bootstrap();
    }

    /// The keys of the three identities, as JSON.
    pub(crate) fn keys(&self) -> String {
        self.keys.borrow().to_string()
    }

    /// The secret keys of the three identities.
    pub(super) fn secrets(&self) -> Vec<String> {
        let keys = self.keys.borrow();
        let keys = ["administrator", "deployer", "outsider"].map(|name| keys[name]["secretAccessKey"].clone());
        keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    /// One call of the control API.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        http(&self.endpoint, method, &format!("/_local/{path}"), body)
    }

    /// Runs meshform with nothing in its environment but one identity.
    pub(crate) fn meshform(&self, identity: Identity, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(identity, arguments))
    }

    /// The same with another endpoint in place of its own.
    pub(crate) fn meshform_through(&self, endpoint: &str, identity: Identity, arguments: &[&str]) -> Ran {
        Ran::of(self.command(identity, arguments).env("AWS_ENDPOINT_URL", endpoint))
    }

    /// Starts meshform and leaves it running.
    pub(crate) fn spawn(&self, identity: Identity, arguments: &[&str]) -> Child {
        let mut command = self.command(identity, arguments);
        command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// Starts meshform, and keeps what it says for whoever reads it.
    pub(super) fn spawn_heard(&self, identity: Identity, arguments: &[&str]) -> Child {
        let mut command = self.command(identity, arguments);
        command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    fn command(&self, identity: Identity, arguments: &[&str]) -> Command {
        let keys = self.keys.borrow();
        let key = match identity {
            Identity::Administrator => &keys["administrator"],
            Identity::Deployer => &keys["deployer"],
            Identity::Outsider => &keys["outsider"],
        };
        let variables = BTreeMap::from([
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", key["accessKeyId"].as_str().unwrap_or_default()),
            ("AWS_SECRET_ACCESS_KEY", key["secretAccessKey"].as_str().unwrap_or_default()),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_meshform"));
        command.env_clear().envs(variables).args(arguments);
        command
    }

    pub(crate) fn python(&self, arguments: &[&str]) -> Ran {
        python(arguments)
    }
}

/// A Python program that serves HTTP, as a child process.
pub(super) struct Server {
    child: Child,
    pub(super) endpoint: String,
}

impl Server {
    /// Starts it, and waits for the line in which it names its endpoint.
    pub(super) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(interpreter())
            .args(arguments)
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("the server says when it is ready");
        let ready: Value = serde_json::from_str(&line).expect("the ready line is JSON");
        let endpoint = ready["endpoint"].as_str().expect("the ready line names the endpoint").to_owned();
        Self { child, endpoint }
    }
}

impl Drop for Server {
    /// Asks, waits with a limit, then kills that pid.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let limit = Instant::now() + Duration::from_secs(5);
        while Instant::now() < limit {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request with a body of JSON, and the answer to it, which must be 200 and JSON.
pub(super) fn http(endpoint: &str, method: &str, path: &str, body: &Value) -> Value {
    let host = endpoint.trim_start_matches("http://");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut stream = TcpStream::connect(host).expect("the server answers");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is read");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() };
    serde_json::from_str(&body).expect("the answer is JSON")
}

fn unchunk(body: &str) -> String {
    let mut text = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        text.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    text
}

/// `make demo`'s program, to be interrupted.
pub(crate) struct Demo {
    child: std::cell::RefCell<Child>,
    pub(crate) endpoint: String,
}

impl Demo {
    /// Starts the demo and waits until the local AWS is up and the work has begun.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(interpreter())
            .args(["tests/local-aws/demo.py", env!("CARGO_BIN_EXE_meshform"), "--delay-ms", "200"])
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().expect("the demo says where the local AWS is").expect("a line is text");
        let endpoint =
            first.split_whitespace().find(|word| word.starts_with("http://")).expect("the line names the endpoint");
        let endpoint = endpoint.trim_end_matches(':').to_owned();
        let began = lines.map_while(Result::ok).any(|line| line.contains("meshform bootstrap"));
        assert!(began, "the demo ended before it began");
        Self { child: std::cell::RefCell::new(child), endpoint }
    }

    /// Ctrl-C, then waits for the end.
    pub(crate) fn interrupt(&self) {
        let mut child = self.child.borrow_mut();
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let limit = Instant::now() + Duration::from_secs(15);
        while Instant::now() < limit && matches!(child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(matches!(child.try_wait(), Ok(Some(_))), "the demo does not end");
    }

    pub(crate) fn is_reachable(&self) -> bool {
        TcpStream::connect(self.endpoint.trim_start_matches("http://")).is_ok()
    }
}
