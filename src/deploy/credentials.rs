//! Who speaks to which account: the one resolver of credentials, for every verb.
//!
//! Base identity (the SDK's default chain) → with MFA, if asked for → hub role, if there is one → the account's role. A
//! session refreshes itself from the base before it expires: chained sessions live one hour at most (STS, AssumeRole). Before
//! the first call of a session its account is compared with the one that was meant. The base identity itself never works on an
//! account.

use super::cloud::{Access, CloudError, ErrorKind, Identity, Scope};
use super::failure::{At, failed};
use super::mfa::{Mfa, Refusal};
use crate::mesh::{AccountId, Region, RoleArn, RoleName};
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result as Provided, SharedCredentialsProvider, future};
use aws_smithy_http_client::tls;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};

/// How the accounts of a mesh are reached: plain data from `deployment` in mesh.yaml.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The Region in which STS is asked.
    pub region: Region,
    /// The role that reads and probes, in each account.
    pub plan_role: RoleName,
    /// The role that starts operations, in each account.
    pub deploy_role: RoleName,
    /// The role that CloudFormation works as, in each account.
    pub execution_role: RoleName,
    /// The role that bootstrap uses, in each account; assumed from the base identity, without external id.
    pub administrator_role: RoleName,
    /// What the plan and deploy roles' trust policies ask for.
    pub external_id: String,
    /// A role between the base identity and the plan and deploy roles.
    pub hub: Option<RoleArn>,
    /// A one-time code for the base identity: the session that it opens is shared by all copies of this.
    pub mfa: Option<Mfa>,
    /// Id of the run: it names the sessions.
    pub run: String,
    /// The staging bucket of each account.
    pub staging: BTreeMap<AccountId, String>,
}

impl Reach {
    fn role(&self, access: Access) -> &RoleName {
        match access {
            Access::Plan => &self.plan_role,
            Access::Deploy => &self.deploy_role,
            Access::Administrator => &self.administrator_role,
        }
    }

    /// The ARN of a role in an account.
    #[must_use]
    pub fn role_arn(&self, account: &AccountId, role: &RoleName) -> String {
        format!("arn:{}:iam::{account}:role/{role}", self.partition)
    }

    /// The name that CloudTrail shows: `[\w+=,.@-]{2,64}` (STS, AssumeRole).
    #[must_use]
    pub fn session_name(&self) -> String {
        let kept = |character: &char| character.is_ascii_alphanumeric() || "+=,.@_-".contains(*character);
        format!("meshform-{}", self.run).chars().filter(kept).take(64).collect()
    }
}

/// Sessions by scope; each is made once.
pub(super) struct Sessions {
    pub(super) reach: Reach,
    /// The identity of the SDK's default chain.
    base: SdkConfig,
    /// What plan and deploy roles are assumed from.
    hub: SdkConfig,
    made: Mutex<HashMap<Scope, Arc<OnceCell<Arc<Session>>>>>,
}

/// A session in an account, and the clients that work as it.
pub(super) struct Session {
    pub(super) identity: Identity,
    pub(super) cloudformation: aws_sdk_cloudformation::Client,
    pub(super) lakeformation: aws_sdk_lakeformation::Client,
    pub(super) glue: aws_sdk_glue::Client,
    pub(super) s3: aws_sdk_s3::Client,
    /// The endpoint that stands in for AWS's own, if there is one.
    pub(super) endpoint: Option<String>,
}

