//! Tries again what may pass, within limits.
//!
//! The SDK's own retries cannot serve: they wait as long as a server asks, and when an exchange breaks off before its
//! challenge they repeat the request without the body that the SDK has put aside.

use super::again;
use crate::{
    azure::{answer::ServiceError, connection::ConnectionError, delete_secret::asked_to_wait, find},
    terminal::note,
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, RawResponse, Request,
        policies::{Policy, PolicyResult},
    },
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// How long a call may take, with all its tries and the waits between them. Signing in has limits of its own.
const CALL: Duration = Duration::from_secs(30);

/// How often the last call was tried, and how long that took.
#[derive(Clone, Debug, Default)]
pub struct Effort(Arc<Mutex<(u32, Duration)>>);

impl Effort {
    /// How often and how long it was tried, in words; none when it was tried once only.
    pub fn in_words(&self) -> Option<String> {
        let (tries, took) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (tries > 1).then(|| format!("{tries} times in {:.1} s", took.as_secs_f32()))
    }

    fn note(&self, tries: u32, took: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (tries, took);
    }
}

/// Tries a request up to four times, and for 30 seconds at most, while its failure may pass: throttling, the server's own
/// errors, lost connections, a token that is refused for a moment. A secret that is being deleted is waited for. After
/// the last try its answer travels on as it is.
#[derive(Debug)]
pub(super) struct Retry {
    effort: Effort,
}

impl Retry {
    pub(super) fn new(effort: Effort) -> Self {
        Self { effort }
    }
}

/// What is left of a call's 30 seconds.
#[derive(Clone, Debug)]
struct TimeLeft(Arc<Mutex<Duration>>);

impl TimeLeft {
    fn get(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spend(&self, took: Duration) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(took);
    }
}

#[async_trait::async_trait]
impl Policy for Retry {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let began = Instant::now();
        let time_left = TimeLeft(Arc::new(Mutex::new(CALL)));
        let ctx = ctx.clone().with_value(time_left.clone());
        let mut tries = 0;
        let mut waited_for_deletion = false;
        loop {
            tries += 1;
            // Each try has a request of its own, since authentication takes the body out until it is challenged.
            let mut attempt = request.clone();
            let outcome = match next[0].send(&ctx, &mut attempt, &next[1..]).await {
                Ok(response) => Ok(response.try_into_raw_response().await?),
                Err(error) => Err(error),
            };
            self.effort.note(tries, began.elapsed());
            let wait = if outcome.as_ref().is_ok_and(is_being_deleted) {
                tries -= 1;
                Some((began.elapsed() / 4).clamp(FIRST_WAIT / 4, FIRST_WAIT * 5))
            } else if tries < TRIES {
                wait_before_next(&outcome, tries)
            } else {
                None
            };
            let Some(wait) = wait.filter(|wait| *wait < time_left.get()) else {
                return outcome.map(again);
            };
            if outcome.as_ref().is_ok_and(is_being_deleted) && !waited_for_deletion {
                note!("A secret of that name is still being deleted; waiting for that ...");
                waited_for_deletion = true;
            }
            time_left.spend(wait);
            sleep(wait).await;
        }
    }
}

fn is_being_deleted(response: &RawResponse) -> bool {
    u16::from(response.status()) == 409 && ServiceError::read(response).is_being_deleted()
}

/// How long to wait before the next try; none when it would do no better.
fn wait_before_next(outcome: &azure_core::Result<RawResponse>, tries: u32) -> Option<Duration> {
    let wait = FIRST_WAIT * 2_u32.pow(tries - 1);
    match outcome {
        Ok(response) => match u16::from(response.status()) {
            408 | 429 | 500 | 502 | 503 | 504 => Some(wait.max(asked_to_wait(response.headers()).unwrap_or_default())),
            401 if ServiceError::read(response).is_passing_refusal() => Some(wait),
            _ => None,
        },
        Err(error) => may_pass(error).then_some(wait),
    }
}

/// Whether a request that failed without an answer may do better the next time.
fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io | ErrorKind::Connection)
        && find::<NoAnswer>(error).is_none()
        && find::<ConnectionError>(error).is_none_or(ConnectionError::may_pass)
}

/// Limits each try of a request, signing in aside, to what is left of its call's time.
#[derive(Debug)]
pub(super) struct TimeLimit;

#[async_trait::async_trait]
impl Policy for TimeLimit {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some(time_left) = ctx.value::<TimeLeft>() else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        let sent = Instant::now();
        let result = timeout(time_left.get(), next[0].send(ctx, request, &next[1..])).await;
        time_left.spend(sent.elapsed());
        result.unwrap_or_else(|_| Err(Error::new(ErrorKind::Io, NoAnswer { within: CALL })))
    }
}

/// The vault gave no answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// How long it was waited for, with all tries.
    pub within: Duration,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {} s", self.within.as_secs())
    }
}

impl std::error::Error for NoAnswer {}

#[cfg(test)]
mod tests;
