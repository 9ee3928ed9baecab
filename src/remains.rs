//! What the vault holds of ours, at whatever end comes.

use crate::call::Call;
use azure_core::http::{
    Context, Request, StatusCode,
    policies::{Policy, PolicyResult},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Follows the client's calls, as a policy in its pipeline ahead of any retry, and knows what they leave in the vault.
#[derive(Clone, Debug, Default)]
pub struct Remains(Arc<Mutex<Left>>);

/// What is left of the secret that the program made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Left {
    /// Nothing: it was not created, or its deletion is complete.
    #[default]
    Nothing,
    /// Perhaps the secret of that name: the request to create it has not been answered.
    PerhapsSecret(String),
    /// The secret of that name.
    Secret(String),
    /// The secret of that name or its deletion: the request to delete it has not been answered.
    PerhapsDeletion(String),
    /// The deletion of the secret of that name, which has begun.
    Deletion(String),
}

impl Remains {
    /// What is left by now.
    pub fn left(&self) -> Left {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, left: Left) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}

#[async_trait::async_trait]
impl Policy for Remains {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((call, name)) = Call::of(request).map(|(call, name)| (call, name.to_owned())) else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        let before = self.left();
        match call {
            Call::Set => self.set(Left::PerhapsSecret(name.clone())),
            Call::Delete => self.set(Left::PerhapsDeletion(name.clone())),
            _ => {}
        }
        let result = next[0].send(ctx, request, &next[1..]).await;
        // An error without an answer, and one of the server's own, may come after the fact.
        let Some(status) = result.as_ref().ok().map(|response| response.status()) else {
            return result;
        };
        match call {
            Call::Set if status.is_success() => self.set(Left::Secret(name)),
            Call::Delete if status.is_success() || status == StatusCode::NotFound => self.set(Left::Deletion(name)),
            Call::Set | Call::Delete if status.is_client_error() => self.set(before),
            Call::Poll if status.is_success() || status == StatusCode::Forbidden => self.set(Left::Nothing),
            _ => {}
        }
        result
    }
}
