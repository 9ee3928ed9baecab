//! Tracks what this run has left in the vault.

use super::again;
use crate::azure::{
    answer::{ServiceError, is_conclusive},
    operation::{Operation, is_authorized},
};
use azure_core::http::{
    Context, RawResponse, Request,
    policies::{Policy, PolicyResult},
};
use std::sync::{Arc, Mutex, PoisonError};

/// What this run has left in the vault, secret by secret. As a policy it follows each try of a request: a `4xx` means
/// that this try did nothing, but says nothing of an earlier one whose answer was lost.
#[derive(Clone, Debug, Default)]
pub struct Leftover(Arc<Mutex<Vec<(String, Left)>>>);

/// What is left of a secret that the run has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing: it was not created, or its deletion is complete.
    Nothing,
    /// Perhaps the secret: a request to create it has not been answered.
    PerhapsSecret,
    /// The secret.
    Secret,
    /// The secret or its deletion: a request to delete it has not been answered.
    PerhapsDeletion,
    /// The deletion, which has begun.
    Deletion,
}

impl Leftover {
    /// The names of the secrets of which something is left by now, and what.
    pub fn left(&self) -> Vec<(String, Left)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, left)| *left != Left::Nothing).cloned().collect()
    }

    /// Notes what is left of that secret now, and returns what was before.
    fn replace(&self, name: &str, now: impl FnOnce(Left) -> Left) -> Left {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = all.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)).unwrap_or_else(|| {
            all.push((name.to_owned(), Left::Nothing));
            all.len() - 1
        });
        let before = all[index].1;
        all[index].1 = now(before);
        before
    }
}

#[async_trait::async_trait]
impl Policy for Leftover {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let operation = Operation::of(request).map(|(operation, name)| (operation, name.to_owned()));
        let Some((operation, name)) = operation.filter(|_| is_authorized(request)) else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        // Until the answer is there, and if it never comes, anything may have happened.
        let before = self.replace(&name, |before| match (operation, before) {
            (Operation::Set, Left::Nothing) => Left::PerhapsSecret,
            (Operation::Delete, Left::PerhapsSecret | Left::Secret) => Left::PerhapsDeletion,
            _ => before,
        });
        let response = next[0].send(ctx, request, &next[1..]).await?.try_into_raw_response().await?;
        let status = response.status();
        let now = match operation {
            Operation::Set if status.is_success() => Left::Secret,
            Operation::Delete if status.is_success() && is_gone_at_once(&response) => Left::Nothing,
            Operation::Delete if status.is_success() => Left::Deletion,
            Operation::Set | Operation::Delete if status.is_client_error() && is_conclusive(status) => before,
            Operation::GetDeleted if status.is_success() || ServiceError::read(&response).is_missing_permission() => {
                Left::Nothing
            }
            _ => return Ok(again(response)),
        };
        self.replace(&name, |_| now);
        Ok(again(response))
    }
}

/// Whether a vault without soft delete has deleted the secret: there is nothing to recover.
fn is_gone_at_once(response: &RawResponse) -> bool {
    serde_json::from_slice(response.body()).is_ok_and(|body: serde_json::Value| body["recoveryId"].is_null())
}
