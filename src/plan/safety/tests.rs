//! A mesh of two accounts and one table, changed in several orders: what somebody sees in between.

use super::*;
use crate::assembly::Layer;
use serde_json::json;

const CATALOG: &str = "111111111111";
const ACCOUNT: &str = "222222222222";
const READER: &str = "arn:aws:iam::222222222222:role/reader";

fn document(name: &str, account: &str, resources: Value) -> Document {
    Document {
        id: StackId::new("owner", name),
        account: account.to_owned(),
        region: "eu-west-1".to_owned(),
        layer: Some(Layer::Access),
        template: json!({"Resources": resources}).into(),
        needs: BTreeSet::new(),
        wires: BTreeSet::new(),
    }
}

fn tag(resource: Value, key: &str, value: &str) -> Value {
    let tags = json!([{"CatalogId": CATALOG, "TagKey": key, "TagValues": [value]}]);
    json!({"Type": "AWS::LakeFormation::TagAssociation", "Properties": {"Resource": resource, "LFTags": tags}})
}

fn of_column(column: &str, value: &str) -> Value {
    let table = json!({"CatalogId": CATALOG, "DatabaseName": "m_sales", "Name": "orders", "ColumnNames": [column]});
    tag(json!({"TableWithColumns": table}), "m/classification", value)
}

fn publication(columns: &[(&str, &str)]) -> Document {
    let listed: Vec<Value> = columns.iter().map(|(name, _)| json!({"Name": name, "Type": "string"})).collect();
    let mut resources = json!({
        "Database": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": CATALOG, "DatabaseInput": {"Name": "m_sales"}}},
        "Table": {"Type": "AWS::Glue::Table", "Properties": {"CatalogId": CATALOG, "DatabaseName": "m_sales",
            "TableInput": {"Name": "orders", "StorageDescriptor": {"Columns": listed}}}},
        "TagDatabase": tag(json!({"Database": {"CatalogId": CATALOG, "Name": "m_sales"}}), "sales", "orders"),
        "TagTable": tag(json!({"Table": {"CatalogId": CATALOG, "DatabaseName": "m_sales", "Name": "orders"}}), "m/classification", "none"),
    });
    for (column, value) in columns {
        resources[format!("Tag{column}")] = of_column(column, value);
    }
    document("publication", CATALOG, resources)
}

fn grant(principal: &str, resource: Value, permissions: &[&str], grantable: bool) -> Value {
    json!({"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
        "Principal": {"DataLakePrincipalIdentifier": principal},
        "Resource": resource,
        "Permissions": permissions,
        "PermissionsWithGrantOption": if grantable { json!(permissions) } else { json!([]) },
    }})
}

fn expression(kind: &str, classes: &[&str]) -> Value {
    let mut conditions = vec![json!({"TagKey": "sales", "TagValues": ["orders"]})];
    if !classes.is_empty() {
        conditions.insert(0, json!({"TagKey": "m/classification", "TagValues": classes}));
    }
    json!({"LFTagPolicy": {"CatalogId": CATALOG, "ResourceType": kind, "Expression": conditions}})
}

/// Grants to the account; each list of classifications is a grant of its own.
fn sharing(grants: &[&[&str]]) -> Document {
    let mut resources = json!({"Database": grant(ACCOUNT, expression("DATABASE", &[]), &["DESCRIBE"], true)});
    for classes in grants {
        resources[format!("Table{}", classes.concat())] =
            grant(ACCOUNT, expression("TABLE", classes), &["DESCRIBE", "SELECT"], true);
    }
    document("sharing", CATALOG, resources)
}

fn access(grants: &[&[&str]]) -> Document {
    let rights = json!([{"Effect": "Allow", "Action": ["lakeformation:GetDataAccess", "glue:*"], "Resource": "*"}]);
    let trust = json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}}]});
    let on_link = json!({"Database": {"CatalogId": ACCOUNT, "Name": "m_sales"}});
    let mut resources = json!({
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader", "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "query", "PolicyDocument": {"Statement": rights}}]}},
        "Link": {"Type": "AWS::Glue::Database", "Properties": {"CatalogId": ACCOUNT, "DatabaseInput": {"Name": "m_sales",
            "TargetDatabase": {"CatalogId": CATALOG, "DatabaseName": "m_sales"}}}},
        "OnLink": grant(READER, on_link, &["DESCRIBE"], false),
        "OnDatabase": grant(READER, expression("DATABASE", &[]), &["DESCRIBE"], false),
    });
    for classes in grants {
        resources[format!("Table{}", classes.concat())] =
            grant(READER, expression("TABLE", classes), &["DESCRIBE", "SELECT"], false);
    }
    document("access", ACCOUNT, resources)
}

fn moments(before: &[Document], after: &[Document]) -> Vec<UnsafeMoment> {
    let steps: Vec<Change<'_>> =
        after.iter().enumerate().map(|(at, to)| Change { number: at + 1, stack: &to.id, to: Some(to) }).collect();
    unsafe_moments(before, &steps)
}

fn names(moment: &UnsafeMoment) -> Vec<&str> {
    moment.columns.iter().map(|column| column.name.as_str()).collect()
}

const COLUMNS: &[(&str, &str)] = &[("amount", "internal"), ("city", "public"), ("email", "pii")];

