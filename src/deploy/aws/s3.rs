//! The staging bucket: files by the hash of their content, and one small object that is written on a condition.

use crate::deploy::cloud::{CloudError, ErrorKind, Expected, Object, Scope, Upload, Written};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use aws_sdk_s3::config::ConfigBag;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// No object that is read here is longer, in bytes: what is longer was not written by meshform.
const LONGEST: i64 = 65_536;

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
        // S3 answers 403 for a missing object to a role that may not list the bucket, and a refused HEAD never says why: an expired
        // token is a bare 400 (S3 API, HeadObject: "It's not possible to retrieve the exact exception"). The write tells
        Err(SdkError::ServiceError(error)) if [400, 403, 404].contains(&error.raw().status().as_u16()) => {}
        Err(error) => return Err(failed(&At::new("S3", "HeadObject", scope), error)),
    }
    let request = session.s3.put_object().bucket(bucket).key(key).body(ByteStream::from(content.to_vec()));
    request.send().await.map_err(|error| failed(&At::new("S3", "PutObject", scope), error))?;
    Ok(Upload::Stored)
}

/// Reads a small object. A missing object is told from a missing bucket by the code, for which the role must be allowed to list
/// the bucket (S3 API, `GetObject`).
pub(super) async fn read(
    session: &Session,
    scope: &Scope,
    bucket: &str,
    key: &str,
) -> Result<Option<Object>, CloudError> {
    let at = At::new("S3", "GetObject", scope);
    let served = Served::default();
    let request = session.s3.get_object().bucket(bucket).key(key).customize().interceptor(served.clone());
    let found = match request.send().await {
        Ok(found) => found,
        Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
        Err(error) => return Err(failed(&at, error)),
    };
    if found.content_length().is_none_or(|length| length > LONGEST) {
        return Err(at.error(ErrorKind::Other, format!("{bucket}/{key} is longer than {LONGEST} bytes")));
    }
    let age = found.last_modified().zip(served.at()).map(|(written, now)| {
        Duration::from_secs(u64::try_from(now.secs().saturating_sub(written.secs())).unwrap_or_default())
    });
    let etag = found.e_tag().ok_or_else(|| at.incomplete("ETag"))?.to_owned();
    let content = found.body.collect().await.map_err(|error| at.error(ErrorKind::Network, error.to_string()))?;
    Ok(Some(Object { content: content.into_bytes().to_vec(), etag, age }))
}

/// Writes an object if what stands is what is expected. S3 answers 412 when it is not, 404 to `If-Match` when nothing stands, and 409
/// when another write came in between (S3 user guide, "How to prevent object overwrites with conditional writes").
pub(super) async fn write(
    session: &Session,
    scope: &Scope,
    bucket: &str,
    key: &str,
    content: &[u8],
    expected: &Expected,
) -> Result<Written, CloudError> {
    let at = At::new("S3", "PutObject", scope);
    let request = session.s3.put_object().bucket(bucket).key(key).body(ByteStream::from(content.to_vec()));
    let request = match expected {
        Expected::Nothing => request.if_none_match("*"),
        Expected::Etag(etag) => request.if_match(etag),
    };
    match request.send().await {
        Ok(stored) => Ok(Written::Stored { etag: stored.e_tag().ok_or_else(|| at.incomplete("ETag"))?.to_owned() }),
        Err(error) => match error.code() {
            Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey") => Ok(Written::Moved),
            Some(_) | None => Err(failed(&at, error)),
        },
    }
}

/// Keeps the service's own time of an answer (the `Date` header): ages then hang on no clock of ours.
#[derive(Debug, Clone, Default)]
struct Served(Arc<Mutex<Option<DateTime>>>);

impl Served {
    fn at(&self) -> Option<DateTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Served {
    fn name(&self) -> &'static str {
        "the time of the answer"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        Ok(())
    }
}
