//! Every fault on every kind of call over the wire; by `make torture`, every fault on every call.

use super::harness::LocalAws;
use super::mesh::{Mesh, count_of, lanes, standing};
use super::proxy::{Fault, FaultProxy, Kind, Planned};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

/// How far apart the faults of one run stand, of each kind of call: they pass, so that each is met by itself.
const APART: usize = 4;

/// How often a run is made again whose call did not come: how often is polled hangs on the time.
const ATTEMPTS: usize = 5;

/// The faults of one run.
#[derive(Debug, Clone)]
struct Case {
    planned: Vec<Planned>,
}

impl Case {
    fn one(kind: &Kind, nth: usize, fault: Fault) -> Self {
        Self { planned: vec![Planned { kind: kind.clone(), nth, fault }] }
    }

    fn name(&self) -> String {
        let first = self.planned.first().map(Planned::to_string).unwrap_or_default();
        if self.planned.len() > 1 { format!("{first}, and {} more", self.planned.len() - 1) } else { first }
    }

    /// Whether the run can come to its end all the same.
    fn passes(&self) -> bool {
        self.planned.iter().all(|planned| !Fault::LASTING.contains(&planned.fault))
    }
}

/// What a run without faults comes to.
struct Undisturbed {
    standing: Vec<String>,
    executions: usize,
    /// How often each kind of call is made.
    calls: BTreeMap<Kind, usize>,
}

/// A local AWS with its proxy.
struct Lane {
    local: LocalAws,
    proxy: FaultProxy,
}

impl Lane {
    fn start() -> Self {
        let local = LocalAws::start();
        let proxy = FaultProxy::start(&local.endpoint);
        Self { local, proxy }
    }

    fn prepared(&self) -> Mesh {
        let mesh = Mesh::to_torture();
        mesh.prepare(&self.local);
        self.local.call("DELETE", "log", &Value::Null);
        mesh
    }

    fn undisturbed(&self) -> Undisturbed {
        let mesh = self.prepared();
        let bootstraps = mesh.journals();
        self.proxy.plan(&[]);
        let ran = mesh.run_through(&self.local, self.proxy.endpoint(), "deploy", &["--yes"]);
        assert_eq!(ran.code, 0, "{}", ran.text());
        let calls = self.proxy.seen();
        // what changes something stands in the journal, call by call
        let journal = mesh.journals();
        let mut intents = BTreeMap::new();
        for line in journal.lines().filter(|line| !bootstraps.contains(line)) {
            let line: Value = serde_json::from_str(line).expect("a line of the journal is JSON");
            if let ("intent", Some(operation)) =
                (line["entry"].as_str().unwrap_or_default(), line["operation"].as_str())
            {
                *intents.entry(operation.to_owned()).or_insert(0_usize) += 1;
            }
        }
        assert!(intents.len() > 2, "the journal is hollow: {journal}");
        for (operation, count) in intents {
            let seen: Vec<usize> =
                calls.iter().filter(|((_, seen), _)| *seen == operation).map(|(_, count)| *count).collect();
            assert_eq!(seen, [count], "{operation} in the journal and at the proxy");
        }
        let standing = standing(&self.local, &mesh);
        Undisturbed { standing, executions: count_of(&self.local, "ExecuteChangeSet"), calls }
    }

    /// Runs with faults until each was injected, and after each such run one without. Answers how many were injected, or what is wrong.
    fn run(&self, case: &Case, undisturbed: &Undisturbed) -> Result<usize, String> {
        let mut left = case.clone();
        left.planned.sort();
        for _ in 0..ATTEMPTS {
            let injected = self.attempt(&left, undisturbed)?;
            ensure(injected.len() == left.planned.len(), || format!("the proxy has {} faults", injected.len()))?;
            ensure(injected.iter().all(|count| *count < 2), || "a fault was injected twice".to_owned())?;
            let mut met = injected.iter().map(|count| *count == 1);
            left.planned.retain(|_| !met.next().unwrap_or(false));
            if left.planned.is_empty() {
                return Ok(case.planned.len());
            }
        }
        Err(format!("never injected: {}", left.name()))
    }

