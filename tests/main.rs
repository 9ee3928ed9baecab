//! The shipped binary, from outside: at a pipe, at a terminal, and over TLS against a vault on this computer.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "clippy.toml allows them only in #[test] itself")]

#[cfg(unix)]
mod attack;
#[cfg(unix)]
mod distance;
#[cfg(unix)]
mod early;
mod errors;
mod faults;
mod house;
#[cfg(unix)]
mod keyboard;
mod piped;
mod readme;
mod rules;
mod sample;
mod settings;
mod showing;
mod sign_in;
#[cfg_attr(windows, allow(dead_code, reason = "the tests at a terminal use the rest"))]
mod support;
#[cfg(unix)]
mod terminal;
mod wire;
mod world;
