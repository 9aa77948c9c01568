//! What a change means for who sees what and for the contracts: two sides of an environment, compared.

use crate::policies::{Edit, Side};
use meshform::mesh::Day;
use meshform::plan::diff::{
    self, AccessChange, Bump, ContractChange, ContractChangeKind as Kind, Discovered, VersionBump,
};

const SALES: &str = "domains/sales.yaml";
const ANALYSTS: &str = "consumers/analysts.yaml";
const DEMO: &str = "../../environments/demo";

/// Two sides of the small environment.
fn small(edits: &[Edit]) -> (Side, Side) {
    (Side::of("valid/small", &[]), Side::of("valid/small", edits))
}

fn edit(file: &str, from: &str, to: &str) -> Edit {
    Edit::of(file, from, to)
}

fn sight((base, head): &(Side, Side)) -> Vec<AccessChange> {
    diff::sight(&base.access, &head.access, Some(&base.mesh), Some(&head.mesh))
}

fn contracts((base, head): &(Side, Side)) -> (Vec<ContractChange>, Vec<VersionBump>) {
    diff::contracts(Some(&base.mesh), Some(&head.mesh), &base.access, &head.access)
}

/// Name of a role without its ARN.
fn short(principal: &str) -> &str {
    principal.rsplit('/').next().unwrap_or(principal)
}

/// "role: +gained -lost (reasons)", for each change of sight.
fn told(changes: &[AccessChange]) -> Vec<String> {
    let names = |columns: &[diff::ColumnSight], sign: &str| -> String {
        columns.iter().map(|column| format!(" {sign}{}", column.name)).collect()
    };
    changes
        .iter()
        .map(|change| {
            let (gained, lost) = (names(&change.gained, "+"), names(&change.lost, "-"));
            let mark = if change.sensitive { "!" } else { "" };
            format!(
                "{mark}{} {}:{gained}{lost} ({})",
                short(&change.principal),
                change.product,
                change.reasons.join("; ")
            )
        })
        .collect()
}

