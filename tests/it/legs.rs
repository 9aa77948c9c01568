//! The legs beside the grants: all hold in what we synthesize, and each one that is taken away is told by its name.

use crate::common::fixture;
use crate::demo::{documents, resources_mut, synthesize};
use meshform::access::{Access, CopyKind, DatabaseFact, Facts, Leg, RoleFact, Standing, TableFact, evaluate};
use meshform::assembly::Document;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked: role, table, link.
struct Pair<'a> {
    role: &'a RoleFact,
    table: &'a TableFact,
    link: Option<&'a DatabaseFact>,
}

impl Pair<'_> {
    fn name(&self) -> String {
        format!("{} {}.{}", self.role.name, self.table.database, self.table.name)
    }
}

/// Every pair of a role and a table of which the grants open a column.
fn pairs<'a>(facts: &'a Facts, access: &Access) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for principal in &access.principals {
        let Some(role) = facts.roles.iter().find(|role| role.arn == principal.principal) else { continue };
        for seen in &principal.tables {
            let is = |table: &&TableFact| {
                (&table.catalog, &table.database, &table.name) == (&seen.catalog, &seen.database, &seen.table)
            };
            let table = facts.tables.iter().find(is).expect("the table is among the facts");
            let target = Some((seen.catalog.clone(), seen.database.clone()));
            let link = facts.databases.iter().find(|link| link.catalog == role.account && link.target == target);
            pairs.push(Pair { role, table, link });
        }
    }
    pairs
}

fn meshes() -> BTreeMap<&'static str, Vec<Document>> {
    let mut meshes = BTreeMap::from([("demo", documents())]);
    for name in ["models", "network", "quicksight", "crawled", "small"] {
        meshes.insert(name, Document::all(&synthesize(&fixture(&format!("valid/{name}")))));
    }
    meshes
}

fn legs(facts: &Facts, pair: &Pair<'_>) -> BTreeMap<Leg, Standing> {
    facts.surroundings.legs(&pair.role.arn, pair.table, pair.link).into_iter().collect()
}

#[test]
fn what_our_grants_intend_holds_all_legs() {
    let mut counted = 0;
    for (mesh, documents) in meshes() {
        let facts = Facts::of(&documents);
        for pair in pairs(&facts, &evaluate(&facts)) {
            counted += 1;
            let found = legs(&facts, &pair);
            for leg in [Leg::Location, Leg::RegistrationRole, Leg::DataAccess, Leg::IdentityOnTarget, Leg::Trust] {
                assert!(found.contains_key(&leg), "{mesh}: {} has no {leg:?}", pair.name());
            }
            assert_eq!(found.contains_key(&Leg::IdentityOnLink), pair.link.is_some(), "{mesh}: {}", pair.name());
            for (leg, standing) in found {
                let Standing::Holds(spots) = standing else { panic!("{mesh}: {}: {leg:?} {standing:?}", pair.name()) };
                assert!(!spots.is_empty(), "{mesh}: {}: {leg:?} holds by nothing", pair.name());
            }
        }
    }
    assert!(counted > 30, "{counted} pairs are few");
}

/// The demo, to be changed.
struct World {
    documents: Vec<Document>,
}

impl World {
    fn document(&mut self, stack: &str) -> &mut Document {
        let found = self.documents.iter_mut().find(|document| document.id.to_string() == stack);
        found.unwrap_or_else(|| panic!("{stack} is there"))
    }

    /// The properties of a resource.
    fn of(&mut self, stack: &str, id: &str) -> &mut Value {
        let entry = resources_mut(self.document(stack)).get_mut(id).unwrap_or_else(|| panic!("{id} is there"));
        &mut entry["Properties"]
    }

    fn statement(&mut self, stack: &str, id: &str, sid: &str) -> &mut Value {
        statement(self.of(stack, id), sid).unwrap_or_else(|| panic!("{id} has {sid}"))
    }

    fn without(&mut self, stack: &str, id: &str) {
        assert!(resources_mut(self.document(stack)).remove(id).is_some(), "{id} is there");
    }

    fn with(&mut self, stack: &str, id: &str, entry: Value) {
        resources_mut(self.document(stack)).insert(id.to_owned(), entry);
    }

    fn without_statement(&mut self, stack: &str, id: &str, sid: &str) {
        // a statement about nothing, so that the others keep their places
        *self.statement(stack, id, sid) = json!({"Sid": sid, "Effect": "Allow", "Action": "x:Y", "Resource": "arn:x"});
    }
}

