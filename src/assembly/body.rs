//! The body of a template as JSON: at hand, or kept as text until somebody asks for it.

use crate::cfn::Template;
use serde::Serialize as _;
use serde_json::Value;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// The body of a template. A copy shares what is held. It reads as a JSON value; one that is held as text is parsed when it is
/// asked for first, and most of a large mesh never is: as a value it takes seven times the memory.
#[derive(Debug, Clone)]
pub struct TemplateBody(Arc<Held>);

#[derive(Debug, Clone)]
enum Held {
    Value(Value),
    Text { text: String, value: OnceLock<Value> },
}

impl TemplateBody {
    /// The body of a template in memory.
    ///
    /// # Panics
    /// When a template cannot be JSON; ours always can.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        crate::sure(serde_json::to_value(template), "templates have text keys").into()
    }

    /// The body of a template in memory, held as text.
    ///
    /// # Panics
    /// As [`Self::of`].
    #[must_use]
    pub fn written(template: &Template) -> Self {
        let mut text = crate::sure(serde_json::to_string(template), "templates have text keys");
        text.shrink_to_fit();
        Self(Arc::new(Held::Text { text, value: OnceLock::new() }))
    }

    /// Whether a template in memory has this body; the template need not become JSON where this is held as text.
    #[must_use]
    pub fn is_of(&self, template: &Template) -> bool {
        match &*self.0 {
            Held::Value(value) => *value == *Self::of(template),
            Held::Text { text, .. } => {
                let mut expected = Expected(text.as_bytes());
                template.serialize(&mut serde_json::Serializer::new(&mut expected)).is_ok() && expected.0.is_empty()
            }
        }
    }

    /// Whether two are one and the same in memory.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The value, to be changed: from then on this body's own.
    pub fn to_mut(&mut self) -> &mut Value {
        if matches!(*self.0, Held::Text { .. }) {
            *self = Value::clone(self).into();
        }
        match Arc::make_mut(&mut self.0) {
            Held::Value(value) => value,
            Held::Text { .. } => crate::defect("a text was made a value just now"),
        }
    }
}

impl From<Value> for TemplateBody {
    fn from(value: Value) -> Self {
        Self(Arc::new(Held::Value(value)))
    }
}

impl Deref for TemplateBody {
    type Target = Value;

    fn deref(&self) -> &Value {
        match &*self.0 {
            Held::Value(value) => value,
            Held::Text { text, value } => {
                value.get_or_init(|| crate::sure(serde_json::from_str(text), "what was written as JSON is JSON"))
            }
        }
    }
}

impl PartialEq for TemplateBody {
    fn eq(&self, other: &Self) -> bool {
        let is_one_text = || match (&*self.0, &*other.0) {
            (Held::Text { text, .. }, Held::Text { text: of_other, .. }) => text == of_other,
            (Held::Value(_), _) | (_, Held::Value(_)) => false,
        };
        self.is_shared_with(other) || is_one_text() || **self == **other
    }
}

/// Takes what is written for as long as it is what is expected.
struct Expected<'a>(&'a [u8]);

impl io::Write for Expected<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or_else(|| io::Error::other("another text"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_reads_as_its_value_and_is_changed_for_itself_alone() {
        let template = Template::new("a template");
        let (mut text, value) = (TemplateBody::written(&template), TemplateBody::of(&template));
        assert_eq!(text["Description"], "a template");
        assert_eq!(text, value);
        assert_eq!(text, TemplateBody::written(&template));
        let copy = text.clone();
        assert!(copy.is_shared_with(&text) && !value.is_shared_with(&text));
        text.to_mut()["Description"] = json!("another");
        assert_eq!(text["Description"], "another");
        assert_eq!(copy, value, "a copy stays as it was");
        assert_ne!(text, copy);
    }

    #[test]
    fn a_body_knows_the_template_that_it_is_of() {
        let (template, longer) = (Template::new("a template"), Template::new("a template and more"));
        for body in [TemplateBody::written(&template), TemplateBody::of(&template)] {
            assert!(body.is_of(&template));
            assert!(!body.is_of(&longer));
        }
        assert!(!TemplateBody::written(&longer).is_of(&template));
        assert_ne!(TemplateBody::written(&longer), TemplateBody::written(&template));
    }
}
