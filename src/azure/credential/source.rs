//! The single sources of tokens, each by a credential of `azure_identity` that is built once.

use super::{
    CredentialOptions, UnknownSelection,
    command_line::{Program, Tool},
    powershell::AzurePowerShellCredential,
    reason::Reason,
};
use azure_core::{
    Error,
    credentials::{AccessToken, Secret, TokenCredential},
    error::ErrorKind,
    http::{ClientOptions, Method, Request, StatusCode, Transport, Url},
    time::OffsetDateTime,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, Executor,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use std::{env, fmt, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::timeout};

/// How long the instance metadata service (IMDS) has to answer. It is in the same rack, or it is not there.
const IMDS_PROBE: Duration = Duration::from_secs(1);
/// How long it has to give a token once it has answered; the SDK would retry for more than a minute.
const IMDS_TOKEN: Duration = Duration::from_secs(10);
/// How long a pinned identity has, whose endpoint may start slowly.
const IMDS_START: Duration = Duration::from_secs(90);
/// How long any other source has, with all retries.
const SIGN_IN: Duration = Duration::from_secs(30);
/// A tool's token is fetched anew when it has less than this left, as the SDK does with those of other sources.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);

/// See <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// A source of tokens, by its name in every SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A service principal in environment variables.
    Environment,
    /// A Kubernetes pod's identity.
    WorkloadIdentity,
    /// An identity that Azure gives to an app or a virtual machine.
    ManagedIdentity,
    /// The account of `az`.
    AzureCli,
    /// The account of Azure PowerShell.
    AzurePowerShell,
    /// The account of `azd`.
    AzureDeveloperCli,
    /// None of Azure's.
    Other,
}

impl Kind {
    /// Azure's, in the order in which they are tried: those of deployed programs, then those of developers.
    pub const ALL: [Self; 6] = [
        Self::Environment,
        Self::WorkloadIdentity,
        Self::ManagedIdentity,
        Self::AzureCli,
        Self::AzurePowerShell,
        Self::AzureDeveloperCli,
    ];

    /// Those that `AZURE_TOKEN_CREDENTIALS` selects.
    pub(super) fn select(selection: &str) -> Result<Vec<Self>, UnknownSelection> {
        let (deployed, developers) = Self::ALL.split_at(3);
        match selection.trim().to_lowercase().as_str() {
            "" => Ok(Self::ALL.into()),
            "dev" => Ok(developers.into()),
            "prod" => Ok(deployed.into()),
            name => match Self::ALL.into_iter().find(|kind| kind.to_string().to_lowercase() == name) {
                Some(kind) => Ok(vec![kind]),
                None => Err(UnknownSelection { selection: selection.to_owned() }),
            },
        }
    }

    fn is_tool(self) -> bool {
        matches!(self, Self::AzureCli | Self::AzurePowerShell | Self::AzureDeveloperCli)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}Credential")
    }
}

/// Why a source gave no token, and what that means for the search.
#[derive(Clone, Debug)]
pub(super) enum Miss {
    /// It is unavailable: not there, or not set up. Others may be tried.
    Unavailable(Reason),
    /// It is set up, and does not work: that is what its user must hear of.
    Refused(Reason),
}

/// A source with its credential, or why it has none.
pub(super) struct Source {
    pub kind: Kind,
    credential: Result<Arc<dyn TokenCredential>, Miss>,
    /// By which it takes time to find out whether the source is there at all.
    pub probe: Option<Transport>,
    limit: Duration,
    /// A tool's token; the other credentials keep their own.
    kept: Mutex<Option<(String, AccessToken)>>,
}

