//! Random schedules of faults: whatever answers, the last word on what is in the vault is true.
//!
//! Each schedule follows from a number. `FAULTS=FIRST..END cargo test --test outside faults::schedules -- --ignored
//! --nocapture` runs those of a range, and prints each that breaks a rule; without `::schedules -- ...` the binary runs
//! those of its own.

use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        AsyncRawResponse, ClientOptions, HttpClient, Method, RawResponse, Request, StatusCode, Transport,
        headers::Headers,
    },
};
use kv_secrets::{
    azure::{
        CredentialOptions, VaultAddress,
        answer::ServiceError,
        operation::{Operation, is_authorized},
    },
    demo::{DemoCredential, InMemoryVault},
    guard::Choices,
    pipeline::{Pipeline, leftover::Left},
    quickstart, report,
    session::Failure,
    terminal::prompt::{Interrupted, Prompt},
};
use std::{
    env,
    future::pending,
    ops::Range,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// The schedules of every test run, beside those that once broke a rule.
const EACH_RUN: Range<u64> = 0..1000;

/// A small generator of numbers, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()].clone()
    }
}

/// What a request meets.
#[derive(Clone, Debug)]
enum Fault {
    /// The connection breaks, before or after the request is carried out.
    Reset { after: bool },
    /// No answer comes, whether or not the request is carried out.
    Hang { after: bool },
    /// An answer of Key Vault's own, which does not carry it out unless it is a 5xx.
    Error { status: u16, code: &'static str, inner_code: &'static str, after: bool },
    /// An answer of somebody else's.
    Other { status: u16, body: &'static str, after: bool },
    /// A 401 with that challenge, if any; with an error of Key Vault's, or a page.
    Refused { challenge: &'static str, message: Option<&'static str>, after: bool },
}

const VALUE: &str = "the-secret-value";
const PRODUCTION: &str = "the-production-value";

/// A challenge that the SDK can answer, one that wants more claims, and those that are not Key Vault's.
const CHALLENGES: [&str; 5] = [
    r#"Bearer authorization="https://login.microsoftonline.com/T", resource="https://vault.azure.net""#,
    r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="e30=""#,
    "",
    r#"Bearer realm="the proxy""#,
    r#"Basic realm="the proxy""#,
];

const OTHER_BODIES: [&str; 12] = [
    "<html>Please sign in</html>",
    "{}",
    "null",
    "",
    "[]",
    r#"{"value":"#,
    r#"{"id":"https://my-vault.vault.azure.net/secrets/other/1","value":"x"}"#,
    r#"{"id":"https://other.vault.azure.net/secrets/n/1","value":"x"}"#,
    "<p>You sent the-secret-value</p>",
    r#"{"value":"the-secret-value"}"#,
    r#"{"value":"the-production-value"}"#,
    OWN,
];

/// The secret itself, which is an answer to some requests and not to others.
const OWN: &str = r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1","value":"the-secret-value"}"#;

const ERRORS: [(u16, &str, &str); 14] = [
    (400, "BadParameter", ""),
    (403, "Forbidden", "ForbiddenByRbac"),
    (403, "Forbidden", "AccessDenied"),
    (403, "Forbidden", "ForbiddenByFirewall"),
    (403, "Forbidden", "SecretDisabled"),
    (404, "SecretNotFound", ""),
    (408, "RequestTimeout", ""),
    (409, "Conflict", "ObjectIsBeingDeleted"),
    (409, "Conflict", "ObjectIsDeletedButRecoverable"),
    (429, "Throttled", ""),
    (500, "InternalServerError", ""),
    (502, "BadGateway", ""),
    (503, "ServiceUnavailable", ""),
    (504, "GatewayTimeout", ""),
];

impl Fault {
    fn random(dice: &mut Dice) -> Self {
        let after = dice.one_in(2);
        match dice.below(12) {
            0 | 1 => Self::Reset { after },
            2 => Self::Hang { after },
            3..=6 => {
                let (status, code, inner_code) = dice.pick(&ERRORS);
                Self::Error { status, code, inner_code, after: after && is_inconclusive(status) }
            }
            7 => {
                let challenge = dice.pick(&CHALLENGES);
                let message =
                    dice.pick(&[None, Some("AKV10032: Invalid issuer."), Some("AKV10046: Unable to resolve the key.")]);
                let fault = Self::Refused { challenge, message, after: false };
                Self::Refused { challenge, message, after: after && fault.is_uncertain() }
            }
            _ => {
                let status = dice.pick(&[200, 204, 302, 400, 403, 404, 407, 408, 409, 429, 500, 501, 502, 503, 511]);
                // Who throttles a request does not carry it out.
                Self::Other { status, body: dice.pick(&OTHER_BODIES), after: after && status != 429 }
            }
        }
    }

