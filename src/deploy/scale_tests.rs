//! A large mesh against the cloud in memory: how long a first deploy takes on a clock that leaps, and how often CloudFormation is asked.
//!
//! How long stacks take is an assumption (nothing was measured against AWS): by layer, with a spread that a hash of the name draws.

use super::{Guard, run};
use crate::assembly::{Effect, Layer};
use crate::deploy::fake::{FakeCloud, Script};
use crate::deploy::journal::Unrecorded;
use crate::deploy::lock::Holder;
use crate::deploy::observe::observe;
use crate::deploy::pace::Rate;
use crate::deploy::settings::Settings;
use crate::mesh::AccountId;
use crate::plan::samples::{Sample, rendered, stack};
use crate::plan::{Options, Pass, Plan, Step, StepId, plan};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;

const PRODUCERS: usize = 250;
const CONSUMERS: usize = 49;

/// The accounts of everybody but governance.
fn account(number: usize) -> String {
    format!("3{number:011}")
}

/// 300 accounts with 2,000 stacks: for each producer a storage, two publications, a sharing, an access and two pipelines; for each
/// consumer a workspace, a network beside it, a sharing, an access and models; a foundation and four stacks beside it.
fn mesh() -> Vec<Sample> {
    let grants = || json!({"Resources": {"Grant": {"Type": "AWS::LakeFormation::PrincipalPermissions"}}});
    let mut all = vec![stack("governance/foundation")];
    all.extend((0..4).map(|number| stack(&format!("governance/beside-{number}"))));
    for number in 0..PRODUCERS + CONSUMERS {
        let (here, owner) = (account(number), format!("o{number}"));
        let of = |layer: &str, suffix: &str| format!("{owner}/{layer}-{owner}{suffix}");
        let of_governance = |layer: &str, suffix: &str| format!("governance/{layer}-{owner}{suffix}");
        let base = if number < PRODUCERS { of("storage", "") } else { of("workspace", "") };
        all.push(stack(&base).account(&here));
        let sharing = stack(&of_governance("sharing", "")).template(grants());
        if number < PRODUCERS {
            let first = of_governance("publication", "");
            for suffix in ["", "-2"] {
                let publication = stack(&of_governance("publication", suffix)).template(grants());
                let publication = publication.wire("Key", &base, "KeyArn");
                all.push(publication.after("governance/foundation", Effect::Settings));
            }
            all.push(sharing.after(&first, Effect::Catalog));
        } else {
            // it reads what some producers publish
            let read = [number % PRODUCERS, number * 7 % PRODUCERS];
            let after = |sharing: Sample, other: &usize| {
                sharing.after(&format!("governance/publication-o{other}"), Effect::Catalog)
            };
            all.push(read.iter().fold(sharing, after));
            all.push(stack(&of("workspace", "-network")).account(&here));
        }
        let access = stack(&of("access", "")).account(&here).template(grants());
        let access = access.after(&of_governance("sharing", ""), Effect::Share).after(&base, Effect::Roles);
        all.push(access);
        let pipelines: &[&str] = if number < PRODUCERS { &["", "-2"] } else { &[""] };
        for suffix in pipelines {
            let pipeline = stack(&of("pipeline", suffix)).account(&here);
            all.push(pipeline.after(&of("access", ""), Effect::Grants));
        }
    }
    all
}

/// Seconds that a stack takes.
fn takes(name: &str) -> u64 {
    let of = |layer: Layer| match layer {
        Layer::Bootstrap | Layer::Foundation => 40,
        Layer::Storage | Layer::Pipeline => 120,
        Layer::Workspace => 240,
        Layer::Publication => 150,
        Layer::Sharing => 60,
        Layer::Access => 75,
    };
    let layer = Layer::ALL.into_iter().find(|layer| name.starts_with(layer.name())).unwrap_or(Layer::Foundation);
    let spread = u64::from_str_radix(&crate::mesh::fingerprint(name)[..4], 16).unwrap() % 61;
    of(layer) * (70 + spread) / 100
}

/// What no order of work can beat, in seconds: the longest path, and what one account may do at once.
fn bounds(plan: &Plan, limits: &crate::deploy::Limits) -> (u64, u64) {
    let mut ends: BTreeMap<&StepId, u64> = BTreeMap::new();
    let mut open: Vec<&Step> = plan.steps.values().collect();
    while !open.is_empty() {
        open.retain(|step| {
            let before: Option<Vec<u64>> = step.needs.iter().map(|needed| ends.get(needed).copied()).collect();
            let Some(before) = before else { return true };
            ends.insert(&step.id, before.into_iter().max().unwrap_or(0) + takes(step.id.stack.name()));
            false
        });
    }
    let mut grants: BTreeMap<&AccountId, u64> = BTreeMap::new();
    for step in plan.steps.values().filter(|step| step.lake_formation) {
        *grants.entry(&step.account).or_default() += takes(step.id.stack.name());
    }
    let slots = u64::try_from(limits.lake_formation_per_account).unwrap();
    let rate = grants.into_values().max().unwrap_or(0) / slots;
    (ends.into_values().max().unwrap_or(0), rate)
}