impl Sessions {
    /// Loads the base identity's configuration (environment, profile, container, instance); calls nobody yet.
    pub(super) async fn new(reach: Reach) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let base = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(aws_config::Region::new(reach.region.as_str().to_owned()))
            .retry_config(RetryConfig::standard().with_max_attempts(5))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(10))
                    .operation_attempt_timeout(Duration::from_secs(60))
                    .build(),
            )
            .identity_cache(cache())
            .load()
            .await;
        let base = match &reach.mfa {
            None => base,
            Some(mfa) => with_credentials(&base, WithMfa { client: aws_sdk_sts::Client::new(&base), mfa: mfa.clone() }),
        };
        let hub = match &reach.hub {
            None => base.clone(),
            Some(hub) => with_credentials(
                &base,
                AssumedRole {
                    client: aws_sdk_sts::Client::new(&base),
                    role: hub.as_str().to_owned(),
                    external_id: Some(reach.external_id.clone()),
                    session: reach.session_name(),
                },
            ),
        };
        Self { reach, base, hub, made: Mutex::default() }
    }

    /// Whether something else answers in AWS's place, by an endpoint of its own.
    pub(super) fn is_stand_in(&self) -> bool {
        self.base.endpoint_url().is_some()
    }

    /// The session of a scope; made, and its account compared, at the first call.
    pub(super) async fn session(&self, scope: &Scope) -> Result<Arc<Session>, CloudError> {
        let cell = Arc::clone(self.made.lock().await.entry(scope.clone()).or_default());
        cell.get_or_try_init(|| async { self.make(scope).await.map(Arc::new) }).await.map(Arc::clone)
    }

    async fn make(&self, scope: &Scope) -> Result<Session, CloudError> {
        let (from, external_id) = match scope.access {
            Access::Plan | Access::Deploy => (&self.hub, Some(self.reach.external_id.clone())),
            Access::Administrator => (&self.base, None),
        };
        let role = self.reach.role_arn(&scope.account, self.reach.role(scope.access));
        let provider = AssumedRole {
            client: aws_sdk_sts::Client::new(from),
            role: role.clone(),
            external_id,
            session: self.reach.session_name(),
        };
        let config = with_credentials(from, provider)
            .into_builder()
            .region(aws_config::Region::new(scope.region.as_str().to_owned()))
            .build();
        let at = At::new("STS", "GetCallerIdentity", scope);
        let answer = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let answer = answer.map_err(|error| {
            let error = failed(&at, error);
            // AWS names the role in most refusals, but not in all
            let named = error.message.contains(&role);
            CloudError {
                message: if named { error.message } else { format!("{} (as {role})", error.message) },
                ..error
            }
        })?;
        let identity = Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            arn: answer.arn().unwrap_or_default().to_owned(),
        };
        if identity.account != scope.account.as_str() {
            let message = format!(
                "{role} answers as account {} instead of {}; nothing was done there",
                identity.account, scope.account
            );
            return Err(at.error(ErrorKind::WrongAccount, message));
        }
        let endpoint = config.endpoint_url().map(str::to_owned);
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(endpoint.is_some()).build();
        let cloudformation = aws_sdk_cloudformation::config::Builder::from(&config)
            .retry_classifier(super::failure::QuotaIsNoThrottling)
            .build();
        Ok(Session {
            identity,
            cloudformation: aws_sdk_cloudformation::Client::from_conf(cloudformation),
            lakeformation: aws_sdk_lakeformation::Client::new(&config),
            glue: aws_sdk_glue::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            endpoint,
        })
    }
}

/// Refreshes two minutes before expiry: a request that is signed just before it must still arrive in time, retries included.
fn cache() -> aws_sdk_sts::config::SharedIdentityCache {
    IdentityCache::lazy().buffer_time(Duration::from_secs(120)).build()
}

/// The same configuration with other credentials, cached apart.
fn with_credentials(config: &SdkConfig, provider: impl ProvideCredentials + 'static) -> SdkConfig {
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).identity_cache(cache()).build()
}

/// Credentials of a role. Not the SDK's own provider, which asks the identity before it anew each time, and takes no MFA.
#[derive(Debug)]
struct AssumedRole {
    client: aws_sdk_sts::Client,
    role: String,
    external_id: Option<String>,
    session: String,
}

impl AssumedRole {
    async fn assume(&self) -> Provided {
        let answer = self
            .client
            .assume_role()
            .role_arn(&self.role)
            .role_session_name(&self.session)
            .set_external_id(self.external_id.clone())
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        credentials(answer.credentials)
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// The base identity with a one-time code.
#[derive(Debug)]
struct WithMfa {
    client: aws_sdk_sts::Client,
    mfa: Mfa,
}

impl ProvideCredentials for WithMfa {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.mfa.credentials(move |serial, code| async move {
            let asked = self.client.get_session_token().serial_number(serial).token_code(code).send();
            match asked.await {
                Ok(answer) => credentials(answer.credentials),
                Err(error) => Err(Refusal::of(&error).into()),
            }
        }))
    }
}

fn credentials(answer: Option<aws_sdk_sts::types::Credentials>) -> Provided {
    let answer = answer.ok_or_else(|| CredentialsError::unhandled("STS answered without credentials"))?;
    let expiry = answer.expiration.try_into().map_err(CredentialsError::unhandled)?;
    Ok(Credentials::new(
        answer.access_key_id,
        answer.secret_access_key,
        Some(answer.session_token),
        Some(expiry),
        "meshform",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(run: &str) -> Reach {
        let role = |name: &str| RoleName::parse(name).unwrap();
        Reach {
            partition: "aws-cn".to_owned(),
            region: Region::parse("cn-north-1").unwrap(),
            plan_role: role("demo-plan"),
            deploy_role: role("demo-deploy"),
            execution_role: role("demo-execution"),
            administrator_role: role("OrganizationAccountAccessRole"),
            external_id: "acme-demo".to_owned(),
            hub: None,
            mfa: Some(Mfa::new("arn:aws:iam::111111111111:mfa/x", "123456").unwrap()),
            run: run.to_owned(),
            staging: BTreeMap::new(),
        }
    }

    #[test]
    fn roles_and_sessions_have_names() {
        let account = AccountId::parse("222222222222").unwrap();
        let named = reach("2026-11-22 T08:00/ä");
        assert_eq!(
            named.role_arn(&account, named.role(Access::Deploy)),
            "arn:aws-cn:iam::222222222222:role/demo-deploy"
        );
        assert_eq!(named.session_name(), "meshform-2026-11-22T0800");
        assert_eq!(reach(&"a".repeat(99)).session_name().len(), 64);
    }

    #[test]
    fn a_one_time_code_is_not_shown() {
        assert!(!format!("{:?}", reach("x")).contains("123456"));
    }
}