    /// Whether the request is carried out all the same.
    fn carries_out(&self) -> bool {
        match self {
            Self::Reset { after }
            | Self::Hang { after }
            | Self::Error { after, .. }
            | Self::Other { after, .. }
            | Self::Refused { after, .. } => *after,
        }
    }

    /// Whether the program cannot know that it was not carried out.
    fn is_uncertain(&self) -> bool {
        match self {
            Self::Reset { .. } | Self::Hang { .. } => true,
            Self::Other { status, .. } => *status != 429,
            Self::Error { status, .. } => is_inconclusive(*status),
            Self::Refused { challenge, message, .. } => message.is_none() && !CHALLENGES[..2].contains(challenge),
        }
    }

    /// How an error begins that this, and nothing else, has brought about.
    fn sentence(&self) -> String {
        match self {
            Self::Reset { .. } => "my-vault could not be reached".into(),
            Self::Hang { .. } => "my-vault gave no answer within 30 s.".into(),
            Self::Error { status, inner_code, .. } => sentence(*status, inner_code),
            Self::Other { status: status @ (408 | 429 | 500 | 502 | 503 | 504), .. } => sentence(*status, ""),
            Self::Other { status, .. } => {
                format!("Something other than Key Vault answered for my-vault, with {status}")
            }
            Self::Refused { message: Some(message), .. } if message.starts_with("AKV10046") => {
                "my-vault cannot check the token for now".into()
            }
            Self::Refused { challenge, .. } if challenge.contains("claims") => {
                "my-vault refused the request: it wants you to sign in again".into()
            }
            Self::Refused { .. } if self.is_uncertain() => {
                "Something other than Key Vault answered for my-vault, with 401".into()
            }
            Self::Refused { .. } => "my-vault does not accept the token".into(),
        }
    }

    fn answer(&self) -> AsyncRawResponse {
        let mut headers = Headers::new();
        match self {
            Self::Reset { .. } | Self::Hang { .. } => unreachable!("no answer comes"),
            Self::Error { status, code, inner_code, .. } => error(*status, code, inner_code),
            Self::Other { status, body, .. } => AsyncRawResponse::from_bytes(StatusCode::from(*status), headers, *body),
            Self::Refused { challenge, message, .. } => {
                if !challenge.is_empty() {
                    headers.insert("www-authenticate", *challenge);
                }
                let error = |message| serde_json::json!({ "error": { "code": "Unauthorized", "message": message } });
                let body = message.map_or("<html>401</html>".to_owned(), |message| error(message).to_string());
                AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, body)
            }
        }
    }
}

/// Whether a request that Key Vault answers so may have been carried out.
fn is_inconclusive(status: u16) -> bool {
    status == 408 || status >= 500
}

/// How an error begins that an answer of Key Vault's has brought about.
fn sentence(status: u16, inner_code: &str) -> String {
    match inner_code {
        "ForbiddenByRbac" => "Your account has no role in my-vault".into(),
        "AccessDenied" => "The access policies of my-vault".into(),
        "ForbiddenByFirewall" => "The firewall of my-vault".into(),
        "SecretDisabled" => "The name belongs to a disabled secret".into(),
        "ObjectIsBeingDeleted" => "A secret of that name is still being deleted".into(),
        "ObjectIsDeletedButRecoverable" => "The name '".into(),
        _ => format!("my-vault answered {status}"),
    }
}

