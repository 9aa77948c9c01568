//! Handlebars for onboarding files: strict, and every value is written as a quoted text of YAML.

use handlebars::template::{HelperTemplate, TemplateElement};
use handlebars::{Handlebars, RenderError, RenderErrorReason, Template, TemplateError, TemplateErrorReason};
use serde_json::Value;
use std::fmt::Write as _;

/// Bytes of a template; a file that a team begins with is a page.
const MOST_BYTES: usize = 64 * 1024;

/// Expressions and brackets of a template, of which each might stand inside the one before: whoever reads it calls itself as
/// often.
const MOST_NESTED: usize = 300;

/// What is wrong in a template, and where: line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
    /// What is wrong; lower-case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Fault {
    fn new(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { line: line.max(1), column: column.max(1), message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A template that can be rendered.
pub(super) struct Rendering<'a> {
    registry: Handlebars<'a>,
}

const NAME: &str = "template";

impl Rendering<'_> {
    /// Compiles a template.
    pub(super) fn compile(text: &str) -> Result<Self, Fault> {
        if text.len() > MOST_BYTES {
            return Err(Fault::new(
                1,
                1,
                format!("the template has {} bytes; at most {MOST_BYTES} are read", text.len()),
            ));
        }
        if text.matches("{{").count() + text.matches(['(', '[']).count() > MOST_NESTED {
            let message = format!("the template has more than {MOST_NESTED} expressions and brackets");
            return Err(Fault::new(1, 1, message).hint("a file that a team begins with needs few: write the rest out"));
        }
        let template = Template::compile(text).map_err(|error| unreadable(&error))?;
        check(&template)?;
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(quoted);
        registry.register_template(NAME, template);
        Ok(Self { registry })
    }

    /// Renders it.
    pub(super) fn render(&self, values: &Value) -> Result<String, Fault> {
        self.registry.render(NAME, values).map_err(|error| refused(&error, values))
    }
}

/// Partials and decorators could go round in circles, and one file needs none.
fn check(template: &Template) -> Result<(), Fault> {
    for (index, element) in template.elements.iter().enumerate() {
        match element {
            TemplateElement::PartialExpression(_)
            | TemplateElement::PartialBlock(_)
            | TemplateElement::DecoratorExpression(_)
            | TemplateElement::DecoratorBlock(_) => {
                let (line, column) = template.mapping.get(index).map_or((1, 1), |place| (place.0, place.1));
                let message = "a template of onboarding has no partials and no decorators";
                return Err(Fault::new(line, column, message).hint("write out what it stands for"));
            }
            TemplateElement::HelperBlock(block) => inner(block).try_for_each(check)?,
            _ => {}
        }
    }
    Ok(())
}

fn inner(block: &HelperTemplate) -> impl Iterator<Item = &Template> {
    block.template.iter().chain(&block.inverse)
}

/// An error of the parser, without its picture of the place.
fn unreadable(error: &TemplateError) -> Fault {
    let (line, column) = error.pos().unwrap_or((1, 1));
    let message = match error.reason() {
        // the parser lists the names of its rules
        TemplateErrorReason::InvalidSyntax(_) => {
            "from here on this is no handlebars: a `{{..}}` or a block is left open, or closed and was not open"
                .to_owned()
        }
        reason => reason.to_string(),
    };
    Fault::new(line, column, message)
        .hint("mend the template, or remove the file: the one that comes with meshform is taken then")
}

/// An error of rendering.
fn refused(error: &RenderError, values: &Value) -> Fault {
    let (line, column) = (error.line_no.unwrap_or(1), error.column_no.unwrap_or(1));
    let names = values.as_object().into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>();
    let known = format!("the values are {}", names.join(", "));
    match error.reason() {
        RenderErrorReason::MissingVariable(Some(name)) => {
            Fault::new(line, column, format!("there is no value `{name}`")).hint(known)
        }
        RenderErrorReason::HelperNotFound(name) => {
            Fault::new(line, column, format!("there is no helper `{name}`")).hint(known)
        }
        reason => Fault::new(line, column, reason.to_string()).hint(known),
    }
}

/// A text as a double-quoted scalar of YAML 1.2, on one line: letters and digits of every script stay as they are, and what
/// is neither is escaped beyond ASCII, so that nothing invisible is committed (YAML 1.2.2, sections 5.7 and 7.3.1).
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(letter),
            _ if letter.is_alphanumeric() => out.push(letter),
            // writing into a String cannot fail
            _ => match u32::from(letter) {
                code @ ..=0xFF => _ = write!(out, "\\x{code:02x}"),
                code @ ..=0xFFFF => _ = write!(out, "\\u{code:04x}"),
                code => _ = write!(out, "\\U{code:08x}"),
            },
        }
    }
    out.push('"');
    out
}
