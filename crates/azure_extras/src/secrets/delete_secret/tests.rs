use super::*;
use crate::{
    error::find_cause,
    in_memory::{InMemoryCredential, InMemoryVault},
    secrets::{VaultAddress, client_options_with},
};
use azure_core::http::{
    AsyncRawResponse, HttpClient, Method, Request, Transport,
    headers::{Headers, RETRY_AFTER},
};
use azure_security_keyvault_secrets::models::SetSecretParameters;
use std::sync::{Arc, Mutex};

/// What a vault answers to the poll of that number, when it does not answer as the in-memory vault does.
type Instead = fn(usize) -> Option<AsyncRawResponse>;

/// Stands between the client and a vault, and notes when each poll is sent.
#[derive(Debug)]
struct Polls {
    vault: InMemoryVault,
    sent: Arc<Mutex<Vec<Instant>>>,
    instead: Instead,
}

#[async_trait::async_trait]
impl HttpClient for Polls {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.method() == Method::Get {
            let number = {
                let mut sent = self.sent.lock().unwrap();
                sent.push(Instant::now());
                sent.len()
            };
            if let Some(answer) = (self.instead)(number) {
                return Ok(answer);
            }
        }
        self.vault.execute_request(request).await
    }
}

/// A deletion that takes `takes`: its outcome, when that came and when polls were sent, since the answer to DELETE.
struct Deletion {
    outcome: azure_core::Result<DeletedSecret>,
    took: Duration,
    polls: Vec<Duration>,
}

async fn deletion(takes: Duration, instead: Instead) -> Deletion {
    let sent = Arc::default();
    let polls = Polls { vault: InMemoryVault::new(takes), sent: Arc::clone(&sent), instead };
    let address = VaultAddress::parse("my-vault").unwrap();
    let options = client_options_with(Transport::new(Arc::new(polls)));
    let client = address.secret_client(Arc::new(InMemoryCredential), options).unwrap();
    let parameters = SetSecretParameters { value: Some("v".into()), ..Default::default() };
    client.set_secret("n", parameters.try_into().unwrap(), None).await.unwrap();

    let poller = client.begin_delete_secret("n").await.unwrap();
    let began = Instant::now();
    let outcome = poller.await;
    let polls = sent.lock().unwrap().iter().map(|at| *at - began).collect();
    Deletion { outcome, took: began.elapsed(), polls }
}

fn answer(status: StatusCode, retry_after: Option<&'static str>) -> Option<AsyncRawResponse> {
    let mut headers = Headers::new();
    if let Some(retry_after) = retry_after {
        headers.insert(RETRY_AFTER, retry_after);
    }
    let body = if status.is_success() {
        r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1"}"#
    } else {
        r#"{"error":{"code":"SomeCode","message":""}}"#
    };
    Some(AsyncRawResponse::from_bytes(status, headers, body))
}

#[tokio::test(start_paused = true)]
async fn the_end_is_noticed_late_by_a_quarter_of_the_deletion_or_150_ms_at_most() {
    for takes in (0..55_000).step_by(331).map(Duration::from_millis) {
        let deletion = deletion(takes, |_| None).await;
        assert!(deletion.outcome.is_ok());
        assert!(deletion.took >= takes, "{takes:?} has not passed after {:?}", deletion.took);
        let late = deletion.took - takes;
        assert!(late <= (takes / 4).max(Duration::from_millis(150)), "{late:?} late after {takes:?}");
        assert!(late <= Duration::from_secs(2), "{late:?} late after {takes:?}");
    }
}

/// A vault at the end of a link: each answer takes a round trip of 100 ms.
#[derive(Debug)]
struct Distant(InMemoryVault);

#[async_trait::async_trait]
impl HttpClient for Distant {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let answer = self.0.execute_request(request).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        answer
    }
}