fn statement<'a>(value: &'a mut Value, sid: &str) -> Option<&'a mut Value> {
    if value.get("Sid").is_some_and(|found| found == sid) {
        return Some(value);
    }
    match value {
        Value::Object(object) => object.values_mut().find_map(|value| statement(value, sid)),
        Value::Array(items) => items.iter_mut().find_map(|value| statement(value, sid)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

const PUBLICATION: &str = "governance/demo-publication-customer";
const STORAGE: &str = "customer/demo-storage-customer";
const WORKSPACE: &str = "data-science/demo-workspace-data-science";
const ATHENA: &str = "demo-athena-data-science";
const STUDIO: &str = "demo-sagemaker-data-science";

/// The legs of a role of the demo to `customer_profile`, after a change.
fn changed(role: &str, change: impl FnOnce(&mut World)) -> BTreeMap<Leg, Standing> {
    let mut world = World { documents: documents() };
    let facts = Facts::of(&world.documents);
    change(&mut world);
    let after = Facts::of(&world.documents);
    // what is asked stays as it was
    let role = facts.roles.iter().find(|found| found.name == role).expect("the role is there");
    let table = facts.tables.iter().find(|table| table.name == "customer_profile").expect("the table is there");
    let target = Some((table.catalog.clone(), table.database.clone()));
    let link = facts.databases.iter().find(|link| link.catalog == role.account && link.target == target);
    legs(&after, &Pair { role, table, link })
}

/// Those of some legs that do not hold: the leg, `missing` or `unknown`, and why.
fn not_held(legs: BTreeMap<Leg, Standing>) -> Vec<(Leg, &'static str, String)> {
    let told = legs.into_iter().filter_map(|(leg, standing)| match standing {
        Standing::Holds(_) => None,
        Standing::Missing(why) => Some((leg, "missing", why)),
        Standing::Unknown(why) => Some((leg, "unknown", why)),
    });
    told.collect()
}

/// What is taken away, from which role, the leg that is then told, how, and words of the reason.
type Case = (&'static str, fn(&mut World), Leg, &'static str, &'static str);

fn each(role: &str, cases: &[Case]) {
    assert_eq!(not_held(changed(role, |_| {})), [], "{role} as it is");
    for (what, change, leg, how, words) in cases {
        let found = not_held(changed(role, change));
        let [(found_leg, found_how, why)] = found.as_slice() else { panic!("{what}: {found:#?}") };
        assert_eq!((found_leg, found_how), (leg, how), "{what}: {why}");
        assert!(why.contains(words), "{what}: {why}");
        assert!(!why.contains('\n') && !why.ends_with('.'), "{what}: {why}");
    }
}

#[test]
fn a_location_that_is_taken_away_is_told() {
    let path = "s3://acme-demo-customer-data-555555555555/products/customer-360/customer_profile/";
    let cases: &[Case] = &[
        (
            "no registration",
            |world| world.without(PUBLICATION, "Location"),
            Leg::Location,
            "missing",
            "lie in no registered location",
        ),
        (
            "a registration of a path that only starts alike",
            |world| {
                let arn = "arn:aws:s3:::acme-demo-customer-data-555555555555/products/customer-36";
                world.of(PUBLICATION, "Location")["ResourceArn"] = json!(arn);
            },
            Leg::Location,
            "missing",
            "lie in no registered location",
        ),
        (
            "a registration of another account",
            |world| {
                let entry =
                    json!({"Type": "AWS::LakeFormation::Resource", "Properties": world.of(PUBLICATION, "Location")});
                world.without(PUBLICATION, "Location");
                world.with(STORAGE, "Location", entry);
            },
            Leg::Location,
            "missing",
            "lie in no registered location",
        ),
        (
            "a registration that nobody can tell",
            |world| world.of(PUBLICATION, "Location")["ResourceArn"] = json!({"Ref": "Gone"}),
            Leg::Location,
            "unknown",
            "lie in no registered location",
        ),
        (
            "hybrid access mode",
            |world| world.of(PUBLICATION, "Location")["HybridAccessEnabled"] = json!(true),
            Leg::Location,
            "unknown",
            "hybrid access mode",
        ),
    ];
    each(ATHENA, cases);
    let found = not_held(changed(ATHENA, |world| world.without(PUBLICATION, "Location")));
    assert_eq!(found[0].2, format!("its files at {path} lie in no registered location"));
}

#[test]
fn the_longest_registration_counts() {
    let inner = changed(ATHENA, |world| {
        let mut properties = world.of(PUBLICATION, "Location").clone();
        let arn = "arn:aws:s3:::acme-demo-customer-data-555555555555/products/customer-360/";
        properties["ResourceArn"] = json!(arn);
        properties["RoleArn"] = json!("arn:aws:iam::111111111111:role/elsewhere");
        world.with(PUBLICATION, "Inner", json!({"Type": "AWS::LakeFormation::Resource", "Properties": properties}));
    });
    let Standing::Holds(spots) = &inner[&Leg::Location] else { panic!("{inner:#?}") };
    assert_eq!(spots[0].resource, "Inner");
    let expected = "its location is registered with arn:aws:iam::111111111111:role/elsewhere, which no template makes";
    assert_eq!(inner[&Leg::RegistrationRole], Standing::Unknown(expected.to_owned()));
}

#[test]
fn a_registration_role_that_cannot_read_is_told() {
    let role = "arn:aws:iam::111111111111:role/demo/demo-register-customer";
    let cases: &[Case] = &[
        (
            "no trust",
            |world| {
                let trust = world.statement(PUBLICATION, "RegisterRole", "LakeFormation");
                trust["Principal"]["Service"] = json!(["glue.amazonaws.com"]);
            },
            Leg::RegistrationRole,
            "missing",
            "demo-register-customer does not trust lakeformation.amazonaws.com",
        ),
        (
            "no objects",
            |world| world.without_statement(PUBLICATION, "RegisterRole", "Objects"),
            Leg::RegistrationRole,
            "missing",
            "may not s3:GetObject on arn:aws:s3:::acme-demo-customer-data-555555555555/products/customer-360/",
        ),
        (
            "no listing",
            |world| world.without_statement(PUBLICATION, "RegisterRole", "Listing"),
            Leg::RegistrationRole,
            "missing",
            "may not s3:ListBucket on arn:aws:s3:::acme-demo-customer-data-555555555555: none of its policies allows it",
        ),
        (
            "no key",
            |world| world.without_statement(PUBLICATION, "RegisterRole", "Key"),
            Leg::RegistrationRole,
            "missing",
            "may not kms:Decrypt on arn:aws:kms:eu-west-1:555555555555:key/(customer:demo-storage-customer:DataKey)",
        ),
        (
            "another domain's key",
            |world| {
                let document = world.document(PUBLICATION);
                let wire = document.wires.pop_first().expect("the key is a wire");
                let sales = world.document("governance/demo-publication-sales").wires.first().cloned();
                let (_, stack, output) = sales.expect("sales has a key");
                world.document(PUBLICATION).wires.insert((wire.0, stack, output));
            },
            Leg::RegistrationRole,
            "missing",
            "may not kms:Decrypt on arn:aws:kms:eu-west-1:555555555555:key/(customer:demo-storage-customer:DataKey)",
        ),
        (
            "a boundary without buckets",
            |world| world.without_statement("governance/demo-bootstrap", "Boundary", "UseMeshBuckets"),
            Leg::RegistrationRole,
            "missing",
            "its permissions boundary Boundary in governance/demo-bootstrap does not allow it",
        ),
        (
            "a boundary that denies",
            |world| {
                let sid = world.statement("governance/demo-bootstrap", "Boundary", "TellMesh");
                *sid = json!({"Sid": "Stop", "Effect": "Deny", "Action": "kms:*", "Resource": "*"});
            },
            Leg::RegistrationRole,
            "missing",
            "statement `Stop` of its permissions boundary Boundary in governance/demo-bootstrap denies it",
        ),
        (
            "a key that nothing wires",
            |world| world.document(PUBLICATION).wires.clear(),
            Leg::RegistrationRole,
            "unknown",
            "which resources it names, the templates do not tell",
        ),
    ];
    each(ATHENA, cases);
    let served =
        not_held(changed(ATHENA, |world| world.of(PUBLICATION, "Location")["UseServiceLinkedRole"] = json!(true)));
    let reason = "its location is registered with Lake Formation's service-linked role, which cannot read the bucket \
                  acme-demo-customer-data-555555555555 of account 555555555555";
    assert_eq!(served, [(Leg::RegistrationRole, "missing", reason.to_owned())]);
    let gone = not_held(changed(ATHENA, |world| world.without(PUBLICATION, "RegisterRole")));
    assert_eq!(gone[0].0, Leg::RegistrationRole);
    assert_eq!(gone[0].1, "unknown");
    let literal = not_held(changed(ATHENA, |world| {
        world.of(PUBLICATION, "Location")["RoleArn"] = json!(role);
        world.without(PUBLICATION, "RegisterRole");
    }));
    let reason = format!("its location is registered with {role}, which no template makes");
    assert_eq!(literal, [(Leg::RegistrationRole, "unknown", reason)]);
}

#[test]
fn a_bucket_that_is_closed_is_told() {
    let cases: &[Case] = &[
        (
            "no policy",
            |world| world.without(STORAGE, "DataBucketPolicy"),
            Leg::BucketPolicy,
            "missing",
            "no policy of the bucket acme-demo-customer-data-555555555555 allows s3:GetObject to \
             arn:aws:iam::111111111111:role/demo/demo-register-customer",
        ),
        (
            "no statement on objects",
            |world| world.without_statement(STORAGE, "DataBucketPolicy", "LakeFormationObjects"),
            Leg::BucketPolicy,
            "missing",
            "allows s3:GetObject to arn:aws:iam::111111111111:role/demo/demo-register-customer",
        ),
        (
            "no statement on the list",
            |world| world.without_statement(STORAGE, "DataBucketPolicy", "LakeFormationListing"),
            Leg::BucketPolicy,
            "missing",
            "allows s3:ListBucket to arn:aws:iam::111111111111:role/demo/demo-register-customer",
        ),
        (
            "another role",
            |world| {
                let statement = world.statement(STORAGE, "DataBucketPolicy", "LakeFormationObjects");
                let other = "arn:aws:iam::111111111111:role/demo/demo-register-sales";
                statement["Condition"]["ArnEquals"]["aws:PrincipalArn"] = json!([other]);
            },
            Leg::BucketPolicy,
            "missing",
            "allows s3:GetObject to arn:aws:iam::111111111111:role/demo/demo-register-customer",
        ),
        (
            "another organization",
            |world| {
                let statement = world.statement(STORAGE, "DataBucketPolicy", "OrganizationOnly");
                statement["Condition"]["StringNotEqualsIfExists"]["aws:PrincipalOrgID"] = json!(["o-zzzzzzzzzz"]);
            },
            Leg::BucketPolicy,
            "missing",
            "statement `OrganizationOnly` of DataBucketPolicy in customer/demo-storage-customer denies it",
        ),
        (
            "only from one network",
            |world| {
                let statement = world.statement(STORAGE, "DataBucketPolicy", "TlsOnly");
                statement["Condition"] = json!({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}});
            },
            Leg::BucketPolicy,
            "unknown",
            "may deny it: whether its condition StringNotEquals on `aws:sourcevpc` holds, the templates do not tell",
        ),
    ];
    each(ATHENA, cases);
    let found = not_held(changed(ATHENA, |world| world.without(STORAGE, "DataBucket")));
    let reason = "no template makes the bucket acme-demo-customer-data-555555555555, so its policy is not known";
    assert_eq!(found, [(Leg::BucketPolicy, "unknown", reason.to_owned())]);
}

#[test]
fn a_key_that_is_closed_is_told() {
    let cases: &[Case] = &[
        (
            "no statement",
            |world| {
                let policy = &mut world.of(STORAGE, "DataKey")["KeyPolicy"];
                *statement(policy, "LakeFormation").expect("it is there") =
                    json!({"Sid": "x", "Effect": "Allow", "Action": "kms:x", "Resource": "*"});
            },
            Leg::KeyPolicy,
            "missing",
            "the policy of the key (customer:demo-storage-customer:DataKey) does not allow kms:Decrypt to \
             arn:aws:iam::111111111111:role/demo/demo-register-customer",
        ),
        (
            "a Deny",
            |world| {
                let statement = world.statement(STORAGE, "DataKey", "AccountRoot");
                *statement =
                    json!({"Sid": "Stop", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"});
            },
            Leg::KeyPolicy,
            "missing",
            "statement `Stop` of the policy of the key (customer:demo-storage-customer:DataKey) denies kms:Decrypt",
        ),
        (
            "another way than S3's",
            |world| {
                let statement = world.statement(STORAGE, "DataKey", "LakeFormation");
                statement["Condition"]["StringEquals"] = json!({"kms:ViaService": "athena.eu-west-1.amazonaws.com"});
            },
            Leg::KeyPolicy,
            "missing",
            "does not allow kms:Decrypt",
        ),
    ];
    each(ATHENA, cases);
    let other = not_held(changed(ATHENA, |world| {
        let key = json!({"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}});
        world.with(STORAGE, "OtherKey", key);
        let rules = &mut world.of(STORAGE, "DataBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        rules[0]["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] = json!({"Ref": "OtherKey"});
    }));
    let told: Vec<_> = other.iter().map(|(leg, how, _)| (*leg, *how)).collect();
    assert_eq!(told, [(Leg::RegistrationRole, "missing"), (Leg::KeyPolicy, "missing")], "{other:#?}");
    assert!(other.iter().all(|(_, _, why)| why.contains("(customer:demo-storage-customer:OtherKey)")), "{other:#?}");
    // by its alias it is the same key
    let alias = changed(ATHENA, |world| {
        world.with(STORAGE, "Alias", json!({"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/data", "TargetKeyId": {"Ref": "DataKey"}}}));
        let rules = &mut world.of(STORAGE, "DataBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        rules[0]["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] = json!("alias/data");
    });
    assert_eq!(not_held(alias), []);
    let elsewhere = not_held(changed(ATHENA, |world| {
        let rules = &mut world.of(STORAGE, "DataBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        let arn = "arn:aws:kms:eu-west-1:555555555555:key/(customer:demo-storage-customer:DataKey)-not";
        rules[0]["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] = json!(arn);
        world.statement(PUBLICATION, "RegisterRole", "Key")["Resource"] = json!([arn]);
    }));
    assert!(
        matches!(elsewhere.as_slice(), [(Leg::KeyPolicy, "unknown", why)] if why.contains("no template makes the key")),
        "{elsewhere:#?}"
    );
}

#[test]
fn a_role_that_may_not_ask_is_told() {
    let cases: &[Case] = &[
        (
            "no right to fetch data",
            |world| world.without_statement(WORKSPACE, "AthenaRole", "ReadData"),
            Leg::DataAccess,
            "missing",
            "the role may not lakeformation:GetDataAccess: none of its policies allows it",
        ),
        (
            "a right on one resource, which the action does not know",
            |world| {
                world.statement(WORKSPACE, "AthenaRole", "ReadData")["Resource"] = json!(["arn:aws:lakeformation:x"])
            },
            Leg::DataAccess,
            "missing",
            "the role may not lakeformation:GetDataAccess",
        ),
        (
            "a boundary without it",
            |world| world.without_statement("data-science/demo-bootstrap", "Boundary", "ReadMeshData"),
            Leg::DataAccess,
            "missing",
            "its permissions boundary Boundary in data-science/demo-bootstrap does not allow it",
        ),
        (
            "a policy beside it that denies",
            |world| {
                let policy = json!({"Statement": {"Sid": "Stop", "Effect": "Deny", "Action": "lakeformation:*", "Resource": "*"}});
                let properties =
                    json!({"PolicyName": "stop", "Roles": [{"Ref": "AthenaRole"}], "PolicyDocument": policy});
                world.with(WORKSPACE, "Stop", json!({"Type": "AWS::IAM::Policy", "Properties": properties}));
            },
            Leg::DataAccess,
            "missing",
            "statement `Stop` of Stop in data-science/demo-workspace-data-science denies it",
        ),
        (
            "a policy of AWS in its place",
            |world| {
                world.without_statement(WORKSPACE, "AthenaRole", "ReadData");
                world.of(WORKSPACE, "AthenaRole")["ManagedPolicyArns"] =
                    json!(["arn:aws:iam::aws:policy/AmazonAthenaFullAccess"]);
            },
            Leg::DataAccess,
            "unknown",
            "the role has arn:aws:iam::aws:policy/AmazonAthenaFullAccess, which is in no template",
        ),
        (
            "the table by another database's link",
            |world| {
                let resources = world.statement(WORKSPACE, "AthenaRole", "ReadCatalog")["Resource"].as_array_mut();
                resources
                    .expect("a list")
                    .retain(|arn| arn != "arn:aws:glue:eu-west-1:666666666666:table/demo_customer_customer_360/*");
            },
            Leg::IdentityOnLink,
            "missing",
            "the role may not glue:GetTable on arn:aws:glue:eu-west-1:666666666666:table/demo_customer_customer_360/customer_profile",
        ),
        (
            "the link's database",
            |world| {
                let resources = world.statement(WORKSPACE, "AthenaRole", "ReadCatalog")["Resource"].as_array_mut();
                resources
                    .expect("a list")
                    .retain(|arn| arn != "arn:aws:glue:eu-west-1:666666666666:database/demo_customer_customer_360");
            },
            Leg::IdentityOnLink,
            "missing",
            "the role may not glue:GetDatabase on arn:aws:glue:eu-west-1:666666666666:database/demo_customer_customer_360",
        ),
        (
            "the catalog of governance",
            |world| {
                let resources = world.statement(WORKSPACE, "AthenaRole", "ReadCatalog")["Resource"].as_array_mut();
                resources.expect("a list").retain(|arn| arn != "arn:aws:glue:eu-west-1:111111111111:catalog");
            },
            Leg::IdentityOnTarget,
            "missing",
            "the role may not glue:GetDatabase on arn:aws:glue:eu-west-1:111111111111:catalog",
        ),
        (
            "another table of governance",
            |world| {
                let resources = world.statement(WORKSPACE, "AthenaRole", "ReadCatalog")["Resource"].as_array_mut();
                for arn in resources.expect("a list") {
                    if *arn == "arn:aws:glue:eu-west-1:111111111111:table/demo_customer_customer_360/*" {
                        *arn = json!(
                            "arn:aws:glue:eu-west-1:111111111111:table/demo_customer_customer_360/customer_profil"
                        );
                    }
                }
            },
            Leg::IdentityOnTarget,
            "missing",
            "the role may not glue:GetTable on arn:aws:glue:eu-west-1:111111111111:table/demo_customer_customer_360/customer_profile",
        ),
    ];
    each(ATHENA, cases);
    // a boundary that no template makes leaves nothing of the role told
    let found = not_held(changed(ATHENA, |world| {
        world.of(WORKSPACE, "AthenaRole")["PermissionsBoundary"] = json!("arn:aws:iam::666666666666:policy/other");
    }));
    let told: Vec<_> = found.iter().map(|(leg, how, _)| (*leg, *how)).collect();
    let expected = [Leg::DataAccess, Leg::IdentityOnLink, Leg::IdentityOnTarget].map(|leg| (leg, "unknown"));
    assert_eq!(told, expected, "{found:#?}");
    assert!(found[0].2.contains("the permissions boundary arn:aws:iam::666666666666:policy/other"), "{found:#?}");
}

#[test]
fn a_right_counts_wherever_it_is_attached() {
    let statement = json!({"Effect": "Allow", "Action": "lakeformation:GetDataAccess", "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    let inline = json!({"Type": "AWS::IAM::Policy", "Properties": {
        "PolicyName": "p", "Roles": ["demo-athena-data-science"], "PolicyDocument": document,
    }});
    let managed = json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}});
    let attached = json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {
        "Roles": [{"Ref": "AthenaRole"}], "PolicyDocument": document,
    }});
    let of_role = json!({"Type": "AWS::IAM::RolePolicy", "Properties": {
        "PolicyName": "p", "RoleName": {"Ref": "AthenaRole"}, "PolicyDocument": document,
    }});
    for (what, entry) in [("inline", inline), ("managed", managed), ("attached", attached), ("of the role", of_role)] {
        let found = changed(ATHENA, |world| {
            world.without_statement(WORKSPACE, "AthenaRole", "ReadData");
            world.with(WORKSPACE, "Further", entry);
            if what == "managed" {
                world.of(WORKSPACE, "AthenaRole")["ManagedPolicyArns"] = json!([{"Ref": "Further"}]);
            }
        });
        let Standing::Holds(spots) = &found[&Leg::DataAccess] else { panic!("{what}: {found:#?}") };
        assert_eq!(spots[0].resource, "Further", "{what}");
    }
}

#[test]
fn a_door_that_is_closed_is_told() {
    let cases: &[Case] = &[
        (
            "no door of Glue",
            |world| world.without(WORKSPACE, "GlueEndpoint"),
            Leg::Endpoint,
            "missing",
            "the role works in the network data-science/demo-workspace-data-science/Vpc, which has no endpoint for glue",
        ),
        (
            "no door of Lake Formation",
            |world| world.without(WORKSPACE, "LakeFormationEndpoint"),
            Leg::Endpoint,
            "missing",
            "no endpoint for lakeformation",
        ),
        (
            "no door of Athena",
            |world| world.without(WORKSPACE, "AthenaEndpoint"),
            Leg::Endpoint,
            "missing",
            "no endpoint for athena",
        ),
        (
            "no door of S3",
            |world| world.without(WORKSPACE, "S3Endpoint"),
            Leg::Endpoint,
            "missing",
            "no endpoint for s3",
        ),
        (
            "a door in no route table",
            |world| world.of(WORKSPACE, "S3Endpoint")["RouteTableIds"] = json!([]),
            Leg::Endpoint,
            "missing",
            "the endpoint S3Endpoint for s3 in data-science/demo-workspace-data-science is in no route table",
        ),
        (
            "a door for another account",
            |world| {
                let statement = world.statement(WORKSPACE, "GlueEndpoint", "OwnPrincipals");
                statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] = json!(["777777777777"]);
            },
            Leg::Endpoint,
            "missing",
            "the policy of the endpoint GlueEndpoint for glue in data-science/demo-workspace-data-science keeps \
             arn:aws:iam::666666666666:role/demo/demo-sagemaker-data-science from glue:GetTable",
        ),
        (
            "a door for other actions",
            |world| {
                world.statement(WORKSPACE, "LakeFormationEndpoint", "OwnPrincipals")["Action"] =
                    json!(["lakeformation:List*"])
            },
            Leg::Endpoint,
            "missing",
            "from lakeformation:GetDataAccess on *: no statement allows it",
        ),
        (
            "a door that denies",
            |world| {
                let statements = &mut world.of(WORKSPACE, "AthenaEndpoint")["PolicyDocument"]["Statement"];
                let stop = json!({"Sid": "Stop", "Effect": "Deny", "Principal": "*", "Action": "athena:GetQueryResults", "Resource": "*"});
                statements.as_array_mut().expect("a list").push(stop);
            },
            Leg::Endpoint,
            "missing",
            "from athena:GetQueryResults on arn:aws:athena:eu-west-1:666666666666:workgroup/demo-sagemaker-data-science: \
             statement `Stop` denies it",
        ),
        (
            "a door of S3 without the producer's account",
            |world| {
                let statement = world.statement(WORKSPACE, "S3Endpoint", "OwnAndSubscribedBuckets");
                statement["Condition"]["StringEquals"]["aws:ResourceAccount"] = json!(["666666666666"]);
            },
            Leg::Endpoint,
            "missing",
            "keeps arn:aws:iam::111111111111:role/demo/demo-register-customer from s3:GetObject on \
             arn:aws:s3:::acme-demo-customer-data-555555555555/products/customer-360/customer_profile/",
        ),
        (
            "a door of S3 for the consumer's own roles alone",
            |world| {
                let statement = world.statement(WORKSPACE, "S3Endpoint", "OwnAndSubscribedBuckets");
                statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] = json!(["666666666666"]);
            },
            Leg::Endpoint,
            "missing",
            "keeps arn:aws:iam::111111111111:role/demo/demo-register-customer from s3:GetObject",
        ),
        (
            "no door, but a way out",
            |world| {
                world.without(WORKSPACE, "GlueEndpoint");
                let properties = json!({"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": "igw-1"});
                world.with(
                    WORKSPACE,
                    "Way",
                    json!({"Type": "AWS::EC2::VPCGatewayAttachment", "Properties": properties}),
                );
            },
            Leg::Endpoint,
            "unknown",
            "which has no endpoint for glue",
        ),
        (
            "a network that nobody can tell",
            |world| {
                world.of(WORKSPACE, "Studio")["VpcId"] = json!({"Ref": "Gone"});
                // whether the network is the one that the role is kept to cannot be told either
                world.without_statement(WORKSPACE, "SagemakerRole", "OnlyInsideTheNetwork");
            },
            Leg::Endpoint,
            "unknown",
            "in which network the role works, the templates do not tell",
        ),
    ];
    each(STUDIO, cases);
    let open = |world: &mut World| {
        world.of(WORKSPACE, "GlueEndpoint").as_object_mut().expect("an object").remove("PolicyDocument");
    };
    assert_eq!(not_held(changed(STUDIO, open)), [], "AWS's own policy lets everyone through");
}

