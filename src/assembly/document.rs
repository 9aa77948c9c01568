//! A template as plain JSON with where it stands: what the checks and the evaluator read.
//!
//! They read what is deployed, never the mesh it was made from; otherwise they would prove nothing about it.

use super::{Assembly, Layer, ParameterValue, Rendered, Stack, StackId};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    pub template: Arc<Value>,
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
        let template = crate::sure(serde_json::to_value(&stack.template), "templates have text keys");
        let template = Arc::new(template);
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

    /// The document of a stack in memory, or an equal one that is at hand: of two sides, what both have is kept once.
    ///
    /// # Panics
    /// As [`Self::of`].
    #[must_use]
    pub fn beside(stack: &Stack, at_hand: &BTreeMap<&StackId, &Self>) -> Self {
        let made = Self::of(stack);
        match at_hand.get(&made.id) {
            Some(document) if document.is_same(&made) => (*document).clone(),
            Some(_) | None => made,
        }
    }

    /// Whether another document says the same of the same place; cheap where the two share their template.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let Self { id, account, region, layer, template, needs, wires } = self;
        let place = *id == other.id && *account == other.account && *region == other.region && *layer == other.layer;
        place && *needs == other.needs && *wires == other.wires && *template == other.template
    }

    /// Every document of a rendered assembly, by id.
    ///
    /// # Errors
    /// The first template that is not JSON.
    pub fn read(rendered: &Rendered) -> Result<Vec<Self>, (StackId, serde_json::Error)> {
        let mut documents = Vec::new();
        for stack in &rendered.manifest.stacks {
            let Some(text) = rendered.templates.get(&stack.id) else { continue };
            let template = Arc::new(serde_json::from_str(text).map_err(|error| (stack.id.clone(), error))?);
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
                template,
                needs: after.chain(wires.iter().map(|(_, stack, _)| stack.clone())).collect(),
                wires,
            });
        }
        Ok(documents)
    }

    /// The template, to be changed: from then on this document's own.
    pub fn template_mut(&mut self) -> &mut Value {
        Arc::make_mut(&mut self.template)
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
