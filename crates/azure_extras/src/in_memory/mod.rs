//! A Key Vault in memory, as the transport of the SDK's own client: for demos, and for tests without a network.
//!
//! Challenge, token, retries and JSON all run as they do against Azure. Paths, bodies and error texts follow
//! <https://learn.microsoft.com/rest/api/keyvault/secrets>.
//!
//! ```
//! use azure_core::http::Transport;
//! use azure_extras::{BeginDeleteSecret as _, VaultAddress, in_memory::{InMemoryCredential, InMemoryVault}};
//! use azure_extras::secrets::client_options_with;
//! use std::{sync::Arc, time::Duration};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> azure_core::Result<()> {
//! # use azure_security_keyvault_secrets::models::SetSecretParameters;
//! let vault = InMemoryVault::new(Duration::ZERO);
//! let options = client_options_with(Transport::new(Arc::new(vault)));
//! let address = VaultAddress::parse("any-vault").expect("a name");
//! let client = address.secret_client(Arc::new(InMemoryCredential), options)?;
//!
//! let parameters = SetSecretParameters { value: Some("my value".into()), ..Default::default() };
//! client.set_secret("my-secret", parameters.try_into()?, None).await?;
//! client.begin_delete_secret("my-secret").await?.await?;
//! assert!(client.get_secret("my-secret", None).await.is_err());
//! # Ok(())
//! # }
//! ```

mod response;
mod secret;
mod vault;

pub use vault::{InMemoryCredential, InMemoryVault};