    /// One run with faults, and one without. Answers how often each fault was injected.
    fn attempt(&self, case: &Case, undisturbed: &Undisturbed) -> Result<Vec<u64>, String> {
        let mesh = self.prepared();
        self.proxy.plan(&case.planned);
        let first = mesh.run_through(&self.local, self.proxy.endpoint(), "deploy", &["--yes"]);
        let (injected, text) = (self.proxy.injected(), first.text());
        match first.code {
            0 => {}
            code if case.passes() => {
                return Err(format!("the SDK's repetition should have helped, and it ended with {code}:\n{text}"));
            }
            // clear: what failed, why, and what to do
            1 | 5 => {
                let operation = &case.planned[0].kind.1;
                for word in [operation.as_str(), "injected", "hint: "] {
                    ensure(text.contains(word), || format!("{word:?} is not told:\n{text}"))?;
                }
            }
            code => return Err(format!("ended with {code}:\n{text}")),
        }
        let second = mesh.run(&self.local, "deploy", &["--yes"]);
        ensure(second.code == 0, || format!("the second run:\n{}", second.text()))?;
        let stands = standing(&self.local, &mesh);
        ensure(stands == undisturbed.standing, || {
            let without = |these: &[String], those: &[String]| -> Vec<String> {
                these.iter().filter(|line| !those.contains(line)).cloned().collect()
            };
            let (is, should) = (&stands, &undisturbed.standing);
            format!("lost: {:#?}\nnew: {:#?}\nor more or less often", without(should, is), without(is, should))
        })?;
        let executions = count_of(&self.local, "ExecuteChangeSet");
        ensure(executions == undisturbed.executions, || {
            format!("{executions} executions: done twice, or not at all\n{text}\nthe second run:\n{}", second.text())
        })?;
        let told = text + &second.text() + &mesh.journals();
        let keys = self.local.secrets();
        let tokens = self.proxy.tokens();
        // the proxy knows where tokens stand in a request; else nothing would be looked for
        ensure(first.code != 0 || !tokens.is_empty(), || "no session token was seen".to_owned())?;
        for secret in tokens.iter().chain(&keys) {
            ensure(!told.contains(secret), || "a secret is told".to_owned())?;
        }
        Ok(injected)
    }
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// Every fault on one call of each kind, from the middle of the run. Those that pass are met in one run, each counted by itself.
fn on_every_kind(calls: &BTreeMap<Kind, usize>) -> Vec<Case> {
    let middle = |count: &usize| count / 2 + 1;
    // the one that takes a minute comes first
    let mut cases: Vec<Case> = calls
        .iter()
        .filter(|((_, operation), _)| operation == "ExecuteChangeSet")
        .map(|(kind, count)| Case::one(kind, middle(count), Fault::Silent))
        .collect();
    for fault in Fault::PASSING {
        let planned = calls.iter().map(|(kind, count)| Planned { kind: kind.clone(), nth: middle(count), fault });
        cases.push(Case { planned: planned.collect() });
    }
    for fault in Fault::LASTING {
        cases.extend(calls.iter().map(|(kind, count)| Case::one(kind, middle(count), fault)));
    }
    cases
}

/// Every fault on every call, and silence on one of each kind.
fn on_every_call(calls: &BTreeMap<Kind, usize>) -> Vec<Case> {
    let mut cases = Vec::new();
    for fault in Fault::PASSING {
        for first in 1..=APART {
            let planned = calls.iter().flat_map(|(kind, count)| {
                (first..=*count).step_by(APART).map(|nth| Planned { kind: kind.clone(), nth, fault })
            });
            cases.push(Case { planned: planned.collect() });
        }
    }
    cases.extend(calls.iter().map(|(kind, count)| Case::one(kind, count / 2 + 1, Fault::Silent)));
    // the last calls of each kind first: what fails late has done most, and whoever stops this early has seen all kinds
    let mut lasting: Vec<(usize, Case)> = Vec::new();
    for fault in Fault::LASTING {
        for (kind, count) in calls {
            lasting.extend((1..=*count).map(|nth| (count - nth, Case::one(kind, nth, fault))));
        }
    }
    lasting.sort_by_key(|(from_the_end, _)| *from_the_end);
    cases.extend(lasting.into_iter().map(|(_, case)| case));
    cases.retain(|case| !case.planned.is_empty());
    cases
}

#[test]
fn every_fault_on_every_kind_of_call_over_the_wire() {
    let torture = std::env::var_os("MESHFORM_TORTURE").is_some();
    let began = Instant::now();
    let lane = Lane::start();
    let mut undisturbed = lane.undisturbed();
    if torture {
        // how often is polled hangs on the time: what every run surely makes
        for _ in 0..2 {
            let other = lane.undisturbed();
            for (kind, count) in &mut undisturbed.calls {
                *count = (*count).min(other.calls.get(kind).copied().unwrap_or(0));
            }
        }
    }
    let kinds = undisturbed.calls.len();
    assert!(kinds >= 15, "the story is hollow: {:?}", undisturbed.calls);
    let mut cases = if torture { on_every_call(&undisturbed.calls) } else { on_every_kind(&undisturbed.calls) };
    // to look at some of them again
    if let Ok(only) = std::env::var("MESHFORM_TORTURE_ONLY") {
        cases.retain(|case| case.name().contains(&only));
    }
    let planned: usize = cases.iter().map(|case| case.planned.len()).sum();
    let calls: usize = undisturbed.calls.values().sum();
    let runs = cases.len();
    println!("{calls} calls of {kinds} kinds, {planned} faults planned in {runs} runs");
    let open = Mutex::new(cases.into_iter());
    let done = Mutex::new((0_usize, 0_usize, Vec::<String>::new()));
    let work = |lane: Lane| {
        loop {
            let Some(case) = open.lock().expect("no lane has failed").next() else { return };
            let result = lane.run(&case, &undisturbed);
            let mut done = done.lock().expect("no lane has failed");
            done.0 += 1;
            match result {
                Ok(injected) => done.1 += injected,
                Err(why) => {
                    println!("FAILED {}: {why}", case.name());
                    done.2.push(format!("{}: {why}", case.name()));
                }
            }
            let (ran, injected, wrong) = (done.0, done.1, done.2.len());
            if torture && (ran % 10 == 0 || case.planned.len() > 1) {
                let seconds = began.elapsed().as_secs();
                println!("{ran} of {runs} runs, {injected} of {planned} faults injected, {wrong} wrong; {seconds} s");
            }
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        for _ in 1..lanes() {
            scope.spawn(move || work(Lane::start()));
        }
        work(lane);
    });
    let (ran, injected, wrong) = done.into_inner().expect("no lane has failed");
    println!(
        "every fault over the wire: {calls} calls of {kinds} kinds, {planned} faults planned, {injected} injected, {ran} runs, {} s",
        began.elapsed().as_secs()
    );
    assert!(wrong.is_empty(), "{} of {ran} runs:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(injected, planned);
}