#[test]
fn a_role_outside_all_networks_needs_no_door() {
    for (mesh, documents) in meshes() {
        let facts = Facts::of(&documents);
        for pair in pairs(&facts, &evaluate(&facts)) {
            let inside = pair.role.name.contains("-sagemaker-")
                && facts.roles.iter().any(|role| role.account == pair.role.account && role.name.contains("-flow-"));
            assert_eq!(legs(&facts, &pair).contains_key(&Leg::Endpoint), inside, "{mesh}: {}", pair.name());
        }
    }
    // Studio that reaches the internet by itself: what the role is then denied depends on how it asks
    let found =
        changed(STUDIO, |world| world.of(WORKSPACE, "Studio")["AppNetworkAccessType"] = json!("PublicInternetOnly"));
    assert!(!found.contains_key(&Leg::Endpoint), "{found:#?}");
    let told: BTreeSet<_> = not_held(found).into_iter().map(|(leg, how, _)| (leg, how)).collect();
    let expected = [Leg::DataAccess, Leg::IdentityOnLink, Leg::IdentityOnTarget].map(|leg| (leg, "unknown"));
    assert_eq!(told, expected.into());
}

#[test]
fn a_role_that_nobody_may_become_is_told() {
    let nobody = "nobody may assume the role: its trust policy allows it to no principal that can exist";
    let cases: &[Case] = &[
        (
            "no statement",
            |world| world.of(WORKSPACE, "AthenaRole")["AssumeRolePolicyDocument"]["Statement"] = json!([]),
            Leg::Trust,
            "missing",
            "nobody",
        ),
        (
            "a role of another account than the trusted one",
            |world| {
                let statement = world.statement(WORKSPACE, "AthenaRole", "Principals");
                statement["Condition"]["ArnLike"]["aws:PrincipalArn"] = json!(["arn:aws:iam::777777777777:role/*"]);
            },
            Leg::Trust,
            "missing",
            "no principal that can exist",
        ),
        (
            "another organization",
            |world| {
                for document in &mut world.documents {
                    if document.account == "666666666666" {
                        // this account's other policies still say where it belongs
                        if let Some(role) = resources_mut(document).get_mut("AthenaRole") {
                            let trust = statement(role, "Principals").expect("it is there");
                            trust["Condition"]["StringEquals"]["aws:PrincipalOrgID"] =
                                json!(["o-zzzzzzzzzz", "o-yyyyyyyyyy"]);
                            trust["Condition"]["StringEquals"]["aws:PrincipalAccount"] = json!(["777777777777"]);
                        }
                    }
                }
            },
            Leg::Trust,
            "missing",
            "nobody",
        ),
        (
            "a Deny",
            |world| {
                let statements = &mut world.of(WORKSPACE, "AthenaRole")["AssumeRolePolicyDocument"]["Statement"];
                let stop = json!({"Effect": "Deny", "Principal": "*", "Action": "sts:*"});
                statements.as_array_mut().expect("a list").push(stop);
            },
            Leg::Trust,
            "missing",
            "nobody",
        ),
        (
            "a principal that nobody can tell",
            |world| {
                let statement = world.statement(WORKSPACE, "AthenaRole", "Principals");
                *statement =
                    json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": {"Ref": "Gone"}}});
            },
            Leg::Trust,
            "unknown",
            "whom the role trusts, the template does not tell",
        ),
    ];
    each(ATHENA, &cases[..2]);
    each(ATHENA, &cases[3..]);
    let (what, change, leg, how, _) = cases[2];
    let found = not_held(changed(ATHENA, change));
    assert!(found.contains(&(leg, how, nobody.to_owned())), "{what}: {found:#?}");
}

