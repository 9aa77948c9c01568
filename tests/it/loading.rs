//! Loading: every fixture says what it should, nothing panics, and what is wrong is found where it stands.

use crate::common::{fixture, load, report};
use meshform::environment::{self, Content, Loaded, RawFile};
use meshform::finding::{Code, Finding, Place};
use meshform::report::findings::{self, Colour, Format, Look};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

fn rendered(loaded: &Loaded, format: Format) -> String {
    report(&loaded.source, &loaded.findings, format)
}

/// An environment of one domain file beside a mesh that is right.
fn with_domain(text: impl Into<Vec<u8>>) -> Loaded {
    let mesh = fs::read(fixture("valid/minimal/mesh.yaml")).expect("the fixture is there");
    let files = [("mesh.yaml", mesh), ("domains/sales.yaml", text.into())];
    environment::read("test", files.map(|(path, bytes)| (path.to_owned(), RawFile::Bytes(bytes))).into())
}

fn domain(text: &str) -> String {
    format!(
        "kind: Domain\nname: sales\naccount: \"222222222222\"\nteam: {{name: sales-data, email: s@acme.example}}\n{text}"
    )
}

/// The text that a finding underlines.
fn underlined<'a>(loaded: &'a Loaded, finding: &Finding) -> &'a str {
    let span = loaded.source.locate(&finding.place);
    &loaded.source.files[&*finding.place.file].text[span.byte_start..span.byte_end]
}

macro_rules! fixtures {
    ($($test:ident: $code:expr;)+) => {
        /// Codes whose fixtures are environments with a fault in a file itself.
        pub(crate) const CHECKED_HERE: &[Code] = &[Code::OversizedFile, $($code),+];
        $(
            #[test]
            fn $test() {
                let loaded = load(&fixture("invalid").join($code.name()));
                assert!(loaded.findings.iter().any(|finding| finding.code == $code), "{:?}", loaded.findings);
                insta::assert_snapshot!($code.name(), rendered(&loaded, Format::Text));
            }
        )+
    };
}

fixtures! {
    unreadable_file: Code::UnreadableFile;
    invalid_encoding: Code::InvalidEncoding;
    empty_file: Code::EmptyFile;
    several_documents: Code::SeveralDocuments;
    yaml_syntax: Code::YamlSyntax;
    too_deep: Code::TooDeep;
    duplicate_key: Code::DuplicateKey;
    unknown_field: Code::UnknownField;
    missing_field: Code::MissingField;
    wrong_type: Code::WrongType;
    invalid_value: Code::InvalidValue;
    unquoted_account: Code::UnquotedAccount;
    misplaced_file: Code::MisplacedFile;
    text_cut_at_comma: Code::TextCutAtComma;
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let copy = tempfile::tempdir().expect("a directory can be made");
    let domains = copy.path().join("domains");
    fs::create_dir(&domains).expect("a directory can be made");
    let fixture = fixture("invalid/oversized-file");
    fs::copy(fixture.join("mesh.yaml"), copy.path().join("mesh.yaml")).expect("the fixture is there");
    let grown = domains.join("sales.yaml");
    fs::copy(fixture.join("domains/sales.yaml"), &grown).expect("the fixture is there");
    fs::File::options()
        .write(true)
        .open(&grown)
        .and_then(|file| file.set_len(8 * 1024 * 1024 + 1))
        .expect("the file can grow");
    insta::assert_snapshot!(Code::OversizedFile.name(), rendered(&load(copy.path()), Format::Text));
}

#[test]
fn what_is_right_has_no_findings() {
    for path in ["valid/minimal", "valid/anchors"] {
        loads(path);
    }
}

#[test]
fn the_demo_has_no_findings() {
    loads("../../environments/demo");
}

fn loads(path: &str) {
    let loaded = load(&fixture(path));
    assert_eq!(rendered(&loaded, Format::Text), "no findings\n");
    assert!(loaded.source.files.values().all(|file| file.content.is_some() && !file.partial));
}

#[test]
fn the_text_form_names_the_place_that_is_located() {
    let loaded = with_domain(domain("products:\t[{id: \"é\u{200d}🔑\", schema: [], colour: blue}]\n"));
    let span = loaded.source.locate(&loaded.findings[0].place);
    let place = format!("domains/sales.yaml:{}:{}\n", span.start_line, span.start_column);
    assert!(rendered(&loaded, Format::Text).contains(&place), "{place}");
}

/// One slip of the fingers is one finding; a field that is really missing is told beside it.
#[test]
fn a_misspelt_field_is_not_missing_too() {
    let text = domain("products: []\n").replace("account:", "acount:");
    let found = with_domain(text.clone()).findings;
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!((codes, found[0].message.contains("did you mean `account`?")), (vec![Code::UnknownField], true));
    let codes: BTreeSet<Code> =
        with_domain(text.replace("acount:", "number:")).findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, BTreeSet::from([Code::UnknownField, Code::MissingField]));
}

