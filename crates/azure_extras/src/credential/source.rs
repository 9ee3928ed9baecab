//! The credentials of the chain, each by one of `azure_identity` that is built once.

use super::{
    command_line::{CommandLineTools, Program, Tool},
    failure::CredentialFailure,
    kind::CredentialKind,
    options::CredentialOptions,
    powershell::AzurePowerShellCredential,
};
use crate::{redaction::Redactor, text::OutsideText};
use azure_core::{
    Error,
    credentials::{AccessToken, Secret, TokenCredential},
    error::ErrorKind,
    http::{
        Context, Method, RawResponse, Request, StatusCode, Transport, Url,
        policies::{Policy, PolicyResult},
    },
    time::OffsetDateTime,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, Executor,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use std::{
    env,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Mutex, time::timeout};

/// The longest time for the instance metadata service (IMDS) to answer. It is in the same rack, or it is not there.
const IMDS_PROBE: Duration = Duration::from_secs(1);
/// The longest time for its token once it has answered; the SDK would retry for more than a minute.
const IMDS_TOKEN: Duration = Duration::from_secs(10);
/// The longest time for a pinned identity, whose endpoint may start slowly.
const IMDS_START: Duration = Duration::from_secs(90);
/// The longest time for any other credential, with all retries.
const SIGN_IN: Duration = Duration::from_secs(30);
/// A tool's token is fetched anew when it has less than this left, as the SDK does with those of other sources.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

const TENANT: &str = "AZURE_TENANT_ID";

/// See <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// A credential that gave no token, and the meaning of that for the search.
#[derive(Clone, Debug)]
pub(super) enum Miss {
    /// It is not there, or not set up. Others may be tried.
    Unavailable(CredentialFailure),
    /// It is set up, and does not work: its user must hear of that.
    Refused(CredentialFailure),
}

/// A credential of the chain, or why it could not be built.
pub(super) struct Source {
    pub kind: CredentialKind,
    credential: Result<Arc<dyn TokenCredential>, Miss>,
    /// The transport of a probe, where it takes time to find out whether the credential is there at all.
    pub probe: Option<Transport>,
    limit: Duration,
    /// A tool's token; the other credentials keep their own.
    kept: Mutex<Option<(String, AccessToken)>>,
    /// Keeps secrets out of what it says.
    redactor: Redactor,
    /// The status of the last response of an identity endpoint, or 0.
    last_status: Arc<AtomicU16>,
}

impl Source {
    /// Builds a credential. One that is `pinned` is the only one, and is not probed but waited for.
    pub fn new(kind: CredentialKind, options: &CredentialOptions, tools: &Arc<CommandLineTools>, pinned: bool) -> Self {
        let tool = |name, login| -> Option<Arc<dyn Executor>> {
            Some(Arc::new(Tool { name, login, tools: Arc::clone(tools) }))
        };
        let last_status = Arc::<AtomicU16>::default();
        let credential = match kind {
            CredentialKind::Environment => environment(options),
            CredentialKind::WorkloadIdentity => workload_identity(options),
            CredentialKind::ManagedIdentity => {
                let mut client_options = options.local_client_options.clone();
                client_options.per_try_policies.push(Arc::new(LastStatus(Arc::clone(&last_status))));
                built(ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    user_assigned_id: options.client_id.clone().map(UserAssignedId::ClientId),
                    client_options,
                })))
                // It is Azure's, and of a sort that the SDK does not support.
                .map_err(|(Miss::Refused(reason) | Miss::Unavailable(reason))| Miss::Unavailable(reason))
            }
            CredentialKind::AzureCli => built(AzureCliCredential::new(Some(AzureCliCredentialOptions {
                executor: tool("az", "az login"),
                ..Default::default()
            }))),
            CredentialKind::AzurePowerShell => {
                Ok(AzurePowerShellCredential::new(Arc::new(Program(Arc::clone(tools)))) as _)
            }
            CredentialKind::AzureDeveloperCli => {
                built(AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
                    executor: tool("azd", "azd auth login"),
                    ..Default::default()
                })))
            }
        };
        let is_imds = kind == CredentialKind::ManagedIdentity && has_no_endpoint();
        let probed = is_imds && !pinned && credential.is_ok();
        let probe = options.local_client_options.transport.clone().filter(|_| probed);
        let limit = match is_imds {
            true if probed => IMDS_TOKEN,
            true => IMDS_START,
            false => SIGN_IN,
        };
        Self { kind, credential, probe, limit, kept: Mutex::default(), redactor: tools.redactor.clone(), last_status }
    }

    /// A credential that exists.
    #[cfg(test)]
    pub fn of(kind: CredentialKind, credential: Arc<dyn TokenCredential>) -> Self {
        let (kept, redactor, last_status) = Default::default();
        Self { kind, credential: Ok(credential), probe: None, limit: SIGN_IN, kept, redactor, last_status }
    }

    /// Probes whether the credential is there at all.
    ///
    /// # Errors
    /// The reason why it is not.
    pub async fn presence(&self) -> Result<(), CredentialFailure> {
        let (Some(transport), Ok(url)) = (&self.probe, Url::parse(IMDS)) else { return Ok(()) };
        // IMDS refuses a request without its header at once.
        let mut request = Request::new(url, Method::Get);
        let answer = async { transport.send(&Default::default(), &mut request).await?.try_into_raw_response().await };
        match timeout(IMDS_PROBE, answer).await {
            Ok(Ok(answer)) => match String::from_utf8_lossy(answer.body()) {
                // A proxy, which cannot get there either.
                said if answer.status() == StatusCode::Forbidden && said.contains("unreachable") => {
                    Err(CredentialFailure::Said(OutsideText::new(&said).first_line()))
                }
                _ => Ok(()),
            },
            Ok(Err(error)) => Err(CredentialFailure::of(&error)),
            Err(_) => Err(CredentialFailure::TimedOut(IMDS_PROBE)),
        }
    }

    /// A token for `scope`.
    pub async fn token(&self, scope: &str) -> Result<AccessToken, Miss> {
        let token = self.unredacted_token(scope).await;
        if let Ok(token) = &token {
            self.redactor.keep(token.token.secret());
        }
        token.map_err(|miss| match miss {
            Miss::Unavailable(reason) => Miss::Unavailable(reason.redacted(&self.redactor)),
            Miss::Refused(reason) => Miss::Refused(reason.redacted(&self.redactor)),
        })
    }

    async fn unredacted_token(&self, scope: &str) -> Result<AccessToken, Miss> {
        let credential = self.credential.as_ref().map_err(Clone::clone)?;
        let kept = &mut *self.kept.lock().await;
        if let Some((_, token)) = kept.as_ref().filter(|(kept, token)| kept == scope && is_fresh(token)) {
            return Ok(token.clone());
        }
        let token = match timeout(self.limit, credential.get_token(&[scope], None)).await {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => return Err(self.miss(&error)),
            Err(_) => return Err(self.too_slow()),
        };
        if self.kind.is_tool() {
            *kept = Some((scope.to_owned(), token.clone()));
        }
        Ok(token)
    }

    /// The miss of a credential that took too long. Other clouds have other services at the address of IMDS, which know
    /// nothing of tokens.
    fn too_slow(&self) -> Miss {
        match self.last_status.load(Ordering::Relaxed) {
            0 => Miss::Refused(CredentialFailure::TimedOut(self.limit)),
            status => {
                let answered = CredentialFailure::Answered { status, within: self.limit };
                if status == 404 { Miss::Unavailable(answered) } else { Miss::Refused(answered) }
            }
        }
    }

    fn miss(&self, error: &Error) -> Miss {
        let cause = error.downcast_ref::<Error>();
        if self.kind.is_tool() {
            // What cannot be read as an answer may hold a token, so it is not shown.
            let readable = cause.is_none_or(|cause| cause.kind() == &ErrorKind::Credential);
            return Miss::Unavailable(if readable {
                CredentialFailure::of(error)
            } else {
                CredentialFailure::Unreadable
            });
        }
        let is_json = |response: &RawResponse| serde_json::from_slice::<serde_json::Value>(response.body()).is_ok();
        let is_there = match cause.map(Error::kind) {
            _ if self.probe.is_none() => true,
            // IMDS answers in JSON. Something else may have answered the probe: another cloud's service, a sign-in page.
            Some(ErrorKind::HttpResponse { raw_response, .. }) if !raw_response.as_deref().is_some_and(is_json) => {
                return Miss::Unavailable(CredentialFailure::SomethingElse);
            }
            Some(ErrorKind::DataConversion) => return Miss::Unavailable(CredentialFailure::SomethingElse),
            // A virtual machine without an identity is as good as a laptop.
            Some(ErrorKind::HttpResponse { status, .. }) => *status != StatusCode::BadRequest,
            _ => true,
        };
        if is_there {
            Miss::Refused(CredentialFailure::of(error))
        } else {
            Miss::Unavailable(CredentialFailure::of(error))
        }
    }
}

