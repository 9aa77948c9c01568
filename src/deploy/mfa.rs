//! The session that a one-time code of an MFA device opens, on which all roles are assumed.
//!
//! By `GetSessionToken`, and not by `AssumeRole` of the hub with the code: such a session is the user's own and lasts twelve hours by
//! default, so the roles on it can be assumed again and again, while a session of a role that was assumed from a role ends after an hour
//! (STS API reference, `GetSessionToken`, DurationSeconds, and `AssumeRole`, role chaining), and each renewal would ask for another
//! code. It can be opened by the access keys of an IAM user only: "Cannot call GetSessionToken with session credentials".

use aws_credential_types::Credentials;
use aws_credential_types::provider::Result as Provided;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use std::sync::Arc;
use tokio::sync::Mutex;

/// A one-time code of a device, and the session that it opens. Copies share the session: a code serves once.
#[derive(Clone)]
pub struct Mfa {
    serial: String,
    code: String,
    session: Arc<Mutex<Session>>,
}

/// What became of the code.
enum Session {
    /// It was not used yet.
    Unopened,
    /// It opened this session. When it has ended STS says so: the run stops, and goes on when it is started again with another code.
    Open(Credentials),
    /// It was used, and nothing came of it. It is never sent again: whoever asks next is told the same.
    Refused(Refusal),
}

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no code of an MFA device: it has six digits")]
pub struct NoCode;

/// Why a code opened no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refusal {
    /// The code of STS's error; empty where STS did not answer.
    pub(super) code: String,
    /// What it said.
    pub(super) message: String,
}

impl Mfa {
    /// A code for a device, by ARN or serial number.
    ///
    /// # Errors
    /// When it is not six digits (STS API reference, `GetSessionToken`, TokenCode). The text is not repeated.
    pub fn new(serial: &str, code: &str) -> Result<Self, NoCode> {
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoCode);
        }
        Ok(Self { serial: serial.to_owned(), code: code.to_owned(), session: Arc::new(Mutex::new(Session::Unopened)) })
    }

    /// The session; opened by whoever asks first, and waited for by all others.
    pub(super) async fn credentials<'a, F: Future<Output = Provided>>(
        &'a self,
        open: impl FnOnce(&'a str, &'a str) -> F,
    ) -> Provided {
        let mut session = self.session.lock().await;
        match &*session {
            Session::Open(credentials) => return Ok(credentials.clone()),
            Session::Refused(refusal) => return Err(refusal.clone().into()),
            Session::Unopened => {}
        }
        // what is cut off on its way may have used the code up
        *session = Session::Refused(Refusal {
            code: String::new(),
            message: "the code was sent and no answer was waited for".to_owned(),
        });
        let opened = open(&self.serial, &self.code).await;
        *session = match &opened {
            Ok(credentials) => Session::Open(credentials.clone()),
            Err(error) => Session::Refused(Refusal::from(error)),
        };
        opened
    }
}

impl std::fmt::Debug for Mfa {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Mfa").field("serial", &self.serial).finish_non_exhaustive()
    }
}

impl Refusal {
    /// What STS, or the way to it, said.
    pub(super) fn of<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let code = error.code().unwrap_or_default().to_owned();
        let message = error.message().map_or_else(|| super::failure::chain(error), str::to_owned);
        Self { message: if code.is_empty() { message } else { format!("{message} ({code})") }, code }
    }
}

impl From<&CredentialsError> for Refusal {
    fn from(error: &CredentialsError) -> Self {
        let found = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Self>());
        found.cloned().unwrap_or_else(|| Self { code: String::new(), message: super::failure::chain(error) })
    }
}

impl From<Refusal> for CredentialsError {
    fn from(refusal: Refusal) -> Self {
        Self::provider_error(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn mfa() -> Mfa {
        Mfa::new("arn:aws:iam::111111111111:mfa/x", "123456").unwrap()
    }

    #[test]
    fn a_code_has_six_digits_and_is_shown_to_nobody() {
        for wrong in ["", "12345", "1234567", "12345x", "１２３４５６", " 12345"] {
            let told = Mfa::new("GAHT12345678", wrong).unwrap_err().to_string();
            assert!(wrong.is_empty() || !told.contains(wrong), "{told}");
        }
        assert!(!format!("{:?}", mfa()).contains("123456"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_sent_once_for_all_copies_whoever_asks_first() {
        let (mfa, sent) = (mfa(), AtomicUsize::new(0));
        let open = async |serial: &str, code: &str| {
            assert_eq!((serial, code), ("arn:aws:iam::111111111111:mfa/x", "123456"));
            sent.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            Ok(Credentials::new("AKID", "secret", None, None, "test"))
        };
        let copy = mfa.clone();
        let (one, two) = tokio::join!(mfa.credentials(open), copy.credentials(open));
        assert_eq!((one.unwrap().access_key_id(), two.unwrap().access_key_id()), ("AKID", "AKID"));
        mfa.clone().credentials(open).await.unwrap();
        assert_eq!(sent.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_that_was_refused_or_cut_off_is_never_sent_again() {
        let refusal = Refusal { code: "AccessDenied".to_owned(), message: "invalid one time pass code".to_owned() };
        let refused = mfa();
        let first = refused.credentials(async |_, _| Err(refusal.clone().into())).await.unwrap_err();
        let again = refused.clone().credentials(async |_, _| panic!("it is sent again")).await.unwrap_err();
        assert_eq!(Refusal::from(&first), refusal);
        assert_eq!(Refusal::from(&again), refusal);
        let cut = mfa();
        let never = cut.credentials(async |_, _| std::future::pending().await);
        assert!(tokio::time::timeout(std::time::Duration::from_secs(9), never).await.is_err());
        assert!(cut.credentials(async |_, _| panic!("it is sent again")).await.is_err());
    }
}
