//! Key Vault's secrets: the vault's address, the client's options, a deletion that is waited for, and what the service said.

mod attempt;
mod authenticity;
mod challenge;
mod delete_secret;
mod operation;
mod options;
mod redaction;
mod response;
mod retry;
mod service_error;
mod transient;
mod vault_address;

pub use attempt::{AttemptNumber, CallTimedOut};
pub use authenticity::NotKeyVault;
pub use challenge::ForeignChallenge;
pub use delete_secret::{BeginDeleteSecret, DeleteSecretPoller, DeletionPending};
pub use operation::{Operation, is_authorized};
pub use options::{client_options, client_options_with};
pub use response::{is_conclusive, rebuilt};
pub use retry::Retry;
pub use service_error::{ServiceError, is_missing_permission};
pub use transient::is_transient;
pub use vault_address::{InvalidAddress, MAX_VALUE_CHARS, VaultAddress, is_secret_name};
