//! Trying again, within limits, and saying how often and how long it was tried.
//!
//! This takes the place of the SDK's own retries: those are eight, wait as long as a server asks, retry even a host that
//! does not exist, and lose a request's body when the exchange breaks off before its challenge.

use crate::{deletion, remedy::note, service::ServiceError};
use azure_core::{
    Error,
    error::{ErrorKind, check_success},
    http::{
        AsyncRawResponse, ClientOptions, Context, Request, RetryOptions, Transport,
        policies::{Policy, PolicyResult},
    },
};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};

const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// How long a step may take, with all its tries and the waits between them.
const STEP: Duration = Duration::from_secs(30);

/// Options for a client that sends through `transport`, whose calls pass through `policies` first.
pub fn client_options(transport: &Transport, mut policies: Vec<Arc<dyn Policy>>) -> ClientOptions {
    policies.push(Arc::new(Retry));
    ClientOptions {
        per_call_policies: policies,
        retry: RetryOptions::none(),
        transport: Some(transport.clone()),
        ..Default::default()
    }
}

/// Tries a request up to four times while its failure may pass: throttling, the server's own errors, lost connections.
/// A secret that is being deleted is waited for.
#[derive(Debug)]
struct Retry;

/// A request failed as often as it was tried, or for as long as a step may take.
#[derive(Debug)]
pub struct GaveUp {
    /// How often it was sent, or tried to be.
    pub tries: u32,
    /// How long that took in all.
    pub elapsed: Duration,
    /// What failed the last time; none when there was no answer at all.
    pub last: Option<Error>,
}

#[async_trait::async_trait]
impl Policy for Retry {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let began = Instant::now();
        let deadline = began + STEP;
        let mut tries = 0;
        let mut waiting = false;
        loop {
            tries += 1;
            // Each try has a request of its own, since authentication takes the body out until it is challenged.
            let mut attempt = request.clone();
            let gave_up = |last| Error::from(GaveUp { tries, elapsed: began.elapsed(), last });
            let Ok(outcome) = timeout_at(deadline, next[0].send(ctx, &mut attempt, &next[1..])).await else {
                return Err(gave_up(None));
            };
            let mut wait = FIRST_WAIT * 2_u32.pow(tries - 1);
            let error = match outcome {
                Ok(response) => {
                    let response = response.try_into_raw_response().await?;
                    let (status, headers) = (u16::from(response.status()), response.headers().clone());
                    if status == 409 && ServiceError::read(&response).is_being_deleted() {
                        wait = deletion::interval(began.elapsed());
                        if Instant::now() + wait < deadline {
                            if !waiting {
                                note!("A secret of that name is still being deleted; waiting for that ...");
                            }
                            waiting = true;
                            tries -= 1;
                            sleep(wait).await;
                            continue;
                        }
                    }
                    if !matches!(status, 408 | 429 | 500 | 502 | 503 | 504) {
                        return Ok(AsyncRawResponse::from_bytes(response.status(), headers, response.into_body()));
                    }
                    wait = wait.max(deletion::retry_after(Some(&headers)));
                    check_success(response, None).await.err()
                }
                Err(error) if may_pass(&error) => Some(error),
                Err(error) => return Err(error),
            };
            if tries > RETRIES || Instant::now() + wait >= deadline {
                return Err(gave_up(error));
            }
            sleep(wait).await;
        }
    }
}

/// Whether a request that failed without an answer may do better the next time.
fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Io | ErrorKind::Connection)
        && crate::remedy::Connection::of(error).is_none_or(|cause| cause.may_pass())
}

impl GaveUp {
    /// How often and how long it was tried, in words.
    pub fn effort(&self) -> String {
        let times = if self.tries == 1 { "once".into() } else { format!("{} times", self.tries) };
        format!("{times} in {:.1} s", self.elapsed.as_secs_f32())
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.last {
            Some(last) => write!(f, "{last}"),
            None => write!(f, "no answer within {} s", self.elapsed.as_secs()),
        }
    }
}