#[test]
fn the_environment_is_called_like_its_directory() {
    assert_eq!(load(&fixture("valid/minimal")).source.name, "minimal");
    assert_eq!(load(&fixture("valid/minimal/../anchors/.")).source.name, "anchors");
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let error = environment::load(&fixture("no-such")).expect_err("nothing is there");
    assert!(error.to_string().ends_with("no-such"), "{error}");
    let error = environment::load(&fixture("valid/minimal/mesh.yaml")).expect_err("it is a file");
    assert!(error.to_string().ends_with("mesh.yaml is not a directory"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let made =
        std::process::Command::new("mkfifo").arg(directory.path().join("mesh.yaml")).status().expect("mkfifo runs");
    assert!(made.success());
    assert_eq!(load(directory.path()).findings[0].message, "this is a pipe, a socket or a device, not a file");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_accepted() {
    let text = domain("products: []\n").replace('\n', "\r\n");
    let loaded = with_domain(format!("\u{FEFF}{text}"));
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.source.files["domains/sales.yaml"].text, text);
}

#[test]
fn places_count_characters_behind_accents_and_windows_line_ends() {
    let text = domain("products:\n  - {id: zwölf🔑, colour: \"größe\", schema: []}\n").replace('\n', "\r\n");
    let loaded = with_domain(text);
    let span = loaded.source.locate(&loaded.findings[0].place);
    assert_eq!((span.start_line, span.start_column, span.end_line, span.end_column), (6, 18, 6, 24));
    let value = Place::at("domains/sales.yaml", "/products/0/colour");
    let span = loaded.source.locate(&value);
    assert_eq!((span.start_column, span.end_column), (26, 33));
}

#[test]
fn a_place_that_is_not_there_is_the_nearest_around_it() {
    let loaded = with_domain(domain("products:\n  - {id: orders, schema: []}\n"));
    for (pointer, expected) in [
        ("/products/0/crawl", "{id: orders, schema: []}"),
        ("/products/0/schema/3/name", "[]"),
        ("/products/7", "- {id: orders, schema: []}"),
        ("/products/0/id", "orders"),
    ] {
        let finding = Finding::new(Code::UnknownProduct, Place::at("domains/sales.yaml", pointer), "x");
        assert_eq!(underlined(&loaded, &finding), expected, "{pointer}");
    }
    let nowhere = loaded.source.locate(&Place::at("no-such.yaml", "/name"));
    assert_eq!((nowhere.start_line, nowhere.start_column, nowhere.byte_end), (1, 1, 0));
}

#[test]
fn a_fault_below_an_alias_is_shown_at_its_definition_and_at_each_use() {
    let loaded = with_domain(domain(
        "products:\n  - {id: a, schema: &s [{name: a, properties: [], colour: blue}]}\n  - {id: b, schema: *s}\n  - {<<: {crawl: often}, id: c, schema: []}\n",
    ));
    let places: Vec<_> = loaded.findings.iter().map(|finding| (finding.code, underlined(&loaded, finding))).collect();
    assert!(places.contains(&(Code::UnknownField, "colour")), "{places:?}");
    assert!(places.contains(&(Code::UnknownField, "*s")), "{places:?}");
    assert!(places.contains(&(Code::InvalidValue, "often")), "{places:?}");
    assert_eq!(places.len(), 3);
}

#[test]
fn what_is_right_survives_beside_what_is_wrong() {
    let loaded = with_domain(domain(
        "accept: [{code: no-join-key}]\nproducts:\n\
         - {id: whole, colour: blue, crawl: often, schema: [{name: t, properties: [{name: c, logicalType: string, unique: 3}]}]}\n\
         - {id: broken, schema: [{name: t, properties: [{name: c}]}]}\n\
         - {id: empty, schema: []}\n",
    ));
    assert_eq!(loaded.findings.len(), 7, "{:#?}", loaded.findings);
    let file = &loaded.source.files["domains/sales.yaml"];
    let Some(Content::Domain(domain)) = &file.content else { panic!("the domain is kept") };
    let ids: Vec<_> = domain.products.iter().map(|product| product.id.as_str()).collect();
    assert_eq!((ids, file.partial, loaded.source.is_incomplete()), (vec!["whole", "empty"], true, true));
    assert_eq!(domain.products[0].schema[0].properties.len(), 1);
}

#[test]
fn an_unquoted_account_is_understood_all_the_same() {
    let loaded = load(&fixture("invalid/unquoted-account"));
    let Some(Content::Domain(domain)) = &loaded.source.files["domains/sales.yaml"].content else {
        panic!("the domain is kept")
    };
    assert_eq!(domain.account, "022222222222");
}

#[test]
fn reports_for_machines_have_their_shapes() {
    let loaded = load(&fixture("invalid/duplicate-key"));
    insta::assert_snapshot!("json", rendered(&loaded, Format::Json));
    insta::assert_snapshot!("github", rendered(&loaded, Format::Github));
    insta::assert_snapshot!("sarif", rendered(&loaded, Format::Sarif).replace(env!("CARGO_PKG_VERSION"), "<version>"));
}

#[test]
fn text_from_a_file_cannot_speak_to_the_terminal() {
    let loaded =
        with_domain(domain("\"\\e[31mred\\n::error::\\u202e\\u009b\": 1\n").replace("sales-data", "sales-\u{9b}data"));
    let text = rendered(&loaded, Format::Text);
    assert!(!text.contains(|character: char| character.is_control() && character != '\n'), "{text:?}");
    assert!(!text.contains('\u{202e}'), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("::error")), "{text}");
    assert_eq!(rendered(&loaded, Format::Github).lines().count(), loaded.findings.len());
}

#[test]
fn long_lines_are_cut_to_the_width() {
    let loaded = with_domain(domain(&format!("products: [{}{{id: 1}}]\n", "{id: orders, schema: []}, ".repeat(5000))));
    let mut out = Vec::new();
    let look = Look { root: "environments/test/", width: 80, colour: Colour::Ansi };
    findings::write(&mut out, &loaded.source, &loaded.findings, Format::Text, &look)
        .expect("a vector takes everything");
    let text = String::from_utf8(out).expect("reports are text");
    assert!(text.contains("environments/test/domains/sales.yaml:5:") && text.contains("\u{1b}["), "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 250), "{text}");
}

#[test]
fn a_report_for_programs_fits_its_schema() {
    let validator = jsonschema::validator_for(&meshform::report::schemas::findings()).expect("it is a schema");
    let report = rendered(&load(&fixture("invalid/duplicate-key")), Format::Json);
    assert!(validator.is_valid(&serde_json::from_str(&report).expect("it is JSON")));
}

/// The demo's files.
fn demo() -> BTreeMap<String, String> {
    load(&fixture("../../environments/demo")).source.files.into_iter().map(|(path, file)| (path, file.text)).collect()
}

/// Reads one file of any bytes, and renders what is found: nothing panics, and the file loads or something is said of it.
fn never_silent(path: &str, bytes: Vec<u8>) -> Result<(), TestCaseError> {
    let mut files: BTreeMap<_, _> =
        demo().into_iter().map(|(path, text)| (path, RawFile::Bytes(text.into_bytes()))).collect();
    files.insert(path.to_owned(), RawFile::Bytes(bytes));
    let loaded = environment::read("demo", files);
    let file = &loaded.source.files[path];
    let is_answered = loaded.findings.iter().any(|finding| *finding.place.file == *path);
    prop_assert!(is_answered || (file.content.is_some() && !file.partial));
    for format in [Format::Text, Format::Json, Format::Github, Format::Sarif] {
        prop_assert!(!rendered(&loaded, format).is_empty() || loaded.findings.is_empty());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        never_silent("domains/sales.yaml", bytes)?;
    }

    #[test]
    fn any_text_of_yaml_characters_is_answered(text in "[a-c:\\-\\[\\]{}&*<>|#!'\",%@~\n \t0-9.é]{0,200}") {
        never_silent("domains/sales.yaml", text.into_bytes())?;
    }

    #[test]
    fn a_mutated_file_is_answered(
        file in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..5),
    ) {
        let demo = demo();
        let (path, text) = demo.iter().nth(file.index(demo.len())).expect("the index is in range");
        let mut bytes = text.clone().into_bytes();
        for (place, change, byte) in changes {
            let place = place.index(bytes.len().max(1));
            match change {
                0 if place < bytes.len() => bytes[place] ^= byte,
                1 => bytes.truncate(place),
                2 => drop(bytes.splice(place..place, b"\n  - {id: &x [*x], ? : }\n".iter().copied())),
                _ => drop(bytes.splice(place..place, [byte])),
            }
        }
        never_silent(path, bytes)?;
    }
}

#[test]
fn a_text_that_a_comma_cut_is_put_together_again() {
    let loaded = with_domain(domain(
        "products:\n  - id: orders\n    description: {purpose: chats, call recordings, cases., usage: with care}\n    schema: [{name: t, properties: [{name: c, logicalType: string}]}]\n",
    ));
    let codes: Vec<Code> = loaded.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::TextCutAtComma]);
    let Some(Content::Domain(file)) = &loaded.source.files["domains/sales.yaml"].content else { panic!("no domain") };
    let description = file.products[0].description.as_ref().expect("there is one");
    assert_eq!(description.purpose.as_deref(), Some("chats, call recordings, cases."));
    assert_eq!(description.usage.as_deref(), Some("with care"));
}