/// A vault behind a bad network.
struct Faulty {
    vault: InMemoryVault,
    soft_delete: bool,
    denied: Vec<&'static str>,
    before: Before,
    state: Mutex<State>,
}

/// What had the secret's name before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Live,
    Deleted,
}

struct State {
    dice: Dice,
    /// One request in so many meets a fault.
    odds: u64,
    log: Vec<String>,
    /// The last request, and how an error begins that its answer has brought about; while there is none, that of a vault
    /// which gives none.
    last: Option<(Operation, String)>,
    /// The request that has no answer yet, if it carries a token.
    open: Option<Operation>,
    uncertain: Vec<Operation>,
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faulty")
    }
}

fn name_of(operation: Operation) -> &'static str {
    match operation {
        Operation::ListVersions => "list",
        Operation::Set => "set",
        Operation::Get => "get",
        Operation::Delete => "delete",
        Operation::GetDeleted => "get-deleted",
        Operation::Purge => "purge",
    }
}

fn error(status: u16, code: &str, inner_code: &str) -> AsyncRawResponse {
    let body = serde_json::json!({ "error": { "code": code, "message": "m", "innererror": { "code": inner_code } } });
    AsyncRawResponse::from_bytes(StatusCode::from(status), Headers::new(), body.to_string())
}

impl Faulty {
    /// What the vault itself does.
    async fn carry_out(&self, request: &Request) -> RawResponse {
        let response = self.vault.execute_request(request).await.unwrap().try_into_raw_response().await.unwrap();
        let is_delete = matches!(Operation::of(request), Some((Operation::Delete, _)));
        if self.soft_delete || !is_delete || !response.status().is_success() {
            return response;
        }
        // Without soft delete the secret is gone at once, and the answer has no recovery id.
        self.ask(Method::Delete, "/deletedsecrets/n").await;
        let body = r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1","attributes":{}}"#;
        RawResponse::from_bytes(StatusCode::Ok, Headers::new(), body)
    }

    /// Asks the vault past the network; the status.
    async fn ask(&self, method: Method, path: &str) -> u16 {
        self.asked(method, path, "").await.0
    }

    async fn asked(&self, method: Method, path: &str, body: &'static str) -> (u16, String) {
        let url = format!("https://my-vault.vault.azure.net{path}?api-version=2025-07-01");
        let mut request = Request::new(url.parse().unwrap(), method);
        request.insert_header("authorization", "Bearer somebody");
        request.set_body(body);
        let response = self.vault.execute_request(&request).await.unwrap().try_into_raw_response().await.unwrap();
        (response.status().into(), String::from_utf8_lossy(response.body()).into_owned())
    }

