//! Hazards 9 to 17: people, expressions, QuickSight, links, and what an account and its roles hold.

use super::{DEMO, GOVERNANCE, all, allowed, list, of, spoilt, text, texts, to_whom};
use crate::demo::{repository, resources_mut, synthesize};
use meshform::access::Facts;
use meshform::assembly::{Layer, check};
use meshform::finding::Code;
use meshform::plan::{DefaultsFor, Deployed, Observed, Options, Pass, Probe, StepId, Turn, plan};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The tools whose roles people assume.
const TOOLS: [&str; 3] = ["demo-athena-", "demo-quicksight-", "demo-sagemaker-"];

#[test]
fn hazard_09_people_come_in_through_fixed_roles_that_say_who_may_assume_them() {
    let mut seen = 0;
    let mut arns = BTreeSet::new();
    for (document, id, role) in all(&DEMO, "AWS::IAM::Role") {
        let path = role["Path"].as_str().unwrap_or("/");
        let name = text(&role["RoleName"]);
        arns.insert(format!("arn:aws:iam::{}:role{path}{name}", document.account));
        if !TOOLS.iter().any(|tool| name.starts_with(tool)) {
            continue;
        }
        let trust = list(&role["AssumeRolePolicyDocument"]["Statement"]);
        let people: Vec<&Value> = trust.filter(|statement| !statement["Principal"]["AWS"].is_null()).collect();
        let [people] = people.as_slice() else { panic!("{id} is trusted to {people:?}") };
        assert_eq!(texts(&people["Principal"]), [format!("arn:aws:iam::{}:root", document.account)], "{id}");
        let patterns = texts(&people["Condition"]["ArnLike"]["aws:PrincipalArn"]);
        assert!(!patterns.is_empty(), "anybody of the account may assume {id}");
        for pattern in patterns {
            let set =
                pattern.split_once(":role/aws-reserved/sso.amazonaws.com/").expect("the demo names permission sets");
            let (_, random) = set.1.rsplit_once('_').expect("a permission set's role ends in random letters");
            assert_eq!(random, "?".repeat(16), "{id}");
            assert!(!pattern.contains('*'), "{id}");
        }
        seen += 1;
    }
    assert_eq!(seen, 4, "the demo's consumers have tools");
    for (document, id, grant) in all(&DEMO, "AWS::LakeFormation::PrincipalPermissions") {
        let whom = to_whom(grant);
        let is_account = whom.len() == 12 && whom.bytes().all(|letter| letter.is_ascii_digit());
        assert!(is_account || arns.contains(whom), "{id} in {} is for {whom}, which nothing makes", document.id);
    }
}

#[test]
fn hazard_10_both_hops_carry_the_same_sorted_expression_and_no_tag_is_shared() {
    let grants = all(&DEMO, "AWS::LakeFormation::PrincipalPermissions");
    assert!(
        grants.iter().all(|(_, _, grant)| grant["Resource"]["LFTag"].is_null()),
        "a permission on a tag is granted"
    );
    let expressions = grants.iter().filter(|(_, _, grant)| !grant["Resource"]["LFTagPolicy"].is_null());
    let (received, passed): (Vec<_>, Vec<_>) = expressions.partition(|(_, _, grant)| to_whom(grant).len() == 12);
    assert!(received.len() > 10 && passed.len() > received.len());
    for (document, id, grant) in &received {
        assert_eq!(document.layer, Some(Layer::Sharing), "{id}");
        assert_eq!(grant["Permissions"], grant["PermissionsWithGrantOption"], "{id} cannot be passed on as it is");
        let policy = &grant["Resource"]["LFTagPolicy"];
        let rights = match text(&policy["ResourceType"]) {
            "DATABASE" => json!(["DESCRIBE"]),
            _ => json!(["DESCRIBE", "SELECT"]),
        };
        assert_eq!(grant["Permissions"], rights, "{id}");
        let keys: Vec<&str> = list(&policy["Expression"]).map(|condition| text(&condition["TagKey"])).collect();
        assert!(keys.is_sorted(), "{id}: {keys:?}");
        for condition in list(&policy["Expression"]) {
            assert!(texts(&condition["TagValues"]).is_sorted(), "{id}");
        }
    }
    for (document, id, grant) in passed {
        let same = received
            .iter()
            .find(|(_, _, other)| to_whom(other) == document.account && other["Resource"] == grant["Resource"]);
        let (_, _, same) = same.unwrap_or_else(|| panic!("{id} in {} passes on what was not received", document.id));
        assert_eq!(grant["Permissions"], same["Permissions"], "{id}");
    }
    let narrower = spoilt("valid/small", "AWS::LakeFormation::PrincipalPermissions", |grant| {
        let is_local = grant["Properties"]["PermissionsWithGrantOption"] == json!([]);
        let policy = grant.pointer_mut("/Properties/Resource/LFTagPolicy");
        if let Some(policy) = policy.filter(|policy| is_local && policy["ResourceType"] == "TABLE") {
            policy["Expression"][0]["TagValues"] = json!(["internal"]);
        }
    });
    assert!(narrower.contains(&Code::ExpressionMismatch), "{narrower:?}");
}

