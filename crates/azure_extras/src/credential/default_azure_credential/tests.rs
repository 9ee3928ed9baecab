use super::*;
use azure_core::http::ClientOptions;
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode, Transport, headers::Headers};
use azure_core::time::OffsetDateTime;
use std::{
    future::pending,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::time::sleep;

const SCOPE: &str = "https://vault.azure.net/.default";

/// A credential that takes its time and then gives a token that lives an hour, or its answer in place of one.
#[derive(Debug)]
struct Fake {
    name: &'static str,
    takes: Duration,
    answer: fn() -> Option<Error>,
    lives: Duration,
    asked: AtomicUsize,
}

impl Fake {
    fn new(name: &'static str, takes: Duration, answer: fn() -> Option<Error>) -> Arc<Self> {
        Arc::new(Self { name, takes, answer, lives: Duration::from_secs(3600), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait::async_trait]
impl TokenCredential for Fake {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        sleep(self.takes).await;
        match (self.answer)() {
            Some(error) => Err(error),
            None => Ok(AccessToken::new(format!("{}-{number}", self.name), OffsetDateTime::now_utc() + self.lives)),
        }
    }
}

fn credential(sources: &[(CredentialKind, &Arc<Fake>)]) -> Arc<DefaultAzureCredential> {
    let sources = sources.iter().map(|(kind, fake)| Source::of(*kind, Arc::clone(fake) as _)).collect();
    DefaultAzureCredential::of(sources, Arc::default())
}

/// What a source's credential says when it does not work; of a tool, that it is unavailable.
fn broken() -> Option<Error> {
    Some(Error::with_error(
        ErrorKind::Credential,
        std::io::Error::other(CredentialFailure::Said("it is broken".into())),
        "words",
    ))
}

const AT_ONCE: Duration = Duration::ZERO;
const SECOND: Duration = Duration::from_secs(1);

async fn token(credential: &DefaultAzureCredential) -> Result<String, SignInFailed> {
    let token = credential.get_token(&[SCOPE], None).await;
    token.map(|token| token.token.secret().to_owned()).map_err(|error| error.into_downcast().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_first_source_that_is_there_is_used_and_kept() {
    let az = Fake::new("az", AT_ONCE, broken);
    let azd = Fake::new("azd", AT_ONCE, || None);
    let sources = vec![
        Source::of(CredentialKind::AzureCli, az.clone()),
        Source::of(CredentialKind::AzureDeveloperCli, azd.clone()),
    ];
    let credential = DefaultAzureCredential::of(sources, Arc::default());
    assert_eq!(token(&credential).await.unwrap(), "azd-1");
    let why_not = Some(CredentialFailure::Said("it is broken".into()));
    let tried = [(CredentialKind::AzureCli, why_not), (CredentialKind::AzureDeveloperCli, None)];
    assert_eq!(credential.outcomes().into_iter().map(|it| (it.credential, it.failure)).collect::<Vec<_>>(), tried);
    let another_scope = credential.get_token(&["https://management.azure.com/.default"], None).await.unwrap();
    assert_eq!(another_scope.token.secret(), "azd-2");
    assert_eq!((az.asked(), azd.asked()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_refuses_ends_the_search() {
    let pod = Fake::new("pod", AT_ONCE, broken);
    let az = Fake::new("az", AT_ONCE, || None);
    let credential = credential(&[(CredentialKind::WorkloadIdentity, &pod), (CredentialKind::AzureCli, &az)]);
    let failed = token(&credential).await.unwrap_err();
    assert!(failed.refused);
    assert_eq!(failed.outcomes.last().unwrap().failure, Some(CredentialFailure::Said("it is broken".into())));
    assert_eq!(az.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_a_token_is_fetched_shares_what_comes_of_it() {
    for answer in [|| None, broken] as [fn() -> Option<Error>; 2] {
        let az = Fake::new("az", SECOND, answer);
        let credential = credential(&[(CredentialKind::AzureCli, &az)]);
        let (one, two) = tokio::join!(token(&credential), token(&credential));
        assert_eq!(one, two);
        assert_eq!(az.asked(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_never_kept() {
    let az = Fake::new("az", SECOND, broken);
    let credential = credential(&[(CredentialKind::AzureCli, &az)]);
    for asked in 1..=3 {
        assert!(token(&credential).await.is_err());
        assert_eq!(az.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_was_given_up_leaves_nothing_behind() {
    let az = Fake::new("az", SECOND, broken);
    let credential = credential(&[(CredentialKind::AzureCli, &az)]);
    assert!(tokio::time::timeout(SECOND / 2, token(&credential)).await.is_err());
    assert!(token(&credential).await.is_err());
    assert_eq!(az.asked(), 2);
}

#[tokio::test]
async fn a_tools_token_is_kept_until_five_minutes_before_its_end() {
    for (lives, asked) in [(Duration::from_secs(301), 1), (Duration::from_secs(299), 2)] {
        let az = Arc::new(Fake { lives, ..Arc::into_inner(Fake::new("az", AT_ONCE, || None)).unwrap() });
        let credential = credential(&[(CredentialKind::AzureCli, &az)]);
        token(&credential).await.unwrap();
        token(&credential).await.unwrap();
        assert_eq!(az.asked(), asked, "{lives:?}");
    }
}

/// The instance metadata service, or what is in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Imds {
    /// It says 400 to the probe, which has no header, and gives a token.
    Gives,
    HasNoIdentity,
    /// It says 503 to everything.
    IsBroken,
    /// It throttles the probe.
    IsBusy,
    IsAnotherService,
    RefusesToConnect,
    /// A page, as of a network that wants a sign-in first, or of another cloud.
    IsAPage(u16),
    /// A proxy says that it cannot get there.
    IsUnreachable,
    IsABlackHole,
}

/// An [`Imds`] whose first answer takes so long.
#[derive(Clone, Copy, Debug)]
struct After(Duration, Imds);

#[async_trait::async_trait]
impl HttpClient for After {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let bare = !request.headers().iter().any(|(name, _)| name.as_str() == "metadata");
        if bare {
            sleep(self.0).await;
        }
        let token = r#"{"access_token":"from-imds","expires_on":"4102444800","resource":"","token_type":"Bearer"}"#;
        let (status, body) = match self.1 {
            Imds::IsABlackHole => pending().await,
            Imds::RefusesToConnect => return Err(Error::with_message(ErrorKind::Connection, "refused")),
            Imds::IsAnotherService => (StatusCode::NotFound, ""),
            Imds::IsAPage(status) => (StatusCode::from(status), "<html>"),
            Imds::IsUnreachable => (StatusCode::Forbidden, "connecting to 169.254.169.254:80: network is unreachable"),
            Imds::IsBroken => (StatusCode::ServiceUnavailable, ""),
            Imds::IsBusy if bare => (StatusCode::TooManyRequests, ""),
            _ if bare => (StatusCode::BadRequest, ""),
            Imds::Gives | Imds::IsBusy => (StatusCode::Ok, token),
            Imds::HasNoIdentity => (StatusCode::BadRequest, r#"{"error":"invalid_request"}"#),
        };
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

/// The options of an environment without variables.
fn of_nothing() -> CredentialOptions {
    // Loading the certificates to trust takes its time.
    static OPTIONS: LazyLock<CredentialOptions> =
        LazyLock::new(|| CredentialOptions::from_variables(|_| None).unwrap());
    OPTIONS.clone()
}

/// Signs in where IMDS is as given, beside an `az` that takes so long; returns the outcome, what is told of each source, and
/// how long it took.
async fn beside(imds: After, az: &Arc<Fake>) -> (Result<String, SignInFailed>, Vec<CredentialOutcome>, Duration) {
    let by = ClientOptions { transport: Some(Transport::new(Arc::new(imds))), ..ClientOptions::default() };
    let options = CredentialOptions { client_options: by.clone(), local_client_options: by, ..of_nothing() };
    let sources = vec![
        Source::new(CredentialKind::ManagedIdentity, &options, &Arc::default(), false),
        Source::of(CredentialKind::AzureCli, Arc::clone(az) as _),
    ];
    let credential = DefaultAzureCredential::of(sources, Arc::default());
    let began = Instant::now();
    let outcome = token(&credential).await;
    (outcome, credential.outcomes(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_same_world_signs_in_the_same_identity_and_is_told_the_same() {
    use Imds::{
        Gives, HasNoIdentity, IsABlackHole, IsAPage, IsAnotherService, IsBroken, IsBusy, IsUnreachable,
        RefusesToConnect,
    };
    // Who signs in where az is signed in, and where it is not.
    for (imds, with_az, without) in [
        (Gives, Some("from-imds"), Some("from-imds")),
        (IsBusy, Some("from-imds"), Some("from-imds")),
        (IsBroken, None, None),
        (HasNoIdentity, Some("az-1"), None),
        (IsAnotherService, Some("az-1"), None),
        (RefusesToConnect, Some("az-1"), None),
        (IsUnreachable, Some("az-1"), None),
        (IsAPage(200), Some("az-1"), None),
        (IsAPage(302), Some("az-1"), None),
        (IsAPage(401), Some("az-1"), None),
        (IsAPage(403), Some("az-1"), None),
        (IsABlackHole, Some("az-1"), None),
    ] {
        for (answer, expected) in [(None, with_az), (Some(()), without)] {
            let mut told = Vec::new();
            for probe in [0, 300, 900] {
                for az_takes in [0, 200, 600, 2_000, 9_000] {
                    let answer: fn() -> Option<Error> = if answer.is_some() { broken } else { || None };
                    let az = Fake::new("az", Duration::from_millis(az_takes), answer);
                    let (outcome, sources, _) = beside(After(Duration::from_millis(probe), imds), &az).await;
                    assert_eq!(outcome.ok().as_deref(), expected, "{imds:?} after {probe} ms, az after {az_takes} ms");
                    let sources = sources.into_iter().map(|source| (source.credential, source.failure));
                    told.push(sources.collect::<Vec<_>>());
                }
            }
            assert!(told.iter().all(|it| *it == told[0]), "{imds:?}: {told:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_tools_work_while_imds_is_looked_for() {
    for (imds, takes, waits) in [
        (Imds::RefusesToConnect, SECOND / 2, SECOND / 2),
        (Imds::RefusesToConnect, SECOND * 2, SECOND * 2),
        (Imds::IsABlackHole, SECOND / 2, SECOND),
        (Imds::IsABlackHole, SECOND * 2, SECOND * 2),
    ] {
        let az = Fake::new("az", takes, || None);
        let (outcome, _, took) = beside(After(AT_ONCE, imds), &az).await;
        assert_eq!((outcome.unwrap().as_str(), took), ("az-1", waits), "{imds:?}");
        assert_eq!(az.asked(), 1);
    }
    let az = Fake::new("az", SECOND / 2, || None);
    let (outcome, _, took) = beside(After(AT_ONCE, Imds::Gives), &az).await;
    assert_eq!((outcome.unwrap().as_str(), took), ("from-imds", AT_ONCE));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_found_out_is_not_claimed() {
    let told = async |imds| {
        let az = Fake::new("az", AT_ONCE, broken);
        let (_, sources, took) = beside(After(AT_ONCE, imds), &az).await;
        (sources[0].failure.as_ref().unwrap().to_string(), took)
    };
    assert_eq!(told(Imds::IsABlackHole).await, ("no answer within 1 s".into(), SECOND));
    assert_eq!(told(Imds::IsBroken).await, ("answered 503 Service Unavailable, for 10 s".into(), SECOND * 10));
    assert_eq!(told(Imds::IsAnotherService).await, ("answered 404 Not Found, for 10 s".into(), SECOND * 10));
    assert!(told(Imds::IsUnreachable).await.0.ends_with("network is unreachable"));
}

#[tokio::test(start_paused = true)]
async fn pinned_imds_is_not_probed_and_waited_for() {
    let by = ClientOptions { transport: Some(Transport::new(Arc::new(SlowImds::default()))), ..Default::default() };
    let credentials = vec![CredentialKind::ManagedIdentity];
    let options = CredentialOptions { credentials, local_client_options: by, ..of_nothing() };
    let credential = DefaultAzureCredential::new(options);
    let began = Instant::now();
    assert_eq!(token(&credential).await.unwrap(), "from-imds");
    assert!(began.elapsed() > Duration::from_secs(10), "{:?}", began.elapsed());
}

/// An instance metadata service that starts slowly, and knows no request without its header.
#[derive(Debug, Default)]
struct SlowImds(AtomicUsize);

#[async_trait::async_trait]
impl HttpClient for SlowImds {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        assert!(request.headers().iter().any(|(name, _)| name.as_str() == "metadata"));
        if self.0.fetch_add(1, Ordering::Relaxed) < 4 {
            return Ok(AsyncRawResponse::from_bytes(StatusCode::ServiceUnavailable, Headers::new(), ""));
        }
        After(AT_ONCE, Imds::Gives).execute_request(request).await
    }
}
