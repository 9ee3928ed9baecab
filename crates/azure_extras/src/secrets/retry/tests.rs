use super::*;
use crate::{
    error::find_cause,
    in_memory::{InMemoryCredential, InMemoryVault},
    secrets::{CallTimedOut, VaultAddress, attempt::CALL, client_options_with, is_authorized},
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Method, RequestContent, StatusCode, Transport, headers::Headers},
};
use azure_security_keyvault_secrets::{SecretClient, models::SetSecretParameters};
use std::{
    future::pending,
    sync::atomic::{AtomicU32, Ordering},
};

fn client(transport: impl HttpClient + 'static) -> SecretClient {
    let options = client_options_with(Transport::new(Arc::new(transport)));
    VaultAddress::parse("my-vault").unwrap().secret_client(Arc::new(InMemoryCredential), options).unwrap()
}

fn value() -> RequestContent<SetSecretParameters> {
    SetSecretParameters { value: Some("v".into()), ..Default::default() }.try_into().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_being_deleted_is_waited_for_up_to_30_s() {
    for takes in [25, 3600] {
        let client = client(InMemoryVault::new(Duration::from_secs(takes)));
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

/// A vault that never responds to an authorized PUT, or with that status; and counts them.
#[derive(Debug)]
struct Failing(InMemoryVault, Option<StatusCode>, Arc<AtomicU32>);

#[async_trait::async_trait]
impl HttpClient for Failing {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.method() != Method::Put || !is_authorized(request) {
            return self.0.execute_request(request).await;
        }
        self.2.fetch_add(1, Ordering::Relaxed);
        match self.1 {
            Some(status) => Ok(AsyncRawResponse::from_bytes(status, Headers::new(), "")),
            None => pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_within_30_s_after_four_attempts_at_most() {
    for (status, attempts) in [(None, 1), (Some(StatusCode::ServiceUnavailable), 4), (Some(StatusCode::Forbidden), 1)] {
        let counted = Arc::default();
        let client = client(Failing(InMemoryVault::new(Duration::ZERO), status, Arc::clone(&counted)));
        let began = Instant::now();
        let error = client.set_secret("n", value(), None).await.unwrap_err();
        assert!(began.elapsed() <= CALL);
        assert_eq!(counted.load(Ordering::Relaxed), attempts, "{status:?}");
        match status {
            None => assert!(find_cause::<CallTimedOut>(&error).is_some(), "{error:?}"),
            // The response itself travels on.
            Some(StatusCode::ServiceUnavailable) => assert_eq!(ServiceError::of(&error).unwrap().status, 503),
            Some(_) => {}
        }
    }
}

/// Throttles twice, asking to wait 7 seconds, and then lets requests through.
#[derive(Debug)]
struct Throttled(AtomicU32, InMemoryVault);

#[async_trait::async_trait]
impl HttpClient for Throttled {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if self.0.fetch_add(1, Ordering::Relaxed) >= 2 {
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
    client(vault).set_secret("n", value(), None).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(14));
}

/// Breaks so many connections before it lets requests through.
#[derive(Debug)]
struct Breaking(AtomicU32, InMemoryVault);

#[async_trait::async_trait]
impl HttpClient for Breaking {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        match self.0.load(Ordering::Relaxed) {
            0 => self.1.execute_request(request).await,
            left => {
                self.0.store(left - 1, Ordering::Relaxed);
                Err(Error::with_message(ErrorKind::Io, "reset"))
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_before_the_challenge_costs_no_body() {
    for broken in 1..ATTEMPTS {
        let client = client(Breaking(AtomicU32::new(broken), InMemoryVault::new(Duration::ZERO)));
        client.set_secret("n", value(), None).await.unwrap();
        let secret = client.get_secret("n", None).await.unwrap().into_model().unwrap();
        assert_eq!(secret.value.as_deref(), Some("v"));
    }
}

#[test]
fn only_what_may_pass_is_retried() {
    let answered = |status: u16, message: &str| {
        let body = format!(r#"{{"error":{{"code":"c","message":"{message}"}}}}"#);
        Ok(RawResponse::from_bytes(StatusCode::from(status), Headers::new(), body))
    };
    let failed = |kind| Err(Error::with_message(kind, "m"));
    for (outcome, retried) in [
        (answered(408, ""), true),
        (answered(429, ""), true),
        (answered(500, ""), true),
        (answered(502, ""), true),
        (answered(503, ""), true),
        (answered(504, ""), true),
        (answered(501, ""), false),
        (answered(401, "AKV10046: Unable to resolve the key used for signature validation."), true),
        (answered(401, "AKV10032: Invalid issuer."), false),
        (answered(403, ""), false),
        (answered(404, ""), false),
        (answered(200, ""), false),
        (failed(ErrorKind::Io), true),
        (failed(ErrorKind::Connection), true),
        (failed(ErrorKind::Other), false),
        (failed(ErrorKind::Credential), false),
        (failed(ErrorKind::DataConversion), false),
    ] {
        assert_eq!(wait_before_next(&outcome, 1), retried.then_some(FIRST_WAIT), "{outcome:?}");
        assert_eq!(wait_before_next(&outcome, ATTEMPTS), None);
    }
}