#[test]
fn hazard_11_quicksight_queries_as_one_role_and_its_readers_hold_no_grant() {
    let grants = all(&DEMO, "AWS::LakeFormation::PrincipalPermissions");
    let principals: BTreeSet<&str> = grants.iter().map(|(_, _, grant)| to_whom(grant)).collect();
    assert!(!principals.iter().any(|principal| principal.contains(":quicksight:")), "a group or user holds a grant");
    assert!(!principals.iter().any(|principal| principal.contains("aws-quicksight-")), "the service's role holds one");
    let mut groups = BTreeSet::new();
    for (document, id, source) in all(&DEMO, "AWS::QuickSight::DataSource") {
        let role = text(&source["DataSourceParameters"]["AthenaParameters"]["RoleArn"]);
        let own = format!("arn:aws:iam::{}:role/demo/demo-quicksight-{}", document.account, document.id.owner());
        assert_eq!(role, own, "{id}");
        assert!(principals.contains(role), "{id} runs as a role without grants");
        groups.extend(list(&source["Permissions"]).map(|permission| text(&permission["Principal"])));
    }
    for (_, id, set) in all(&DEMO, "AWS::QuickSight::DataSet") {
        for permission in list(&set["Permissions"]) {
            assert!(groups.contains(text(&permission["Principal"])), "{id} is for {permission}");
        }
    }
    assert!(groups.iter().all(|group| group.contains(":group/")) && groups.len() == 1, "{groups:?}");
    let beyond = spoilt("valid/quicksight", "AWS::QuickSight::DataSet", |set| {
        for table in set["Properties"]["PhysicalTableMap"].as_object_mut().expect("there are tables").values_mut() {
            let columns = table["RelationalTable"]["InputColumns"].as_array_mut().expect("there are columns");
            columns.push(json!({"Name": "email", "Type": "STRING"}));
        }
    });
    assert!(beyond.contains(&Code::DataSetBeyondSight), "{beyond:?}");
}

#[test]
fn hazard_12_a_link_is_named_like_its_database_and_nothing_local_is() {
    let databases = all(&DEMO, "AWS::Glue::Database");
    let input = |properties: &'_ Value| properties["DatabaseInput"].clone();
    let published: BTreeSet<String> = databases
        .iter()
        .filter(|(document, _, _)| document.account == GOVERNANCE)
        .map(|(_, _, database)| text(&input(database)["Name"]).to_owned())
        .collect();
    for (document, id, database) in databases {
        let input = input(database);
        let name = text(&input["Name"]);
        if document.account == GOVERNANCE {
            assert!(name.starts_with("demo_") && !name.starts_with("demo_local_"), "{id} is named {name}");
        } else if input["TargetDatabase"].is_null() {
            assert!(name == "default" || name.starts_with("demo_local_"), "{id} is named {name}");
        } else {
            assert_eq!(input["Name"], input["TargetDatabase"]["DatabaseName"], "{id}");
            assert!(published.contains(name), "{id} points to {name}");
        }
    }
    let renamed = spoilt("valid/small", "AWS::Glue::Database", |database| {
        let input = &mut database["Properties"]["DatabaseInput"];
        if input["TargetDatabase"].is_object() {
            input["Name"] = json!(format!("rl_{}", text(&input["Name"])));
        }
    });
    assert!(renamed.contains(&Code::LinkMisused), "{renamed:?}");
}

