//! The shipped binary, from outside: at a pipe, at a terminal, and over TLS against a vault on this computer.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "clippy.toml allows them only in #[test] itself")]

#[cfg(unix)]
mod distance;
mod early;
mod errors;
mod faults;
mod keyboard;
mod piped;
mod readme;
mod rules;
mod showing;
mod sign_in;
mod support;
mod terminal;
mod wire;
mod world;
