//! The policies in the client's pipeline: what a run does beside the SDK's own work, none of it a parameter of a step.
//!
//! A call passes through them in this order: it is explained, or a spinner turns; it is retried; the SDK signs it in;
//! then each try is limited in time, followed for what it leaves in the vault, and explained; and only Key Vault's
//! answers are let through.

pub mod explain;
pub mod leftover;
pub mod progress;
pub mod retry;
pub mod warm_up;

use crate::azure::client::client_options_by;
use azure_core::http::{AsyncRawResponse, ClientOptions, RawResponse, RetryOptions, Transport, policies::Policy};
use leftover::Leftover;
use retry::{Effort, Retry, TimeLimit};
use std::sync::Arc;

/// What a run's client keeps for the end: what is left in the vault, and how often the last call was tried.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// What is left in the vault.
    pub leftover: Leftover,
    /// The effort that the last call took.
    pub effort: Effort,
}

impl Pipeline {
    /// Options for a client that sends through `transport`. Its calls pass through `calls` first, and each try of a
    /// request through `exchanges` last.
    pub fn client_options(
        &self,
        transport: &Transport,
        calls: Option<Arc<dyn Policy>>,
        exchanges: Option<Arc<dyn Policy>>,
    ) -> ClientOptions {
        let mut options = client_options_by(transport);
        let key_vault_answers = std::mem::take(&mut options.per_try_policies);
        options.retry = RetryOptions::none();
        options.per_call_policies.extend(calls);
        options.per_call_policies.push(Arc::new(Retry::new(self.effort.clone())));
        options.per_try_policies = vec![Arc::new(TimeLimit), Arc::new(self.leftover.clone())];
        options.per_try_policies.extend(exchanges);
        options.per_try_policies.extend(key_vault_answers);
        options
    }
}

/// An answer that has been read, to be read again.
fn again(response: RawResponse) -> AsyncRawResponse {
    let (status, headers, body) = response.deconstruct();
    AsyncRawResponse::from_bytes(status, headers, body)
}