impl std::error::Error for GaveUp {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.last.as_ref().map(|last| last as _)
    }
}

impl From<GaveUp> for Error {
    fn from(gave_up: GaveUp) -> Self {
        let kind = gave_up.last.as_ref().map_or(ErrorKind::Io, |last| last.kind().clone());
        Self::new(kind, gave_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        demo::{DemoCredential, InMemoryVault},
        remains::{Left, Remains},
        vault::VaultAddress,
    };
    use azure_core::http::{HttpClient, Method, RequestContent, StatusCode, headers::Headers};
    use azure_security_keyvault_secrets::{SecretClient, models::SetSecretParameters};
    use std::future::pending;

    fn client(transport: impl HttpClient + 'static, remains: &Remains) -> SecretClient {
        let vault = VaultAddress::parse("my-vault").unwrap();
        let policies: Vec<Arc<dyn Policy>> = vec![Arc::new(remains.clone())];
        let options = client_options(&Transport::new(Arc::new(transport)), policies);
        vault.secret_client(Arc::new(DemoCredential), options).unwrap()
    }

    fn value() -> RequestContent<SetSecretParameters> {
        SetSecretParameters { value: Some("v".into()), ..Default::default() }.try_into().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_that_is_being_deleted_is_waited_for_up_to_30_s() {
        for takes in [25, 3600] {
            let client = client(InMemoryVault::new(Duration::from_secs(takes)), &Remains::default());
            client.set_secret("n", value(), None).await.unwrap();
            client.delete_secret("n", None).await.unwrap();
            let began = Instant::now();
            let error = client.set_secret("n", value(), None).await.unwrap_err();
            assert!((20..=30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
            let error = ServiceError::of(&error).unwrap();
            // After the deletion the name is taken all the same, until it is purged.
            assert_eq!((error.is_being_deleted(), error.is_recoverable()), (takes > 30, takes < 30));
        }
    }

    /// A vault that never answers a request of that method, or answers it 503.
    #[derive(Debug)]
    struct Failing(Method, InMemoryVault, Option<StatusCode>);

    #[async_trait::async_trait]
    impl HttpClient for Failing {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            match self.2 {
                _ if request.method() != self.0 => self.1.execute_request(request).await,
                Some(status) => Ok(AsyncRawResponse::from_bytes(status, Headers::new(), "")),
                None => pending().await,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_ends_within_30_s_and_says_what_may_be_left() {
        for (status, tries) in [(None, 1), (Some(StatusCode::ServiceUnavailable), 4)] {
            let remains = Remains::default();
            let client = client(Failing(Method::Put, InMemoryVault::new(Duration::ZERO), status), &remains);
            let began = Instant::now();
            let error = client.set_secret("n", value(), None).await.unwrap_err();
            assert!(began.elapsed() <= STEP);
            assert_eq!(error.downcast_ref::<GaveUp>().map(|gave_up| gave_up.tries), Some(tries), "{error:?}");
            assert_eq!(remains.left(), Left::PerhapsSecret("n".into()));
        }
    }

    /// Answers 429 twice, asking to wait 7 seconds, and then lets requests through.
    #[derive(Debug)]
    struct Throttled(std::sync::atomic::AtomicU32, InMemoryVault);

    #[async_trait::async_trait]
    impl HttpClient for Throttled {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            if self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 2 {
                return self.1.execute_request(request).await;
            }
            let mut headers = Headers::new();
            headers.insert("retry-after", "7");
            Ok(AsyncRawResponse::from_bytes(StatusCode::TooManyRequests, headers, ""))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_obeyed() {
        let vault = Throttled(Default::default(), InMemoryVault::new(Duration::ZERO));
        let began = Instant::now();
        client(vault, &Remains::default()).set_secret("n", value(), None).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(14));
    }
}
