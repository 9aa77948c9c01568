//! The fault proxy in front of the local AWS: which fault on which call, and how many were injected by its own count.

use super::harness::{Server, http};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// Refused, since there were too many calls.
    Throttle,
    /// The service fails before it does anything: status 500.
    Failure,
    /// The connection is reset before the service hears of it.
    Reset,
    /// The service does it, and the connection breaks in place of the answer.
    Lost,
    /// The service does it, and nothing is heard until the caller gives up, which takes the SDK's limit of 60 s.
    Silent,
    /// Not allowed.
    Denied,
    /// The credentials have expired.
    Expired,
}

impl Fault {
    /// Those that the SDK meets by the same request again.
    pub(super) const PASSING: [Self; 4] = [Self::Throttle, Self::Failure, Self::Reset, Self::Lost];
    /// Those after which nothing is tried again.
    pub(super) const LASTING: [Self; 2] = [Self::Denied, Self::Expired];

    /// What the service says, with the status that goes with it: S3 by its own codes, the JSON services by exceptions, CloudFormation
    /// and STS by the common errors of the query protocol (each service's API reference, "Common Errors").
    fn code(self, service: &str) -> Option<(&'static str, u16)> {
        let by = |s3, json, query| match service {
            "s3" => s3,
            "glue" | "lakeformation" => json,
            _ => query,
        };
        match self {
            Self::Throttle => Some(by(("SlowDown", 503), ("ThrottlingException", 400), ("Throttling", 400))),
            Self::Failure => {
                Some(by(("InternalError", 500), ("InternalServiceException", 500), ("InternalFailure", 500)))
            }
            Self::Denied => Some(by(("AccessDenied", 403), ("AccessDeniedException", 400), ("AccessDenied", 403))),
            Self::Expired => Some(by(("ExpiredToken", 400), ("ExpiredTokenException", 400), ("ExpiredToken", 403))),
            Self::Reset | Self::Lost | Self::Silent => None,
        }
    }
}

/// A kind of call: service and operation.
pub(super) type Kind = (String, String);

/// One fault on one request: the n-th of its kind, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Planned {
    pub(super) kind: Kind,
    pub(super) nth: usize,
    pub(super) fault: Fault,
}

impl std::fmt::Display for Planned {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?} at {} {} number {}", self.fault, self.kind.0, self.kind.1, self.nth)
    }
}

/// The fault proxy as a child process.
pub(super) struct FaultProxy {
    server: Server,
}

impl FaultProxy {
    pub(super) fn start(upstream: &str) -> Self {
        Self { server: Server::start(&["tests/local-aws/faults.py", upstream]) }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.server.endpoint
    }

    /// Forgets what it saw and injected; plans these faults.
    pub(super) fn plan(&self, planned: &[Planned]) {
        self.call("DELETE", "/_faults/calls", &Value::Null);
        self.call("POST", "/_microburst/rules", &json!(rules(planned)));
    }

    /// Answers every call of a kind with an error.
    pub(super) fn answer(&self, (service, operation): (&str, &str), code: &str, status: u16, message: &str) {
        let error = json!({"code": code, "status": status, "message": message});
        let rule = json!({"service": service, "operation": operation, "error": error});
        self.call("POST", "/_microburst/rules", &json!([rule]));
    }

    /// How often each fault was injected, by its own count: in the order of what was planned, sorted.
    pub(super) fn injected(&self) -> Vec<u64> {
        let rules = self.call("GET", "/_microburst/rules", &Value::Null);
        let faults = rules.as_array().into_iter().flatten().filter(|rule| rule.get("latency").is_none());
        faults.map(|rule| rule["fired_count"].as_u64().unwrap_or(0)).collect()
    }

    /// How many requests of each kind went through.
    pub(super) fn seen(&self) -> BTreeMap<Kind, usize> {
        let seen = self.call("GET", "/_faults/calls", &Value::Null);
        let mut kinds = BTreeMap::new();
        for call in seen["calls"].as_array().into_iter().flatten() {
            let word = |name: &str| call[name].as_str().unwrap_or("unknown").to_owned();
            *kinds.entry((word("service"), word("operation"))).or_default() += 1;
        }
        kinds
    }

    /// The session tokens of the requests: secrets.
    pub(super) fn tokens(&self) -> Vec<String> {
        let seen = self.call("GET", "/_faults/calls", &Value::Null);
        let tokens = seen["tokens"].as_array().into_iter().flatten();
        tokens.filter_map(|token| token.as_str().map(str::to_owned)).collect()
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        http(&self.server.endpoint, method, path, body)
    }
}

/// Rules of microburst, of which the first that matches a request and is not used up wins. To reach the n-th request of a kind, a rule
/// before it lets the others pass, which shows as a latency of none.
fn rules(planned: &[Planned]) -> Vec<Value> {
    let mut sorted: Vec<&Planned> = planned.iter().collect();
    sorted.sort();
    let mut rules = Vec::new();
    let mut last: Option<&Planned> = None;
    for fault in sorted {
        let (service, operation) = &fault.kind;
        let before = last.filter(|last| last.kind == fault.kind);
        // what passes is asked for again, and that request is one more
        let again = |last: &Planned| usize::from(!Fault::LASTING.contains(&last.fault));
        let passing = before.map_or(fault.nth - 1, |last| fault.nth - last.nth - 1 + again(last));
        if passing > 0 {
            rules.push(json!({"service": service, "operation": operation, "times": passing, "latency": 0}));
        }
        let mut rule = json!({"service": service, "operation": operation, "times": 1});
        match (fault.fault.code(service), fault.fault) {
            (Some((code, status)), _) => {
                rule["error"] = json!({"code": code, "status": status, "message": "injected"});
            }
            (None, Fault::Reset) => rule["reset"] = json!(true),
            (None, Fault::Silent) => rule["response"] = json!({"set_headers": {"x-local-lost": "silent"}}),
            (None, _) => rule["response"] = json!({"set_headers": {"x-local-lost": "cut"}}),
        }
        rules.push(rule);
        last = Some(fault);
    }
    rules
}
