//! What answers mean, probe by probe; and that the templates and the table fit.

use super::*;
use serde_json::json;

fn behaviour(number: u8) -> &'static Behaviour {
    BEHAVIOURS.iter().find(|behaviour| behaviour.number == number).unwrap()
}

/// Answers by name: what is an object with `error` fails, the rest is the value.
fn done(answers: &Value) -> Came {
    let answer = |(name, value): (&String, &Value)| {
        let answer = if value.get("error").is_some() { value.clone() } else { json!({ "value": value }) };
        (name.clone(), answer)
    };
    Came::Done(answers.as_object().unwrap().iter().map(answer).collect())
}

fn nothing() -> Came {
    done(&json!({}))
}

fn verdict(number: u8, came: &[Came]) -> Verdict {
    behaviour(number).judged(came).verdict
}

const LET: &str = "SUCCEEDED";

fn query(state: &str, reason: &str) -> Value {
    json!({"state": state, "reason": reason})
}

fn refused() -> Value {
    query("FAILED", "COLUMN_NOT_FOUND: line 1:8: Column 'name' cannot be resolved")
}

#[test]
fn nine_probes_stand_in_their_order_and_each_names_templates_and_parameters_that_are_there() {
    let numbers: Vec<u8> = BEHAVIOURS.iter().map(|behaviour| behaviour.number).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<u8>>());
    let mut used: Vec<&str> = vec![BASE];
    for behaviour in BEHAVIOURS {
        let two = behaviour.acts.iter().any(|act| act.place == Place::Subscriber);
        assert_eq!(behaviour.needs_subscriber(), two);
        for act in behaviour.acts {
            assert!(act.stack.starts_with(&format!("{}-", behaviour.number)), "{}", act.stack);
            let Deed::Deploy { template: name, values } = &act.deed else { continue };
            used.push(name);
            let template = template(name);
            for (parameter, _) in *values {
                assert!(template["Parameters"].get(parameter).is_some(), "{name} has no parameter {parameter}");
            }
            let own = ["Administrator", "Catalog", "Subscriber"];
            for (parameter, declared) in template["Parameters"].as_object().into_iter().flatten() {
                let given = own.contains(&parameter.as_str()) || values.iter().any(|(name, _)| name == parameter);
                assert!(given || declared.get("Default").is_some(), "{name}: nobody gives {parameter}");
            }
        }
    }
    used.sort_unstable();
    used.dedup();
    assert_eq!(used, TEMPLATES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

/// Every answer that a judge asks for is one that a template's calls give, and nothing is retained.
#[test]
fn templates_keep_nothing_and_their_calls_have_names_of_their_own() {
    for (name, _) in TEMPLATES {
        let template = template(name);
        for (id, resource) in template["Resources"].as_object().unwrap() {
            assert!(resource.get("DeletionPolicy").is_none(), "{name}/{id} would stay");
            let calls = resource["Properties"]["Calls"].as_array().cloned().unwrap_or_default();
            let mut names: Vec<&str> = calls.iter().map(|call| call["Name"].as_str().unwrap()).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{name}/{id}");
        }
        assert!(template.to_string().len() < 51_200, "{name} does not fit into a request");
    }
}

#[test]
fn an_act_that_failed_for_another_reason_tells_nothing_of_any_probe() {
    for behaviour in BEHAVIOURS {
        for fails in 0..behaviour.acts.len() {
            let mut came: Vec<Came> = (0..fails).map(|_| nothing()).collect();
            came.push(Came::Lost("throttled".to_owned()));
            assert_eq!(behaviour.judged(&came).verdict, Verdict::NotTold, "{} act {fails}", behaviour.name);
        }
        assert_eq!(behaviour.judged(&[]).verdict, Verdict::NotTold);
        let empty: Vec<Came> = behaviour.acts.iter().map(|_| nothing()).collect();
        assert_eq!(behaviour.judged(&empty).verdict, Verdict::NotTold, "{} without answers", behaviour.name);
    }
}

#[test]
fn columns_of_an_unclassified_table() {
    let look = |id: Value, name: Value, found: Value, tags: Value| {
        let answers =
            json!({"id": id, "name": name, "widened": null, "found": found, "again": query(LET, ""), "tags": tags});
        verdict(1, &[nothing(), nothing(), done(&answers)])
    };
    let (is_let, unclassified) = (query(LET, ""), json!(["unclassified"]));
    assert_eq!(look(is_let.clone(), refused(), refused(), unclassified.clone()), Verdict::AsExpected);
    assert_eq!(look(refused(), refused(), refused(), unclassified.clone()), Verdict::Otherwise);
    assert_eq!(look(is_let.clone(), is_let.clone(), refused(), unclassified.clone()), Verdict::Otherwise);
    assert_eq!(look(is_let.clone(), refused(), is_let.clone(), json!(["public"])), Verdict::Otherwise);
    assert_eq!(look(is_let.clone(), refused(), refused(), Value::Null), Verdict::Otherwise);
    let slow = query("FAILED", "Query exhausted resources");
    assert_eq!(look(slow, refused(), refused(), unclassified), Verdict::NotTold);
}

#[test]
fn a_crawler_in_the_catalog() {
    let look = |crawl: Value, columns: Value, tables: Value, tags: Value| {
        let answers = json!({"put": null, "started": null, "over": "READY", "crawl": crawl, "columns": columns, "tables": tables, "tags": tags});
        verdict(2, &[nothing(), done(&answers)])
    };
    let ended = |status: &str, message: &str| json!({"status": status, "message": message});
    let (wide, one, tags) = (json!(["id", "name", "coupon"]), json!(["things"]), json!(["unclassified"]));
    assert_eq!(look(ended("SUCCEEDED", ""), wide.clone(), one.clone(), tags.clone()), Verdict::AsExpected);
    assert_eq!(look(ended("SUCCEEDED", ""), json!(["id", "name"]), one.clone(), tags.clone()), Verdict::Otherwise);
    assert_eq!(
        look(ended("SUCCEEDED", ""), wide.clone(), json!(["things", "things_1"]), tags.clone()),
        Verdict::Otherwise
    );
    assert_eq!(look(ended("SUCCEEDED", ""), wide.clone(), one.clone(), json!([])), Verdict::Otherwise);
    assert_eq!(
        look(ended("FAILED", "Insufficient Lake Formation permission(s)"), wide.clone(), one.clone(), tags.clone()),
        Verdict::Otherwise
    );
    assert_eq!(look(ended("FAILED", "Internal service error"), wide, one, tags), Verdict::NotTold);
}

#[test]
fn a_tag_removed_by_another_value() {
    let look = |removed: Value, after: Value, again: Value| {
        let answers = json!({"before": ["public"], "removed": removed, "after": after, "tagged": [], "dropped": null, "added": null, "again": again});
        verdict(3, &[nothing(), done(&answers)])
    };
    assert_eq!(look(json!(["InvalidInputException"]), json!(["public"]), json!([])), Verdict::AsExpected);
    let error = json!({"error": "InvalidInputException", "message": "no"});
    assert_eq!(look(error, json!(["public"]), Value::Null), Verdict::AsExpected);
    assert_eq!(look(json!([]), json!([]), json!([])), Verdict::Otherwise);
    assert_eq!(look(json!([]), json!(["public"]), json!(["public"])), Verdict::Otherwise);
}

#[test]
fn an_identical_expression_granted_on() {
    let arrived = || done(&json!({"accepted": null, "arrived": "meshform_probe_4"}));
    let with = |last: Came| verdict(4, &[nothing(), nothing(), arrived(), last]);
    assert_eq!(with(done(&json!({"columns": ["id"], "grants": ["DESCRIBE", "SELECT"]}))), Verdict::AsExpected);
    assert_eq!(with(done(&json!({"columns": ["id", "name"], "grants": ["SELECT"]}))), Verdict::Otherwise);
    assert_eq!(with(done(&json!({"columns": ["id"], "grants": []}))), Verdict::Otherwise);
    assert_eq!(with(Came::Failed("TableGrant: Insufficient Glue permissions".to_owned())), Verdict::Otherwise);
    assert_eq!(with(Came::Failed("TableGrant: internal error".to_owned())), Verdict::NotTold);
    let never = done(&json!({"arrived": {"error": "EntityNotFoundException", "message": "not found"}}));
    assert_eq!(verdict(4, &[nothing(), nothing(), never, nothing()]), Verdict::NotTold);
}

#[test]
fn two_grants_of_one_identity() {
    let refused = Came::Failed("Two CREATE_FAILED: AlreadyExists".to_owned());
    assert_eq!(verdict(5, &[nothing(), refused]), Verdict::AsExpected);
    assert_eq!(verdict(5, &[nothing(), Came::Failed("One: internal error".to_owned())]), Verdict::NotTold);
    let left = |grants: Value| verdict(5, &[nothing(), nothing(), nothing(), done(&json!({ "grants": grants }))]);
    assert_eq!(left(json!(["SELECT"])), Verdict::AsExpected);
    assert_eq!(left(json!(["DESCRIBE", "SELECT"])), Verdict::Otherwise);
}

#[test]
fn a_failed_revoke_in_the_cleanup() {
    let first = |grants: Value| done(&json!({"revoked": null, "grants": grants}));
    let survives =
        format!("stack x is complete, but CloudFormation {}: Grant DELETE_FAILED: no", super::judge::COULD_NOT_DELETE);
    assert_eq!(verdict(6, &[nothing(), first(json!([])), Came::Failed(survives.clone())]), Verdict::AsExpected);
    assert_eq!(verdict(6, &[nothing(), first(json!([])), nothing()]), Verdict::Otherwise);
    assert_eq!(
        verdict(6, &[nothing(), first(json!([])), Came::Failed("Grant UPDATE_FAILED".to_owned())]),
        Verdict::Otherwise
    );
    assert_eq!(verdict(6, &[nothing(), first(json!(["DESCRIBE"])), Came::Failed(survives)]), Verdict::NotTold);
}

#[test]
fn an_account_grant_that_goes_first() {
    let look = |after: Value, last: Came| {
        let arrived = done(&json!({"arrived": "meshform_probe_7"}));
        let saw = done(&json!({"columns": ["id"], "grants": ["SELECT"]}));
        verdict(7, &[nothing(), nothing(), arrived, saw, nothing(), done(&after), last])
    };
    let gone = json!({"error": "EntityNotFoundException", "message": "not found"});
    let kept = json!({"columns": gone, "grants": ["SELECT"]});
    assert_eq!(look(kept.clone(), nothing()), Verdict::AsExpected);
    assert_eq!(look(kept, Came::Failed("TableGrant DELETE_FAILED".to_owned())), Verdict::AsExpected);
    assert_eq!(look(json!({"columns": gone, "grants": []}), nothing()), Verdict::Otherwise);
    assert_eq!(look(json!({"columns": ["id"], "grants": []}), nothing()), Verdict::Otherwise);
}

#[test]
fn an_unclassified_partition_key_and_a_glue_job() {
    let keys = |plain: Value, filtered: Value| {
        verdict(8, &[nothing(), nothing(), done(&json!({"plain": plain, "filtered": filtered}))])
    };
    assert_eq!(keys(query(LET, ""), refused()), Verdict::AsExpected);
    assert_eq!(keys(query(LET, ""), query(LET, "")), Verdict::Otherwise);
    assert_eq!(keys(refused(), refused()), Verdict::Otherwise);
    let job = |started: Value| verdict(9, &[nothing(), nothing(), done(&json!({ "started": started }))]);
    assert_eq!(job(query(LET, "")), Verdict::AsExpected);
    assert_eq!(job(query("FAILED", "Insufficient Lake Formation permission(s) on things")), Verdict::Otherwise);
    assert_eq!(job(query("TIMEOUT", "")), Verdict::NotTold);
}

fn outcome(number: u8, verdict: Verdict, date: &str) -> Outcome {
    let accounts = ["999999999999".to_owned()];
    let circumstance = Circumstance { date, run: "run", region: "eu-west-1", accounts: &accounts };
    Outcome::of(behaviour(number), Judged { verdict, seen: "seen".to_owned() }, &circumstance)
}

#[test]
fn a_record_keeps_what_was_told_and_takes_nothing_that_is_none() {
    let mut record = Record::empty("demo".to_owned());
    assert_eq!(record.missing().len(), 9);
    record.take(
        vec![outcome(4, Verdict::NotTold, "2026-01-01"), outcome(1, Verdict::AsExpected, "2026-01-01")],
        Vec::new(),
    );
    record.take(
        vec![outcome(1, Verdict::NotTold, "2026-02-01"), outcome(4, Verdict::Otherwise, "2026-02-01")],
        vec!["a bucket".to_owned()],
    );
    let told: Vec<(u8, Verdict, &str)> =
        record.probes.iter().map(|it| (it.number, it.verdict, it.date.as_str())).collect();
    assert_eq!(told, [(1, Verdict::AsExpected, "2026-01-01"), (4, Verdict::Otherwise, "2026-02-01")]);
    assert_eq!(record.left, ["a bucket"]);
    let text = crate::assembly::pretty(&record);
    assert_eq!(Record::read(&text, "demo").unwrap(), record);
    assert!(matches!(Record::read(&text, "other"), Err(RecordError::Mesh { .. })));
    assert!(matches!(
        Record::read(&text.replace("\"version\": 1", "\"version\": 2"), "demo"),
        Err(RecordError::Version { found: 2 })
    ));
    for broken in ["", "{}", "[]", "{\"version\": 1}", "\u{0}"] {
        assert!(matches!(Record::read(broken, "demo"), Err(RecordError::Shape(_))), "{broken}");
    }
}
