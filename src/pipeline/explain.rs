//! `--explain` and `--step`: the SDK's calls and the REST exchanges under them, shown on stderr as they happen.
//!
//! Two policies in the client's pipeline tell one story. [`Calls`] sees each call of the SDK once, and may stop before
//! it; [`Exchanges`] sees each try of a request. No value and no token is ever shown.

mod calls;
mod exchanges;
mod layout;
mod meaning;
mod sign_in;

pub use calls::{Calls, Step};
pub use exchanges::Exchanges;

use crate::{
    azure::{VaultAddress, operation::Operation},
    terminal::{note, output},
};
use dialoguer::console::style;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What has been told so far, for what follows to fit.
#[derive(Clone, Debug)]
pub struct Story {
    vault: VaultAddress,
    /// Whether the exchanges are told too, and not only the calls.
    whole: bool,
    so_far: Arc<Mutex<SoFar>>,
}

#[derive(Debug, Default)]
struct SoFar {
    introduced: bool,
    /// Whether a secret was found under the name before it was set.
    existed: bool,
    /// Whether the secret was set.
    set: bool,
    polling: bool,
    recap: Vec<Told>,
}

/// An operation, what came of it, and how long its exchanges took.
#[derive(Debug)]
struct Told {
    operation: Operation,
    statuses: Vec<(Status, usize)>,
    took: Duration,
}

/// An answer's status; none when no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status(Option<u16>);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(f, "{status}"),
            None => f.write_str("no answer"),
        }
    }
}

impl Story {
    /// Begins the story of a run that uses `vault`: of its calls, and if `whole` of the exchanges under them.
    pub fn new(vault: VaultAddress, whole: bool) -> Self {
        Self { vault, whole, so_far: Arc::default() }
    }

    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sums the calls up, a line each, in the order in which they were first made.
    pub fn recap(&self) {
        let so_far = self.so_far();
        if !self.whole || so_far.recap.is_empty() {
            return;
        }
        note!("");
        for Told { operation, statuses, took } in &so_far.recap {
            note!("{}", layout::recap(*operation, statuses, *took));
        }
    }

    /// Keeps an exchange for the [recap](Self::recap).
    fn keep(&self, operation: Operation, status: Status, took: Duration) {
        let mut so_far = self.so_far();
        let recap = &mut so_far.recap;
        let index = recap.iter().position(|told| told.operation == operation).unwrap_or_else(|| {
            recap.push(Told { operation, statuses: Vec::new(), took: Duration::ZERO });
            recap.len() - 1
        });
        let told = &mut recap[index];
        told.took += took;
        match told.statuses.last_mut() {
            Some((last, count)) if *last == status => *count += 1,
            _ => told.statuses.push((status, 1)),
        }
    }

    /// Says once which vault it is, and by which version of the API it is asked.
    fn introduce(&self, api_version: &str) {
        if self.whole && !std::mem::replace(&mut self.so_far().introduced, true) {
            let url = style(self.vault.url()).for_stderr().dim();
            note!("{}", output::cut(&format!("  {url}  api-version {api_version}"), output::columns()));
        }
    }
}