#[test]
fn hazard_13_the_settings_of_an_account_are_closed_added_to_made_once_locked_and_read_back() {
    let rendered = synthesize(&repository("environments/demo")).render();
    let nothing = rendered.manifest.stacks.iter().map(|stack| (stack.id.clone(), Observed::Absent));
    let nothing = Deployed { stacks: nothing.collect(), strays: BTreeMap::new() };
    let plan = plan(&rendered, &nothing, &Options { pass: Pass::Mesh, select: None }).expect("there is a plan");
    let mut accounts = BTreeSet::new();
    for (document, id, settings) in all(&DEMO, "AWS::LakeFormation::DataLakeSettings") {
        assert!(accounts.insert(&document.account), "{} has two settings", document.account);
        for kind in ["CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"] {
            assert_eq!(settings[kind], json!([]), "{id}");
        }
        assert_eq!(settings["MutationType"], "APPEND", "{id}");
        let admins = texts(&settings["Admins"]);
        assert_eq!(admins, [format!("arn:aws:iam::{}:role/demo-execution", document.account)], "{id}");
        let resources = &document.template["Resources"];
        let before = list(&resources[id]["DependsOn"]).map(|on| &resources[text(on)]);
        let locks: Vec<&Value> = before.filter(|entry| entry["Type"] == "AWS::SSM::Parameter").collect();
        let [lock] = locks.as_slice() else { panic!("{id} has the locks {locks:?}") };
        // of one name for every mesh, so that the second cannot make it
        assert_eq!(lock["Properties"]["Name"], "/meshform/lake-formation-settings");
        let is_read_back =
            plan.steps[&StepId::new(&document.id, Turn::Add)].checks_after.iter().any(|probe| match probe {
                Probe::Settings { administrators, closed, .. } => {
                    administrators.iter().map(String::as_str).eq(admins.iter().copied())
                        && *closed == BTreeSet::from([DefaultsFor::Databases, DefaultsFor::Tables])
                }
                Probe::Catalog { .. } | Probe::Share { .. } | Probe::Gone { .. } => false,
            });
        assert!(is_read_back, "nobody looks at {id} in {}", document.id);
    }
    let every: BTreeSet<&String> = DEMO.iter().map(|document| &document.account).collect();
    assert_eq!(accounts, every);
    let settings = "AWS::LakeFormation::DataLakeSettings";
    let replaced = spoilt("valid/small", settings, |entry| entry["Properties"]["MutationType"] = json!("REPLACE"));
    assert!(replaced.contains(&Code::SettingsOpen), "{replaced:?}");
    let unlocked = spoilt("valid/small", settings, |entry| entry["DependsOn"] = json!([]));
    assert!(unlocked.contains(&Code::SettingsTwice), "{unlocked:?}");
}