/// Tells whether no endpoint of a managed identity is named, so that it is that of IMDS: App Service's needs a header, and
/// the others are named by other variables. As the SDK has it.
fn has_no_endpoint() -> bool {
    let is_set = |name| env::var_os(name).is_some();
    match is_set("IDENTITY_ENDPOINT") {
        true => !is_set("IDENTITY_HEADER") && !is_set("IMDS_ENDPOINT"),
        false => !is_set("MSI_ENDPOINT"),
    }
}

/// Notes the status of each response.
#[derive(Debug)]
struct LastStatus(Arc<AtomicU16>);

#[async_trait::async_trait]
impl Policy for LastStatus {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(ctx, request, &next[1..]).await?;
        self.0.store(response.status().into(), Ordering::Relaxed);
        Ok(response)
    }
}

/// By the wall clock, since a laptop sleeps.
fn is_fresh(token: &AccessToken) -> bool {
    token.expires_on > OffsetDateTime::now_utc() + REFRESH_BEFORE
}

fn built(
    credential: azure_core::Result<Arc<impl TokenCredential + 'static>>,
) -> Result<Arc<dyn TokenCredential>, Miss> {
    match credential {
        Ok(credential) => Ok(credential),
        Err(error) => Err(Miss::Refused(CredentialFailure::of(&error))),
    }
}

