//! What came of each source of tokens.

use super::{Kind, Reason};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What came of each source so far, in the order in which they were tried. The one that gave the token is the last.
#[derive(Clone, Debug, Default)]
pub struct Attempts(Arc<Mutex<Vec<Attempt>>>);

impl Attempts {
    /// The attempts of the last search.
    pub fn get(&self) -> Vec<Attempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, attempts: &[Attempt]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = attempts.to_owned();
    }
}

/// What came of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The source.
    pub source: Kind,
    /// Why it gave no token; none if it gave one.
    pub why_not: Option<Reason>,
    /// How long it took to answer.
    pub took: Duration,
}
