//! The summary at the end: the calls of the run, a line each.

use super::layout::{self, Status};
use crate::terminal::note;
use azure_extras::secrets::Operation;
use std::time::Duration;

/// The exchanges of each operation, in the order in which they were first called.
#[derive(Debug, Default)]
pub(super) struct Recap(Vec<Told>);

/// An operation, the statuses of its responses, and how long its exchanges took.
#[derive(Debug)]
struct Told {
    operation: Operation,
    statuses: Vec<(Status, usize)>,
    took: Duration,
}

impl Recap {
    /// Keeps an exchange.
    pub fn keep(&mut self, operation: Operation, status: Status, took: Duration) {
        let index = self.0.iter().position(|told| told.operation == operation).unwrap_or_else(|| {
            self.0.push(Told { operation, statuses: Vec::new(), took: Duration::ZERO });
            self.0.len() - 1
        });
        let told = &mut self.0[index];
        told.took += took;
        match told.statuses.last_mut() {
            Some((last, count)) if *last == status => *count += 1,
            _ => told.statuses.push((status, 1)),
        }
    }

    /// Shows what was kept, if anything.
    pub fn show(&self) {
        if !self.0.is_empty() {
            note!("");
        }
        for Told { operation, statuses, took } in &self.0 {
            note!("{}", layout::recap(*operation, statuses, *took));
        }
    }
}
