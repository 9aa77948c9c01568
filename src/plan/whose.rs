//! Whose a stack is. A name alone makes no stack ours: each template of ours names its mesh in its description.

use super::{Decision, StackStatus, Standing};
use serde_json::{Map, Value};

/// What stands before the mesh's name in the description of every stack.
const MARK: &str = "data mesh ";

/// The mesh that a template says it is of; none where it names none.
#[must_use]
pub fn mesh_of(template: &Value) -> Option<&str> {
    let (_, named) = template["Description"].as_str()?.split_once(MARK)?;
    let end = named.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').unwrap_or(named.len());
    (end > 0).then(|| &named[..end])
}

/// Whether a stack is of a mesh. One without resources holds nothing that could be lost, and need not say so: an empty shell, and what a
/// failed creation left. A template that is no JSON is somebody else's, since each of ours is.
#[must_use]
pub fn is_of_mesh(standing: &Standing, mesh: &str) -> bool {
    let Some(template) = &standing.template else { return standing.status == StackStatus::ReviewInProgress };
    template["Resources"].as_object().is_none_or(Map::is_empty) || mesh_of(template) == Some(mesh)
}

/// What is done with a stack that is somebody else's: nothing.
pub(super) fn left_alone(mesh: &str) -> Decision {
    Decision::Refuse {
        reason: format!("is somebody else's of the same name: its description does not name the data mesh {mesh}"),
        advice: "look at it with `aws cloudformation get-template`; give the mesh another name, or have the stack's owner move or \
                 delete it"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_template_names_its_mesh_whole() {
        let of = |text: &str| mesh_of(&json!({ "Description": text })).map(str::to_owned);
        for ours in
            ["Storage of the data mesh demo", "Foundation of the data mesh demo: settings", "The data mesh demo, all"]
        {
            assert_eq!(of(ours).as_deref(), Some("demo"), "{ours}");
        }
        assert_eq!(of("Storage of the data mesh demo-2").as_deref(), Some("demo-2"));
        assert_eq!(of("Storage of the data mesh demonstration").as_deref(), Some("demonstration"));
        for foreign in ["My website", "A data mesh ", "A data mesh", ""] {
            assert_eq!(of(foreign), None, "{foreign}");
        }
        assert_eq!(mesh_of(&json!({})), None);
    }
}
