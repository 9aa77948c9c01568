//! A template as plain JSON with where it stands: what the checks and the evaluator read.
//!
//! They read what is deployed, never the mesh it was made from; otherwise they would prove nothing about it.

use super::{Assembly, Layer, ParameterValue, Rendered, Stack, StackId, TemplateBody};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// A template and where it stands.
#[derive(Debug, Clone)]
pub struct Document {
    /// The stack.
    pub id: StackId,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its layer; none for a template that somebody else wrote.
    pub layer: Option<Layer>,
    /// The template. Two sides of a comparison share those that are the same.
    pub template: TemplateBody,
    /// Stacks that it waits for: by a value or by an effect.
    pub needs: BTreeSet<StackId>,
    /// Values of its parameters that other stacks make: parameter, stack, output.
    pub wires: BTreeSet<(String, StackId, String)>,
}

impl Document {
    /// The document of a stack in memory.
    ///
    /// # Panics
    /// When a template cannot be JSON; ours always can.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Self::with(stack, TemplateBody::of(&stack.template))
    }

    /// The document of a stack in memory, whose template is kept as text until somebody asks for it.
    ///
    /// # Panics
    /// As [`Self::of`].
    #[must_use]
    pub fn written(stack: &Stack) -> Self {
        Self::with(stack, TemplateBody::written(&stack.template))
    }

    fn with(stack: &Stack, template: TemplateBody) -> Self {
        let wires: BTreeSet<_> =
            stack.wires.iter().map(|(name, wire)| (name.clone(), wire.stack.clone(), wire.output.clone())).collect();
        let after = stack.after.iter().map(|after| after.stack.clone());
        Self {
            id: stack.id.clone(),
            account: stack.account.to_string(),
            region: stack.region.to_string(),
            layer: Some(stack.layer),
            template,
            needs: after.chain(wires.iter().map(|(_, stack, _)| stack.clone())).collect(),
            wires,
        }
    }

    /// Every document of an assembly, by id.
    #[must_use]
    pub fn all(assembly: &Assembly) -> Vec<Self> {
        assembly.stacks.par_iter().map(|(_, stack)| Self::of(stack)).collect()
    }

    /// Whether this is the document of a stack in memory, whose own is at hand too: the same of the same place.
    #[must_use]
    pub fn is_of(&self, stack: &Stack, made: &Self) -> bool {
        let Self { id, account, region, layer, template, needs, wires } = self;
        let place = *id == made.id && *account == made.account && *region == made.region && *layer == made.layer;
        place && *needs == made.needs && *wires == made.wires && template.is_of(&stack.template)
    }

    /// Every document of a rendered assembly, by id.
    ///
    /// # Errors
    /// The first template that is not JSON.
    pub fn read(rendered: &Rendered) -> Result<Vec<Self>, (StackId, serde_json::Error)> {
        let mut documents = Vec::new();
        for stack in &rendered.manifest.stacks {
            let Some(text) = rendered.templates.get(&stack.id) else { continue };
            let template: Value = serde_json::from_str(text).map_err(|error| (stack.id.clone(), error))?;
            let wires: BTreeSet<_> = stack
                .parameters
                .iter()
                .filter_map(|(name, value)| match value {
                    ParameterValue::Literal(_) => None,
                    ParameterValue::Wire(wire) => Some((name.clone(), wire.stack.clone(), wire.output.clone())),
                })
                .collect();
            let after = stack.after.iter().map(|after| after.stack.clone());
            documents.push(Self {
                id: stack.id.clone(),
                account: stack.account.to_string(),
                region: stack.region.to_string(),
                layer: Some(stack.layer),
                template: template.into(),
                needs: after.chain(wires.iter().map(|(_, stack, _)| stack.clone())).collect(),
                wires,
            });
        }
        Ok(documents)
    }

    /// The template, to be changed: from then on this document's own.
    pub fn template_mut(&mut self) -> &mut Value {
        self.template.to_mut()
    }

    /// The resources of the template: logical id, type, the whole entry.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let resources = self.template.get("Resources").and_then(Value::as_object);
        resources
            .into_iter()
            .flatten()
            .map(|(id, entry)| (id.as_str(), entry["Type"].as_str().unwrap_or_default(), entry))
    }
}
