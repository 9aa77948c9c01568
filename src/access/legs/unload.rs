//! Reads what a query copies: `UNLOAD (SELECT .. FROM ..) TO '..'` (Athena user guide, "UNLOAD").

use std::fmt::Write as _;

/// A copy that a query makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unload {
    /// The tables that it reads: database, where it is named, and table.
    pub(super) tables: Vec<(Option<String>, String)>,
    /// Its columns; none where they cannot be told.
    pub(super) columns: Vec<String>,
    /// Where it goes: `*` stands for what a run fills in.
    pub(super) place: String,
}

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// As it is written, for keywords; a name without quotes is in lower case.
    Plain(String),
    Quoted(String),
    Text(String),
    Mark(char),
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Plain(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn name(&self) -> Option<String> {
        match self {
            Self::Plain(word) => Some(word.to_lowercase()),
            Self::Quoted(word) => Some(word.clone()),
            Self::Text(_) | Self::Mark(_) => None,
        }
    }
}

/// What a query copies, as it stands in a state's parameters: a text, or `States.Format('..', ..)`.
pub(super) fn read(query: &str) -> Option<Unload> {
    let words = words(&unformatted(query));
    let [first, open, rest @ ..] = words.as_slice() else { return None };
    if !first.is("UNLOAD") || *open != Word::Mark('(') {
        return None;
    }
    let end = closing(rest)?;
    let (select, after) = rest.split_at(end);
    let [_, to, Word::Text(place), ..] = after else { return None };
    if !to.is("TO") {
        return None;
    }
    Some(Unload { tables: tables(select), columns: columns(select).unwrap_or_default(), place: place.clone() })
}

/// The position of the parenthesis that closes one that was opened before.
fn closing(words: &[Word]) -> Option<usize> {
    let mut depth = 1_usize;
    words.iter().position(|word| {
        match word {
            Word::Mark('(') => depth += 1,
            Word::Mark(')') => depth -= 1,
            Word::Mark(_) | Word::Plain(_) | Word::Quoted(_) | Word::Text(_) => {}
        }
        depth == 0
    })
}

/// The columns of a plain list of names; nothing for `*`, for what is computed, and for several tables.
fn columns(select: &[Word]) -> Option<Vec<String>> {
    let [first, list @ ..] = select else { return None };
    let end = list.iter().position(|word| word.is("FROM"))?;
    if !first.is("SELECT") || tables(select).len() != 1 {
        return None;
    }
    list[..end]
        .split(|word| *word == Word::Mark(','))
        .map(|item| match item {
            [name] => name.name(),
            _ => None,
        })
        .collect()
}

/// What stands after FROM and JOIN.
fn tables(select: &[Word]) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    for (at, word) in select.iter().enumerate() {
        if !word.is("FROM") && !word.is("JOIN") {
            continue;
        }
        let mut names = Vec::new();
        let mut rest = &select[at + 1..];
        while let [word, after @ ..] = rest {
            let Some(name) = word.name() else { break };
            names.push(name);
            match after {
                [Word::Mark('.'), after @ ..] => rest = after,
                _ => break,
            }
        }
        // a catalog may stand before the database
        if let Some(table) = names.pop() {
            found.push((names.pop(), table));
        }
    }
    found
}

/// The text inside `States.Format`, with `*` in the place of what is filled in (Amazon States Language, "Intrinsic functions").
fn unformatted(query: &str) -> String {
    let Some(inner) = query.trim().strip_prefix("States.Format('") else { return query.to_owned() };
    let mut out = String::new();
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => out.extend(letters.next()),
            '{' => {
                letters.by_ref().find(|letter| *letter == '}');
                out.push('*');
            }
            '\'' => break,
            other => drop(out.write_char(other)),
        }
    }
    out
}

fn words(query: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut letters = query.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            quote @ ('"' | '\'' | '`') => {
                let mut text = String::new();
                while let Some(letter) = letters.next() {
                    if letter != quote {
                        text.push(letter);
                    } else if letters.next_if_eq(&quote).is_some() {
                        // twice stands for itself
                        text.push(quote);
                    } else {
                        break;
                    }
                }
                words.push(if quote == '\'' { Word::Text(text) } else { Word::Quoted(text) });
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let mut text = String::from(letter);
                while let Some(letter) = letters.next_if(|letter| letter.is_alphanumeric() || *letter == '_') {
                    text.push(letter);
                }
                words.push(Word::Plain(text));
            }
            letter if letter.is_whitespace() => {}
            mark => words.push(Word::Mark(mark)),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Unload, read};

    fn unload(tables: &[(Option<&str>, &str)], columns: &[&str], place: &str) -> Unload {
        let table = |(database, table): &(Option<&str>, &str)| (database.map(str::to_owned), (*table).to_owned());
        Unload {
            tables: tables.iter().map(table).collect(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            place: place.to_owned(),
        }
    }

    #[test]
    fn queries_are_read() {
        let cases = [
            (
                r#"UNLOAD (SELECT "a", "b""c" FROM "db"."t") TO 's3://b/p/' WITH (format = 'PARQUET')"#,
                Some(unload(&[(Some("db"), "t")], &["a", "b\"c"], "s3://b/p/")),
            ),
            (
                r#"States.Format('UNLOAD (SELECT "a", "brace\{d" FROM "db"."t") TO \'s3://b/{}/t/\' WITH (x = \'y\')', $.n)"#,
                Some(unload(&[(Some("db"), "t")], &["a", "brace{d"], "s3://b/*/t/")),
            ),
            (
                "unload (select A, b from AwsDataCatalog.db.T) to 's3://b/p'",
                Some(unload(&[(Some("db"), "t")], &["a", "b"], "s3://b/p")),
            ),
            ("UNLOAD (SELECT * FROM t) TO 's3://b/p'", Some(unload(&[(None, "t")], &[], "s3://b/p"))),
            ("UNLOAD (SELECT a AS b FROM t) TO 's3://b/p'", Some(unload(&[(None, "t")], &[], "s3://b/p"))),
            (
                "UNLOAD (SELECT count(a) FROM d.t JOIN e.u ON t.a = u.a) TO 's3://b/p'",
                Some(unload(&[(Some("d"), "t"), (Some("e"), "u")], &[], "s3://b/p")),
            ),
            ("SELECT a FROM t", None),
            ("UNLOAD (SELECT a FROM t TO 's3://b/p'", None),
            ("UNLOAD (SELECT a FROM t) INTO 's3://b/p'", None),
            ("", None),
        ];
        for (query, expected) in cases {
            assert_eq!(read(query), expected, "{query}");
        }
    }
}
