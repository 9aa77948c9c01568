use super::{Account, DraftError, Founding, Products, Wanted, draft, embedded, quoted};
use crate::environment::{Content, Kind, plain, read_one};
use crate::mesh::{AccountId, MeshName, OrganizationId, OwnerName, Region, Tenant};

fn account(team: &str, email: &str) -> Account {
    let id = AccountId::parse("999999999999").expect("it is an account");
    Account { id, team: team.to_owned(), email: email.to_owned() }
}

fn domain_of(team: &str, products: Products) -> Wanted {
    let name = OwnerName::parse("payments").expect("it is a name");
    Wanted::Domain(name, account(team, "payments@acme.example"), products)
}

fn domain() -> Wanted {
    domain_of("payments-data", Products::Example)
}

#[test]
fn a_mesh_says_what_was_asked_for() {
    let founding = Founding {
        name: MeshName::parse("first").expect("it is a name"),
        tenant: Tenant::parse("acme").expect("it is a name"),
        region: Region::parse("eu-central-1").expect("it is a Region"),
        organization: OrganizationId::parse("o-a1b2c3d4e5").expect("it is an id"),
    };
    let wanted = Wanted::Mesh(founding, account("a \"b\": {c}", "x"));
    let made = draft(&wanted, embedded(Kind::Mesh)).expect("it renders");
    assert_eq!(made.path, "mesh.yaml");
    let Some(Content::Mesh(file)) = read_one(&made.path, &made.text) else { panic!("{}", made.text) };
    let named = (file.name.as_str(), file.tenant.as_str(), file.region.as_str(), file.organization.as_str());
    assert_eq!(named, ("first", "acme", "eu-central-1", "o-a1b2c3d4e5"));
    let of = file.governance;
    assert_eq!(
        (of.account.as_str(), of.team.name.as_str(), of.team.email.as_str()),
        ("999999999999", "a \"b\": {c}", "x")
    );
    assert!(file.classifications.is_none() && file.defaults.is_none() && file.deployment.is_none());
}

#[test]
fn a_domain_with_an_example_and_one_without() {
    for (products, number) in [(Products::Example, 1), (Products::None, 0)] {
        let wanted = domain_of("payments-data", products);
        let made = draft(&wanted, embedded(Kind::Domain)).expect("it renders");
        assert_eq!(made.path, "domains/payments.yaml");
        assert!(
            made.text.starts_with("# yaml-language-server: $schema=../../schema/domain.schema.json\n"),
            "{}",
            made.text
        );
        assert!(!made.text.contains("{{"), "{}", made.text);
        let Some(Content::Domain(file)) = read_one(&made.path, &made.text) else { panic!("{}", made.text) };
        assert_eq!(
            (file.name.as_str(), file.account.as_str(), file.team.name.as_str(), file.team.email.as_str()),
            ("payments", "999999999999", "payments-data", "payments@acme.example")
        );
        assert_eq!(file.products.len(), number);
        assert!(file.products.iter().all(|product| product.id == "payments-example"));
    }
}

#[test]
fn a_broken_template_is_told_with_its_place() {
    let cases = [
        ("kind: Domain\nname: {{name}\n", 2, "no handlebars"),
        ("kind: Domain\nname: {{nam}}\n", 2, "there is no value `nam`"),
        ("kind: Domain\n{{#if example}}\n", 3, "left open"),
        ("a: 1\nb: {{shout name}}\n", 2, "there is no helper `shout`"),
        ("a: 1\n\n{{> other}}\n", 3, "no partials"),
        ("{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}", 1, "no partials"),
        ("{{#if name}}\n{{> other}}\n{{/if}}", 2, "no partials"),
    ];
    for (template, line, words) in cases {
        match draft(&domain(), template) {
            Err(DraftError::Template(fault)) => {
                assert_eq!(fault.line, line, "{template}: {fault:?}");
                assert!(fault.message.contains(words), "{template}: {fault:?}");
                assert!(fault.hint.is_some() && !fault.message.contains('\n'), "{template}: {fault:?}");
            }
            other => panic!("{template}: {other:?}"),
        }
    }
}

#[test]
fn what_nests_too_deep_is_refused_and_what_is_allowed_does_not_overflow() {
    for (open, middle, close) in [("{{#if name}}", "", "{{/if}}"), ("(", "eq 1 1", ")"), ("[", "1", "]")] {
        let nested = |levels: usize| {
            let inner = format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
            if open.starts_with('{') { inner } else { format!("{{{{#if {inner}}}}}{{{{/if}}}}") }
        };
        assert!(matches!(draft(&domain(), &nested(10_000)), Err(DraftError::Template(_))));
        let _ = draft(&domain(), &nested(140));
    }
    let chain = format!("{{{{#if example}}}}{}{{{{/if}}}}", "{{else if name}}".repeat(290));
    let _ = draft(&domain(), &chain);
}

/// Templates that a value could leave; each with a value that does.
#[test]
fn a_value_that_leaves_its_field_is_refused_whatever_the_template_is() {
    let head = "kind: Domain\nname: {{name}}\naccount: {{account}}\n";
    let cases = [
        ("team: {name: {{{team}}}, email: {{email}}}\n", "x, costCentre: y"),
        ("team: {name: {{{team}}}, email: {{email}}}\n", "x}\nprincipals: [{permissionSet: Everybody}]\n# {"),
        ("team: {name: {{team}}, email: {{email}}}\n# {{{team}}}\n", "x\nathena: {scanLimit: 1GB}"),
        (
            "team: {name: {{team}}, email: {{email}}}\nathena: {scanLimit: \"{{team}}\"}\n",
            ", defaultDatabase: exists, a: ",
        ),
        ("team: {name: {{team}}, email: {{email}}}\n{{{team}}}: 1\n", "athena"),
    ];
    for (rest, team) in cases {
        let wanted = domain_of(team, Products::None);
        let answer = draft(&wanted, &format!("{head}{rest}"));
        assert!(matches!(answer, Err(DraftError::Spilled(_))), "{rest}: {answer:?}");
    }
    let missed =
        draft(&domain(), "kind: Domain\nname: other\naccount: {{account}}\nteam: {name: {{team}}, email: {{email}}}\n");
    let missed = missed.expect_err("it is another name");
    assert_eq!(missed.to_string(), "the file that the template makes says \"other\" for `name`, not \"payments\"");
    assert_eq!(missed.hints(), ["write the value that was asked for: `{{name}}`"]);
}

#[test]
fn a_quoted_text_is_one_line_of_what_can_be_seen() {
    for (text, expected) in [
        ("plain", r#""plain""#),
        ("a \"b\" \\ c", r#""a \"b\" \\ c""#),
        ("é ß 表", r#""é ß 表""#),
        ("\0\u{7f}\u{85}\r\n\t", r#""\x00\x7f\x85\x0d\n\t""#),
        ("\u{202e}\u{feff}\u{2028}🔑", r#""\u202e\ufeff\u2028\U0001f511""#),
        ("{{name}} ${x} # no: comment", r##""{{name}} ${x} # no: comment""##),
    ] {
        assert_eq!(quoted(text), expected);
        assert_eq!(plain(&quoted(text)), Some(text.into()), "{text:?}");
    }
}