#[tokio::test(start_paused = true)]
async fn a_distant_vault_adds_no_more_than_the_answers_way() {
    for takes in (0..59_000).step_by(731).map(Duration::from_millis) {
        let options = client_options_with(Transport::new(Arc::new(Distant(InMemoryVault::new(takes)))));
        let address = VaultAddress::parse("my-vault").unwrap();
        let client = address.secret_client(Arc::new(InMemoryCredential), options).unwrap();
        let parameters = SetSecretParameters { value: Some("v".into()), ..Default::default() };
        client.set_secret("n", parameters.try_into().unwrap(), None).await.unwrap();
        let poller = client.begin_delete_secret("n").await.unwrap();
        let began = Instant::now();
        assert!(poller.await.is_ok());
        let late = began.elapsed().saturating_sub(takes);
        let way = Duration::from_millis(100);
        assert!(late <= (takes / 4).max(Duration::from_millis(150)) + way, "{late:?} late after {takes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn polls_start_close_together_and_spread_out() {
    let polls = deletion(Duration::from_secs(30), |_| None).await.polls;
    assert_eq!(polls[..3], [0, 100, 200].map(Duration::from_millis));
    let gaps: Vec<_> = polls.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.is_sorted(), "{gaps:?}");
    assert_eq!(gaps.last(), Some(&Duration::from_secs(2)));
    assert!(polls.len() <= 30, "{} polls", polls.len());
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed() {
    let asks = |number| (number <= 2).then(|| answer(StatusCode::NotFound, Some("3")))?;
    let polls = deletion(Duration::ZERO, asks).await.polls;
    assert_eq!(polls, [0, 3, 6].map(Duration::from_secs));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_asks_for_no_pause_is_spared() {
    for asks in [(|_| answer(StatusCode::NotFound, Some("0"))) as Instead, |_| {
        answer(StatusCode::NotFound, Some("Fri, 01 Jan 2021 00:00:10 GMT"))
    }] {
        let polls = deletion(Duration::from_secs(3600), asks).await.polls;
        assert!(polls.len() <= 610, "{} polls", polls.len());
    }
}

#[tokio::test(start_paused = true)]
async fn forbidden_ends_it_too() {
    let deletion = deletion(Duration::from_secs(5), |number| match number {
        1..=3 => answer(StatusCode::NotFound, None),
        _ => answer(StatusCode::Forbidden, None),
    })
    .await;
    assert!(deletion.outcome.unwrap().recovery_id.is_some());
    assert_eq!(deletion.polls.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn any_success_ends_it() {
    assert!(deletion(Duration::from_secs(3600), |_| answer(StatusCode::Ok, None)).await.outcome.is_ok());
}

#[tokio::test(start_paused = true)]
async fn another_answer_is_an_error() {
    let outcome = deletion(Duration::from_secs(5), |_| answer(StatusCode::BadRequest, None)).await.outcome;
    let error = outcome.unwrap_err();
    assert_eq!(error.http_status(), Some(StatusCode::BadRequest));
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_after_60_s() {
    let asks: [Instead; 3] = [
        |_| None,
        |_| answer(StatusCode::NotFound, Some("100000")),
        |_| answer(StatusCode::NotFound, Some("9223372036854775807")),
    ];
    for asks in asks {
        let deletion = deletion(Duration::from_secs(3600), asks).await;
        assert_eq!(deletion.took, Duration::from_secs(60));
        let error = deletion.outcome.unwrap_err();
        let recovery_id = find_cause::<DeletionPending>(&error).unwrap().recovery_id.clone();
        assert_eq!(recovery_id.as_deref(), Some("https://my-vault.vault.azure.net/deletedsecrets/n"));
    }
}

/// A vault whose answer to the first DELETE, which it has carried out, is lost: a gateway answers with that status, or
/// nobody does.
#[derive(Debug)]
struct LosesAnswer(InMemoryVault, Option<StatusCode>, Mutex<usize>);

#[async_trait::async_trait]
impl HttpClient for LosesAnswer {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let is_first = request.method() == Method::Delete && {
            let mut deletes = self.2.lock().unwrap();
            *deletes += 1;
            *deletes == 2 // The first is bare, to be challenged.
        };
        let answer = self.0.execute_request(request).await;
        match self.1 {
            _ if !is_first => answer,
            Some(status) => Ok(AsyncRawResponse::from_bytes(status, Headers::new(), "")),
            None => Err(Error::with_message(ErrorKind::Io, "lost")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_repeated_delete_may_find_no_secret() {
    let address = VaultAddress::parse("my-vault").unwrap();
    let client = |vault: LosesAnswer| {
        let options = client_options_with(Transport::new(Arc::new(vault)));
        address.secret_client(Arc::new(InMemoryCredential), options).unwrap()
    };
    let vault = || InMemoryVault::new(Duration::from_secs(3));
    // Of a name that does not exist, at once.
    let client_of_none = client(LosesAnswer(vault(), None, Mutex::new(10)));
    let error = client_of_none.begin_delete_secret("n").await.err().unwrap();
    assert_eq!(error.http_status(), Some(StatusCode::NotFound));
    // Of a name that does not exist, after a lost answer: no deleted secret appears.
    let client_of_none = client(LosesAnswer(vault(), None, Mutex::new(0)));
    let error = client_of_none.begin_delete_secret("n").await.unwrap().await.unwrap_err();
    assert_eq!(find_cause::<DeletionPending>(&error), Some(&DeletionPending { recovery_id: None }));
    // Of a secret, whose deletion was begun by the request whose answer was lost.
    for instead in [None, Some(StatusCode::RequestTimeout), Some(StatusCode::ServiceUnavailable)] {
        let client = client(LosesAnswer(vault(), instead, Mutex::new(1)));
        let parameters = SetSecretParameters { value: Some("v".into()), ..Default::default() };
        client.set_secret("n", parameters.try_into().unwrap(), None).await.unwrap();
        let deleted = client.begin_delete_secret("n").await.unwrap().await.unwrap();
        assert!(deleted.recovery_id.is_some(), "{instead:?}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let wait = |value: &'static str| {
        let mut headers = Headers::new();
        headers.insert(RETRY_AFTER, value);
        retry_after(&headers)
    };
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("-7"), Some(Duration::ZERO));
    assert_eq!(wait("Fri, 01 Jan 2021 00:00:10 GMT"), Some(Duration::ZERO));
    assert!(wait("Fri, 01 Jan 2191 00:00:10 GMT") > Some(PATIENCE));
    assert_eq!(wait("soon"), None);
    assert_eq!(retry_after(&Headers::new()), None);
}

#[tokio::test(start_paused = true)]
async fn no_name_leads_to_another_secret() {
    let vault = Arc::new(InMemoryVault::new(Duration::ZERO));
    let options = client_options_with(Transport::new(Arc::clone(&vault) as _));
    let address = VaultAddress::parse("my-vault").unwrap();
    let client = address.secret_client(Arc::new(InMemoryCredential), options).unwrap();
    let parameters = SetSecretParameters { value: Some("v".into()), ..Default::default() };
    client.set_secret("prod", parameters.try_into().unwrap(), None).await.unwrap();
    for name in ["x/../prod", "prod?x", "prod/", "./prod", "", "..", "prod#"] {
        assert!(client.begin_delete_secret(name).await.is_err(), "{name}");
    }
    client.get_secret("prod", None).await.unwrap();
}
