//! The lock, against the cloud in memory.

use super::*;
use crate::deploy::fake::FakeCloud;
use crate::deploy::fake::faults::{Fault, Faulty};
use std::sync::Arc;
use tokio::time::advance;

fn place() -> LockPlace {
    LockPlace {
        access: Access::Deploy,
        account: AccountId::parse("111111111111").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        bucket: "acme-demo-deploy".to_owned(),
    }
}

async fn wish<C: Cloud>(cloud: &C, run: &str) -> LockWish {
    LockWish {
        place: place(),
        holder: Holder { run: run.to_owned(), owner: "somebody@build-7".to_owned() },
        seen: look(cloud, &place()).await.unwrap(),
        broken: None,
        ended: BTreeSet::new(),
    }
}

fn error<T>(result: Result<T, LockError>) -> LockError {
    result.err().expect("the lock must not be had")
}

#[tokio::test(start_paused = true)]
async fn of_two_that_saw_it_free_one_gets_it_and_the_other_is_told_whose_it_is() {
    let cloud = FakeCloud::new();
    let (first, second) = (wish(&cloud, "one").await, wish(&cloud, "two").await);
    let (_lock, taken) = Lock::take(&cloud, &first).await.unwrap();
    assert_eq!(taken, Taken::Free);
    let told = error(Lock::take(&cloud, &second).await);
    assert_eq!(
        told.to_string(),
        "run one of somebody@build-7 is deploying this mesh: it holds the lock, written 0 s ago"
    );
    assert!(told.hints()[1].contains("--break-lock one"), "{:?}", told.hints());
}

