use super::*;
use crate::{
    azure::{VaultAddress, operation::is_authorized},
    demo::{DemoCredential, InMemoryVault},
    pipeline::{Pipeline, leftover::Left},
};
use azure_core::http::{AsyncRawResponse, HttpClient, Method, RequestContent, StatusCode, Transport, headers::Headers};
use azure_security_keyvault_secrets::{SecretClient, models::SetSecretParameters};
use std::future::pending;

fn client(transport: impl HttpClient + 'static, pipeline: &Pipeline) -> SecretClient {
    let options = pipeline.client_options(&Transport::new(Arc::new(transport)), None, None);
    VaultAddress::parse("my-vault").unwrap().secret_client(Arc::new(DemoCredential), options).unwrap()
}

fn value() -> RequestContent<SetSecretParameters> {
    SetSecretParameters { value: Some("v".into()), ..Default::default() }.try_into().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_being_deleted_is_waited_for_up_to_30_s() {
    for takes in [25, 3600] {
        let client = client(InMemoryVault::new(Duration::from_secs(takes)), &Pipeline::default());
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
            _ if request.method() != self.0 || !is_authorized(request) => self.1.execute_request(request).await,
            Some(status) => Ok(AsyncRawResponse::from_bytes(status, Headers::new(), "")),
            None => pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_ends_within_30_s_and_says_what_may_be_left() {
    for (status, tries) in [(None, 1), (Some(StatusCode::ServiceUnavailable), 4)] {
        let pipeline = Pipeline::default();
        let client = client(Failing(Method::Put, InMemoryVault::new(Duration::ZERO), status), &pipeline);
        let began = Instant::now();
        let error = client.set_secret("n", value(), None).await.unwrap_err();
        assert!(began.elapsed() <= CALL);
        let effort = pipeline.effort.in_words();
        assert_eq!(effort.map(|effort| effort.starts_with(&format!("{tries} times"))), (tries > 1).then_some(true));
        match status {
            None => assert!(find::<NoAnswer>(&error).is_some(), "{error:?}"),
            // The answer itself travels on.
            Some(status) => assert_eq!(ServiceError::of(&error).unwrap().status, status),
        }
        assert_eq!(pipeline.leftover.left(), [("n".into(), Left::PerhapsSecret)]);
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
    client(vault, &Pipeline::default()).set_secret("n", value(), None).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(14));
}
