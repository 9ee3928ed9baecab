//! The attempts of a call: numbered, limited in time, and watched for one that stays unanswered.

use super::{operation::is_authorized, response::is_conclusive};
use crate::{error::find_cause, network::ConnectionError};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Request,
        policies::{Policy, PolicyResult},
    },
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// The longest time for a call, with all its attempts and the waits between them. Signing in has limits of its own.
pub(super) const CALL: Duration = Duration::from_secs(30);

/// The number of an attempt in its call, from 1, as a value in its context. A wait for a deletion to complete does not
/// count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptNumber(pub u32);

/// The vault did not respond in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {} s", within.as_secs())]
pub struct CallTimedOut {
    /// The time that the call had, with all its attempts.
    pub within: Duration,
}

/// The rest of a call's 30 seconds, as a value in its context.
#[derive(Clone, Debug)]
pub(super) struct TimeLeft(Arc<Mutex<Duration>>);

impl TimeLeft {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(CALL)))
    }

    pub fn get(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn spend(&self, took: Duration) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(took);
    }
}

/// Notes, as a value in a call's context, that an attempt stayed without a response that tells what was done.
#[derive(Clone, Debug, Default)]
pub(super) struct LostResponse(Arc<AtomicBool>);

impl LostResponse {
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Limits each attempt, signing in aside, to the rest of its call's time, and notes those that stay without one ([`LostResponse`]).
#[derive(Debug)]
pub(super) struct EachAttempt;

#[async_trait::async_trait]
impl Policy for EachAttempt {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let sent = Instant::now();
        let result = match ctx.value::<TimeLeft>() {
            None => next[0].send(ctx, request, &next[1..]).await,
            Some(time_left) => {
                let result = timeout(time_left.get(), next[0].send(ctx, request, &next[1..])).await;
                time_left.spend(sent.elapsed());
                result.unwrap_or_else(|_| Err(Error::new(ErrorKind::Io, CallTimedOut { within: CALL })))
            }
        };
        let is_unanswered = match &result {
            Ok(response) => !is_conclusive(response.status()),
            Err(error) => find_cause(error).is_none_or(ConnectionError::may_have_been_sent),
        };
        if let Some(unanswered) = ctx.value::<LostResponse>().filter(|_| is_unanswered && is_authorized(request)) {
            unanswered.0.store(true, Ordering::Relaxed);
        }
        result
    }
}
