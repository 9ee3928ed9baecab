//! The options of a `DefaultAzureCredential`.

use super::{
    imds,
    kind::{CredentialKind, UnknownSelection},
    token_response::NormalizedToken,
};
use crate::{
    network::{NoTrust, https, local_http},
    redaction::{Redaction, Redactor},
    secrets::Retry,
};
use azure_core::{
    credentials::Secret,
    http::{ClientOptions, ExponentialRetryOptions, RetryOptions},
};
use std::{env, ffi::OsString, path::PathBuf, sync::Arc};

/// The parts of a [`DefaultAzureCredential`](super::DefaultAzureCredential).
#[derive(Clone, Debug)]
pub struct CredentialOptions {
    /// The credentials that are tried, in their order; all if empty (`AZURE_TOKEN_CREDENTIALS`).
    pub credentials: Vec<CredentialKind>,
    /// The tenant of a service principal (`AZURE_TENANT_ID`).
    pub tenant_id: Option<String>,
    /// The client ID of a service principal, or of a user-assigned managed identity (`AZURE_CLIENT_ID`).
    pub client_id: Option<String>,
    /// The secret of a service principal (`AZURE_CLIENT_SECRET`).
    pub client_secret: Option<Secret>,
    /// The file with the certificate of a service principal (`AZURE_CLIENT_CERTIFICATE_PATH`).
    pub client_certificate_path: Option<PathBuf>,
    /// The password of that file (`AZURE_CLIENT_CERTIFICATE_PASSWORD`).
    pub client_certificate_password: Option<Secret>,
    /// The file with a Kubernetes pod's token (`AZURE_FEDERATED_TOKEN_FILE`).
    pub federated_token_file: Option<PathBuf>,
    /// The options for requests to Entra ID.
    pub client_options: ClientOptions,
    /// The options for requests to the endpoints of managed identities, which must not lead through a proxy.
    pub local_client_options: ClientOptions,
}

/// The environment's settings are of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOptions {
    /// No certificate authority to trust can be loaded.
    #[error(transparent)]
    Trust(#[from] NoTrust),
    /// `AZURE_TOKEN_CREDENTIALS` selects no credential.
    #[error(transparent)]
    Selection(#[from] UnknownSelection),
    /// The value of a variable is no URL.
    #[error("The value of {variable} is not a URL.")]
    NotUrl {
        /// The variable's name.
        variable: &'static str,
    },
    /// The value of a variable is not UTF-8.
    #[error("The value of {variable} is not UTF-8.")]
    NotUtf8 {
        /// The variable's name.
        variable: &'static str,
    },
}

impl CredentialOptions {
    /// The options that the process's environment asks for.
    ///
    /// # Errors
    /// [`InvalidOptions`] when a variable's value is of no use.
    pub fn from_env() -> Result<Self, InvalidOptions> {
        Self::from_variables(|name| env::var_os(name))
    }

    /// The options that variables ask for, wherever they come from. One that is empty counts as not set.
    ///
    /// What [`https`] and the SDK read, they read from the process's environment all the same: `SSL_CERT_FILE` and the
    /// proxies' variables, `AZURE_AUTHORITY_HOST`, `IDENTITY_ENDPOINT`, `IDENTITY_HEADER` and the like.
    ///
    /// # Errors
    /// [`InvalidOptions`] when a variable's value is of no use.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, InvalidOptions> {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            Some(Err(_)) => Err(InvalidOptions::NotUtf8 { variable: name }),
        };
        let secret = |name| Ok::<_, InvalidOptions>(text(name)?.map(Secret::new));
        let variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
        let imds_host =
            text(variable)?.map(|url| url.parse().map_err(|_| InvalidOptions::NotUrl { variable })).transpose()?;
        Ok(Self {
            credentials: CredentialKind::select(&text("AZURE_TOKEN_CREDENTIALS")?.unwrap_or_default())?,
            tenant_id: text("AZURE_TENANT_ID")?,
            client_id: text("AZURE_CLIENT_ID")?,
            client_secret: secret("AZURE_CLIENT_SECRET")?,
            client_certificate_path: path("AZURE_CLIENT_CERTIFICATE_PATH"),
            client_certificate_password: secret("AZURE_CLIENT_CERTIFICATE_PASSWORD")?,
            federated_token_file: path("AZURE_FEDERATED_TOKEN_FILE"),
            client_options: ClientOptions {
                retry: RetryOptions::none(),
                per_call_policies: vec![Arc::new(Retry)],
                transport: Some(https()?),
                ..ClientOptions::default()
            },
            local_client_options: ClientOptions {
                // The SDK has others for the instance metadata service.
                retry: RetryOptions::exponential(ExponentialRetryOptions { max_retries: 3, ..Default::default() }),
                transport: Some(imds::redirected(local_http()?, imds_host)),
                ..ClientOptions::default()
            },
        })
    }
}

impl CredentialOptions {
    /// The same options, with a redactor that keeps their secrets, and those of requests, out of what answers.
    pub(super) fn redacted(mut self) -> (Self, Redactor) {
        let redactor = Redactor::from_env();
        for secret in [&self.client_secret, &self.client_certificate_password].into_iter().flatten() {
            redactor.keep(secret.secret());
        }
        for client_options in [&mut self.client_options, &mut self.local_client_options] {
            client_options.per_try_policies.push(Arc::new(NormalizedToken));
            client_options.per_try_policies.push(Arc::new(Redaction(redactor.clone())));
        }
        (self, redactor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> Result<CredentialOptions, InvalidOptions> {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        CredentialOptions::from_variables(value)
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let options = options(&[("AZURE_CLIENT_ID", ""), ("AZURE_TENANT_ID", "t"), ("AZURE_FEDERATED_TOKEN_FILE", "")]);
        let options = options.unwrap();
        assert_eq!((options.client_id, options.tenant_id.as_deref()), (None, Some("t")));
        assert_eq!(options.federated_token_file, None);
        assert_eq!(options.credentials, CredentialKind::ALL);
    }

    #[test]
    fn a_selection_of_none_is_an_error() {
        let unknown = UnknownSelection { selection: "no".into() };
        assert_eq!(options(&[("AZURE_TOKEN_CREDENTIALS", "no")]).err(), Some(unknown.into()));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_named() {
        use std::os::unix::ffi::OsStringExt as _;
        for name in ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_TOKEN_CREDENTIALS"] {
            let value = |asked: &str| (asked == name).then(|| OsString::from_vec(vec![0xff]));
            let error = CredentialOptions::from_variables(value).err().map(|error| error.to_string());
            assert_eq!(error, Some(format!("The value of {name} is not UTF-8.")));
        }
    }
}
