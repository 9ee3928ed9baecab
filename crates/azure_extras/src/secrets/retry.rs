//! Retries transient failures, within limits.
//!
//! The SDK's own retries cannot serve: they wait as long as a server asks, and when an exchange breaks off before its
//! challenge they repeat the request without the body that the SDK has put aside.

use super::{
    attempt::{AttemptNumber, TimeLeft},
    response::{rebuilt, retry_after},
    service_error::ServiceError,
    transient::{is_transient, is_transient_response},
};
use azure_core::http::{
    Context, RawResponse, Request,
    policies::{Policy, PolicyResult},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

const ATTEMPTS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(400);

/// Makes up to four attempts, in 30 seconds at most, while the failure is transient. A secret that is being deleted is
/// waited for. The outcome of the last attempt travels on as it is.
#[derive(Debug)]
pub struct Retry;

#[async_trait::async_trait]
impl Policy for Retry {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let began = Instant::now();
        let time_left = TimeLeft::new();
        let ctx = ctx.clone().with_value(time_left.clone());
        let mut number = 1;
        loop {
            // A request of its own, since authentication takes the body out until it is challenged.
            let mut attempt = request.clone();
            let ctx = ctx.clone().with_value(AttemptNumber(number));
            let outcome = match next[0].send(&ctx, &mut attempt, &next[1..]).await {
                Ok(response) => Ok(response.try_into_raw_response().await?),
                Err(error) => Err(error),
            };
            let wait = if outcome.as_ref().is_ok_and(is_being_deleted) {
                Some((began.elapsed() / 4).clamp(FIRST_WAIT / 4, FIRST_WAIT * 5))
            } else {
                let wait = wait_before_next(&outcome, number);
                number += 1;
                wait
            };
            let Some(wait) = wait.filter(|wait| *wait < time_left.get()) else {
                return outcome.map(rebuilt);
            };
            time_left.spend(wait);
            sleep(wait).await;
        }
    }
}

fn is_being_deleted(response: &RawResponse) -> bool {
    u16::from(response.status()) == 409 && ServiceError::read(response).is_being_deleted()
}

/// The time to wait before the next attempt; `None` when there is to be none.
fn wait_before_next(outcome: &azure_core::Result<RawResponse>, number: u32) -> Option<Duration> {
    let is_transient = match outcome {
        Ok(response) => is_transient_response(response),
        Err(error) => is_transient(error),
    };
    let asked = outcome.as_ref().ok().and_then(|response| retry_after(response.headers())).unwrap_or_default();
    let wait = FIRST_WAIT * 2_u32.pow(number - 1);
    (is_transient && number < ATTEMPTS).then_some(wait.max(asked))
}

#[cfg(test)]
mod tests;
