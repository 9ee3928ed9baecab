//! Key Vault's secrets: the vault's address, the client's options, a deletion that is waited for, and what the service said.

mod attempt;
mod authenticity;
pub(crate) mod challenge;
mod delete_secret;
mod operation;
mod options;
mod origin;
pub(crate) mod response;
mod retry;
mod secret_rules;
mod service_error;
mod transient;
mod vault_address;

pub use attempt::{AttemptNumber, CallTimedOut};
pub use authenticity::NotKeyVault;
pub use challenge::ForeignChallenge;
pub use delete_secret::{BeginDeleteSecret, DeleteSecretPoller, DeletionPending};
pub use operation::{Operation, is_authorized};
pub use options::{client_options, client_options_with};
pub use origin::ForeignLink;
pub use response::{is_conclusive, json, rebuilt};
pub(crate) use retry::Retry;
pub use secret_rules::{MAX_VALUE_CHARS, is_secret_name};
pub use service_error::{ServiceError, is_missing_permission};
pub use transient::{is_transient, is_transient_status};
pub use vault_address::{InvalidAddress, VaultAddress};
