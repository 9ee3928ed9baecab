//! The Azure Key Vault secrets quickstart, in Rust.
//!
//! The program `kv-secrets` does what Microsoft's `kv_secrets.py` does: it asks for a secret's name and value, creates
//! the secret in a vault, retrieves it and deletes it, waiting until it is deleted. Read [`quickstart`] first; the other
//! modules exist so that it can stay that plain.
//!
//! 1. [`cli`] is the command line, and [`prompt`] asks for what it leaves out.
//! 2. [`session`] puts the parts together. [`vault`] turns the vault's name into the SDK's client, which signs in with
//!    the [`credential`] and sends through the [`transport`]. In the client's pipeline, [`retry`] tries again what may
//!    pass, and [`remains`] notes what is left in the vault.
//! 3. [`quickstart`] runs the steps. The [`guard`] sees to it that no other secret is destroyed, and [`deletion`] waits
//!    for the last step. What is said goes to stdout by [`transcript`], and nothing else does.
//! 4. [`explain`] shows the calls and exchanges to those who want to see them, [`progress`] a spinner to those who wait,
//!    and [`farewell`] what can be done next.
//! 5. [`remedy`] says on stderr what went wrong and what to do about it, out of what the [`service`] said.
//! 6. [`demo`] is a vault in memory that takes the place of Azure's, behind the same client.

mod call;
pub mod cli;
pub mod credential;
pub mod deletion;
pub mod demo;
pub mod explain;
pub mod farewell;
pub mod guard;
pub mod progress;
pub mod prompt;
pub mod quickstart;
pub mod remains;
pub mod remedy;
pub mod retry;
pub mod service;
pub mod session;
pub mod terminal;
pub mod transcript;
pub mod transport;
pub mod vault;
