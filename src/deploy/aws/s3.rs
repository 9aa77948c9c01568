//! The staging bucket.

use crate::deploy::cloud::{CloudError, Scope, Upload};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;

/// Stores an object unless there is one: the key carries the content's hash, so one that is there is the same.
pub(super) async fn upload(
    session: &Session,
    scope: &Scope,
    bucket: &str,
    key: &str,
    content: &[u8],
) -> Result<Upload, CloudError> {
    match session.s3.head_object().bucket(bucket).key(key).send().await {
        // of another size it is what an interrupted tool or a person left under this name
        Ok(found) if found.content_length().is_none_or(|length| length == content.len() as i64) => {
            return Ok(Upload::Stood);
        }
        Ok(_) => {}
        // S3 answers 403 for a missing object to a role that may not list the bucket (S3 API, HeadObject)
        Err(SdkError::ServiceError(error)) if [403, 404].contains(&error.raw().status().as_u16()) => {}
        Err(error) => return Err(failed(&At::new("S3", "HeadObject", scope), error)),
    }
    let request = session.s3.put_object().bucket(bucket).key(key).body(ByteStream::from(content.to_vec()));
    request.send().await.map_err(|error| failed(&At::new("S3", "PutObject", scope), error))?;
    Ok(Upload::Stored)
}