impl Source {
    /// Builds a source. One that is `pinned` is the only one, and is not probed but waited for.
    pub fn new(kind: Kind, options: &CredentialOptions, pinned: bool) -> Self {
        let tool = |name, login| -> Option<Arc<dyn Executor>> {
            Some(Arc::new(Tool { name, login, tools: Arc::clone(&options.tools) }))
        };
        let credential = match kind {
            Kind::Environment => environment(&options.client_options),
            Kind::WorkloadIdentity => workload_identity(&options.client_options),
            Kind::ManagedIdentity => built(ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id: variable("AZURE_CLIENT_ID").map(UserAssignedId::ClientId),
                client_options: options.local_client_options.clone(),
            })))
            // It is Azure's, and of a sort that the SDK does not support.
            .map_err(|(Miss::Refused(reason) | Miss::Unavailable(reason))| Miss::Unavailable(reason)),
            Kind::AzureCli => built(AzureCliCredential::new(Some(AzureCliCredentialOptions {
                executor: tool("az", "az login"),
                ..Default::default()
            }))),
            Kind::AzurePowerShell => {
                Ok(AzurePowerShellCredential::new(Arc::new(Program(Arc::clone(&options.tools)))) as _)
            }
            Kind::AzureDeveloperCli => {
                built(AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
                    executor: tool("azd", "azd auth login"),
                    ..Default::default()
                })))
            }
            Kind::Other => Err(Miss::Unavailable(Reason::NotSet(Vec::new()))),
        };
        let is_imds = kind == Kind::ManagedIdentity && env::var_os("IDENTITY_ENDPOINT").is_none();
        let probed = is_imds && !pinned && credential.is_ok();
        let probe = options.local_client_options.transport.clone().filter(|_| probed);
        let limit = match is_imds {
            true if probed => IMDS_TOKEN,
            true => IMDS_START,
            false => SIGN_IN,
        };
        Self { kind, credential, probe, limit, kept: Mutex::default() }
    }

    /// A source whose credential exists.
    pub fn of(kind: Kind, credential: Arc<dyn TokenCredential>) -> Self {
        Self { kind, credential: Ok(credential), probe: None, limit: SIGN_IN, kept: Mutex::default() }
    }

    /// Whether the source is there at all; if not, why.
    pub async fn presence(&self) -> Result<(), Reason> {
        let (Some(transport), Ok(url)) = (&self.probe, Url::parse(IMDS)) else { return Ok(()) };
        // IMDS refuses a request without its header at once. Other clouds have other services at that address.
        let mut request = Request::new(url, Method::Get);
        match timeout(IMDS_PROBE, transport.send(&Default::default(), &mut request)).await {
            Ok(Ok(answer)) if answer.status() == StatusCode::BadRequest => Ok(()),
            _ => Err(Reason::NoIdentity),
        }
    }

    /// A token for `scope`.
    pub async fn token(&self, scope: &str) -> Result<AccessToken, Miss> {
        let credential = self.credential.as_ref().map_err(Clone::clone)?;
        let kept = &mut *self.kept.lock().await;
        if let Some((_, token)) = kept.as_ref().filter(|(kept, token)| kept == scope && is_fresh(token)) {
            return Ok(token.clone());
        }
        let token = match timeout(self.limit, credential.get_token(&[scope], None)).await {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => return Err(self.miss(&error)),
            Err(_) => return Err(Miss::Refused(Reason::NoAnswer(self.limit))),
        };
        if self.kind.is_tool() {
            *kept = Some((scope.to_owned(), token.clone()));
        }
        Ok(token)
    }

    fn miss(&self, error: &Error) -> Miss {
        let cause = error.downcast_ref::<Error>();
        if self.kind.is_tool() {
            // What cannot be read as an answer may hold a token, so it is not shown.
            let readable = cause.is_none_or(|cause| cause.kind() == &ErrorKind::Credential);
            return Miss::Unavailable(if readable { Reason::of(error) } else { Reason::Unreadable });
        }
        let is_there = match cause.map(Error::kind) {
            // A virtual machine without an identity is as good as a laptop.
            Some(ErrorKind::HttpResponse { status, .. }) => self.probe.is_none() || *status != StatusCode::BadRequest,
            Some(ErrorKind::Connection | ErrorKind::Io) => self.kind != Kind::ManagedIdentity,
            _ => true,
        };
        if is_there { Miss::Refused(Reason::of(error)) } else { Miss::Unavailable(Reason::of(error)) }
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
        Err(error) => Err(Miss::Refused(Reason::of(&error))),
    }
}

/// The variable's value, unless it is empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables' values; if one is missing, the source is unavailable.
fn variables<const N: usize>(names: [&'static str; N]) -> Result<[String; N], Miss> {
    let values = names.map(variable);
    let missing: Vec<_> = names.into_iter().zip(&values).filter(|(_, it)| it.is_none()).map(|(name, _)| name).collect();
    if missing.is_empty() {
        Ok(values.map(Option::unwrap_or_default))
    } else {
        Err(Miss::Unavailable(Reason::NotSet(missing)))
    }
}

/// A service principal, with a client secret or certificate.
fn environment(client_options: &ClientOptions) -> Result<Arc<dyn TokenCredential>, Miss> {
    let certificate = variable("AZURE_CLIENT_CERTIFICATE_PATH").filter(|_| variable("AZURE_CLIENT_SECRET").is_none());
    if let Some(path) = certificate {
        let [tenant, client] = variables(["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])?;
        return client_certificate(tenant, client, &path, client_options);
    }
    let [tenant, client, secret] = variables(["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"])?;
    let options = ClientSecretCredentialOptions { client_options: client_options.clone() };
    built(ClientSecretCredential::new(&tenant, client, Secret::new(secret), Some(options)))
}

#[cfg(feature = "client-certificate")]
fn client_certificate(
    tenant: String,
    client: String,
    path: &str,
    client_options: &ClientOptions,
) -> Result<Arc<dyn TokenCredential>, Miss> {
    use azure_identity::{ClientCertificateCredential, ClientCertificateCredentialOptions};
    let certificate = std::fs::read(path).map_err(|error| Miss::Refused(Reason::Said(format!("{path}: {error}"))))?;
    let options = ClientCertificateCredentialOptions {
        client_options: client_options.clone(),
        password: variable("AZURE_CLIENT_CERTIFICATE_PASSWORD").map(Secret::new),
    };
    let certificate = azure_core::credentials::SecretBytes::new(certificate);
    built(ClientCertificateCredential::new(tenant, client, certificate, Some(options)))
}

#[cfg(not(feature = "client-certificate"))]
fn client_certificate(
    _tenant: String,
    _client: String,
    _path: &str,
    _client_options: &ClientOptions,
) -> Result<Arc<dyn TokenCredential>, Miss> {
    let why = "AZURE_CLIENT_CERTIFICATE_PATH is set, and this program was built without client certificates; build it \
               with --features client-certificate";
    Err(Miss::Refused(Reason::Said(why.into())))
}

/// A Kubernetes pod's service account, which Entra ID trusts in a service principal's place.
fn workload_identity(client_options: &ClientOptions) -> Result<Arc<dyn TokenCredential>, Miss> {
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"];
    let [tenant, client, file] = variables(names)?;
    built(WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options: client_options.clone() },
        client_id: Some(client),
        tenant_id: Some(tenant),
        token_file_path: Some(file.into()),
    })))
}