#[test]
fn who_may_become_a_role_is_told() {
    let facts = Facts::of(&documents());
    let who = |name: &str| {
        let role = facts.roles.iter().find(|role| role.name == name).expect("the role is there");
        facts.surroundings.assumed_by(&role.arn)
    };
    let people = [
        "arn:aws:iam::666666666666:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_DataScientist_????????????????",
        "arn:aws:iam::666666666666:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_DataScientist_????????????????",
    ];
    assert_eq!(who(ATHENA), people);
    assert_eq!(who(STUDIO), [people[0], people[1], "sagemaker.amazonaws.com"]);
    assert_eq!(who("demo-job-customer-customer-360"), ["glue.amazonaws.com", "states.amazonaws.com"]);
    assert_eq!(who("demo-owner-customer"), ["arn:aws:iam::555555555555:root", "glue.amazonaws.com"]);
    assert_eq!(
        who("demo-read-customer-customer-360-ecommerce-api"),
        ["arn:aws:iam::888888888888:role/checkout-service"]
    );
    assert_eq!(facts.surroundings.assumed_by("arn:aws:iam::1:role/gone"), [""; 0]);
}

#[test]
fn nothing_is_told_of_what_was_not_read() {
    let facts = Facts::of(&documents());
    let table = &facts.tables[0];
    let nothing = Facts::default();
    assert_eq!(nothing.surroundings.legs(ATHENA, table, None), []);
    assert_eq!(nothing.surroundings.copies(ATHENA, table), []);
    let user = facts.surroundings.legs("arn:aws:iam::666666666666:user/somebody", table, None);
    let legs: Vec<Leg> = user.iter().map(|(leg, _)| *leg).collect();
    let of_files = [Leg::Location, Leg::RegistrationRole, Leg::BucketPolicy, Leg::KeyPolicy];
    assert_eq!(legs, [&of_files[..], &[Leg::DataAccess]].concat());
    assert_eq!(user[4].1, Standing::Unknown("no template makes the principal".to_owned()));
}