/// What the test costs the machine, where Linux tells.
struct Cost {
    /// Seconds on a processor, of this thread: the runtime of a test has no other.
    processor: f64,
    /// The most memory that the process held so far, in MiB. Run alone, that is this test's; among others it is theirs too.
    memory: u64,
}

impl Cost {
    /// Linux's own count: nanoseconds on a processor in `schedstat` (kernel documentation, "Scheduler Statistics"), KiB in `VmHWM`
    /// (proc(5)). `None` on other systems.
    #[expect(clippy::disallowed_methods, reason = "a test measures itself")]
    fn so_far() -> Option<Self> {
        let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds: f64 = spent.split_whitespace().next()?.parse().ok()?;
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = peak.split_whitespace().next()?.parse().ok()?;
        Some(Self { processor: nanoseconds / 1e9, memory: kibibytes / 1024 })
    }
}

/// Deploys the large mesh with so many stacks with grants at once; answers seconds, the two bounds, and calls by stack.
async fn deployed(grants_at_once: usize) -> (f64, u64, u64, f64, f64) {
    let rendered = rendered(mesh());
    let mut cloud = FakeCloud::new();
    for stack in &rendered.manifest.stacks {
        let script = Script { takes: Duration::from_secs(takes(stack.id.name())), ..Script::default() };
        cloud.scripts.insert(stack.id.name().to_owned(), script);
    }
    let cloud = Arc::new(cloud);
    let options = Options { pass: Pass::Mesh, select: None };
    let found = observe(Arc::clone(&cloud), &rendered.manifest, &options).await.unwrap();
    // what was read before the run is told from it by the clock
    tokio::time::sleep(Duration::from_secs(1)).await;
    let looks: usize = cloud.reads().values().map(Vec::len).sum();
    let plan = plan(&rendered, &found, &options).unwrap();
    assert_eq!(plan.steps.len(), 2000);
    let accounts: BTreeSet<&AccountId> = plan.steps.values().map(|step| &step.account).collect();
    assert_eq!(accounts.len(), 300);
    let mut settings = Settings::new("run");
    settings.limits.lake_formation_per_account = grants_at_once;
    let limits = settings.limits;
    let holder = Holder { run: "run".to_owned(), owner: "x".to_owned() };
    let guard = Guard { holder, recorder: Arc::new(Unrecorded), lock: None };
    let (_interrupt, interrupts) = unbounded_channel();
    let started = Instant::now();
    let outcome = run(Arc::clone(&cloud), &plan, settings, &guard, interrupts, &mut |_| {}).await.unwrap();
    let took = started.elapsed().as_secs_f64();
    assert_eq!(outcome.summary().created.len(), 2000, "{:#?}", outcome.summary().failed);
    let reads = cloud.reads();
    let rate = Rate::default();
    for (account, times) in &reads {
        // in any minute no more than the rate allows after its burst
        let most = 60_000 / usize::try_from(rate.every.as_millis()).unwrap() + usize::try_from(rate.burst).unwrap() + 1;
        let times: Vec<&Instant> = times.iter().filter(|at| **at >= started).collect();
        let worst =
            times.windows(most + 1).find(|window| window[most].duration_since(*window[0]) < Duration::from_secs(60));
        assert_eq!(worst, None, "account {account} is read too often");
    }
    let polls = reads.values().map(Vec::len).sum::<usize>() - looks;
    let seconds: u64 = plan.steps.keys().map(|step| takes(step.stack.name())).sum();
    // the CDK asks for events every 2 s, for the status every 5 s and for the change set every 5 s; Sceptre for both every 4 s
    let cdk = 2.0 + seconds as f64 / 2000.0 * (1.0 / 2.0 + 1.0 / 5.0);
    let (path, bound) = bounds(&plan, &limits);
    println!(
        "{grants_at_once} with grants at once: {took:.0} s; longest path {path} s, bound of the account with most grants {bound} s; reads by stack {:.1}, CDK {cdk:.1}, Sceptre {:.1}",
        polls as f64 / 2000.0,
        2.0 + seconds as f64 / 2000.0 / 2.0
    );
    (took, path, bound, polls as f64 / 2000.0, cdk)
}

#[tokio::test(start_paused = true)]
async fn three_hundred_accounts_take_no_longer_than_the_account_with_most_grants() {
    let before = Cost::so_far();
    // with one at once it is the same story, four times as long
    let (took, path, bound, reads, cdk) = deployed(4).await;
    match (before, Cost::so_far()) {
        (Some(before), Some(after)) => {
            let processor = after.processor - before.processor;
            println!("processor time {processor:.1} s, most memory {} MiB", after.memory);
            assert!(processor > 0.0 && processor < 120.0, "{processor} s of processor time, unoptimised");
            assert!(after.memory > 0 && after.memory < 1024, "{} MiB", after.memory);
        }
        (_, _) => println!("processor time and memory: not measured, since there is no /proc here"),
    }
    let larger = path.max(bound) as f64;
    assert!(took <= larger * 1.05, "{took} s, where {larger} s would do");
    assert!(reads < cdk, "{reads} reads by stack, where the CDK makes {cdk}");
}