#[test]
fn hazard_14_what_stands_in_the_catalog_was_made_by_the_execution_role_and_nobody_else_may_drop_it() {
    // one role, of one name and without a path that could change, in every account
    for document in DEMO.iter().filter(|document| document.layer == Some(Layer::Bootstrap)) {
        let role = &document.template["Resources"]["ExecutionRole"]["Properties"];
        assert_eq!((text(&role["RoleName"]), text(&role["Path"])), ("demo-execution", "/"), "{}", document.id);
    }
    for (document, id, grant) in all(&DEMO, "AWS::LakeFormation::PrincipalPermissions") {
        assert!(!to_whom(grant).ends_with(":role/demo-execution"), "{id} is for the creator, who needs none");
        let rights = texts(&grant["Permissions"]);
        assert!(
            !rights.contains(&"DROP") && !rights.contains(&"DELETE") && !rights.contains(&"ALL"),
            "{id}: {rights:?}"
        );
        if rights.contains(&"ALTER") {
            assert!(to_whom(grant).contains(":role/demo/demo-crawl-"), "{id} lets {} alter", to_whom(grant));
            let table = &grant["Resource"]["Table"];
            let made = |reference: &Value| &document.template["Resources"][text(&reference["Ref"])]["Type"];
            assert_eq!(made(&table["Name"]), "AWS::Glue::Table", "{id} alters what this stack did not make");
            assert_eq!(made(&table["DatabaseName"]), "AWS::Glue::Database", "{id}");
        }
    }
    // tables are declared in one account alone: those of raw files are their crawler's, which no template names
    assert!(all(&DEMO, "AWS::Glue::Table").iter().all(|(document, _, _)| document.account == GOVERNANCE));
    let granted = spoilt("valid/small", "AWS::LakeFormation::PrincipalPermissions", |grant| {
        let to = &mut grant["Properties"]["Principal"]["DataLakePrincipalIdentifier"];
        if text(to).contains(":role/small/small-athena-") {
            *to = json!("arn:aws:iam::333333333333:role/small-execution");
        }
    });
    assert!(granted.contains(&Code::GrantToAdmin), "{granted:?}");
}

/// The policies of an account's bootstrap, without the account's number and the name of its owner.
fn execution(owner: &str) -> Vec<String> {
    let bootstrap = super::stack(&DEMO, owner, "demo-bootstrap");
    let policies = bootstrap.resources().filter(|(_, name, _)| *name == "AWS::IAM::ManagedPolicy");
    let documents = policies.map(|(id, _, policy)| format!("{id} {}", policy["Properties"]["PolicyDocument"]));
    documents.map(|text| text.replace(&bootstrap.account, "ACCOUNT").replace(owner, "OWNER")).collect()
}

#[test]
fn hazard_15_accounts_of_a_kind_have_one_execution_role_and_no_role_leaves_its_boundary() {
    // the shop has an API and nothing else, and its execution role may make all that a consumer ever has
    for consumer in ["business-analysts", "data-science"] {
        assert!(execution(consumer) == execution("ecommerce"), "{consumer} differs from ecommerce");
    }
    for producer in ["marketing", "sales", "support"] {
        assert!(execution(producer) == execution("customer"), "{producer} differs from customer");
    }
    for (document, id, role) in all(&DEMO, "AWS::IAM::Role") {
        if document.layer != Some(Layer::Bootstrap) {
            let boundary = format!("arn:aws:iam::{}:policy/demo-boundary", document.account);
            assert_eq!((&role["Path"], &role["PermissionsBoundary"]), (&json!("/demo/"), &json!(boundary)), "{id}");
        }
    }
    let mut makers = 0;
    for (document, id, policy) in all(&DEMO, "AWS::IAM::ManagedPolicy") {
        let statements = list(&policy["PolicyDocument"]["Statement"]);
        for statement in statements.filter(|statement| statement["Effect"] == "Allow") {
            let actions = texts(&statement["Action"]);
            assert!(!actions.contains(&"iam:DeleteRolePermissionsBoundary"), "{id} in {}", document.id);
            if actions.contains(&"iam:CreateRole") {
                let boundary = format!("arn:aws:iam::{}:policy/demo-boundary", document.account);
                let condition = &statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"];
                assert_eq!(texts(condition), [boundary], "{id} in {}", document.id);
                let roles = format!("arn:aws:iam::{}:role/demo/*", document.account);
                assert_eq!(texts(&statement["Resource"]), [roles], "{id} in {}", document.id);
                makers += 1;
            }
        }
    }
    assert_eq!(makers, 8, "one in each account");
    let unbounded = spoilt("valid/small", "AWS::IAM::Role", |role| {
        role["Properties"].as_object_mut().expect("a role has properties").remove("PermissionsBoundary");
    });
    assert!(unbounded.contains(&Code::RoleUnbounded), "{unbounded:?}");
}

