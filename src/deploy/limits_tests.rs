//! That the executor keeps to what `deployment.limits` says, each limit by itself.

use super::*;
use crate::deploy::journal::Unrecorded;
use crate::deploy::lock::Holder;
use crate::deploy::session::{Guard, run as carried_out};
use crate::mesh::{AccountId, Limits};

/// A run over some stacks with these limits.
fn limited(samples: Vec<Sample>, limits: Limits) -> Run {
    let mut run = Run::of(samples);
    run.settings = Settings::of("run", &limits);
    run
}

fn alike(count: usize, accounts: &[&str]) -> Vec<Sample> {
    (0..count).map(|number| stack(&format!("o{number}/s{number}")).account(accounts[number % accounts.len()])).collect()
}

#[tokio::test(start_paused = true)]
async fn as_many_stacks_as_the_file_says_are_worked_on_at_once_in_all_and_in_one_account() {
    let accounts = ["333333333333", "444444444444", "555555555555"];
    for (stacks, stacks_per_account) in [(1, 4), (7, 3), (100, 5)] {
        let limits = Limits { stacks, stacks_per_account, ..Limits::default() };
        let mut run = limited(alike(24, &accounts), limits);
        assert_eq!(run.go().await.summary().created.len(), 24);
        let (in_all, in_one) = (usize::from(stacks.min(3 * stacks_per_account)), usize::from(stacks_per_account));
        assert_eq!(run.cloud.most_at_once(), (in_all, in_one.min(in_all)));
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_stacks_with_grants_as_the_file_says_are_worked_on_at_once_in_one_account() {
    for grant_stacks_per_account in [1, 2, 3] {
        let samples =
            (0..8).map(|number| stack(&format!("governance/publication-{number}")).template(publication_template()));
        let limits = Limits { grant_stacks_per_account, stacks_per_account: 100, ..Limits::default() };
        let mut run = limited(samples.collect(), limits);
        assert_eq!(run.go().await.summary().created.len(), 8);
        let most = usize::from(grant_stacks_per_account);
        assert_eq!(run.cloud.most_at_once(), (most, most));
    }
}

/// Most reads of the account in a minute, while 60 stacks are worked on in it for ten minutes.
async fn reads_in_a_minute(reads_per_second: u16) -> usize {
    let limits = Limits { reads_per_second, stacks_per_account: 60, ..Limits::default() };
    let mut run = limited(alike(60, &["333333333333"]), limits);
    for number in 0..60 {
        run = run.takes(&format!("s{number}"), 600);
    }
    let plan = run.plan().await;
    // what was read for the plan is told from the run by the clock
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (started, holder) = (Instant::now(), Holder { run: "run".to_owned(), owner: "x".to_owned() });
    let guard = Guard { holder, recorder: Arc::new(Unrecorded), lock: None };
    let (_interrupt, interrupts) = unbounded_channel();
    let (cloud, settings) = (Arc::clone(&run.cloud), run.settings.clone());
    let outcome = carried_out(cloud, &plan, settings, &guard, interrupts, &mut |_| {}).await.unwrap();
    assert_eq!(outcome.summary().created.len(), 60);
    let reads = run.cloud.reads().remove(&AccountId::parse("333333333333").unwrap()).unwrap();
    let reads: Vec<Instant> = reads.into_iter().filter(|at| *at >= started).collect();
    let within =
        |first: &Instant| reads.iter().filter(|at| *at >= first && **at < *first + Duration::from_secs(60)).count();
    reads.iter().map(within).max().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_account_is_read_as_often_as_the_file_says_and_no_oftener() {
    let burst = usize::try_from(crate::deploy::Rate::default().burst).unwrap();
    for reads_per_second in [1, 3, 9] {
        let (most, rate) = (reads_in_a_minute(reads_per_second).await, 60 * usize::from(reads_per_second));
        assert!(most <= rate + burst + 1, "{most} reads in a minute at {reads_per_second} a second");
        assert!(most >= rate, "the story is hollow: {most} reads in a minute at {reads_per_second} a second");
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_is_waited_for_as_long_as_the_file_says() {
    for (effect_minutes, comes) in [(2, false), (11, true)] {
        let mut run = shared();
        run.settings = Settings::of("run", &Limits { effect_minutes, ..Limits::default() });
        Arc::get_mut(&mut run.cloud).unwrap().probes_after.insert(SHARE.to_owned(), Duration::from_secs(600));
        let ran = run.go().await;
        if comes {
            assert_eq!(ran.summary().created.len(), 2, "{:#?}", ran.summary());
        } else {
            assert_eq!(ran.summary().failed[0].message, format!("waited 120 s in vain for {SHARE}: not there"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_followed_as_long_as_the_file_says() {
    for (operation_minutes, ends) in [(20, false), (150, true)] {
        let limits = Limits { operation_minutes, ..Limits::default() };
        let mut run = limited(vec![stack("sales/storage")], limits).takes("storage", 140 * 60);
        let ran = run.go().await;
        if ends {
            assert_eq!(ran.summary().created, [id("sales/storage")], "{:#?}", ran.summary());
            continue;
        }
        let failure = &ran.summary().failed[0];
        assert!(failure.message.starts_with("is still being worked on after 120"), "{failure:#?}");
        assert!((1200..1210).contains(&ran.took.as_secs()), "{:?}", ran.took);
        // the next run finds it busy, and waits as long
        let again = run.go().await;
        let failure = &again.summary().failed[0];
        assert!(failure.message.starts_with("is still busy with another operation after 120"), "{failure:#?}");
    }
}
