use super::*;
use crate::pipeline::watch::watched;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Method, Request, StatusCode, Transport, headers::Headers},
};
use azure_extras::{
    VaultAddress,
    in_memory::{InMemoryCredential, InMemoryVault},
    network::{ConnectionError, ConnectionFailure},
    secrets::{client_options_with, is_authorized},
};
use azure_security_keyvault_secrets::{SecretClient, models::SetSecretParameters};
use std::{sync::Arc, time::Duration};

/// Responds to authorized requests of that method with that status, or not at all.
#[derive(Debug)]
struct Failing(Method, Option<u16>, Arc<InMemoryVault>);

#[async_trait::async_trait]
impl HttpClient for Failing {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.method() != self.0 || !is_authorized(request) {
            return self.2.execute_request(request).await;
        }
        let Some(status) = self.1 else { return Err(Error::with_message(ErrorKind::Io, "lost")) };
        let body = r#"{"error":{"code":"c","message":"m"}}"#;
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(status), Headers::new(), body))
    }
}

fn client(failing: Method, status: Option<u16>) -> (SecretClient, Arc<Record>) {
    client_of(Arc::new(InMemoryVault::new(Duration::ZERO)), failing, status)
}

fn client_of(vault: Arc<InMemoryVault>, failing: Method, status: Option<u16>) -> (SecretClient, Arc<Record>) {
    let record = Arc::<Record>::default();
    let transport = Transport::new(Arc::new(Failing(failing, status, vault)));
    let options = watched(client_options_with(transport), vec![Arc::clone(&record) as _]);
    let vault = VaultAddress::parse("my-vault").unwrap();
    (vault.secret_client(Arc::new(InMemoryCredential), options).unwrap(), record)
}

async fn set(client: &SecretClient) -> bool {
    let parameters = SetSecretParameters { value: Some("v".into()), ..Default::default() };
    client.set_secret("n", parameters.try_into().unwrap(), None).await.is_ok()
}