#[test]
fn copies_of_jobs_are_told_with_their_columns_and_readers() {
    let facts = Facts::of(&documents());
    let copies = |role: &str, table: &str| {
        let role = facts.roles.iter().find(|found| found.name == role).expect("the role is there");
        let table = facts.tables.iter().find(|found| found.name == table).expect("the table is there");
        facts.surroundings.copies(&role.arn, table)
    };
    let job = "demo-job-customer-customer-journey";
    let found = copies(job, "campaign_results");
    let [staging, results] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(staging.kind, CopyKind::Staging);
    assert_eq!(
        staging.place,
        "s3://acme-demo-customer-staging-555555555555/customer-journey/*/campaign-performance/campaign_results/"
    );
    assert_eq!(staging.columns, ["campaign_id", "channel", "customer_key", "spend", "responded_at"]);
    assert_eq!(staging.readers, [format!("arn:aws:iam::555555555555:role/demo/{job}")]);
    assert_eq!(
        (staging.stack.as_str(), staging.resource.starts_with("MachineCustomerJourney")),
        ("customer/demo-pipeline-customer", true)
    );
    assert_eq!(results.kind, CopyKind::Results);
    assert_eq!(results.place, format!("s3://acme-demo-customer-results-555555555555/{job}/"));
    assert_eq!(results.columns, [""; 0]);
    assert_eq!(results.readers, [format!("arn:aws:iam::555555555555:role/demo/{job}")]);
    // of a table that the job does not read there are results alone
    assert!(copies(job, "customer_profile").iter().any(|copy| copy.kind == CopyKind::Staging));
    assert!(copies("demo-owner-customer", "customer_profile").iter().all(|copy| copy.kind == CopyKind::Results));
}

