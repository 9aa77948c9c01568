//! A model of a consumer, as it can be made.

use super::{CatalogName, Consumer, ProductId, Subscription};
use crate::environment::files::PortKind;
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
    /// Where the package's artifacts lie, if its role is to read them.
    pub artifacts: Option<Artifacts>,
    /// Where it stands.
    pub origin: Place,
}

/// Objects below a prefix of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifacts {
    bucket: String,
    prefix: String,
}

impl Artifacts {
    /// Reads `s3://bucket/prefix/`.
    ///
    /// Names of buckets: Amazon S3 user guide, "General purpose bucket naming rules". Of the characters of object keys only
    /// those that the guide calls safe, without `*` and quotes: the prefix becomes part of an ARN.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (bucket, prefix) = text.strip_prefix("s3://")?.split_once('/')?;
        let is_bucket_byte =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        let ends_well = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        };
        let is_bucket = (3..=63).contains(&bucket.len()) && bucket.bytes().all(is_bucket_byte) && ends_well(bucket);
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!-_.()=".contains(&byte))
        };
        let folders = prefix.strip_suffix('/')?;
        let is_prefix = prefix.len() <= 512 && folders.split('/').all(is_word);
        (is_bucket && is_prefix).then(|| Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }

    /// ARN of all objects below it.
    #[must_use]
    pub fn objects_arn(&self, partition: &str) -> String {
        format!("arn:{partition}:s3:::{}/{}*", self.bucket, self.prefix)
    }
}

impl Consumer {
    /// The subscription by which a model reads; resolving found that there is one.
    #[must_use]
    pub fn subscription_of(&self, model: &BatchModel) -> Option<&Subscription> {
        let mut tables = self.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables);
        tables.find(|subscription| subscription.product == model.product)
    }

    /// The artifacts that its models read, each once.
    #[must_use]
    pub fn artifacts(&self) -> std::collections::BTreeSet<&Artifacts> {
        self.batch_models.iter().filter_map(|model| model.artifacts.as_ref()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Artifacts;

    #[test]
    fn artifacts_lie_below_a_prefix_of_a_bucket() {
        let read = |text: &str| Artifacts::parse(text).map(|artifacts| artifacts.objects_arn("aws"));
        assert_eq!(read("s3://acme-models/churn/12/").as_deref(), Some("arn:aws:s3:::acme-models/churn/12/*"));
        for bad in [
            "acme-models/churn/",
            "s3://acme-models",
            "s3://acme-models/",
            "s3://acme-models/churn",
            "s3://acme-models/*/",
            "s3://acme-models/a//b/",
            "s3://acme-models/${x}/",
            "s3://acme_models/churn/",
            "s3://*/churn/",
            "s3://-a-/churn/",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
