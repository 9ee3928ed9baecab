//! The kinds of credentials, and the choice between them.

use std::fmt;

/// A credential of the chain, by its name in every SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
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
}

/// `AZURE_TOKEN_CREDENTIALS` selects no credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AZURE_TOKEN_CREDENTIALS is {selection:?}, which selects no source of tokens.")]
pub struct UnknownSelection {
    /// The value of the variable.
    pub selection: String,
}

impl CredentialKind {
    /// All, in the order of the chain: those of deployed programs, then those of developers.
    pub const ALL: [Self; 6] = [
        Self::Environment,
        Self::WorkloadIdentity,
        Self::ManagedIdentity,
        Self::AzureCli,
        Self::AzurePowerShell,
        Self::AzureDeveloperCli,
    ];

    /// The credentials that a value of `AZURE_TOKEN_CREDENTIALS` selects: `dev`, `prod`, one by its name in any case, or
    /// all if it is empty.
    ///
    /// # Errors
    /// [`UnknownSelection`] for any other value.
    pub fn select(selection: &str) -> Result<Vec<Self>, UnknownSelection> {
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

    /// Tells whether a command-line tool gives the token.
    pub(super) fn is_tool(self) -> bool {
        matches!(self, Self::AzureCli | Self::AzurePowerShell | Self::AzureDeveloperCli)
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}Credential")
    }
}