#[test]
fn hazard_16_who_queries_may_describe_default_and_has_a_workgroup_and_results_of_its_own() {
    let grants = all(&DEMO, "AWS::LakeFormation::PrincipalPermissions");
    let describes: BTreeSet<&str> = grants
        .iter()
        .filter(|(document, _, grant)| {
            let database = &grant["Resource"]["Database"]["Name"]["Ref"];
            let made = database.as_str().map(|id| &document.template["Resources"][id]["Properties"]["DatabaseInput"]);
            made.is_some_and(|input| input["Name"] == "default") && texts(&grant["Permissions"]).contains(&"DESCRIBE")
        })
        .map(|(_, _, grant)| to_whom(grant))
        .collect();
    let querying = grants.iter().filter(|(document, _, grant)| {
        document.layer == Some(Layer::Access) && texts(&grant["Permissions"]).contains(&"SELECT")
    });
    let querying: BTreeSet<&str> = querying.map(|(_, _, grant)| to_whom(grant)).collect();
    assert!(querying.len() > 8, "the demo has roles that query");
    let without: Vec<_> = querying.difference(&describes).collect();
    assert!(without.is_empty(), "{without:?} may not describe `default`");

    let groups = all(&DEMO, "AWS::Athena::WorkGroup");
    let roles = all(&DEMO, "AWS::IAM::Role");
    for arn in querying {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let group = groups.iter().find(|(_, _, group)| group["Name"] == name);
        let (_, _, group) = group.unwrap_or_else(|| panic!("{name} has no workgroup"));
        let settings = &group["WorkGroupConfiguration"];
        assert_eq!(settings["EnforceWorkGroupConfiguration"], true, "{name}");
        let place = text(&settings["ResultConfiguration"]["OutputLocation"]);
        assert!(place.ends_with(&format!("/{name}/")), "{name} writes to {place}");
        let (_, _, role) = roles.iter().find(|(_, _, role)| role["RoleName"] == name).expect("the role is made");
        for statement in allowed(role) {
            for resource in texts(&statement["Resource"]) {
                if resource.contains(":workgroup/") {
                    assert!(resource.ends_with(&format!(":workgroup/{name}")), "{name} works in {resource}");
                }
                if resource.contains("-results-") && resource.contains('/') {
                    assert!(resource.ends_with(&format!("/{name}/*")), "{name} reads {resource}");
                }
            }
        }
    }
}

/// The error codes once some role may no longer read tables of the catalog in governance.
fn without_way(role: &str, spoil: impl Fn(&mut Value)) -> BTreeSet<Code> {
    let mut documents = of("valid/small");
    let mut found = 0;
    for document in &mut documents {
        for entry in resources_mut(document).values_mut().filter(|entry| entry["Properties"]["RoleName"] == role) {
            let policies = entry["Properties"]["Policies"].as_array_mut().into_iter().flatten();
            for policy in policies {
                let statements = policy["PolicyDocument"]["Statement"].as_array_mut();
                statements.into_iter().flatten().for_each(&spoil);
            }
            found += 1;
        }
    }
    assert_eq!(found, 1, "{role}");
    check::check_documents(&documents).iter().map(|finding| finding.code).collect()
}

#[test]
fn hazard_17_a_role_with_a_grant_that_cannot_reach_the_common_catalog_is_found() {
    let facts = Facts::of(&of("valid/small"));
    let shared = facts.grants.iter().filter(|grant| grant.spot.stack.name().contains("-access-"));
    let roles: BTreeSet<&str> = shared.filter_map(|grant| grant.principal.as_deref()?.rsplit('/').next()).collect();
    assert!(roles.len() > 3, "owner, job, reader and tool: {roles:?}");
    for role in roles {
        let far = without_way(role, |statement| {
            if let Some(resources) = statement["Resource"].as_array_mut() {
                resources.retain(|resource| !resource.to_string().contains(&format!(":{GOVERNANCE}:table/")));
            }
        });
        assert!(far.contains(&Code::RoleCannotRead), "{role} without the tables in governance: {far:?}");
        for action in ["glue:GetTable", "lakeformation:GetDataAccess"] {
            let less = without_way(role, |statement| {
                if let Some(actions) = statement["Action"].as_array_mut() {
                    actions.retain(|allowed| allowed != action);
                }
            });
            assert!(less.contains(&Code::RoleCannotRead), "{role} without {action}: {less:?}");
        }
    }
}
