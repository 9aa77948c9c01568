//! Hazards 1 to 8: jobs, grants, tags, crawlers, the order of things.

use super::{DEMO, GOVERNANCE, all, allowed, edited, list, of, spoilt, stack, text, texts, to_whom};
use crate::common::fixture;
use crate::demo::{repository, resources_mut, synthesize};
use meshform::access::{Facts, evaluate};
use meshform::assembly::{Document, ParameterValue, Rendered, StackId, check};
use meshform::finding::Code;
use meshform::plan::{
    Deployed, Observed, Options, Pass, Plan, Probe, Protection, StackStatus, Standing, StepId, Turn, plan,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn hazard_01_no_role_reads_another_accounts_files_and_each_copy_names_its_columns() {
    let buckets: BTreeMap<&str, &str> = all(&DEMO, "AWS::S3::Bucket")
        .into_iter()
        .map(|(document, _, bucket)| (text(&bucket["BucketName"]), document.account.as_str()))
        .collect();
    for (document, id, role) in all(&DEMO, "AWS::IAM::Role") {
        for resource in allowed(role).flat_map(|statement| texts(&statement["Resource"])) {
            let Some((_, path)) = resource.split_once(":s3:::") else { continue };
            let owner = buckets.get(path.split('/').next().unwrap_or(path)).copied();
            let is_lake_formation = document.account == GOVERNANCE && id == "RegisterRole";
            assert!(
                is_lake_formation || owner.is_none_or(|owner| owner == document.account),
                "{id} in {} reads {resource}",
                document.id
            );
        }
    }
    for (document, id, policy) in all(&DEMO, "AWS::S3::BucketPolicy") {
        let statements = list(&policy["PolicyDocument"]["Statement"]);
        let statements = statements.filter(|statement| statement["Effect"] == "Allow");
        for principal in statements.flat_map(|statement| texts(&statement["Principal"]["AWS"])) {
            let known = [GOVERNANCE, document.account.as_str()].map(|account| format!("arn:aws:iam::{account}:root"));
            assert!(known.iter().any(|root| root == principal), "{id} in {} lets {principal} in", document.id);
        }
    }
    // why it matters: a job that read the table itself would need this column, too
    let access = evaluate(&Facts::of(&DEMO));
    let of_job = |principal: &str| principal.ends_with("/demo-job-customer-customer-360");
    let job = access.principals.iter().find(|principal| of_job(&principal.principal));
    let seen = job.expect("the job sees something").tables.iter().find(|table| table.table == "interactions");
    let hidden = seen.expect("the job sees the input").columns.iter().find(|column| column.name == "agent_id");
    assert!(hidden.is_some_and(|column| !column.visible), "the demo has a column that a composite product may not see");
    // a job's role comes before its grants: it stands in `storage`, for which `access` waits
    let grants = stack(&DEMO, "customer", "demo-access-customer");
    assert!(grants.needs.contains(&StackId::new("customer", "demo-storage-customer")));
    for document in DEMO.iter() {
        for step in texts(&document.template).into_iter().filter(|text| text.to_uppercase().contains("UNLOAD (")) {
            let queries: Vec<&str> = step.split("UNLOAD (SELECT ").skip(1).collect();
            assert!(!queries.is_empty(), "{step}");
            for query in queries {
                let (columns, _) = query.split_once(" FROM ").expect("a query has a source");
                assert!(columns.contains('"') && !columns.contains('*'), "{step}");
            }
        }
    }
}

/// The id of every grant, by its stack and principal, and its resource.
fn ids(documents: &[Document]) -> BTreeMap<(String, String), String> {
    let grants = all(documents, "AWS::LakeFormation::PrincipalPermissions").into_iter();
    grants
        .map(|(document, id, grant)| {
            let whom = format!("{} {}", document.id, to_whom(grant));
            ((whom, grant["Resource"].to_string()), id.to_owned())
        })
        .collect()
}

#[test]
fn hazard_02_a_grant_is_its_principal_and_resource_and_another_expression_is_another() {
    let before = ids(&DEMO);
    let demo = repository("environments/demo");
    let narrower = "[public, internal]";
    let narrower = edited(&demo, "consumers/data-science.yaml", "[public, internal, confidential]", narrower);
    let after = ids(&Document::all(&narrower));
    let used: BTreeSet<(&str, &str)> = after.iter().map(|((whom, _), id)| (whom.as_str(), id.as_str())).collect();
    let mut gone = 0;
    for (grant, id) in &before {
        if let Some(same) = after.get(grant) {
            assert_eq!(same, id, "what is granted as before keeps its id");
        } else {
            assert!(!used.contains(&(grant.0.as_str(), id.as_str())), "{id} stands for something else now");
            gone += 1;
        }
    }
    assert!(gone > 1, "the expression was changed on both hops");
    // the same principal and resource twice, with other permissions, is refused
    let mut documents = of("valid/small");
    let sharing = documents.iter_mut().find(|document| document.id.name() == "small-sharing-analysts");
    let resources = resources_mut(sharing.expect("the stack is there"));
    let last = resources.iter().next_back().map(|(id, entry)| (id.clone(), entry.clone()));
    let (id, mut twin) = last.expect("the stack has a grant");
    twin["DependsOn"] = json!([id]);
    twin["Properties"]["Permissions"] = json!(["DESCRIBE"]);
    resources.insert("Twin".to_owned(), twin);
    assert!(check::check_documents(&documents).iter().any(|finding| finding.code == Code::GrantTwice));
}

/// The id of a resource, and what it waits for.
type Waiting<'a> = (&'a str, BTreeSet<&'a str>);

#[test]
fn hazard_03_an_association_is_for_one_thing_whatever_its_value_and_those_of_a_table_are_in_a_row() {
    let publication = |documents: &[Document]| -> BTreeMap<String, Value> {
        let stack = stack(documents, "governance", "small-publication-sales");
        let tags = all(std::slice::from_ref(stack), "AWS::LakeFormation::TagAssociation");
        tags.into_iter().map(|(_, id, tags)| (id.to_owned(), tags.clone())).collect()
    };
    let before = publication(&of("valid/small"));
    let (from, to) = ("classification: pii", "classification: confidential");
    let after = publication(&Document::all(&edited(&fixture("valid/small"), "domains/sales.yaml", from, to)));
    assert!(before.keys().eq(after.keys()), "a value is no part of an id");
    assert_eq!(before.iter().filter(|(id, tags)| after[*id] != **tags).count(), 1);

    // by stack and table: each association with what it waits for
    let mut tables: BTreeMap<(String, String), Vec<Waiting<'_>>> = BTreeMap::new();
    for document in DEMO.iter() {
        for (id, _, entry) in document.resources().filter(|(_, name, _)| *name == "AWS::LakeFormation::TagAssociation")
        {
            let resource = &entry["Properties"]["Resource"];
            let with_columns = &resource["TableWithColumns"];
            assert!(with_columns.is_null() || list(&with_columns["ColumnNames"]).count() == 1, "{id} is for several");
            assert_eq!(list(&entry["Properties"]["LFTags"]).count(), 1, "{id}");
            let table = if with_columns.is_null() { &resource["Table"] } else { with_columns };
            if !table.is_null() {
                let on = list(&entry["DependsOn"]).filter_map(Value::as_str).collect();
                tables.entry((document.id.to_string(), table["Name"].to_string())).or_default().push((id, on));
            }
        }
    }
    assert!(tables.len() > 4, "the demo has tables");
    for (table, associations) in tables {
        let ids: BTreeSet<&str> = associations.iter().map(|(id, _)| *id).collect();
        let before: Vec<&str> = associations.iter().flat_map(|(_, on)| on.intersection(&ids).copied()).collect();
        let once: BTreeSet<&str> = before.iter().copied().collect();
        assert_eq!((before.len(), once.len()), (ids.len() - 1, ids.len() - 1), "{table:?} is no chain");
    }
}

#[test]
fn hazard_04_a_crawler_of_a_published_table_makes_none_and_partition_keys_are_declared() {
    for (document, id, crawler) in all(&DEMO, "AWS::Glue::Crawler") {
        assert_eq!(crawler["SchemaChangePolicy"]["DeleteBehavior"], "LOG", "{id}");
        let made = |reference: &Value| &document.template["Resources"][text(&reference["Ref"])];
        if document.account == GOVERNANCE {
            let targets = crawler["Targets"].as_object().expect("a crawler has targets");
            assert_eq!(targets.keys().collect::<Vec<_>>(), ["CatalogTargets"], "{id}");
            let tables: Vec<&Value> =
                list(&targets["CatalogTargets"]).flat_map(|target| list(&target["Tables"])).collect();
            let [table] = tables.as_slice() else { panic!("{id} looks at {tables:?}") };
            assert_eq!(made(table)["Type"], "AWS::Glue::Table", "{id} looks at a table of its own stack");
            assert_eq!(crawler["LakeFormationConfiguration"], json!({"UseLakeFormationCredentials": true}), "{id}");
        } else {
            let paths = texts(&crawler["Targets"]["S3Targets"]);
            assert!(!paths.is_empty() && paths.iter().all(|path| path.contains("-raw-")), "{id} looks at {paths:?}");
            let database = &made(&crawler["DatabaseName"])["Properties"]["DatabaseInput"];
            assert!(text(&database["Name"]).starts_with("demo_local_"), "{id}");
        }
    }
    for (document, id, grant) in all(&DEMO, "AWS::LakeFormation::PrincipalPermissions") {
        let makes = texts(&grant["Permissions"]).contains(&"CREATE_TABLE");
        assert!(!makes || document.account != GOVERNANCE, "{id} lets somebody make tables in the common catalog");
    }
    let partitioned = of("valid/quicksight");
    let facts = Facts::of(&partitioned);
    let keys: Vec<&str> = all(&partitioned, "AWS::Glue::Table")
        .into_iter()
        .flat_map(|(_, _, table)| list(&table["TableInput"]["PartitionKeys"]).map(|key| text(&key["Name"])))
        .collect();
    assert!(!keys.is_empty(), "the fixture has partitions");
    for key in keys {
        assert!(facts.associations.iter().any(|tags| tags.target.columns.contains(key)), "{key} has no classification");
    }
    let dropping = spoilt("valid/crawled", "AWS::Glue::Crawler", |crawler| {
        crawler["Properties"]["SchemaChangePolicy"]["DeleteBehavior"] = json!("DELETE_FROM_DATABASE");
    });
    assert!(dropping.contains(&Code::CrawlerShape));
}

#[test]
fn hazard_05_who_asks_for_an_api_gets_a_role_at_the_producer_and_no_grant_of_its_own() {
    const SHOP: &str = "888888888888";
    let grants = all(&DEMO, "AWS::LakeFormation::PrincipalPermissions");
    assert!(!grants.iter().any(|(_, _, grant)| to_whom(grant).contains(SHOP)), "the account gets a grant");
    let databases = all(&DEMO, "AWS::Glue::Database");
    assert!(!databases.iter().any(|(document, _, _)| document.account == SHOP), "the account gets a link");
    let reader = "demo-read-customer-customer-360-ecommerce-api";
    let roles = all(&DEMO, "AWS::IAM::Role");
    let found = roles.iter().find(|(_, _, role)| role["RoleName"] == reader);
    let (document, _, role) = found.expect("the subscription has a role");
    assert_eq!(document.account, "555555555555", "it stands at the producer");
    let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(texts(&trust["Principal"]), [format!("arn:aws:iam::{SHOP}:root")]);
    let caller = format!("arn:aws:iam::{SHOP}:role/checkout-service");
    assert_eq!(texts(&trust["Condition"]["ArnLike"]["aws:PrincipalArn"]), [caller]);
    let access = evaluate(&Facts::of(&DEMO));
    assert!(access.principals.iter().any(|principal| principal.principal.ends_with(reader)), "it sees what was asked");
    let groups = all(&DEMO, "AWS::Athena::WorkGroup");
    assert!(groups.iter().any(|(_, _, group)| group["Name"] == reader), "it has a workgroup of its own");
}

/// What an observation finds where an assembly stands as it is.
fn standing(rendered: &Rendered) -> Deployed {
    let made = || "made".to_owned();
    let mut outputs: BTreeMap<&StackId, BTreeMap<String, String>> = BTreeMap::new();
    for value in rendered.manifest.stacks.iter().flat_map(|stack| stack.parameters.values()) {
        if let ParameterValue::Wire(wire) = value {
            outputs.entry(&wire.stack).or_default().insert(wire.output.clone(), made());
        }
    }
    let stacks = rendered.manifest.stacks.iter().map(|stack| {
        let parameters = stack.parameters.iter().map(|(name, value)| match value {
            ParameterValue::Literal(value) => (name.clone(), value.clone()),
            ParameterValue::Wire(_) => (name.clone(), made()),
        });
        let standing = Standing {
            stack_arn: stack.id.to_string(),
            status: StackStatus::CreateComplete,
            template: serde_json::from_str(&rendered.templates[&stack.id]).ok(),
            parameters: parameters.collect(),
            outputs: outputs.remove(&stack.id).unwrap_or_default(),
            role_arn: None,
            termination_protection: Protection::On,
            stack_policy: None,
            stubborn: Vec::new(),
            change_sets: Vec::new(),
        };
        (stack.id.clone(), Observed::Present(Box::new(standing)))
    });
    Deployed { stacks: stacks.collect(), strays: BTreeMap::new() }
}

fn planned(wanted: &Rendered, deployed: &Deployed) -> Plan {
    plan(wanted, deployed, &Options { pass: Pass::Mesh, select: None }).expect("there is a plan")
}

#[test]
fn hazard_06_what_is_taken_away_goes_from_the_roles_to_the_catalog() {
    let demo = repository("environments/demo");
    let full = synthesize(&demo).render();
    let gone = "\n  - {product: customer-journey, purpose: sequence models}";
    let fewer = edited(&demo, "consumers/data-science.yaml", gone, "").render();
    let sharing = |turn| StepId::new(&StackId::new("governance", "demo-sharing-data-science"), turn);
    let access = |turn| StepId::new(&StackId::new("data-science", "demo-access-data-science"), turn);
    let removal = planned(&fewer, &standing(&full));
    let (late, later) = (access(Turn::Remove), sharing(Turn::Remove));
    assert!(removal.steps[&later].needs.contains(&late), "the role's grant goes before the account's");
    assert!(!removal.steps[&late].needs.contains(&later));
    let addition = planned(&full, &standing(&fewer));
    let (first, second) = (sharing(Turn::Add), access(Turn::Add));
    assert!(addition.steps[&second].needs.contains(&first), "the account's grant comes before the role's");
    assert!(!addition.steps[&first].needs.contains(&second));
    // one classification less: other grants, first the new ones and then without the old ones
    let narrower = "[public, internal, confidential]";
    let narrower = edited(&demo, "consumers/data-science.yaml", narrower, "[public, internal]").render();
    let both = planned(&narrower, &standing(&full));
    assert!(both.steps[&second].needs.contains(&first));
    assert!(both.steps[&late].needs.contains(&second));
    assert!(both.steps[&later].needs.contains(&late));
}

#[test]
fn hazard_07_each_domain_has_its_own_registration_role_and_tag() {
    for (document, id, location) in all(&DEMO, "AWS::LakeFormation::Resource") {
        assert_eq!(location["UseServiceLinkedRole"], false, "{id}");
        let role = &document.template["Resources"][text(&location["RoleArn"]["Fn::GetAtt"][0])]["Properties"];
        let bucket = text(&location["ResourceArn"]).trim_end_matches("/products");
        let resources = allowed(role).flat_map(|statement| texts(&statement["Resource"]));
        let read: Vec<&str> = resources.filter(|resource| resource.contains(":s3:::")).collect();
        let is_own =
            |resource: &&str| resource.strip_prefix(bucket).is_some_and(|rest| ["", "/products/*"].contains(&rest));
        assert!(!read.is_empty() && read.iter().all(is_own), "{id} reads {read:?}");
    }
    let tags: BTreeMap<&str, BTreeSet<&str>> = all(&DEMO, "AWS::LakeFormation::Tag")
        .into_iter()
        .map(|(_, _, tag)| (text(&tag["TagKey"]), texts(&tag["TagValues"]).into_iter().collect()))
        .collect();
    let expected: [(&str, &[&str]); 5] = [
        ("demo/classification", &["confidential", "internal", "pii", "public", "unclassified"]),
        ("demo/customer", &["customer-360", "customer-journey"]),
        ("demo/marketing", &["campaign-performance"]),
        ("demo/sales", &["sales-analytics"]),
        ("demo/support", &["agent-performance"]),
    ];
    let expected = expected.map(|(key, values)| (key, values.iter().copied().collect()));
    assert_eq!(tags, BTreeMap::from(expected), "each key begins with the mesh, and holds one domain's products");
    let full = spoilt("valid/small", "AWS::LakeFormation::Tag", |tag| {
        tag["Properties"]["TagValues"] = (0..1_001).map(|number| json!(format!("v{number}"))).collect();
    });
    assert!(full.contains(&Code::TagLimits));
}

#[test]
fn hazard_08_no_link_is_made_before_its_account_sees_the_share() {
    let rendered = synthesize(&repository("environments/demo")).render();
    let nothing = rendered.manifest.stacks.iter().map(|stack| (stack.id.clone(), Observed::Absent));
    let plan = planned(&rendered, &Deployed { stacks: nothing.collect(), strays: BTreeMap::new() });
    let mut links = 0;
    for (document, id, properties) in all(&DEMO, "AWS::Glue::Database") {
        let target = &properties["DatabaseInput"]["TargetDatabase"];
        if target.is_null() {
            continue;
        }
        let asks = |probe: &Probe| match probe {
            Probe::Share { subscriber, catalog, database, .. } => {
                subscriber.as_str() == document.account
                    && catalog == text(&target["CatalogId"])
                    && database == text(&target["DatabaseName"])
            }
            Probe::Settings { .. } | Probe::Catalog { .. } | Probe::Gone { .. } => false,
        };
        assert!(
            plan.steps[&StepId::new(&document.id, Turn::Add)].probes.iter().any(asks),
            "nobody waits before {id} in {}",
            document.id
        );
        links += 1;
    }
    assert!(links > 10, "the demo has links");
}