    /// What has become of the secret, really.
    async fn truth(&self) -> Truth {
        if self.ask(Method::Get, "/secrets/n").await == 200 {
            let (_, versions) = self.asked(Method::Get, "/secrets/n/versions", "").await;
            return Truth::Live(versions.matches("/secrets/n/").count());
        }
        if self.ask(Method::Get, "/deletedsecrets/n").await == 200 {
            return Truth::Deleted;
        }
        if self.ask(Method::Delete, "/deletedsecrets/n").await == 409 { Truth::BeingDeleted } else { Truth::Gone }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Live(usize),
    BeingDeleted,
    Deleted,
    Gone,
}

#[async_trait::async_trait]
impl HttpClient for Faulty {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Some((operation, _)) = Operation::of(request) else {
            return self.vault.execute_request(request).await;
        };
        let (fault, there, back) = {
            let mut state = self.state.lock().unwrap();
            let odds = state.odds;
            let fault = if state.dice.one_in(odds) { Some(Fault::random(&mut state.dice)) } else { None };
            let fault = fault.filter(|fault| !self.is_lie(operation, is_authorized(request), fault));
            let token = if is_authorized(request) { "" } else { "bare" };
            state.log.push(format!("{} {token}: {fault:?}", name_of(operation)));
            // One that was given up on its way.
            let given_up = state.open.take();
            state.uncertain.extend(given_up);
            state.open = is_authorized(request).then_some(operation);
            if is_authorized(request) && fault.as_ref().is_some_and(Fault::is_uncertain) {
                state.uncertain.push(operation);
            }
            state.last = Some((operation, Fault::Hang { after: false }.sentence()));
            (fault, state.dice.below(200), state.dice.below(200))
        };
        sleep(Duration::from_millis(there)).await;
        let answer = match &fault {
            None => Ok(self.genuine(operation, request).await),
            Some(fault) => {
                if fault.carries_out() && is_authorized(request) {
                    self.carry_out(request).await;
                }
                match fault {
                    Fault::Reset { .. } => Err(Error::with_message(ErrorKind::Io, "reset")),
                    Fault::Hang { .. } => pending().await,
                    _ => Ok(fault.answer().try_into_raw_response().await?),
                }
            }
        };
        sleep(Duration::from_millis(back)).await;
        let mut state = self.state.lock().unwrap();
        state.open = None;
        let told = match (&fault, &answer) {
            (Some(fault), _) => fault.sentence(),
            (None, Ok(answer)) => sentence(answer.status().into(), &ServiceError::read(answer).inner_code),
            (None, Err(_)) => unreachable!("only a fault is no answer"),
        };
        state.last = Some((operation, told));
        drop(state);
        let (status, headers, body) = answer?.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

impl Faulty {
    /// What the vault answers to a caller who may not do everything.
    async fn genuine(&self, operation: Operation, request: &Request) -> RawResponse {
        if !is_authorized(request) {
            return self.vault.execute_request(request).await.unwrap().try_into_raw_response().await.unwrap();
        }
        let denied = self.denied.contains(&name_of(operation));
        let refused = async || error(403, "Forbidden", "ForbiddenByRbac").try_into_raw_response().await.unwrap();
        // A caller who may not look at deleted secrets is told so only once there is one.
        if denied && operation != Operation::GetDeleted {
            return refused().await;
        }
        let response = self.carry_out(request).await;
        if denied && response.status().is_success() { refused().await } else { response }
    }

