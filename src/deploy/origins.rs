//! Where in the environment's files the resources of the stacks are written, so that a failure leads to the line to change.

use super::outcome::{Cause, Failure};
use crate::assembly::StackId;
use std::fmt;
use std::sync::Arc;

/// Answers the place of a stack's resource: `environments/demo/domains/sales.yaml:12:3`.
type Lookup = dyn Fn(&StackId, &str) -> Option<String> + Send + Sync;

/// Where resources are written; nowhere by default. It is asked when something failed, and not before.
#[derive(Clone, Default)]
pub struct Origins(Option<Arc<Lookup>>);

impl Origins {
    /// Origins that are looked up by stack and logical id.
    pub fn new(lookup: impl Fn(&StackId, &str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// Adds to a cause where its resource is written.
    pub(super) fn mark(&self, stack: &StackId, cause: &mut Cause) {
        cause.origin = self.0.as_ref().and_then(|lookup| lookup(stack, &cause.logical_id));
    }

    /// Adds to the causes of a failure where their resources are written.
    pub(super) fn mark_all(&self, failure: &mut Failure) {
        let Failure { stack, cause, also, .. } = failure;
        for cause in cause.iter_mut().chain(also) {
            self.mark(stack, cause);
        }
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Origins(..)" } else { "Origins" })
    }
}
