//! What is printed, of a small mesh that shows each sign once.

use super::*;
use crate::access::{Administrator, Column, Leg, Missing, PrincipalKind, Through};

fn column(name: &str, class: Option<&str>, visible: bool, rows: &[&str]) -> Column {
    Column {
        name: name.to_owned(),
        classification: class.map(str::to_owned),
        visible,
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
    }
}

fn principal(name: &str, tables: Vec<Table>, missing: Vec<Missing>) -> Principal {
    Principal {
        principal: format!("arn:aws:iam::222222222222:role/m/{name}"),
        kind: PrincipalKind::Role,
        owner: "sales".to_owned(),
        account: "222222222222".to_owned(),
        assumed_by: Vec::new(),
        tables,
        missing,
    }
}

fn access(product: &str) -> Access {
    let table = |secret: bool| Table {
        catalog: "111111111111".to_owned(),
        database: "m_sales".to_owned(),
        table: "orders".to_owned(),
        product: product.to_owned(),
        permissions: vec!["SELECT".to_owned()],
        columns: vec![
            column("id", Some("public"), true, &[]),
            column("mail", Some("pii"), secret, &["country = 'DE'"][..usize::from(secret)]),
            column("note", None, false, &[]),
        ],
        discovered: secret,
        through: vec![Through {
            leg: Leg::LocalGrant,
            stack: "sales/access".to_owned(),
            resource: "Grant1".to_owned(),
        }],
        copies: Vec::new(),
    };
    let missing =
        Missing { leg: Leg::Link, reason: "m_sales.orders: the account has no link to the database".to_owned() };
    Access {
        version: 1,
        principals: vec![
            principal("analyst", vec![table(false)], Vec::new()),
            principal("kept-out", Vec::new(), vec![missing]),
            principal("nobody", Vec::new(), Vec::new()),
            principal("owner", vec![table(true)], Vec::new()),
        ],
        administrators: vec![Administrator {
            principal: "arn:aws:iam::222222222222:role/deploy".to_owned(),
            account: "222222222222".to_owned(),
        }],
        unknown: vec!["a live account was not asked".to_owned()],
    }
}

fn printed(access: &Access, format: Format, detail: Detail, colour: Colour) -> String {
    let mut out = Vec::new();
    write(&mut out, access, format, &Look { detail, width: 80, colour }).expect("a vector takes everything");
    String::from_utf8(out).expect("it is text")
}

#[test]
fn the_matrix_comes_first_and_marks_what_is_sensitive() {
    let text = printed(&access("orders"), Format::Text, Detail::Columns, Colour::Plain);
    let rows: Vec<&str> = text.lines().take(4).map(str::trim_end).collect();
    let expected = [
        "  1  orders (3 columns)",
        "columns seen of                     1",
        "analyst                             1 u",
        "owner                               2 Pu~",
    ];
    assert_eq!(rows, expected, "{text}");
    assert!(text.contains("P pii (sensitive)") && text.contains("u public"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains("nobody"), "who sees nothing and lacks nothing is left out: {text}");
    assert!(text.contains("--why names it") && !text.contains("Grant1"), "{text}");
}

#[test]
fn why_names_the_chain_and_the_missing_leg() {
    let text = printed(&access("orders"), Format::Text, Detail::Chain, Colour::Plain);
    assert!(text.contains("local-grant") && text.contains("Grant1 in sales/access"), "{text}");
    assert!(text.contains("x missing link: m_sales.orders: the account has no link"), "{text}");
}

#[test]
fn no_meaning_hangs_on_colour() {
    let plain = printed(&access("orders"), Format::Text, Detail::Chain, Colour::Plain);
    let coloured = printed(&access("orders"), Format::Text, Detail::Chain, Colour::Ansi);
    let mut stripped = coloured.clone();
    for code in ["\u{1b}[1m", "\u{1b}[33m", "\u{1b}[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_ne!(plain, coloured);
    assert_eq!(plain, stripped);
}

#[test]
fn no_name_leaves_its_cell_or_moves_the_cursor() {
    let nasty = "a|b`<img src=x>@team #1 [x](http://e) *b* \u{1b}[2J\n# h";
    let markdown = printed(&access(nasty), Format::Markdown, Detail::Chain, Colour::Plain);
    for bad in ["<img", "@team", "](", "*b*", "\u{1b}", " #1", "\n# h", "a|b"] {
        assert!(!markdown.contains(bad), "{bad}: {markdown}");
    }
    let rows = markdown.lines().filter(|line| line.starts_with("| <code>") || line.starts_with("| `"));
    let cells = rows.map(|line| line.matches('|').count());
    assert_eq!(cells.collect::<Vec<_>>(), [3, 3, 5, 5], "{markdown}");
    let text = printed(&access(nasty), Format::Text, Detail::Chain, Colour::Plain);
    assert!(!text.contains('\u{1b}') && !text.contains("\n# h"), "{text}");
}
