//! The Azure Key Vault secrets quickstart, in Rust.
//!
//! The program `kv-secrets` does what Microsoft's `kv_secrets.py` does: it asks for a secret's name and value, creates
//! the secret in a vault, retrieves it and deletes it, waiting until it is deleted. Read [`quickstart`] first; everything
//! else exists so that it can stay that plain. To use Key Vault in a program of your own, read [`azure`], and
//! `examples/kv_secrets.rs`.
//!
//! - [`dotenv`] and [`cli`] read what the run is asked to do, and [`session`] puts it together.
//! - [`quickstart`] runs the steps. The [`guard`] sees to it that no other secret is destroyed.
//! - [`pipeline`] has the policies that each call passes through: it is explained, retried, limited in time, and followed
//!   for what it leaves in the vault.
//! - [`terminal`] has what a person sees and types: stdout's transcript, stderr's notes, the questions.
//! - [`azure`] is Key Vault and sign-in, for any Rust program.
//! - [`demo`] is a vault in memory that takes the place of the network, behind the same client.
//! - [`report`] says, at the end, what went wrong and what to do about it.

pub mod azure;
pub mod cli;
pub mod demo;
pub mod dotenv;
pub mod guard;
pub mod pipeline;
pub mod quickstart;
pub mod report;
pub mod session;
pub mod terminal;