#[test]
fn whoever_may_read_a_copy_is_told() {
    let mut world = World { documents: documents() };
    let read = json!({"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::acme-demo-customer-s*/*"}});
    for (stack, role) in [(STORAGE, "OwnerRole"), (WORKSPACE, "AthenaRole")] {
        let properties = json!({"PolicyName": "spy", "Roles": [{"Ref": role}], "PolicyDocument": read});
        world.with(stack, "Spy", json!({"Type": "AWS::IAM::Policy", "Properties": properties}));
    }
    let readers = |documents: &[Document]| {
        let facts = Facts::of(documents);
        let role = facts.roles.iter().find(|role| role.name == "demo-job-customer-customer-360").expect("it is there");
        let table = facts.tables.iter().find(|table| table.name == "campaign_results").expect("it is there");
        let copies = facts.surroundings.copies(&role.arn, table);
        copies.into_iter().find(|copy| copy.kind == CopyKind::Staging).expect("it is staged").readers
    };
    let job = "arn:aws:iam::555555555555:role/demo/demo-job-customer-customer-360";
    let owner = "arn:aws:iam::555555555555:role/demo/demo-owner-customer";
    // a role of another account needs the bucket's policy too
    assert_eq!(readers(&world.documents), [job, owner]);
    let statements = &mut world.of(STORAGE, "StagingBucketPolicy")["PolicyDocument"]["Statement"];
    let open = json!({"Effect": "Allow", "Principal": {"AWS": "666666666666"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-demo-customer-staging-555555555555/*"});
    statements.as_array_mut().expect("a list").push(open);
    let athena = "arn:aws:iam::666666666666:role/demo/demo-athena-data-science";
    assert_eq!(readers(&world.documents), [job, owner, athena]);
}
