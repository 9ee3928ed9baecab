use super::{source::Transports, *};
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode, headers::Headers};
use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::time::sleep;

const SCOPE: &str = "https://vault.azure.net/.default";

/// A source that takes its time and then gives a token that lives an hour, or its answer in place of one.
struct Fake {
    kind: Kind,
    takes: Duration,
    answer: fn() -> Option<Miss>,
    asked: AtomicUsize,
}

impl Fake {
    fn new(kind: Kind, takes: Duration, answer: fn() -> Option<Miss>) -> Arc<Self> {
        Arc::new(Self { kind, takes, answer, asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait::async_trait]
impl Source for Fake {
    fn kind(&self) -> Kind {
        self.kind
    }

    async fn token(&self, _scope: &str) -> Result<AccessToken, Miss> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        sleep(self.takes).await;
        match (self.answer)() {
            Some(miss) => Err(miss),
            None => {
                let hour = OffsetDateTime::now_utc() + Duration::from_secs(3600);
                Ok(AccessToken::new(format!("{}-{number}", self.kind), hour))
            }
        }
    }
}

fn absent() -> Option<Miss> {
    Some(Miss::Absent("not here".into()))
}

fn refused() -> Option<Miss> {
    Some(Miss::Refused("wrong secret".into()))
}

const AT_ONCE: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);

async fn token(credential: &DefaultAzureCredential) -> Result<String, SignInFailed> {
    let token = credential.get_token(&[SCOPE], None).await;
    token.map(|token| token.token.secret().to_owned()).map_err(|error| error.into_downcast().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_first_source_that_is_there_is_used_and_kept() {
    let environment = Fake::new(Kind::Environment, AT_ONCE, absent);
    let az = Fake::new(Kind::AzureCli, AT_ONCE, || None);
    let azd = Fake::new(Kind::AzureDeveloperCli, AT_ONCE, || None);
    let credential = DefaultAzureCredential::of(vec![environment.clone(), az.clone(), azd.clone()]);
    assert_eq!(token(&credential).await.unwrap(), "AzureCliCredential-1");
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(token(&credential).await.unwrap(), "AzureCliCredential-2");
    assert_eq!((environment.asked(), az.asked(), azd.asked()), (1, 2, 0));
    let gave = Attempt { source: Kind::AzureCli, why_not: None, took: AT_ONCE };
    assert_eq!(credential.attempts().await.last(), Some(&gave));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_refuses_ends_the_search() {
    let workload = Fake::new(Kind::WorkloadIdentity, AT_ONCE, refused);
    let az = Fake::new(Kind::AzureCli, AT_ONCE, || None);
    let credential = DefaultAzureCredential::of(vec![workload, az.clone()]);
    let failed = token(&credential).await.unwrap_err();
    assert!(failed.refused);
    assert_eq!(failed.to_string(), "cannot sign in to Azure: WorkloadIdentityCredential was refused.");
    assert!(failed.advice().contains("WorkloadIdentityCredential: wrong secret\n"));
    assert_eq!(az.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_for_all_who_ask_and_so_is_a_failure() {
    for answer in [|| None, absent] as [fn() -> Option<Miss>; 2] {
        let az = Fake::new(Kind::AzureCli, SECOND, answer);
        let credential = DefaultAzureCredential::of(vec![az.clone()]);
        let (one, two) = tokio::join!(token(&credential), token(&credential));
        assert_eq!(one, two);
        assert_eq!(token(&credential).await, one);
        assert_eq!(az.asked(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_five_minutes_before_it_expires() {
    let credential = DefaultAzureCredential::of(vec![Fake::new(Kind::AzureCli, AT_ONCE, || None)]);
    assert_eq!(token(&credential).await.unwrap(), "AzureCliCredential-1");
    tokio::time::advance(Duration::from_secs(54 * 60 + 58)).await;
    assert_eq!(token(&credential).await.unwrap(), "AzureCliCredential-1");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(token(&credential).await.unwrap(), "AzureCliCredential-2");
}

#[derive(Clone, Copy, Debug)]
enum Imds {
    Gives,
    HasNoIdentity,
    IsBroken,
    IsAnotherService,
    RefusesToConnect,
    IsABlackHole,
}

/// The instance metadata service. It says 400 to a request without its header.
#[async_trait::async_trait]
impl HttpClient for Imds {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let bare = !request.headers().iter().any(|(name, _)| name.as_str() == "metadata");
        let token = r#"{"access_token":"from-imds","expires_on":"4102444800","resource":"","token_type":"Bearer"}"#;
        let (status, body) = match self {
            Self::IsABlackHole => pending().await,
            Self::RefusesToConnect => return Err(Error::with_message(ErrorKind::Connection, "refused")),
            Self::IsAnotherService => (StatusCode::NotFound, ""),
            _ if bare => (StatusCode::BadRequest, ""),
            Self::Gives => (StatusCode::Ok, token),
            Self::HasNoIdentity => (StatusCode::BadRequest, r#"{"error":"invalid_request"}"#),
            Self::IsBroken => (StatusCode::NotFound, ""),
        };
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

/// Signs in where IMDS is as given, beside an `az` that takes so long; returns the outcome and how long it took.
async fn beside(imds: Imds, az: Arc<Fake>) -> (Result<String, SignInFailed>, Duration) {
    let transport = Transport::new(Arc::new(imds));
    let transports = Transports { https: transport.clone(), metadata: transport };
    let credential = DefaultAzureCredential::of(vec![Kind::ManagedIdentity.source(&transports), az]);
    let began = Instant::now();
    let outcome = token(&credential).await;
    (outcome, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn imds_wins_where_it_answers() {
    let az = Fake::new(Kind::AzureCli, SECOND / 2, || None);
    assert_eq!(beside(Imds::Gives, az).await, (Ok("from-imds".into()), AT_ONCE));
}

#[tokio::test(start_paused = true)]
async fn imds_costs_a_laptop_nothing() {
    for imds in [Imds::IsABlackHole, Imds::RefusesToConnect, Imds::IsAnotherService, Imds::HasNoIdentity] {
        for takes in [SECOND / 2, SECOND * 2] {
            let az = Fake::new(Kind::AzureCli, takes, || None);
            let (outcome, took) = beside(imds, az.clone()).await;
            assert_eq!((outcome.unwrap().as_str(), took), ("AzureCliCredential-1", takes), "{imds:?}");
            assert_eq!(az.asked(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_is_there_the_black_hole_costs_a_second() {
    let az = Fake::new(Kind::AzureCli, SECOND / 2, absent);
    let (outcome, took) = beside(Imds::IsABlackHole, az).await;
    let tried: Vec<_> = outcome.unwrap_err().attempts.iter().map(|attempt| attempt.source).collect();
    assert_eq!((tried, took), (vec![Kind::ManagedIdentity, Kind::AzureCli], SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_broken_imds_is_not_retried_for_a_minute() {
    let az = Fake::new(Kind::AzureCli, SECOND, || None);
    let (outcome, took) = beside(Imds::IsBroken, az).await;
    assert!(outcome.unwrap_err().refused);
    assert_eq!(took, Duration::from_secs(10));
}
