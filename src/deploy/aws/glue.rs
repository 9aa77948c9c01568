//! Whether a subscriber sees a database of another account's catalog.

use crate::deploy::cloud::{CloudError, ErrorKind, ProbeAnswer, Scope};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};

/// Asks for the database by its catalog. Before a share has arrived, Glue answers that there is none, or that it is not
/// allowed: both mean "not yet". A role that cannot be assumed is another matter.
pub(super) async fn sees_database(
    session: &Session,
    scope: &Scope,
    catalog: &str,
    database: &str,
) -> Result<ProbeAnswer, CloudError> {
    let at = At::new("Glue", "GetDatabase", scope);
    match session.glue.get_database().catalog_id(catalog).name(database).send().await {
        Ok(_) => Ok(ProbeAnswer::Yes),
        Err(error) => {
            let error = failed(&at, error);
            match error.kind {
                ErrorKind::NotFound | ErrorKind::Denied if error.operation == "GetDatabase" => {
                    Ok(ProbeAnswer::No(vec![error.message]))
                }
                ErrorKind::NotFound
                | ErrorKind::Denied
                | ErrorKind::Throttled
                | ErrorKind::Expired
                | ErrorKind::NoCredentials
                | ErrorKind::WrongAccount
                | ErrorKind::NoChanges
                | ErrorKind::AlreadyExists
                | ErrorKind::InProgress
                | ErrorKind::Quota
                | ErrorKind::Skewed
                | ErrorKind::Network
                | ErrorKind::Unrecorded
                | ErrorKind::Other => Err(error),
            }
        }
    }
}
