//! What of a product is crawled, and how often.

use super::{Frequency, Product};
use crate::environment::files::{CrawlFile, TableFormat};

impl Product {
    /// Whether crawlers look at its published tables. Iceberg keeps its own metadata.
    #[must_use]
    pub const fn is_crawled(&self) -> bool {
        match (self.format, self.crawl) {
            (TableFormat::Parquet, CrawlFile::Schedule | CrawlFile::Event) => true,
            (TableFormat::Parquet, CrawlFile::Never) | (TableFormat::Iceberg, _) => false,
        }
    }

    /// Whether its crawlers run when files arrive.
    #[must_use]
    pub const fn is_crawled_on_event(&self) -> bool {
        self.is_crawled() && matches!(self.crawl, CrawlFile::Event)
    }

    /// Whether raw files are brought for it.
    #[must_use]
    pub fn has_raw(&self) -> bool {
        !self.sources.is_empty()
    }

    /// How often its crawlers and jobs run: as promised, or daily.
    #[must_use]
    pub fn frequency(&self) -> Frequency {
        self.promise.unwrap_or(Frequency::DAILY)
    }
}
