//! The one policy that watches calls of the SDK and the attempts under them, and tells observers.

use super::prefetch::Prefetch;
use azure_core::{
    Error,
    http::{
        ClientOptions, Context, Method, RawResponse, Request, Url,
        policies::{Policy, PolicyResult},
    },
};
use azure_extras::secrets::{AttemptNumber, Operation, is_authorized, rebuilt};
use std::{fmt, sync::Arc};
use tokio::time::Instant;

/// A call of the SDK.
#[derive(Debug)]
pub(crate) struct Call {
    /// The operation.
    pub operation: Operation,
    /// The secret's name.
    pub secret_name: String,
    /// The URL of its request.
    pub url: Url,
    /// Made ahead, while the user types.
    pub is_prefetch: bool,
}

/// An attempt of a call: a request that is sent. Each may be preceded by a bare one, which is only to be challenged.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The call.
    pub call: Call,
    /// The HTTP method.
    pub method: Method,
    /// The number of the attempt in its call, from 1.
    pub number: u32,
    /// Sent with a token.
    pub is_authorized: bool,
    /// The moment when it was sent.
    pub sent: Instant,
}

/// The response that came of a call or an attempt, or the error in its place.
pub(crate) type Outcome<'a> = Result<&'a RawResponse, &'a Error>;

/// Watches calls and attempts. By default it ignores them.
#[async_trait::async_trait]
pub(crate) trait Observer: fmt::Debug + Send + Sync {
    /// A call begins, and is held back as long as this takes.
    ///
    /// # Errors
    /// The error that ends the call before it is made.
    async fn call_begins(&self, _call: &Call) -> azure_core::Result<()> {
        Ok(())
    }

    /// An attempt is sent.
    fn attempt_begins(&self, _attempt: &Attempt) {}

    /// An attempt has ended.
    fn attempt_ended(&self, _attempt: &Attempt, _outcome: Outcome<'_>) {}

    /// A call has ended, with all its attempts.
    ///
    /// # Errors
    /// The error that takes the place of the outcome.
    async fn call_ended(&self, _call: &Call, _outcome: Outcome<'_>) -> azure_core::Result<()> {
        Ok(())
    }
}

/// The options for a client whose calls and attempts the observers see, in their order.
pub(crate) fn watched(mut options: ClientOptions, observers: Vec<Arc<dyn Observer>>) -> ClientOptions {
    let watch = Arc::new(Watch(observers));
    options.per_call_policies.insert(0, Arc::clone(&watch) as _);
    options.per_try_policies.insert(0, watch);
    options
}

impl Call {
    /// The call that a request belongs to; `None` if the SDK has no such operation here.
    fn of(ctx: &Context, request: &Request) -> Option<Self> {
        let (operation, secret_name) = Operation::of(request)?;
        let (secret_name, url) = (secret_name.to_owned(), request.url().clone());
        Some(Self { operation, secret_name, url, is_prefetch: ctx.value::<Prefetch>().is_some() })
    }

    /// A parameter of the URL's query.
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Tells whether it continues a list.
    pub fn is_next_page(&self) -> bool {
        self.query("$skiptoken").is_some()
    }
}

/// Stands in the pipeline twice: before the retries, where it sees each call once, and after them.
#[derive(Debug)]
struct Watch(Vec<Arc<dyn Observer>>);

#[async_trait::async_trait]
impl Policy for Watch {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let (Some(call), [next, rest @ ..]) = (Call::of(ctx, request), next) else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        // The retries have numbered an attempt.
        match ctx.value::<AttemptNumber>() {
            None => {
                for observer in &self.0 {
                    observer.call_begins(&call).await?;
                }
                let outcome = read(next.send(ctx, request, rest).await).await;
                for observer in &self.0 {
                    observer.call_ended(&call, outcome.as_ref()).await?;
                }
                outcome.map(rebuilt)
            }
            Some(AttemptNumber(number)) => {
                let (method, is_authorized) = (request.method(), is_authorized(request));
                let attempt = Attempt { call, method, number: *number, is_authorized, sent: Instant::now() };
                for observer in &self.0 {
                    observer.attempt_begins(&attempt);
                }
                let outcome = read(next.send(ctx, request, rest).await).await;
                for observer in &self.0 {
                    observer.attempt_ended(&attempt, outcome.as_ref());
                }
                outcome.map(rebuilt)
            }
        }
    }
}

async fn read(result: PolicyResult) -> azure_core::Result<RawResponse> {
    result?.try_into_raw_response().await
}