#[test]
fn a_deployment_from_nothing_is_safe() {
    let after = [publication(COLUMNS), sharing(&[&["public"]]), access(&[&["public"]])];
    assert_eq!(moments(&[], &after), []);
    // and the end is what it should be, or the test would prove nothing
    let seen = sight(after.iter().map(Facts::one).collect::<Vec<_>>().iter(), &BTreeSet::from([CATALOG, ACCOUNT]));
    let column = |name: &str| (READER.to_owned(), "m_sales.orders".to_owned(), name.to_owned());
    assert_eq!(seen, Sight::from([(column("city"), Some("public".to_owned()))]));
}

#[test]
fn a_wider_expression_in_one_go_leaves_the_reader_without_sight_in_between() {
    let before = [publication(COLUMNS), sharing(&[&["public"]]), access(&[&["public"]])];
    let found = moments(&before, &[sharing(&[&["public", "internal"]]), access(&[&["public", "internal"]])]);
    let [gap] = found.as_slice() else { panic!("one gap: {found:?}") };
    assert_eq!((gap.wrong, gap.from_step, gap.to_step, gap.principal.as_str()), (Wrong::Gap, 1, 2, READER));
    assert_eq!((gap.stack.as_str(), gap.table.as_str(), names(gap)), ("owner/sharing", "m_sales.orders", vec!["city"]));
}

#[test]
fn the_same_in_two_passes_is_safe() {
    let before = [publication(COLUMNS), sharing(&[&["public"]]), access(&[&["public"]])];
    let (old, new): (&[&str], &[&str]) = (&["public"], &["public", "internal"]);
    let passes = [sharing(&[old, new]), access(&[old, new]), access(&[new]), sharing(&[new])];
    assert_eq!(moments(&before, &passes), []);
}

#[test]
fn a_retagged_column_is_without_its_tag_within_the_step() {
    let before = [publication(COLUMNS), sharing(&[&["internal", "public"]]), access(&[&["internal", "public"]])];
    let found = moments(&before, &[publication(&[("amount", "public"), ("city", "public"), ("email", "pii")])]);
    let [gap] = found.as_slice() else { panic!("one gap: {found:?}") };
    assert_eq!((gap.wrong, gap.from_step, gap.to_step, names(gap)), (Wrong::Gap, 1, 1, vec!["amount"]));
}

#[test]
fn a_replaced_grant_is_a_gap_for_all_its_columns() {
    let before = [publication(COLUMNS), sharing(&[&["public"]]), access(&[&["public"]])];
    let mut after = access(&[&["public"]]);
    after.template_mut()["Resources"]["Tablepublic"]["Properties"]["Permissions"] = json!(["SELECT"]);
    let found = moments(&before, &[after]);
    assert_eq!(found.iter().map(|gap| (gap.wrong, names(gap))).collect::<Vec<_>>(), [(Wrong::Gap, vec!["city"])]);
}

#[test]
fn what_nobody_may_see_at_either_end_is_a_leak_in_between() {
    let before = [publication(COLUMNS), sharing(&[&["none"]]), access(&[&["none"]])];
    // the tag of `email` goes first, so that the table's own holds for a while, then the grant goes
    let mut untagged = publication(COLUMNS);
    if let Some(resources) = untagged.template_mut()["Resources"].as_object_mut() {
        resources.remove("Tagemail");
    }
    let found = moments(&before, &[untagged, access(&[]), publication(COLUMNS)]);
    let [leak] = found.as_slice() else { panic!("one leak: {found:?}") };
    assert_eq!((leak.wrong, leak.from_step, leak.to_step, names(leak)), (Wrong::Leak, 1, 2, vec!["email"]));
}

#[test]
fn a_deleted_stack_is_a_step_like_any_other() {
    let before = [publication(COLUMNS), sharing(&[&["public"]]), access(&[&["public"]])];
    let gone = StackId::new("owner", "sharing");
    let back = sharing(&[&["public"]]);
    let steps = [Change { number: 1, stack: &gone, to: None }, Change { number: 2, stack: &back.id, to: Some(&back) }];
    let found = unsafe_moments(&before, &steps);
    assert_eq!(
        found.iter().map(|gap| (gap.wrong, gap.from_step, gap.to_step)).collect::<Vec<_>>(),
        [(Wrong::Gap, 1, 2)]
    );
}

fn needing(mut document: Document, needs: &[&str]) -> Document {
    document.needs = needs.iter().map(|name| StackId::new("owner", name)).collect();
    document
}

#[test]
fn the_way_between_two_sides_has_the_turns_of_a_plan() {
    let side = |classes: &[&[&str]]| {
        [publication(COLUMNS), needing(sharing(classes), &["publication"]), needing(access(classes), &["sharing"])]
    };
    let (base, head) = (side(&[&["public"]]), side(&[&["public", "internal"]]));
    assert_eq!(between(&base, &head), [], "additions run forward, removals backward");
    // the check sees what happens without the turns
    assert_eq!(moments(&base, &head).len(), 1);
}

#[test]
fn stacks_that_are_gone_go_last_and_dependents_first() {
    let base = [
        publication(COLUMNS),
        needing(sharing(&[&["public"]]), &["publication"]),
        needing(access(&[&["public"]]), &["sharing"]),
    ];
    let names: Vec<String> = path::gone(&base, &BTreeMap::new()).iter().map(|id| id.name().to_owned()).collect();
    assert_eq!(names, ["access", "sharing", "publication"]);
    assert_eq!(between(&base, &base[..1]), []);
}
