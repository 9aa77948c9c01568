//! The sessions of a deployment, against a stub of STS and CloudFormation that answers what the local AWS never would: the wrong
//! account, and credentials that are about to end.

use crate::demo::repository;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// How many calls of each action were made.
type Calls = Arc<Mutex<BTreeMap<String, usize>>>;

/// What the stub says of a session.
#[derive(Clone, Copy)]
struct Answers {
    /// The account it answers with; `None` for the one that was asked for.
    account: Option<&'static str>,
    /// When its credentials end.
    expiration: &'static str,
    /// The code of the MFA device that opens a session.
    code: &'static str,
}

/// Accounts of the demo, each with one plan role.
const ACCOUNTS: usize = 8;

/// The deploy role of governance, which looks at the lock.
const LOCK: usize = 1;

fn serve(answers: Answers) -> (String, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let endpoint = format!("http://{}", listener.local_addr().expect("the port is known"));
    let calls = Calls::default();
    let counted = Arc::clone(&calls);
    // ends with the test's process; a connection that fails is the client's to tell
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || answer(stream, answers, &counted));
        }
    });
    (endpoint, calls)
}

fn answer(mut stream: TcpStream, answers: Answers, calls: &Calls) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut length, mut access_key) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if let Some((_, rest)) = line.split_once("Credential=") {
            access_key = rest.split('/').next()?.to_owned();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let field =
        |name: &str| body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap_or_default();
    let action = field("Action").to_owned();
    *calls.lock().ok()?.entry(action.clone()).or_default() += 1;
    *calls.lock().ok()?.entry(format!("{action} by {access_key}")).or_default() += 1;
    let (status, text) = match action.as_str() {
        "GetSessionToken" if field("TokenCode") == answers.code => {
            let credentials = "<Credentials><AccessKeyId>ASIAMFA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>";
            (200, format!("<GetSessionTokenResponse><GetSessionTokenResult>{credentials}</GetSessionTokenResult></GetSessionTokenResponse>"))
        }
        "GetSessionToken" => (403, "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid MFA one time pass code.</Message></Error></ErrorResponse>".to_owned()),
        "AssumeRole" => {
            // the key carries the account of the role, so that GetCallerIdentity can answer with it
            let account = field("RoleArn").split("%3A").nth(4).unwrap_or_default().to_owned();
            let credentials = format!(
                "<Credentials><AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{}</Expiration></Credentials>",
                answers.expiration
            );
            (200, format!("<AssumeRoleResponse><AssumeRoleResult>{credentials}</AssumeRoleResult></AssumeRoleResponse>"))
        }
        "GetCallerIdentity" => {
            let own = access_key.trim_start_matches("ASIA");
            let account = answers.account.unwrap_or(own);
            (200, format!("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account><Arn>arn:aws:sts::{account}:assumed-role/x/y</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"))
        }
        "ListStacks" => (200, "<ListStacksResponse><ListStacksResult><StackSummaries/></ListStacksResult></ListStacksResponse>".to_owned()),
        // S3, which has no `Action`: nobody has ever taken the lock
        "" => (404, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>".to_owned()),
        _ => (400, "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>".to_owned()),
    };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .ok()
}

/// Deploys without `--yes` and without a terminal: it looks at everything and then stops.
fn look(endpoint: &str) -> Output {
    looked(endpoint, "environments/demo", &[], "")
}

/// The same with another environment, with arguments, and with something on stdin.
fn looked(endpoint: &str, environment: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_meshform"))
        .env_clear()
        .envs(variables(endpoint))
        .args(["deploy", "-e", environment])
        .args(arguments)
        .current_dir(repository(""))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("meshform starts");
    // whoever does not read it may be gone by now
    let _ = child.stdin.take().expect("stdin is a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("meshform ends")
}

/// All that meshform finds in its environment.
fn variables(endpoint: &str) -> [(&str, &str); 7] {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIABASE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
}

fn count(calls: &Calls, action: &str) -> usize {
    calls.lock().expect("no thread panicked").get(action).copied().unwrap_or(0)
}

#[test]
fn an_account_that_answers_with_another_is_refused_before_any_call() {
    let (endpoint, calls) =
        serve(Answers { account: Some("999999999999"), expiration: "2099-01-01T00:00:00Z", code: "123456" });
    let ran = look(&endpoint);
    let text = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{text}");
    assert!(text.contains("999999999999") && text.contains("444444444444"), "both accounts are named:\n{text}");
    assert!(count(&calls, "GetCallerIdentity") >= ACCOUNTS);
    assert_eq!(count(&calls, "DescribeStacks"), 0);
}

#[test]
fn a_session_is_made_once_and_renewed_before_it_ends() {
    let (endpoint, calls) = serve(Answers { account: None, expiration: "2099-01-01T00:00:00Z", code: "123456" });
    let ran = look(&endpoint);
    assert_eq!(ran.status.code(), Some(6), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(
        count(&calls, "AssumeRole"),
        ACCOUNTS + LOCK,
        "one session for each account, and one to look at the lock"
    );
    // credentials that have ended are never used: each call asks for new ones
    let (endpoint, calls) = serve(Answers { account: None, expiration: "2001-01-01T00:00:00Z", code: "123456" });
    let ran = look(&endpoint);
    assert_eq!(ran.status.code(), Some(6), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(count(&calls, "AssumeRole") > ACCOUNTS + LOCK, "{:?}", calls.lock());
}

/// The demo, whose mesh.yaml names an MFA device.
fn with_device() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory can be made");
    device_in(folder.path());
    folder
}

fn device_in(environment: &Path) {
    crate::local_aws::harness::copy_environment("environments/demo", environment);
    let file = environment.join("mesh.yaml");
    let text = std::fs::read_to_string(&file).expect("the mesh has a file");
    assert!(!text.contains("\ndeployment:"), "the demo has no `deployment` of its own");
    let device = "deployment: {mfaSerial: \"arn:aws:iam::111111111111:mfa/deployer\"}";
    std::fs::write(&file, format!("{text}\n{device}\n")).expect("the file can be written");
}

#[test]
fn a_code_opens_one_session_for_the_run_and_every_role_is_assumed_by_it() {
    let folder = with_device();
    let environment = folder.path().to_string_lossy();
    for (arguments, input) in [(["--mfa-code", "123456"], ""), (["--mfa-code", "-"], "123456\n")] {
        let (endpoint, calls) = serve(Answers { account: None, expiration: "2001-01-01T00:00:00Z", code: "123456" });
        let ran = looked(&endpoint, &environment, &arguments, input);
        let text = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(6), "{text}");
        assert!(!text.contains("123456") && !text.contains("not-rendered-yet"), "{text}");
        assert_eq!(count(&calls, "GetSessionToken"), 1, "though every role is assumed again and again");
        assert!(count(&calls, "AssumeRole") > ACCOUNTS + LOCK);
        assert_eq!(count(&calls, "AssumeRole by ASIAMFA"), count(&calls, "AssumeRole"));
    }
}

#[test]
fn without_a_code_or_with_a_wrong_one_nothing_is_done_and_it_is_said_what_to_do() {
    let folder = with_device();
    let environment = folder.path().to_string_lossy();
    let answers = Answers { account: None, expiration: "2099-01-01T00:00:00Z", code: "123456" };
    let (endpoint, calls) = serve(answers);
    let ran = looked(&endpoint, &environment, &[], "");
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(6), "{text}");
    assert!(text.contains("arn:aws:iam::111111111111:mfa/deployer") && text.contains("--mfa-code -"), "{text}");
    for wrong in ["12345", "1234567", "12345x"] {
        let ran = looked(&endpoint, &environment, &["--mfa-code", wrong], "");
        let text = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{text}");
        assert!(text.contains("six digits") && !text.contains(wrong), "{text}");
    }
    assert_eq!(calls.lock().expect("no thread panicked").len(), 0, "no call is made");
    let ran = looked(&endpoint, &environment, &["--mfa-code", "654321"], "");
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{text}");
    assert!(text.contains("invalid MFA one time pass code") && text.contains("serves once"), "{text}");
    assert_eq!(count(&calls, "GetSessionToken"), 1, "a code that was refused is not sent again");
    assert_eq!(count(&calls, "AssumeRole"), 0);
}

/// Runs `deploy` at a terminal of its own, and types what it asks for; what the terminal showed, and how it ended.
#[cfg(unix)]
fn at_terminal(endpoint: &str, environment: &Path, script: &serde_json::Value) -> serde_json::Value {
    let ran = Command::new(crate::local_aws::harness::interpreter())
        .env_clear()
        .envs(variables(endpoint))
        .args(["tests/local-aws/at_terminal.py", &script.to_string(), env!("CARGO_BIN_EXE_meshform")])
        .args(["deploy", "-e", &environment.to_string_lossy()])
        .current_dir(repository(""))
        .output()
        .expect("the terminal starts");
    let text = String::from_utf8_lossy(&ran.stdout);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&ran.stderr)))
}

