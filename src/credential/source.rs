//! The single sources of tokens, each by a credential of `azure_identity`.

use super::cli;
use crate::{
    remedy::{WrongUse, one_line},
    retry::client_options,
};
use azure_core::{
    Error,
    credentials::{AccessToken, Secret, TokenCredential},
    http::{Method, Request, StatusCode, Transport, Url},
};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use std::{env, fmt, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long the instance metadata service (IMDS) has to answer. It is in the same rack, or it is not there.
const IMDS_PROBE: Duration = Duration::from_secs(1);
/// How long it has to give a token; the SDK would retry for more than a minute.
const IMDS_TOKEN: Duration = Duration::from_secs(10);

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
    /// The account of `azd`.
    AzureDeveloperCli,
}

impl Kind {
    /// All, in the order in which they are tried: those of deployed programs, then those of developers.
    const ALL: [Self; 5] =
        [Self::Environment, Self::WorkloadIdentity, Self::ManagedIdentity, Self::AzureCli, Self::AzureDeveloperCli];

    /// Those that `AZURE_TOKEN_CREDENTIALS` selects.
    pub(super) fn select(selection: &str) -> Result<Vec<Self>, WrongUse> {
        let (deployed, developers) = Self::ALL.split_at(3);
        match selection.trim().to_lowercase().as_str() {
            "" => Ok(Self::ALL.into()),
            "dev" => Ok(developers.into()),
            "prod" => Ok(deployed.into()),
            name => match Self::ALL.into_iter().find(|kind| kind.to_string().to_lowercase() == name) {
                Some(kind) => Ok(vec![kind]),
                None => Err(WrongUse::new(
                    format!("AZURE_TOKEN_CREDENTIALS is {selection:?}, which selects no source of tokens."),
                    format!("Allowed are dev, prod, and {}.", Self::ALL.map(|kind| kind.to_string()).join(", ")),
                )),
            },
        }
    }

    pub(super) fn source(self, transports: &Transports) -> Arc<dyn Source> {
        let Transports { https, metadata } = transports.clone();
        match self {
            Self::Environment => Arc::new(Environment { https }),
            Self::WorkloadIdentity => Arc::new(WorkloadIdentity { https }),
            Self::ManagedIdentity => Arc::new(ManagedIdentity { metadata }),
            Self::AzureCli | Self::AzureDeveloperCli => Arc::new(cli::Cli(self)),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}Credential")
    }
}

/// The ways to Entra ID and to the endpoints of managed identities.
#[derive(Clone)]
pub(super) struct Transports {
    pub https: Transport,
    pub metadata: Transport,
}

/// Why a source gave no token, in a short line.
#[derive(Debug)]
pub(super) enum Miss {
    /// It is not there, or not set up: others may be tried.
    Absent(String),
    /// It is set up, and does not work: that is what its user must hear of.
    Refused(String),
}

impl Miss {
    fn refused(error: Error) -> Self {
        Self::Refused(reason(&error))
    }
}

/// What a credential's error says, without the SDK's words around it.
pub(super) fn reason(error: &Error) -> String {
    match error.get_ref() {
        Some(cause) => one_line(&cause.to_string()),
        None => one_line(&error.to_string()),
    }
}

#[async_trait::async_trait]
pub(super) trait Source: Send + Sync {
    fn kind(&self) -> Kind;