/// "product.table.column kind before -> after: who (through)", with `!` for what breaks somebody.
fn listed(changes: &[ContractChange]) -> Vec<String> {
    let line = |change: &ContractChange| {
        let place: Vec<&str> = [Some(&change.product), change.table.as_ref(), change.column.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let affected: Vec<String> = change
            .affected
            .iter()
            .map(|affected| {
                assert_eq!(affected.sees, affected.through.is_empty());
                let through = affected.through.join(" < ");
                if through.is_empty() {
                    affected.subscriber.clone()
                } else {
                    format!("{} < {through}", affected.subscriber)
                }
            })
            .collect();
        assert_eq!(change.breaking, !change.affected.is_empty());
        let mark = if change.breaking { "!" } else { "" };
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        format!(
            "{mark}{} {:?} {} -> {}: {}",
            place.join("."),
            change.change,
            text(&change.before),
            text(&change.after),
            affected.join(", ")
        )
    };
    changes.iter().map(line).collect()
}

#[test]
fn nothing_changes_where_nothing_differs() {
    let sides = small(&[]);
    assert_eq!(sight(&sides), []);
    assert_eq!(contracts(&sides), (Vec::new(), Vec::new()));
    assert_eq!(diff::discovered(&sides.0.access, &sides.1.access, Some(&sides.1.mesh)), []);
}

#[test]
fn wider_classifications_of_a_subscription_are_a_sensitive_gain_with_its_purpose() {
    let wider = "purpose: fraud cases, classifications: [public, internal, pii]";
    let mut sides = small(&[edit(ANALYSTS, "purpose: revenue reporting", wider)]);
    let changes = sight(&sides);
    let reason = "wider classifications: the subscription now asks for pii too";
    assert_eq!(told(&changes), [format!("!small-athena-analysts orders: +email ({reason})")]);
    let change = &changes[0];
    assert_eq!(change.purpose.as_deref(), Some("fraud cases"));
    assert_eq!(change.gained[0].classification.as_deref(), Some("pii"));
    assert!(
        change.through.iter().any(|place| place.starts_with("governance/small-sharing-analysts/")),
        "{:?}",
        change.through
    );
    assert_eq!(contracts(&sides), (Vec::new(), Vec::new()));
    std::mem::swap(&mut sides.0, &mut sides.1);
    let reason = "narrower classifications: the subscription no longer asks for pii";
    assert_eq!(told(&sight(&sides)), [format!("small-athena-analysts orders: -email ({reason})")]);
}

/// Each line: what is edited, and what is told of it; then what is told of the way back.
#[test]
fn the_files_give_the_reasons() {
    let subscription = "subscriptions: [{product: orders, purpose: revenue reporting}";
    let table: [(&[Edit], &[&str], &[&str]); 6] = [
        (
            &[edit(ANALYSTS, subscription, &format!("{subscription}, {{product: revenue, purpose: reports}}"))],
            &["small-athena-analysts revenue: +ordered_on (new subscription of `analysts` to `revenue`)"],
            &["small-athena-analysts revenue: -ordered_on (removed subscription of `analysts` to `revenue`)"],
        ),
        (
            &[edit(ANALYSTS, "tools: [athena]", "tools: [athena, quicksight]")],
            &["small-quicksight-analysts orders: +order_id (new tool quicksight of consumer `analysts`)"],
            &["small-quicksight-analysts orders: -order_id (consumer `analysts` no longer has the tool quicksight)"],
        ),
        (
            &[edit(SALES, "classification: pii", "classification: internal")],
            &[
                "small-athena-analysts orders: +email (column `email` is reclassified from pii to internal)",
                "small-job-sales-revenue orders: +email (column `email` is reclassified from pii to internal)",
                "small-read-sales-orders-shop-api orders: +email (column `email` is reclassified from pii to internal)",
                "small-owner-sales orders: (column `email` is reclassified from pii to internal)",
            ],
            &[
                "small-athena-analysts orders: -email (column `email` is reclassified from internal to pii)",
                "small-job-sales-revenue orders: -email (column `email` is reclassified from internal to pii)",
                "small-read-sales-orders-shop-api orders: -email (column `email` is reclassified from internal to pii)",
                "small-owner-sales orders: (column `email` is reclassified from internal to pii)",
            ],
        ),
        (
            &[edit(
                SALES,
                "- {name: email,",
                "- {name: phone, logicalType: string, classification: pii}\n          - {name: email,",
            )],
            &["!small-owner-sales orders: +phone (new column `phone`)"],
            &["small-owner-sales orders: -phone (column `phone` is removed)"],
        ),
        (
            &[
                edit("consumers/shop.yaml", "tools: [api]", "tools: [athena]"),
                edit("consumers/shop.yaml", "port: api, ", ""),
            ],
            &[
                "small-athena-shop orders: +order_id (the subscription of `shop` to `orders` goes by port tables and no longer by api)",
                "small-read-sales-orders-shop-api orders: -order_id (the subscription of `shop` to `orders` goes by port tables and no longer by api)",
            ],
            &[
                "small-read-sales-orders-shop-api orders: +order_id (the subscription of `shop` to `orders` goes by port api and no longer by tables)",
                "small-athena-shop orders: -order_id (the subscription of `shop` to `orders` goes by port api and no longer by tables)",
            ],
        ),
        (
            &[edit(
                SALES,
                "    schema:\n      - name: orders\n",
                "    schema:\n      - {name: items, properties: [{name: order_id, logicalType: string}]}\n      - name: orders\n",
            )],
            &[
                "small-athena-analysts orders: +order_id (new table `items` of `orders`)",
                "small-job-sales-revenue orders: +order_id (new table `items` of `orders`)",
                "small-owner-sales orders: +order_id (new table `items` of `orders`)",
                "small-read-sales-orders-shop-api orders: +order_id (new table `items` of `orders`)",
            ],
            &[
                "small-athena-analysts orders: -order_id (table `items` of `orders` is removed)",
                "small-job-sales-revenue orders: -order_id (table `items` of `orders` is removed)",
                "small-owner-sales orders: -order_id (table `items` of `orders` is removed)",
                "small-read-sales-orders-shop-api orders: -order_id (table `items` of `orders` is removed)",
            ],
        ),
    ];
    let sorted = |changes: &[AccessChange]| {
        let mut lines = told(changes);
        lines.sort();
        lines
    };
    for (edits, forth, back) in table {
        let (base, head) = small(edits);
        let expected = |lines: &[&str]| {
            let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            lines.sort();
            lines
        };
        let sides = (base, head);
        assert_eq!(sorted(&sight(&sides)), expected(forth));
        assert_eq!(sorted(&sight(&(sides.1, sides.0))), expected(back));
    }
}

#[test]
fn sensitive_gains_come_first_then_gains_then_losses() {
    let sides = small(&[
        edit(
            SALES,
            "- {name: order_id, logicalType: string, primaryKey: true}",
            "- {name: amount, logicalType: number}",
        ),
        edit("consumers/shop.yaml", "purpose: order history", "purpose: order history, classifications: [pii]"),
    ]);
    let ranks: Vec<(bool, bool, bool)> = sight(&sides)
        .iter()
        .map(|change| (change.sensitive, !change.gained.is_empty(), !change.lost.is_empty()))
        .collect();
    let mut sorted = ranks.clone();
    sorted.sort_by_key(|(sensitive, gained, _)| (!sensitive, !gained));
    assert_eq!(ranks, sorted);
    assert!(ranks[0].0 && !ranks[1].0, "{ranks:?}");
}

/// Everything that `orders` of the small environment is called by.
fn renamed() -> [Edit; 4] {
    [
        edit(SALES, "- id: orders", "- id: purchases"),
        edit(SALES, "{product: orders,", "{product: purchases,"),
        edit(ANALYSTS, "{product: orders,", "{product: purchases,"),
        edit("consumers/shop.yaml", "{product: orders,", "{product: purchases,"),
    ]
}

#[test]
fn a_renamed_product_is_told_by_both_names_and_is_no_gain_of_anything_sensitive() {
    let sides = small(&renamed());
    let changes = sight(&sides);
    assert!(!changes.is_empty() && changes.iter().all(|change| !change.sensitive), "{:#?}", told(&changes));
    let owner: Vec<String> = told(&changes).into_iter().filter(|line| line.starts_with("small-owner-sales")).collect();
    let reason = "(product `orders` is now called `purchases`)";
    let expected = [
        format!("small-owner-sales purchases: +email +order_id {reason}"),
        format!("small-owner-sales orders: -email -order_id {reason}"),
    ];
    assert_eq!(owner, expected);
    let (changes, versions) = contracts(&sides);
    assert_eq!(listed(&changes), ["!orders ProductRenamed orders -> purchases: analysts, sales/revenue, shop"]);
    let bump = |product: &str, needed| VersionBump {
        product: product.to_owned(),
        before: "1.0.0".to_owned(),
        after: "1.0.0".to_owned(),
        needed,
        enough: false,
    };
    assert_eq!(versions, [bump("purchases", Bump::Major)]);
}

#[test]
fn under_the_new_name_of_a_product_a_wider_sight_is_still_sensitive() {
    let [id, input, _, shop] = renamed();
    let wider = "{product: purchases, classifications: [public, internal, pii],";
    let sides = small(&[id, input, edit(ANALYSTS, "{product: orders,", wider), shop]);
    let sensitive: Vec<String> = sight(&sides)
        .iter()
        .filter(|change| change.sensitive)
        .map(|change| short(&change.principal).to_owned())
        .collect();
    assert_eq!(sensitive, ["small-athena-analysts"]);
}

/// What changes in `orders`, and what is told of it. `analysts`, `shop` and the job of `revenue` see `order_id` alone.
#[test]
fn the_table_of_contract_changes() {
    let key = "{name: order_id, logicalType: string, primaryKey: true}";
    let email = "{name: email, logicalType: string, classification: pii}";
    let on_key = |to: &str| edit(SALES, key, to);
    let on_email = |to: &str| edit(SALES, email, to);
    let all = "analysts, sales/revenue, shop";
    let table: [(&[Edit], &[String], Bump); 15] = [
        (
            &[edit(SALES, &format!("          - {email}\n"), "")],
            &["orders.orders.email ColumnRemoved string -> -: ".to_owned()],
            Bump::Minor,
        ),
        (
            &[on_email("{name: e_mail, logicalType: string, classification: pii}")],
            &["orders.orders.email ColumnRenamed email -> e_mail: ".to_owned()],
            Bump::Minor,
        ),
        (
            &[on_key("{name: id, logicalType: string, primaryKey: true}")],
            &[format!("!orders.orders.order_id ColumnRenamed order_id -> id: {all}")],
            Bump::Major,
        ),
        (
            // another type: whatever it is, it is not the same column
            &[on_key("{name: id, logicalType: integer, primaryKey: true}")],
            &[
                format!("!orders.orders PrimaryKeyChanged order_id -> id: {all}"),
                format!("!orders.orders.order_id ColumnRemoved string -> -: {all}"),
                "orders.orders.id ColumnAdded - -> bigint: ".to_owned(),
            ],
            Bump::Major,
        ),
        (
            &[on_key("{name: order_id, logicalType: integer, primaryKey: true}")],
            &[format!("!orders.orders.order_id TypeNarrowed string -> bigint: {all}")],
            Bump::Major,
        ),
        (
            &[on_email("{name: email, logicalType: integer, classification: pii}")],
            &["orders.orders.email TypeNarrowed string -> bigint: ".to_owned()],
            Bump::Minor,
        ),
        (
            &[on_key("{name: order_id, logicalType: string, primaryKey: true, required: true}")],
            &["orders.orders.order_id MadeRequired may be empty -> never empty: ".to_owned()],
            Bump::Minor,
        ),
        (
            &[on_key("{name: order_id, logicalType: string, primaryKey: true, classification: pii}")],
            &[format!("!orders.orders.order_id Reclassified internal -> pii: {all}")],
            Bump::Major,
        ),
        (
            &[on_key("{name: order_id, logicalType: string, primaryKey: true, classification: public}")],
            &["orders.orders.order_id Reclassified internal -> public: ".to_owned()],
            Bump::Minor,
        ),
        (
            &[on_email("{name: email, logicalType: string, classification: internal}")],
            &["orders.orders.email Reclassified pii -> internal: ".to_owned()],
            Bump::Minor,
        ),
        (
            &[on_key("{name: order_id, logicalType: string}")],
            &[format!("!orders.orders PrimaryKeyChanged order_id -> : {all}")],
            Bump::Major,
        ),
        (
            &[on_email(&format!("{email}\n        partitionKeys: [{{name: day, logicalType: date}}]"))],
            &[
                "orders.orders PartitionKeysChanged  -> day: ".to_owned(),
                "orders.orders.day ColumnAdded - -> date: ".to_owned(),
            ],
            Bump::Minor,
        ),
        (
            &[edit(SALES, "      - name: orders\n", "      - name: purchases\n")],
            &[
                format!("!orders.orders TableRemoved orders -> purchases: {all}"),
                "orders.purchases TableAdded orders -> purchases: ".to_owned(),
            ],
            Bump::Major,
        ),
        (
            &[
                edit(SALES, "outputPorts: [{type: tables}, {type: api}]", "outputPorts: [{type: tables}, {type: sql}]"),
                edit("consumers/shop.yaml", "port: api", "port: sql"),
                edit("consumers/shop.yaml", "tools: [api]", "tools: [sql]"),
            ],
            &["!orders PortRemoved api -> -: shop".to_owned(), "orders PortAdded - -> sql: ".to_owned()],
            Bump::Major,
        ),
        (
            &[edit(SALES, "  - id: orders\n", "  - id: orders\n    description: {purpose: every order}\n")],
            &[],
            Bump::Patch,
        ),
    ];
    for (edits, expected, needed) in table {
        let (changes, versions) = contracts(&small(edits));
        assert_eq!(listed(&changes), expected);
        let needs: Vec<_> = versions.iter().map(|bump| (bump.product.as_str(), bump.needed, bump.enough)).collect();
        assert_eq!(needs, [("orders", needed, false)], "{expected:?}");
    }
}

#[test]
fn what_was_required_and_may_be_empty_breaks_who_sees_it() {
    let required = "{name: order_id, logicalType: string, primaryKey: true, required: true}";
    let (head, base) = small(&[edit(SALES, "{name: order_id, logicalType: string, primaryKey: true}", required)]);
    let (changes, _) = contracts(&(base, head));
    let expected = "!orders.orders.order_id MadeNullable never empty -> may be empty: analysts, sales/revenue, shop";
    assert_eq!(listed(&changes), [expected]);
}

#[test]
fn who_gives_the_product_up_in_the_same_change_is_not_broken_by_it() {
    let sides = small(&[
        edit(SALES, "{name: order_id, logicalType: string,", "{name: order_id, logicalType: integer,"),
        edit(ANALYSTS, "subscriptions: [{product: orders, purpose: revenue reporting}]\n", ""),
    ]);
    let (changes, _) = contracts(&sides);
    assert_eq!(listed(&changes), ["!orders.orders.order_id TypeNarrowed string -> bigint: sales/revenue, shop"]);
}

#[test]
fn columns_that_could_be_either_are_removed_and_added() {
    let pair = |first: &str, second: &str| {
        format!(
            "- {{name: {first}, logicalType: number}}\n          - {{name: {second}, logicalType: number}}\n          - {{name: email,"
        )
    };
    let side = |first, second| Side::of("valid/small", &[edit(SALES, "- {name: email,", &pair(first, second))]);
    let (changes, _) = contracts(&(side("aaaa", "bbbb"), side("xxxx", "yyyy")));
    let kinds: Vec<Kind> = changes.iter().map(|change| change.change).collect();
    assert_eq!(kinds, [Kind::ColumnRemoved, Kind::ColumnRemoved, Kind::ColumnAdded, Kind::ColumnAdded]);
    let (changes, _) = contracts(&(side("amount_net", "weight"), side("amount_nett", "weight_kg")));
    let kinds: Vec<Kind> = changes.iter().map(|change| change.change).collect();
    assert_eq!(kinds, [Kind::ColumnRenamed, Kind::ColumnRenamed]);
}

/// `email` is personal data that `customer-360` publishes again: of its subscribers the shop alone sees that. What
/// `customer-360` makes of `amount` cannot be told, so all who see anything of it are.
#[test]
fn a_change_reaches_beyond_composite_products_as_far_as_they_pass_it_on() {
    let base = Side::of(DEMO, &[]);
    let reached = |column: &str| {
        let line = match column {
            "amount" => "          - {name: amount, logicalType: number, physicalType: \"decimal(18,2)\"}\n".to_owned(),
            column => format!("          - {{name: {column}, logicalType: string, classification: pii}}\n"),
        };
        let head = Side::of(DEMO, &[edit(SALES, &line, "")]);
        let (changes, _) = diff::contracts(Some(&base.mesh), Some(&head.mesh), &base.access, &head.access);
        listed(&changes)
    };
    let email = "!sales-analytics.orders.email ColumnRemoved string -> -: customer/customer-360, \
                 ecommerce < customer/customer-360";
    assert_eq!(reached("email"), [email]);
    let amount = "!sales-analytics.orders.amount ColumnRemoved decimal(18,2) -> -: business-analysts, customer/customer-360, \
                  customer/customer-journey < customer/customer-360, data-science < customer/customer-360, \
                  ecommerce < customer/customer-360";
    assert_eq!(reached("amount"), [amount]);
}

#[test]
fn a_removed_product_breaks_whoever_saw_it() {
    let revenue = "  - id: revenue\n    crawl: never\n    processing: {type: glue}\n    inputPorts: [{product: orders, purpose: sums by day}]\n    schema:\n      - name: revenue\n        properties: [{name: ordered_on, logicalType: date}]\n";
    let reads = edit(ANALYSTS, "revenue reporting}", "revenue reporting}, {product: revenue, purpose: reports}");
    let (base, head) = (Side::of("valid/small", &[reads]), Side::of("valid/small", &[edit(SALES, revenue, "")]));
    let (changes, versions) = contracts(&(base, head));
    assert_eq!(listed(&changes), ["!revenue ProductRemoved revenue -> -: analysts"]);
    assert_eq!(versions, []);
}

#[test]
fn templates_alone_tell_tables_types_and_classifications() {
    let (base, head) = small(&[
        edit(SALES, "{name: order_id, logicalType: string,", "{name: order_id, logicalType: integer,"),
        edit(SALES, "- {name: email,", "- {name: amount, logicalType: number}\n          - {name: email,"),
    ]);
    let changes = diff::contracts_of_documents(&base.documents, &head.documents, &base.access, &head.access);
    let lines: Vec<String> =
        listed(&changes).iter().map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect();
    let expected =
        ["!orders.orders.order_id TypeNarrowed string -> bigint", "orders.orders.amount ColumnAdded - -> double"];
    assert_eq!(lines, expected);
    let names: Vec<&str> = changes[0].affected.iter().map(|affected| short(&affected.subscriber)).collect();
    assert!(names.contains(&"small-athena-analysts") && names.contains(&"small-job-sales-revenue"), "{names:?}");
    assert_eq!(changes[1].affected, []);
}

#[test]
fn who_would_see_a_new_column_is_told_for_tables_that_differ() {
    let (base, head) =
        small(&[edit(SALES, "- {name: email,", "- {name: amount, logicalType: number}\n          - {name: email,")]);
    let told = diff::discovered(&base.access, &head.access, Some(&head.mesh));
    let [Discovered { product, table, owner, principals }] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!((product.as_str(), table.as_str(), owner.as_str()), ("orders", "small_sales_orders.orders", "sales"));
    assert_eq!(principals.iter().map(|principal| short(principal)).collect::<Vec<_>>(), ["small-owner-sales"]);
}

#[test]
fn a_subscription_has_expired_the_day_after_its_last_one() {
    let ends = edit(ANALYSTS, "purpose: revenue reporting", "purpose: revenue reporting, endDate: 2027-03-31");
    let side = Side::of("valid/small", &[ends]);
    let on = |day: &str| diff::expired(Some(&side.mesh), Some(&Day::parse(day).expect("it is a day")));
    assert_eq!(on("2027-03-31"), []);
    assert_eq!(diff::expired(Some(&side.mesh), None), []);
    let [expired] = on("2027-04-01").try_into().expect("one has expired");
    let diff::Expired { subscriber, product, end_date } = expired;
    assert_eq!([subscriber, product, end_date], ["analysts", "orders", "2027-03-31"].map(str::to_owned));
}
