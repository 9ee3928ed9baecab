//! `DefaultAzureCredential`: one credential on a laptop and in Azure.
//!
//! The SDKs for other languages have it; `azure_identity` 1.x has its parts. Its makers left the chain out on purpose,
//! since one that falls back silently is dangerous in production. This one is meant for development and first steps: a
//! deployed program's credential that is there and refuses ends the search, and only the tools of developers make way for
//! each other. It can be pinned to one credential, which a deployed program should do.
//!
//! The order of the credentials, and what `AZURE_TOKEN_CREDENTIALS` does to it, are those of the other SDKs:
//! <https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains#defaultazurecredential-overview>.

mod command_line;
mod default_azure_credential;
mod failure;
mod imds;
mod kind;
mod options;
mod outcome;
mod powershell;
mod process_group;
mod source;
mod token_response;
mod tool_output;

pub use default_azure_credential::DefaultAzureCredential;
pub use failure::CredentialFailure;
pub use kind::{CredentialKind, UnknownSelection};
pub use options::{CredentialOptions, InvalidOptions};
pub use outcome::{CredentialOutcome, SignInFailed};
