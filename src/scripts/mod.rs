//! Sources of jobs, rendered from `templates/jobs/`. Values from users enter as literals of Python and in no other way.

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason};
use serde::Serialize;
use std::fmt::Write as _;

const GLUE: &str = include_str!("../../templates/jobs/glue.py.hbs");

/// What a Glue job knows of its product: names, types and places; no text that a person wrote.
#[derive(Debug, Clone, Serialize)]
pub struct Contract {
    /// The mesh.
    pub mesh: String,
    /// The domain.
    pub domain: String,
    /// The product.
    pub product: String,
    /// Where its tables lie, with a slash at the end.
    pub data: String,
    /// Where its raw files lie.
    pub raw: String,
    /// Where its inputs are staged, by run.
    pub staging: String,
    /// Tables that are staged.
    pub inputs: Vec<Input>,
    /// Tables that are made.
    pub tables: Vec<TableOutput>,
}

/// A staged table of an input port.
#[derive(Debug, Clone, Serialize)]
pub struct Input {
    /// The product it is of.
    pub product: String,
    /// Its name.
    pub table: String,
    /// What of it is staged.
    pub columns: Vec<InputColumn>,
}

/// A column of a staged table.
#[derive(Debug, Clone, Serialize)]
pub struct InputColumn {
    /// Its name.
    pub name: String,
    /// Its type in the catalog.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A table that the job makes.
#[derive(Debug, Clone, Serialize)]
pub struct TableOutput {
    /// Its name.
    pub name: String,
    /// Its columns, partition keys last.
    pub columns: Vec<OutputColumn>,
    /// The names of its partition keys.
    pub partitions: Vec<String>,
}

/// A column of a table that the job makes.
#[derive(Debug, Clone, Serialize)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// Its type in the catalog.
    #[serde(rename = "type")]
    pub kind: String,
    /// Part of the primary key.
    pub key: bool,
    /// Never empty.
    pub required: bool,
}

/// What the template gets.
#[derive(Serialize)]
struct Words<'a> {
    contract: String,
    transform: Option<&'a str>,
}

/// The source of a product's Glue job; `transform` is the product's own logic.
///
/// # Panics
/// When the embedded template cannot be rendered: a defect.
#[must_use]
pub fn glue_job(contract: &Contract, transform: Option<&str>) -> String {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    // HTML's escapes would be wrong in Python; `python` escapes, and nothing is written without it
    registry.register_escape_fn(handlebars::no_escape);
    registry.register_helper("python", Box::new(python));
    let words = Words { contract: crate::assembly::pretty(contract), transform };
    crate::sure(registry.render_template(GLUE, &words), "the template of Glue jobs renders")
}

/// The helper `python`: a text as literals of Python.
fn python(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = helper.param(0).and_then(|parameter| parameter.value().as_str());
    let text = text.ok_or_else(|| RenderErrorReason::Other("`python` needs a text".to_owned()))?;
    out.write(&literal(text))?;
    Ok(())
}

/// A text as an expression of Python: one literal for each line, in ASCII, so that a change of one line is a change of one.
fn literal(text: &str) -> String {
    let mut out = String::from("(\n");
    for line in text.split_inclusive('\n') {
        out.push_str("    '");
        for letter in line.chars() {
            match letter {
                '\n' => out.push_str("\\n"),
                '\'' | '\\' => {
                    out.push('\\');
                    out.push(letter);
                }
                ' '..='~' => out.push(letter),
                // writing into a String cannot fail
                _ => _ = write!(out, "\\U{:08x}", u32::from(letter)),
            }
        }
        out.push_str("'\n");
    }
    if text.is_empty() {
        out.push_str("    ''\n");
    }
    out.push(')');
    out
}

#[cfg(test)]
mod tests {
    use super::{Contract, glue_job, literal};
    use proptest::prelude::{any, proptest};

    /// Reads the literals back, as Python would; `None` where something stands outside of them.
    fn read(expression: &str) -> Option<String> {
        let mut text = String::new();
        for line in expression.strip_prefix("(\n")?.strip_suffix(')')?.lines() {
            let mut letters = line.strip_prefix("    '")?.strip_suffix('\'')?.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    '\\' => match letters.next()? {
                        'n' => text.push('\n'),
                        'U' => {
                            let digits: String = letters.by_ref().take(8).collect();
                            text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                        }
                        escaped @ ('\'' | '\\') => text.push(escaped),
                        _ => return None,
                    },
                    '\'' => return None,
                    ' '..='~' => text.push(letter),
                    _ => return None,
                }
            }
        }
        Some(text)
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_literal(text in any::<String>()) {
            assert_eq!(read(&literal(&text)).as_deref(), Some(text.as_str()));
        }

        #[test]
        fn whatever_a_transform_says_it_is_one_literal_of_the_script(text in ".{1,80}") {
            let contract = Contract {
                mesh: text.clone(),
                domain: String::new(),
                product: text.clone(),
                data: String::new(),
                raw: String::new(),
                staging: String::new(),
                inputs: Vec::new(),
                tables: Vec::new(),
            };
            let script = glue_job(&contract, Some(&text));
            let plain = glue_job(&contract, None);
            assert_eq!(script.replace(&format!("TRANSFORM = {}", literal(&text)), "TRANSFORM = None"), plain);
            assert!(plain.contains(&format!("json.loads(\n    {}\n)", literal(&crate::assembly::pretty(&contract)))));
        }
    }
}
