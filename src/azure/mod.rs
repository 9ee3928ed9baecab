//! Key Vault and sign-in, for any Rust program: what the SDK for Rust lacks beside those for other languages.
//!
//! The folder depends on nothing else in this crate and can be copied whole. It knows no terminal, no tutorial and no
//! exit status: it takes what it needs as arguments, and gives typed errors. `examples/kv_secrets.rs` shows it in use.
//!
//! - [`address`] has a vault's name or URL, and its client.
//! - [`credential`] has `DefaultAzureCredential`.
//! - [`client`] has the client's options: TLS, proxies, limits; [`connection`] tells why there is no connection.
//! - [`delete_secret`] has `begin_delete_secret` and its poller.
//! - [`answer`] tells what the service said, [`genuine`] whether it was Key Vault at all, [`operation`] what it was asked.

pub mod address;
pub mod answer;
pub mod client;
pub mod connection;
pub mod credential;
pub mod delete_secret;
pub mod genuine;
pub mod operation;

pub use address::VaultAddress;
pub use client::client_options;
pub use credential::{CredentialOptions, DefaultAzureCredential};
pub use delete_secret::BeginDeleteSecret;

use std::error::Error;

/// The error, and what it came from, cause by cause.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn Error + 'static)| (*cause).source())
}

/// The cause of that type in `error` or under it, however deep the SDK has wrapped it.
pub fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Text from the network or another program, fit for a terminal: without control characters except for line breaks,
/// trimmed, and at most 2,000 characters long.
pub fn clean(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(2000).collect();
    text.trim().to_owned()
}

/// The first line of a text, [`clean`]ed, and at most 200 characters long.
pub fn first_line(text: &str) -> String {
    clean(text.trim().lines().next().unwrap_or_default()).chars().take(200).collect()
}

/// Lets pass only what does nothing in a shell, for a command that people paste.
pub fn pasteable(text: &str) -> Option<&str> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
    (!text.is_empty() && !text.starts_with('-') && text.chars().all(harmless)).then_some(text)
}
