//! A model of a consumer, as it can be made.

use super::{CatalogName, ProductId};
use crate::finding::Place;

/// A model that predicts in batches.
#[derive(Debug, Clone)]
pub struct BatchModel {
    /// Its name.
    pub name: ProductId,
    /// ARN of a version of a model package in the mesh's Region.
    pub package: String,
    /// What it reads: a product that the consumer subscribes to by its tables.
    pub product: ProductId,
    /// Its table.
    pub table: CatalogName,
    /// `rate(..)` or `cron(..)`, in UTC.
    pub schedule: String,
    /// Where it stands.
    pub origin: Place,
}
