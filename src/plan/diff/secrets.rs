//! What must not be shown: the value of a parameter with `NoEcho`.

use super::PropertyChange;
use serde_json::{Value, json};

/// What stands in place of a secret.
const MASK: &str = "****";

/// Takes the defaults of secret parameters out of a difference. A parameter is secret if either side says so.
pub(super) fn mask(change: &mut PropertyChange, base: &Value, head: &Value) {
    let Some(rest) = change.path.strip_prefix("/Parameters") else { return };
    let mut segments = rest.split('/').skip(1);
    match (segments.next(), segments.next()) {
        // the whole section came or went
        (None, _) => {
            for value in [&mut change.before, &mut change.after].into_iter().flatten() {
                let parameters = value.as_object_mut().into_iter().flatten();
                parameters.for_each(|(name, parameter)| mask_in(parameter, is_secret(name, base, head)));
            }
        }
        (Some(name), None) => {
            let secret = is_secret(name, base, head);
            [&mut change.before, &mut change.after].into_iter().flatten().for_each(|value| mask_in(value, secret));
        }
        (Some(name), Some("Default" | "AllowedValues" | "AllowedPattern")) if is_secret(name, base, head) => {
            [&mut change.before, &mut change.after].into_iter().flatten().for_each(|value| *value = json!(MASK));
        }
        (Some(_), Some(_)) => {}
    }
}

fn mask_in(parameter: &mut Value, secret: bool) {
    if !secret {
        return;
    }
    for key in ["Default", "AllowedValues", "AllowedPattern"] {
        if let Some(value) = parameter.get_mut(key) {
            *value = json!(MASK);
        }
    }
}

fn is_secret(name: &str, base: &Value, head: &Value) -> bool {
    // a name has letters and digits only, so no pointer needs to be unescaped
    let says = |template: &Value| match &template["Parameters"][name]["NoEcho"] {
        Value::Bool(secret) => *secret,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    };
    says(base) || says(head)
}