    /// Whether it would be a lie of the service's own about what it holds, which nobody can see through.
    fn is_lie(&self, operation: Operation, authorized: bool, fault: &Fault) -> bool {
        match (operation, fault) {
            // That the caller may not look at a deleted secret is said only once there is one.
            (Operation::GetDeleted, Fault::Error { status: 403, inner_code, .. }) => {
                *inner_code != "ForbiddenByFirewall"
            }
            (Operation::Get, Fault::Error { status: 404, .. }) => self.before == Before::Live,
            (Operation::Purge, Fault::Other { status: 204, .. }) => true,
            (Operation::Set | Operation::Get, Fault::Other { status: 200 | 204, body, .. }) if *body == OWN => true,
            // Nobody shows what was not sent.
            (Operation::ListVersions | Operation::Get, Fault::Other { body, .. }) if body.contains("You sent") => true,
            _ => {
                !authorized && fault.carries_out()
                    || matches!(fault, Fault::Other { body, .. } if !authorized && body.contains("You sent"))
            }
        }
    }
}

/// Runs the quickstart on the schedule of that number; what breaks a rule, if anything does.
async fn schedule(number: u64) -> Result<(), String> {
    let mut dice = Dice(number);
    let soft_delete = !dice.one_in(6);
    let deletion_takes = if soft_delete { dice.pick(&[0, 0, 500, 3_000, 20_000, 58_000, 70_000]) } else { 0 };
    let operations = ["list", "get", "set", "delete", "get-deleted", "purge"];
    let denied = if dice.one_in(4) { vec![dice.pick(&operations), dice.pick(&operations)] } else { Vec::new() };
    let choices = Choices { overwrite: dice.one_in(4), purge: dice.one_in(3), watched: true };
    let before =
        dice.pick(&[Before::Nothing, Before::Nothing, Before::Nothing, Before::Live, Before::Live, Before::Deleted]);
    let latest = dice.pick(&[2_500, 40_000]);
    let interrupted = dice.one_in(3).then(|| Duration::from_millis(dice.below(latest)));
    let odds = dice.pick(&[2, 3, 5, 10, 1000]);
    let state = State { dice, odds, log: Vec::new(), last: None, open: None, uncertain: Vec::new() };
    let vault = InMemoryVault::new(Duration::from_millis(deletion_takes));
    let faulty = Arc::new(Faulty { vault, soft_delete, denied, before, state: Mutex::new(state) });
    if before != Before::Nothing {
        faulty.asked(Method::Put, "/secrets/n", r#"{"value":"the-production-value"}"#).await;
    }
    if before == Before::Deleted {
        faulty.ask(Method::Delete, "/secrets/n").await;
    }

    let directory = tempfile::tempdir().unwrap();
    let value_file = directory.path().join("value");
    std::fs::write(&value_file, VALUE).unwrap();
    let prompt = Prompt::new(Some("n".into()), Some(value_file), false).unwrap();
    let transport = Transport::new(Arc::clone(&faulty) as _);
    let credential_options = CredentialOptions {
        client_options: ClientOptions { transport: Some(transport.clone()), ..ClientOptions::default() },
        instead: Some(Arc::new(DemoCredential)),
        ..CredentialOptions::default()
    };
    let pipeline = Pipeline::default();
    let client_options = pipeline.client_options(&transport, None, None);
    let began = Instant::now();
    let run = quickstart::run("my-vault", credential_options, client_options, &prompt, choices);
    let outcome = timeout(interrupted.unwrap_or(Duration::from_secs(3600)), run).await;

    let took = began.elapsed();
    let truth = faulty.truth().await;
    let outcome = outcome.unwrap_or_else(|_| Err(Interrupted.into()));
    let success = outcome.is_ok();
    let error = match outcome {
        Ok(_) => String::new(),
        Err(error) => {
            let vault = Some(VaultAddress::parse("my-vault").unwrap());
            let (leftover, effort) = (pipeline.leftover.left(), pipeline.effort.in_words());
            report::told(&Failure { error, vault, leftover, effort }, true)
        }
    };
    let left = told(&error);
    let state = faulty.state.lock().unwrap();
    let line = error.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let (last, sentence) = state.last.clone().unzip();
    let names_the_cause = success
        || interrupted.is_some() && line == "Interrupted."
        || sentence.is_some_and(|sentence| line.starts_with(&sentence))
        || last == Some(Operation::GetDeleted) && line.ends_with("within 60 s.")
        || before == Before::Live && line.starts_with("The secret 'n' exists in my-vault");
    let may_be = |operation| state.uncertain.contains(&operation) || state.open == Some(operation);
    let untouched = match before {
        Before::Nothing => false,
        Before::Live => truth == Truth::Live(1),
        Before::Deleted => truth == Truth::BeingDeleted,
    };
    let is_told_truly = match left {
        Left::Nothing => matches!(truth, Truth::Deleted | Truth::Gone) || untouched,
        Left::Secret => matches!(truth, Truth::Live(_)) && !(before == Before::Live && untouched),
        Left::Deletion => matches!(truth, Truth::Deleted | Truth::BeingDeleted),
        Left::PerhapsSecret => may_be(Operation::Set),
        Left::PerhapsDeletion => may_be(Operation::Delete),
    };
    let rules = [
        (is_told_truly, "what is left is told truly"),
        (names_the_cause, "the first line names the cause"),
        (before != Before::Live || choices.overwrite || untouched, "a secret of somebody else's is not touched"),
        (!success || pipeline.leftover.left().is_empty(), "a success leaves nothing"),
        (!error.contains(VALUE) && !error.contains(PRODUCTION), "no value is told"),
        (took < Duration::from_secs(300), "it ends"),
    ];
    let broken: Vec<_> = rules.iter().filter(|(holds, _)| !holds).map(|(_, rule)| *rule).collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{number}: not {broken:?}: {truth:?} after {took:?}; {choices:?}, before {before:?}, soft delete {soft_delete}, \
         deletion takes {deletion_takes} ms, denied {:?}\n    {}\n{error}",
        faulty.denied,
        state.log.join("\n    ")
    ))
}

/// The range that the environment asks for.
fn asked_for() -> Option<Range<u64>> {
    let range = env::var("FAULTS").ok()?;
    let (first, end) = range.split_once("..").unwrap();
    Some(first.parse().unwrap()..end.parse().unwrap())
}

/// Schedules in process, on paused time. The transcripts would fill the screen, so the test below runs this.
#[test]
#[ignore = "any_schedule_is_told_truly runs it"]
fn schedules() {
    let mut broken = 0;
    for number in asked_for().unwrap() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        if let Err(why) = runtime.block_on(schedule(number)) {
            broken += 1;
            eprintln!("{why}");
        }
    }
    assert_eq!(broken, 0);
}