fn state(record: &Record) -> LeftoverState {
    let leftovers = record.leftovers();
    assert!(leftovers.iter().all(|leftover| leftover.secret_name == "n"));
    leftovers.first().map_or(LeftoverState::Nothing, |leftover| leftover.state)
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_created_is_left_perhaps() {
    use LeftoverState::{Nothing, PerhapsSecret};
    for (status, left, attempts) in [
        (None, PerhapsSecret, 4),
        (Some(503), PerhapsSecret, 4),
        (Some(408), PerhapsSecret, 4),
        (Some(501), PerhapsSecret, 1),
        (Some(429), Nothing, 4),
        (Some(403), Nothing, 1),
    ] {
        let (client, record) = client(Method::Put, status);
        assert!(!set(&client).await);
        assert_eq!((state(&record), record.attempts().count), (left, attempts), "{status:?}");
        let call = LastCall { operation: Operation::Set, secret_name: "n".into() };
        assert_eq!((record.last_call(), record.was_set()), (Some(call), false));
    }
}

/// Breaks every connection for authorized PUTs so.
#[derive(Debug)]
struct Unreachable(ConnectionFailure, InMemoryVault);

#[async_trait::async_trait]
impl HttpClient for Unreachable {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.method() != Method::Put || !is_authorized(request) {
            return self.1.execute_request(request).await;
        }
        Err(Error::new(ErrorKind::Io, ConnectionError::new("my-vault.vault.azure.net", self.0.clone(), None)))
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_leaves_nothing() {
    use ConnectionFailure::{Broken, Refused, TimedOut};
    for (failure, left) in [
        (Refused, LeftoverState::Nothing),
        (TimedOut, LeftoverState::Nothing),
        (ConnectionFailure::UnknownHost { name: "n".into() }, LeftoverState::Nothing),
        (Broken, LeftoverState::PerhapsSecret),
    ] {
        let record = Arc::<Record>::default();
        let transport = Transport::new(Arc::new(Unreachable(failure.clone(), InMemoryVault::new(Duration::ZERO))));
        let options = watched(client_options_with(transport), vec![Arc::clone(&record) as _]);
        let vault = VaultAddress::parse("my-vault").unwrap();
        let client = vault.secret_client(Arc::new(InMemoryCredential), options).unwrap();
        assert!(!set(&client).await);
        assert_eq!(state(&record), left, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_deleted_is_left_perhaps() {
    use LeftoverState::{PerhapsDeletion, Secret};
    for (status, left) in [(None, PerhapsDeletion), (Some(500), PerhapsDeletion), (Some(403), Secret)] {
        let (client, record) = client(Method::Delete, status);
        assert!(set(&client).await && record.was_set());
        assert_eq!(state(&record), Secret);
        assert!(client.delete_secret("n", None).await.is_err());
        assert_eq!(state(&record), left, "{status:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_left_until_it_is_seen_to_be_complete() {
    let (client, record) = client(Method::Patch, None);
    assert!(set(&client).await);
    client.delete_secret("n", None).await.unwrap();
    assert_eq!(state(&record), LeftoverState::Deletion);
    client.get_deleted_secret("n", None).await.unwrap();
    assert_eq!(state(&record), LeftoverState::Nothing);
    assert!(!record.found_secret("N"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_there_before_is_noticed() {
    let vault = Arc::new(InMemoryVault::new(Duration::ZERO));
    let (client, record) = client_of(Arc::clone(&vault), Method::Patch, None);
    assert!(client.get_secret("n", None).await.is_err() && !record.found_secret("N"));
    assert!(set(&client).await);
    client.get_secret("n", None).await.unwrap();
    assert!(!record.found_secret("N"), "it is the run's own");
    let (another, record) = client_of(vault, Method::Patch, None);
    another.get_secret("n", None).await.unwrap();
    assert!(record.found_secret("N"));
}

fn call(operation: Operation, is_prefetch: bool) -> Call {
    let url = "https://my-vault.vault.azure.net/secrets/n".parse().unwrap();
    Call { operation, secret_name: "n".into(), url, is_prefetch }
}

fn attempt(operation: Operation, is_prefetch: bool, number: u32) -> Attempt {
    let (call, method, sent) = (call(operation, is_prefetch), Method::Get, Instant::now());
    Attempt { call, method, number, is_authorized: true, sent }
}

fn response(status: u16) -> RawResponse {
    RawResponse::from_bytes(StatusCode::from(status), Headers::new(), r#"{"error":{"code":"c"}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_prefetch_in_between_hides_no_leftover() {
    let record = Record::default();
    let [set, delete] = [Operation::Set, Operation::Delete].map(|operation| attempt(operation, false, 1));
    record.attempt_begins(&set);
    record.attempt_ended(&set, Ok(&response(200)));
    record.attempt_begins(&delete);
    let list = attempt(Operation::ListVersions, true, 1);
    record.attempt_begins(&list);
    record.attempt_ended(&list, Ok(&response(200)));
    record.attempt_ended(&delete, Ok(&response(403)));
    assert_eq!(state(&record), LeftoverState::Secret);
}

#[tokio::test(start_paused = true)]
async fn the_users_time_before_a_call_is_no_part_of_its_attempts() {
    let record = Record::default();
    record.call_begins(&call(Operation::Set, false)).await.unwrap();
    // The user reads before pressing Enter at a step.
    tokio::time::sleep(Duration::from_secs(90)).await;
    for number in 1..=2 {
        let attempt = attempt(Operation::Set, false, number);
        record.attempt_begins(&attempt);
        tokio::time::sleep(Duration::from_secs(1)).await;
        record.attempt_ended(&attempt, Ok(&response(503)));
    }
    let prefetch = attempt(Operation::ListVersions, true, 4);
    record.attempt_begins(&prefetch);
    record.attempt_ended(&prefetch, Ok(&response(503)));
    assert_eq!(record.attempts(), Attempts { count: 2, took: Duration::from_secs(2) });
}