/// The values of all variables, if none is missing and the tenant can be one. The SDK would quote one that cannot, and
/// with it whatever has got into its line.
fn all_set<const N: usize>(variables: [(&'static str, Option<&str>); N]) -> Result<[String; N], Miss> {
    let missing: Vec<_> = variables.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    let is_tenant = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if missing.is_empty() && variables.iter().any(|(name, value)| *name == TENANT && !value.is_some_and(is_tenant)) {
        let why = "AZURE_TENANT_ID is not a tenant's ID or domain: letters, digits, hyphens and dots";
        Err(Miss::Refused(CredentialFailure::Said(why.into())))
    } else if missing.is_empty() {
        Ok(variables.map(|(_, value)| value.unwrap_or_default().to_owned()))
    } else {
        Err(Miss::Unavailable(CredentialFailure::NotSet(missing)))
    }
}

/// A service principal, with a client secret or certificate.
fn environment(options: &CredentialOptions) -> Result<Arc<dyn TokenCredential>, Miss> {
    let tenant = (TENANT, options.tenant_id.as_deref());
    let client = ("AZURE_CLIENT_ID", options.client_id.as_deref());
    if let (None, Some(path)) = (&options.client_secret, &options.client_certificate_path) {
        let [tenant, client] = all_set([tenant, client])?;
        return client_certificate(tenant, client, path, options);
    }
    let secret = ("AZURE_CLIENT_SECRET", options.client_secret.as_ref().map(Secret::secret));
    let [tenant, client, secret] = all_set([tenant, client, secret])?;
    let options = ClientSecretCredentialOptions { client_options: options.client_options.clone() };
    built(ClientSecretCredential::new(&tenant, client, Secret::new(secret), Some(options)))
}

#[cfg(feature = "client-certificate")]
fn client_certificate(
    tenant: String,
    client: String,
    path: &Path,
    options: &CredentialOptions,
) -> Result<Arc<dyn TokenCredential>, Miss> {
    use azure_identity::{ClientCertificateCredential, ClientCertificateCredentialOptions};
    let unreadable = |error| {
        Miss::Refused(CredentialFailure::Said(
            format!("the file in AZURE_CLIENT_CERTIFICATE_PATH cannot be read: {error}").into(),
        ))
    };
    let certificate = crate::file::read(path).map_err(unreadable)?;
    let options = ClientCertificateCredentialOptions {
        client_options: options.client_options.clone(),
        password: options.client_certificate_password.clone(),
    };
    let certificate = azure_core::credentials::SecretBytes::new(certificate);
    built(ClientCertificateCredential::new(tenant, client, certificate, Some(options)))
}

#[cfg(not(feature = "client-certificate"))]
fn client_certificate(
    _tenant: String,
    _client: String,
    _path: &Path,
    _options: &CredentialOptions,
) -> Result<Arc<dyn TokenCredential>, Miss> {
    let why = "AZURE_CLIENT_CERTIFICATE_PATH is set, and this program was built without client certificates; build it \
               with --features client-certificate";
    Err(Miss::Refused(CredentialFailure::Said(why.into())))
}

/// A Kubernetes pod's service account, which Entra ID trusts in a service principal's place.
fn workload_identity(options: &CredentialOptions) -> Result<Arc<dyn TokenCredential>, Miss> {
    let file = options.federated_token_file.as_ref();
    let shown = file.map(|file| file.to_string_lossy());
    all_set([
        (TENANT, options.tenant_id.as_deref()),
        ("AZURE_CLIENT_ID", options.client_id.as_deref()),
        ("AZURE_FEDERATED_TOKEN_FILE", shown.as_deref()),
    ])?;
    if let Some(Err(error)) = file.map(|file| crate::file::read(file)) {
        let why = format!("the file in AZURE_FEDERATED_TOKEN_FILE cannot be read: {error}");
        return Err(Miss::Refused(CredentialFailure::Said(why.into())));
    }
    built(WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options: options.client_options.clone() },
        client_id: options.client_id.clone(),
        tenant_id: options.tenant_id.clone(),
        token_file_path: file.cloned(),
    })))
}