fn holds_for(range: Range<u64>) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "faults::schedules", "--nocapture"]);
    child.env("FAULTS", format!("{}..{}", range.start, range.end)).stdin(Stdio::null()).stdout(Stdio::null());
    let output = child.stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn any_schedule_is_told_truly() {
    holds_for(EACH_RUN);
}

/// What the program has said of what is left.
fn told(stderr: &str) -> Left {
    let sentences = [
        ("The secret 'n' may be in my-vault", Left::PerhapsSecret),
        ("The secret 'n' is still in my-vault. To delete it", Left::Secret),
        ("The secret 'n' is still in my-vault, unless its deletion has begun", Left::PerhapsDeletion),
        ("The deletion of the secret 'n' from my-vault has begun", Left::Deletion),
    ];
    let mut said = sentences.iter().filter(|(sentence, _)| stderr.contains(sentence));
    let left = said.next().map_or(Left::Nothing, |(_, left)| *left);
    assert!(said.next().is_none(), "{stderr}");
    left
}

/// The same by the binary, over TLS, and with signals where there are some.
#[test]
fn any_schedule_of_the_binary_is_told_truly() {
    #[cfg(unix)]
    use crate::support::send;
    use crate::support::{Cloud, cloud, each};
    use std::io::Write as _;
    let numbers: Vec<u64> = asked_for().unwrap_or(0..24).collect();
    each(&numbers, |number| {
        let mut dice = Dice(*number);
        let cloud = Cloud::start();
        let requests = [
            "GET /secrets/n/versions",
            "PUT /secrets/n",
            "GET /secrets/n/?",
            "DELETE /secrets/n",
            "GET /deletedsecrets/n",
        ];
        for _ in 0..dice.below(4) {
            let fault = match dice.below(6) {
                0 => cloud::Fault::ResetBefore,
                1 => cloud::Fault::ResetAfter,
                2 => cloud::Fault::CutOff,
                3 => cloud::Fault::Answer(200, &[("content-type", "text/html")], "<html>sign in</html>".into()),
                4 => cloud::Fault::error(503, "ServiceUnavailable", "", "Later."),
                _ => cloud::Fault::error(403, "Forbidden", "ForbiddenByRbac", "No."),
            };
            let times = usize::try_from(1 + dice.below(5)).unwrap();
            cloud.plan(dice.pick(&requests), times, fault);
        }
        let signal = dice.one_in(3).then(|| Duration::from_millis(dice.below(60)));
        let mut child =
            cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"n\nthe-secret-value\n").unwrap();
        if let Some(after) = signal {
            std::thread::sleep(after);
            #[cfg(unix)]
            if child.try_wait().unwrap().is_none() {
                send(nix::sys::signal::Signal::SIGINT, child.id());
            }
        }
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("the-secret-value") && !stderr.contains("panicked"), "{number}: {stderr}");
        let holds = cloud.holds("n");
        let left = told(&stderr);
        let is_told_truly = match left {
            Left::Nothing => holds == cloud::Holds::Deleted || holds == cloud::Holds::Versions(0),
            Left::Secret => matches!(holds, cloud::Holds::Versions(versions) if versions > 0),
            Left::Deletion => holds == cloud::Holds::Deleted,
            Left::PerhapsSecret | Left::PerhapsDeletion => true,
        };
        assert!(is_told_truly, "{number}: {holds:?}, {stderr}");
        assert!(output.status.code() != Some(0) || left == Left::Nothing, "{number}: {stderr}");
    });
}
