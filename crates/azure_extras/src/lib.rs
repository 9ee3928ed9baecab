//! What the Azure SDK for Rust lacks beside those for other languages, for Key Vault's secrets and for signing in.
//!
//! The example sets a secret, gets it back and deletes it, signed in as whoever `az login` says:
//!
//! ```no_run
//! use azure_extras::{BeginDeleteSecret as _, CredentialOptions, DefaultAzureCredential, VaultAddress, client_options};
//! use azure_security_keyvault_secrets::models::SetSecretParameters;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let vault = VaultAddress::parse("my-vault")?;
//! let credential = DefaultAzureCredential::new(CredentialOptions::from_env()?);
//! let client = vault.secret_client(credential, client_options()?)?;
//!
//! let parameters = SetSecretParameters { value: Some("my value".into()), ..Default::default() };
//! client.set_secret("my-secret", parameters.try_into()?, None).await?;
//! let secret = client.get_secret("my-secret", None).await?.into_model()?;
//! assert_eq!(secret.value.as_deref(), Some("my value"));
//!
//! let poller = client.begin_delete_secret("my-secret").await?;
//! poller.await?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`DefaultAzureCredential`] signs in with the first credential that is there: a service principal, a managed
//!   identity, or the account of the Azure CLI. See [`credential`] before you use it in production.
//! - [`VaultAddress`] turns a vault's name or URL into the SDK's `SecretClient`.
//! - [`client_options`] retries what is worth it without losing a request's body, takes only Key Vault's answers, and
//!   says why there is no connection. See [`secrets`] and [`network`].
//! - [`BeginDeleteSecret`] waits until a secret is deleted.
//! - `in_memory`, with the feature of that name, is a Key Vault in memory for demos and tests.
//!
//! [`find_cause`] finds this crate's errors inside the SDK's.
//!
//! It all runs in a Tokio runtime with I/O and time. The SDK's own transport is not built in: a client that is made
//! without [`client_options`], or a transport of its own, panics. TLS is rustls with *ring*, which becomes the process's
//! default provider, unless it has one.

pub mod credential;
pub mod error;
mod file;
#[cfg(feature = "in-memory")]
pub mod in_memory;
pub mod network;
mod redaction;
pub mod secrets;
pub mod text;

pub use credential::{CredentialOptions, DefaultAzureCredential};
pub use error::{causes, find_cause};
pub use secrets::{BeginDeleteSecret, VaultAddress, client_options};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
