//! The staging bucket: what does not fit into a request is put there before it is named.

use super::cloud::{Access, Cloud, INLINE_LIMIT, TemplateSource};
use super::events::Event;
use super::outcome::Failure;
use super::step::Work;
use std::sync::Arc;

impl<C: Cloud> Work<C> {
    fn bucket(&self) -> Result<&String, Box<Failure>> {
        self.settings.staging.get(&self.step.account).ok_or_else(|| {
            let account = &self.step.account;
            Box::new(self.failure(format!("needs a staging bucket, and none is known for account {account}")))
        })
    }

    /// Puts into the bucket what the template names.
    pub(super) async fn store_assets(&self) -> Result<(), Box<Failure>> {
        for asset in &self.step.assets {
            let content = self.settings.assets.get(&asset.sha256).ok_or_else(|| {
                Box::new(self.failure(format!("names the asset {}, whose content was not given", asset.key)))
            })?;
            let stored = self.cloud.upload(&self.changing(), self.bucket()?, &asset.key, content).await;
            let upload = stored.map_err(|error| self.call("store an asset", &error))?;
            self.send(Event::AssetStored { step: self.step.id.clone(), key: asset.key.clone(), upload });
        }
        Ok(())
    }

    /// The template, put into the bucket where it does not fit into a request.
    pub(super) async fn template(&self) -> Result<TemplateSource, Box<Failure>> {
        if self.step.template.len() <= INLINE_LIMIT {
            return Ok(TemplateSource::Inline(Arc::clone(&self.step.template)));
        }
        // a bootstrap makes the bucket, so there is none yet: without white space the template says the same in less
        if self.changing().access == Access::Administrator
            && let Some(text) = without_white_space(&self.step.template).filter(|text| text.len() <= INLINE_LIMIT)
        {
            return Ok(TemplateSource::Inline(text.into()));
        }
        let (bucket, key) = (self.bucket()?, format!("templates/{}.json", self.step.sha256));
        let stored = self.cloud.upload(&self.changing(), bucket, &key, self.step.template.as_bytes()).await;
        stored.map_err(|error| self.call("store its template", &error))?;
        Ok(TemplateSource::Staged { bucket: bucket.clone(), key })
    }
}

/// A template without white space; none when it is no JSON.
fn without_white_space(template: &str) -> Option<String> {
    let template: serde_json::Value = serde_json::from_str(template).ok()?;
    Some(template.to_string())
}