    /// Whether the source is there at all, where that takes time to find out; if not, why.
    async fn presence(&self) -> Result<(), String> {
        Ok(())
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, Miss>;
}

/// The variable's value, unless it is empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables' values; if one is missing, the source is absent.
fn variables<const N: usize>(names: [&str; N]) -> Result<[String; N], Miss> {
    let values = names.map(|name| variable(name).ok_or(name));
    let missing: Vec<_> = values.iter().filter_map(|value| value.as_ref().err().copied()).collect();
    match missing.as_slice() {
        [] => Ok(values.map(Result::unwrap_or_default)),
        [one] => Err(Miss::Absent(format!("{one} is not set"))),
        [others @ .., last] => Err(Miss::Absent(format!("{} and {last} are not set", others.join(", ")))),
    }
}

async fn ask(
    credential: azure_core::Result<Arc<impl TokenCredential + ?Sized>>,
    scope: &str,
) -> Result<AccessToken, Miss> {
    match credential {
        Ok(credential) => credential.get_token(&[scope], None).await.map_err(Miss::refused),
        Err(error) => Err(Miss::refused(error)),
    }
}

/// A service principal, with a client secret or certificate.
struct Environment {
    https: Transport,
}

#[async_trait::async_trait]
impl Source for Environment {
    fn kind(&self) -> Kind {
        Kind::Environment
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, Miss> {
        if variable("AZURE_CLIENT_SECRET").is_none()
            && let Some(path) = variable("AZURE_CLIENT_CERTIFICATE_PATH")
        {
            let [tenant, client] = variables(["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])?;
            return client_certificate(tenant, client, &path, &self.https, scope).await;
        }
        let [tenant, client, secret] = variables(["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"])?;
        let options = ClientSecretCredentialOptions { client_options: client_options(&self.https, Vec::new()) };
        ask(ClientSecretCredential::new(&tenant, client, Secret::new(secret), Some(options)), scope).await
    }
}

#[cfg(feature = "client-certificate")]
async fn client_certificate(
    tenant: String,
    client: String,
    path: &str,
    https: &Transport,
    scope: &str,
) -> Result<AccessToken, Miss> {
    use azure_identity::{ClientCertificateCredential, ClientCertificateCredentialOptions};
    let certificate = std::fs::read(path).map_err(|error| Miss::Refused(format!("{path}: {error}")))?;
    let options = ClientCertificateCredentialOptions {
        client_options: client_options(https, Vec::new()),
        password: variable("AZURE_CLIENT_CERTIFICATE_PASSWORD").map(Secret::new),
    };
    let certificate = azure_core::credentials::SecretBytes::new(certificate);
    ask(ClientCertificateCredential::new(tenant, client, certificate, Some(options)), scope).await
}

#[cfg(not(feature = "client-certificate"))]
async fn client_certificate(
    _tenant: String,
    _client: String,
    _path: &str,
    _https: &Transport,
    _scope: &str,
) -> Result<AccessToken, Miss> {
    Err(Miss::Refused(
        "AZURE_CLIENT_CERTIFICATE_PATH is set, and this program was built without client certificates; build it with \
         --features client-certificate"
            .into(),
    ))
}

/// A Kubernetes pod's service account, which Entra ID trusts in a service principal's place.
struct WorkloadIdentity {
    https: Transport,
}

#[async_trait::async_trait]
impl Source for WorkloadIdentity {
    fn kind(&self) -> Kind {
        Kind::WorkloadIdentity
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, Miss> {
        let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"];
        let [tenant, client, file] = variables(names)?;
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions {
                client_options: client_options(&self.https, Vec::new()),
            },
            client_id: Some(client),
            tenant_id: Some(tenant),
            token_file_path: Some(file.into()),
        };
        ask(WorkloadIdentityCredential::new(Some(options)), scope).await
    }
}

/// The identity of an app in App Service, or of a virtual machine.
struct ManagedIdentity {
    metadata: Transport,
}

impl ManagedIdentity {
    fn in_app_service() -> bool {
        variable("IDENTITY_ENDPOINT").is_some() && variable("IDENTITY_HEADER").is_some()
    }
}

#[async_trait::async_trait]
impl Source for ManagedIdentity {
    fn kind(&self) -> Kind {
        Kind::ManagedIdentity
    }

    async fn presence(&self) -> Result<(), String> {
        if Self::in_app_service() {
            return Ok(());
        }
        let url = Url::parse(IMDS).map_err(|error| error.to_string())?;
        // IMDS refuses a request without its header at once. Other clouds have other services at that address.
        let mut request = Request::new(url, Method::Get);
        let answer = timeout(IMDS_PROBE, self.metadata.send(&Default::default(), &mut request)).await;
        match answer {
            Ok(Ok(answer)) if answer.status() == StatusCode::BadRequest => Ok(()),
            Ok(_) => Err("this computer has none".into()),
            Err(_) => Err("this computer has none (no answer within 1 s)".into()),
        }
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, Miss> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: variable("AZURE_CLIENT_ID").map(UserAssignedId::ClientId),
            client_options: client_options(&self.metadata, Vec::new()),
        };
        let credential = ManagedIdentityCredential::new(Some(options)).map_err(Miss::refused)?;
        match timeout(IMDS_TOKEN, credential.get_token(&[scope], None)).await {
            Ok(Ok(token)) => Ok(token),
            // A virtual machine without an identity is as good as a laptop.
            Ok(Err(error)) if !Self::in_app_service() && status(&error) == Some(StatusCode::BadRequest) => {
                Err(Miss::Absent(reason(&error)))
            }
            Ok(Err(error)) => Err(Miss::refused(error)),
            Err(_) => Err(Miss::Refused("the endpoint answers, but gave no token within 10 s".into())),
        }
    }
}

/// The status of the answer that a credential made an error of.
fn status(error: &Error) -> Option<StatusCode> {
    error.downcast_ref::<Error>().and_then(Error::http_status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_a_group_or_a_name_without_case() {
        let select = |selection: &str| Kind::select(selection).unwrap();
        assert_eq!(select(""), Kind::ALL);
        assert_eq!(select("dev"), [Kind::AzureCli, Kind::AzureDeveloperCli]);
        assert_eq!(select("PROD"), [Kind::Environment, Kind::WorkloadIdentity, Kind::ManagedIdentity]);
        for kind in Kind::ALL {
            assert_eq!(select(&kind.to_string()), [kind]);
            assert_eq!(select(&kind.to_string().to_uppercase()), [kind]);
        }
        for wrong in ["developer", "AzureCli", "dev,prod"] {
            assert!(Kind::select(wrong).is_err(), "{wrong}");
        }
    }
}