/// Whether any file below a folder holds a text.
#[cfg(unix)]
fn anywhere(folder: &Path, text: &str) -> bool {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    entries.map(|entry| entry.expect("an entry").path()).any(|path| match path.is_dir() {
        true => anywhere(&path, text),
        false => String::from_utf8_lossy(&std::fs::read(&path).expect("the file can be read")).contains(text),
    })
}

/// The code is typed unseen, opens the session, and is neither in what is shown nor in the journal of the run.
#[cfg(unix)]
#[test]
fn a_code_that_is_typed_at_the_terminal_is_shown_and_written_nowhere() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let environment = folder.path().join("environments/demo");
    device_in(&environment);
    let code = "802417";
    let answers = Answers { account: None, expiration: "2099-01-01T00:00:00Z", code };
    let question = "code of the MFA device arn:aws:iam::111111111111:mfa/deployer: ";
    let (endpoint, calls) = serve(answers);
    let declined = at_terminal(&endpoint, &environment, &json!([[question, "802417\n"], ["[y/N] ", "n\n"]]));
    assert_eq!(declined["code"], 6, "{declined}");
    assert_eq!(count(&calls, "GetSessionToken"), 1);
    assert_eq!(count(&calls, "AssumeRole by ASIAMFA"), ACCOUNTS + LOCK);
    let (endpoint, calls) = serve(answers);
    let agreed = at_terminal(&endpoint, &environment, &json!([[question, "802417\n"], ["[y/N] ", "y\n"]]));
    // the stub keeps no lock, so that it seems to have moved: the run ends there, with a journal
    assert_eq!(agreed["code"], 7, "{agreed}");
    assert_eq!(count(&calls, "GetSessionToken"), 1, "it is asked for once in a run");
    for told in [&declined, &agreed] {
        let shown = told["shown"].as_str().expect("a text");
        assert!(shown.contains(question) && !shown.contains(code), "{shown}");
        // what is no secret is typed as ever
        assert_eq!((&told["echoes"], &told["after"]), (&json!([false, true]), &json!(true)), "{shown}");
    }
    let journals = folder.path().join(".meshform/journal/demo");
    assert_eq!(std::fs::read_dir(&journals).expect("a run has a journal").count(), 1);
    assert!(anywhere(folder.path(), "\"entry\":\"opened\"") && !anywhere(folder.path(), code));
}

#[cfg(unix)]
#[test]
fn at_the_question_for_a_code_ctrl_c_ends_the_run_and_the_terminal_is_as_before() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let environment = folder.path().join("environments/demo");
    device_in(&environment);
    let (endpoint, calls) = serve(Answers { account: None, expiration: "2099-01-01T00:00:00Z", code: "802417" });
    for (typed, ends) in [("8024\u{3}", 130), ("\u{3}", 130), ("8024\n", 2), ("\n", 2), ("\u{4}", 2)] {
        let told = at_terminal(&endpoint, &environment, &json!([["mfa/deployer: ", typed]]));
        assert_eq!((&told["code"], &told["after"]), (&json!(ends), &json!(true)), "{typed:?}: {told}");
        assert!(!told["shown"].as_str().expect("a text").contains("8024"), "{told}");
    }
    assert_eq!(calls.lock().expect("no thread panicked").len(), 0, "no call is made");
}