#[tokio::test(start_paused = true)]
async fn whoever_looked_before_another_deploy_has_to_look_again() {
    let cloud = FakeCloud::new();
    let late = wish(&cloud, "late").await;
    let (lock, _) = Lock::take(&cloud, &wish(&cloud, "quick").await).await.unwrap();
    assert!(lock.release(&cloud).await.unwrap());
    assert_eq!(error(Lock::take(&cloud, &late).await), LockError::Moved);
    assert!(Lock::take(&cloud, &wish(&cloud, "late").await).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_renewed_stays_and_one_that_is_not_is_taken_over() {
    let cloud = FakeCloud::new();
    let (mut lock, _) = Lock::take(&cloud, &wish(&cloud, "one").await).await.unwrap();
    for _ in 0..10 {
        advance(RENEWAL).await;
        assert!(lock.renew(&cloud).await.unwrap());
        assert!(matches!(error(wish(&cloud, "two").await.check()), LockError::Held { .. }));
    }
    advance(LEASE).await;
    assert!(matches!(error(wish(&cloud, "two").await.check()), LockError::Held { .. }));
    advance(Duration::from_secs(1)).await;
    let (_, taken) = Lock::take(&cloud, &wish(&cloud, "two").await).await.unwrap();
    assert!(matches!(taken, Taken::Over(holder) if holder.run == "one"));
    assert!(!lock.renew(&cloud).await.unwrap(), "the first must notice");
    assert!(!lock.release(&cloud).await.unwrap(), "and not release what is another's");
    assert_eq!(look(&cloud, &place()).await.unwrap().holder.unwrap().run, "two");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_known_to_be_gone_holds_nothing() {
    let cloud = FakeCloud::new();
    Lock::take(&cloud, &wish(&cloud, "killed").await).await.unwrap();
    let mut next = wish(&cloud, "next").await;
    assert!(next.check().is_err());
    next.ended.insert("killed".to_owned());
    let (_, taken) = Lock::take(&cloud, &next).await.unwrap();
    assert!(matches!(taken, Taken::Over(holder) if holder.run == "killed"));
}

#[tokio::test(start_paused = true)]
async fn only_the_lock_that_a_person_named_is_broken() {
    let cloud = FakeCloud::new();
    let mut none = wish(&cloud, "two").await;
    none.broken = Some("one".to_owned());
    assert!(matches!(error(none.check()), LockError::Another { found: None, .. }));
    Lock::take(&cloud, &wish(&cloud, "one").await).await.unwrap();
    let mut other = wish(&cloud, "two").await;
    other.broken = Some("zero".to_owned());
    assert!(matches!(error(other.check()), LockError::Another { found: Some(_), .. }));
    other.broken = Some("one".to_owned());
    let (_, taken) = Lock::take(&cloud, &other).await.unwrap();
    assert!(matches!(taken, Taken::Broken(holder) if holder.run == "one"));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_ours_all_the_same() {
    for fault in Fault::ALL.into_iter().filter(|fault| *fault != Fault::Killed) {
        // 0 is the look, 1 the write
        let cloud = Arc::new(FakeCloud::new());
        let faulty = Faulty::new(&cloud, Some((1, fault)));
        let taken = Lock::take(&faulty, &wish(&faulty, "one").await).await;
        assert_eq!(faulty.injected(), 1);
        match fault {
            Fault::Denied | Fault::Expired => assert!(matches!(error(taken), LockError::Call { .. })),
            Fault::Killed => unreachable!(),
            Fault::Throttle | Fault::InternalOrReset | Fault::TimeOutAfterEffect | Fault::Repeated => {
                let (mut lock, _) = taken.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
                assert!(lock.renew(&faulty).await.unwrap(), "{fault:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_lies_there_is_data_and_may_be_anything() {
    let cloud = FakeCloud::new();
    let scope = place().scope();
    for content in
        ["", "{}", "[1]", r#"{"version":2,"state":"held","run":"x","owner":"y","leaseSeconds":1,"writing":1}"#]
    {
        cloud.write_object(&scope, "acme-demo-deploy", KEY, content.as_bytes(), &expected(&cloud).await).await.unwrap();
        assert!(matches!(error(look(&cloud, &place()).await), LockError::Unreadable { .. }), "{content}");
    }
    let nasty = "{\"version\":1,\"state\":\"held\",\"run\":\"x\\u001b[31m; rm -rf *\",\"owner\":\"`a`$(b)\",\"leaseSeconds\":99999999,\"writing\":1}";
    cloud.write_object(&scope, "acme-demo-deploy", KEY, nasty.as_bytes(), &expected(&cloud).await).await.unwrap();
    let seen = look(&cloud, &place()).await.unwrap();
    let holder = seen.holder.unwrap();
    assert_eq!((holder.run.as_str(), holder.owner.as_str()), ("x31m rm -rf ", "ab"));
    assert_eq!(seen.lease, LEASE * 6, "nobody holds it for ever");
}

async fn expected(cloud: &FakeCloud) -> Expected {
    let object = cloud.read_object(&place().scope(), "acme-demo-deploy", KEY).await.unwrap();
    object.map_or(Expected::Nothing, |object| Expected::Etag(object.etag))
}

#[tokio::test(start_paused = true)]
async fn a_bootstrap_and_a_deploy_take_the_same_lock_each_as_its_own_role() {
    let cloud = FakeCloud::new();
    let administrator = LockPlace { access: Access::Administrator, ..place() };
    let bootstrap = LockWish {
        place: administrator.clone(),
        holder: Holder { run: "boot".to_owned(), owner: "somebody@build-7".to_owned() },
        seen: look(&cloud, &administrator).await.unwrap(),
        broken: None,
        ended: BTreeSet::new(),
    };
    let (lock, _) = Lock::take(&cloud, &bootstrap).await.unwrap();
    let told = error(Lock::take(&cloud, &wish(&cloud, "deploy").await).await);
    assert!(told.to_string().starts_with("run boot of somebody@build-7"), "{told}");
    lock.release(&cloud).await.unwrap();
    assert!(Lock::take(&cloud, &wish(&cloud, "deploy").await).await.is_ok());
}
