//! Random schedules of faults in process, on paused time: whatever answers, the last word on what is in the vault is true.
//!
//! Each schedule follows from a number. `FAULTS=FIRST..END cargo test schedules::schedules -- --ignored --nocapture` runs
//! those of a range, and prints each that breaks a rule.

#[path = "../tests/support/dice.rs"]
mod dice;
#[path = "../tests/support/left.rs"]
mod left;
#[path = "../tests/support/vault.rs"]
mod vault;

use crate::{
    failure::{Failure, Interrupted},
    guard::Choices,
    pipeline::{look_again::LookAgain, record::Record, watch::watched},
    quickstart, report,
    terminal::prompt::Prompt,
};
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, HttpClient, RawResponse, Request, StatusCode, Transport,
        headers::{AUTHORIZATION, Headers},
    },
    time::OffsetDateTime,
};
use azure_extras::{VaultAddress, secrets::client_options_with};
use dice::{Dice, asked_for};
use left::{Left, told};
use std::{
    collections::BTreeMap,
    env,
    future::pending,
    ops::Range,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};
use vault::{Holds, Vault};

/// The schedules of every test run, beside those that once broke a rule.
const EACH_RUN: Range<u64> = 0..1000;

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
/// What somebody else sets while the program runs.
const COLLEAGUES: &str = "the-colleagues-value";

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

    /// The answer, in which the service's error has that message.
    fn answer(&self, words: &str) -> RawResponse {
        let mut headers = Headers::new();
        match self {
            Self::Reset { .. } | Self::Hang { .. } => unreachable!("no answer comes"),
            Self::Error { status, code, inner_code, .. } => error(*status, code, inner_code, words),
            Self::Other { status, body, .. } => RawResponse::from_bytes(StatusCode::from(*status), headers, *body),
            Self::Refused { challenge, message, .. } => {
                if !challenge.is_empty() {
                    headers.insert("www-authenticate", *challenge);
                }
                let error = |message| serde_json::json!({ "error": { "code": "Unauthorized", "message": message } });
                let body = message.map_or("<html>401</html>".to_owned(), |message| error(message).to_string());
                RawResponse::from_bytes(StatusCode::Unauthorized, headers, body)
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
    vault: Vault,
    denied: Vec<Operation>,
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

/// What has happened in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The program has set the secret.
    Set,
    /// Somebody else has.
    SetByColleague,
    /// The program has been shown the versions.
    Listed,
    /// The secret was deleted.
    Deleted,
}

struct State {
    dice: Dice,
    /// One request in so many meets a fault.
    odds: u64,
    log: Vec<String>,
    /// The requests, each with the beginning of the error that its answer has brought about; while there is none, that of a
    /// vault which gives none.
    told: Vec<(Operation, String)>,
    /// The number of the request at which somebody else sets the secret, before it is carried out or after.
    colleague: Option<(usize, bool)>,
    /// What has happened in the vault, in its order.
    events: Vec<Event>,
    /// The requests with a token that have no answer yet, by their place in `told`.
    open: BTreeMap<usize, Operation>,
    uncertain: Vec<Operation>,
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faulty")
    }
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    List,
    Set,
    Get,
    Delete,
    GetDeleted,
    Purge,
}

impl Operation {
    const ALL: [Self; 6] = [Self::List, Self::Get, Self::Set, Self::Delete, Self::GetDeleted, Self::Purge];

    fn of(request: &Request) -> Self {
        let path: Vec<_> = request.url().path().trim_matches('/').split('/').collect();
        match (request.method().as_str(), path.as_slice()) {
            ("GET", ["secrets", _, "versions"]) => Self::List,
            ("PUT", ["secrets", _]) => Self::Set,
            ("GET", ["secrets", _] | ["secrets", _, _]) => Self::Get,
            ("DELETE", ["secrets", _]) => Self::Delete,
            ("GET", ["deletedsecrets", _]) => Self::GetDeleted,
            ("DELETE", ["deletedsecrets", _]) => Self::Purge,
            other => panic!("unexpected request {other:?}"),
        }
    }
}

fn authorization(request: &Request) -> Option<&str> {
    request.headers().get_optional_str(&AUTHORIZATION)
}

fn is_authorized(request: &Request) -> bool {
    authorization(request).is_some()
}

fn error(status: u16, code: &str, inner_code: &str, words: &str) -> RawResponse {
    let body = serde_json::json!({ "error": { "code": code, "message": words, "innererror": { "code": inner_code } } });
    RawResponse::from_bytes(StatusCode::from(status), Headers::new(), body.to_string())
}

fn inner_code(answer: &RawResponse) -> String {
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    body["error"]["innererror"]["code"].as_str().unwrap_or_default().to_owned()
}

impl Faulty {
    /// What the vault itself does.
    fn carry_out(&self, request: &Request) -> RawResponse {
        let answer = self.answer(request);
        let event = match Operation::of(request) {
            Operation::Set => Some(Event::Set),
            Operation::Delete => Some(Event::Deleted),
            _ => None,
        };
        let done = is_authorized(request) && answer.status().is_success();
        self.state.lock().unwrap().events.extend(event.filter(|_| done));
        answer
    }

    /// Whether the program has sent the value.
    fn has_set(&self) -> bool {
        self.state.lock().unwrap().events.contains(&Event::Set)
    }

    /// Somebody else sets the secret, if nothing stands against it.
    fn set_by_colleague(&self) {
        let body = serde_json::json!({ "value": COLLEAGUES }).to_string();
        let path = "/secrets/n?api-version=2025-07-01";
        let answer = self.vault.answer("PUT", "my-vault.vault.azure.net", path, Some("Bearer x"), body.as_bytes());
        if answer.0 == 200 {
            self.state.lock().unwrap().events.push(Event::SetByColleague);
        }
    }

    fn answer(&self, request: &Request) -> RawResponse {
        let url = request.url();
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let Body::Bytes(body) = request.body() else { panic!("a stream") };
        let host = url.host_str().unwrap();
        let (status, given, body) =
            self.vault.answer(request.method().as_str(), host, &path, authorization(request), body);
        let mut headers = Headers::new();
        for (name, value) in given {
            headers.insert(name, value);
        }
        RawResponse::from_bytes(status.into(), headers, body.map(|body| body.to_string()).unwrap_or_default())
    }

    /// Asks the vault past the network.
    fn ask(&self, method: &str, body: &str) {
        let path = "/secrets/n?api-version=2025-07-01";
        let answer =
            self.vault.answer(method, "my-vault.vault.azure.net", path, Some("Bearer somebody"), body.as_bytes());
        assert_eq!(answer.0, 200, "{answer:?}");
    }
}

#[async_trait::async_trait]
impl HttpClient for Faulty {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let operation = Operation::of(request);
        let (fault, index, there, back) = {
            let mut state = self.state.lock().unwrap();
            let odds = state.odds;
            let fault = if state.dice.one_in(odds) { Some(Fault::random(&mut state.dice)) } else { None };
            let fault = fault.filter(|fault| !self.is_lie(operation, is_authorized(request), fault));
            let token = if is_authorized(request) { "" } else { "bare" };
            state.log.push(format!("{operation:?} {token}: {fault:?}"));
            if is_authorized(request) && fault.as_ref().is_some_and(Fault::is_uncertain) {
                state.uncertain.push(operation);
            }
            // What is sent ahead for nobody's name is no cause of anything.
            let is_ahead = request.url().path().contains("nobodys-name");
            let sentence = if is_ahead { "-".to_owned() } else { Fault::Hang { after: false }.sentence() };
            state.told.push((operation, sentence));
            let index = state.told.len() - 1;
            if is_authorized(request) && !is_ahead {
                state.open.insert(index, operation);
            }
            (fault, index, state.dice.below(200), state.dice.below(200))
        };
        sleep(Duration::from_millis(there)).await;
        let colleague = self.state.lock().unwrap().colleague.filter(|(at, _)| *at == index);
        if colleague.is_some_and(|(_, after)| !after) {
            self.set_by_colleague();
        }
        let answer = match &fault {
            None => Ok(self.genuine(operation, request)),
            Some(fault) => {
                if fault.carries_out() && is_authorized(request) {
                    self.carry_out(request);
                }
                match fault {
                    Fault::Reset { .. } => Err(Error::with_message(ErrorKind::Io, "reset")),
                    Fault::Hang { .. } => pending().await,
                    // What it was sent it may echo.
                    _ if is_authorized(request) && (operation == Operation::Set || self.has_set()) => {
                        Ok(fault.answer("You sent the-secret-value, and Bearer the-token-of-anybody."))
                    }
                    _ => Ok(fault.answer("m")),
                }
            }
        };
        let is_of_secret = request.url().path().starts_with("/secrets/n/");
        let is_shown = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
        if fault.is_none() && operation == Operation::List && is_of_secret && is_shown {
            self.state.lock().unwrap().events.push(Event::Listed);
        }
        if colleague.is_some_and(|(_, after)| after) {
            self.set_by_colleague();
        }
        sleep(Duration::from_millis(back)).await;
        let mut state = self.state.lock().unwrap();
        state.open.remove(&index);
        let told = match (&fault, &answer) {
            (Some(fault), _) => fault.sentence(),
            (None, Ok(answer)) => sentence(answer.status().into(), &inner_code(answer)),
            (None, Err(_)) => unreachable!("only a fault is no answer"),
        };
        if state.told[index].1 != "-" {
            state.told[index] = (operation, told);
        }
        drop(state);
        let (status, headers, body) = answer?.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

impl Faulty {
    /// What the vault answers to a caller who may not do everything.
    fn genuine(&self, operation: Operation, request: &Request) -> RawResponse {
        let denied = self.denied.contains(&operation) && is_authorized(request);
        // A caller who may not look at deleted secrets is told so only once there is one.
        if denied && operation != Operation::GetDeleted {
            return error(403, "Forbidden", "ForbiddenByRbac", "m");
        }
        let response = self.carry_out(request);
        let refused = denied && response.status().is_success();
        if refused { error(403, "Forbidden", "ForbiddenByRbac", "m") } else { response }
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
            (Operation::List | Operation::Get, Fault::Other { body, .. }) if body.contains("You sent") => true,
            _ => {
                !authorized && fault.carries_out()
                    || matches!(fault, Fault::Other { body, .. } if !authorized && body.contains("You sent"))
            }
        }
    }
}

/// A credential that has a token.
#[derive(Debug)]
struct Anybody;

#[async_trait::async_trait]
impl TokenCredential for Anybody {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new("the-token-of-anybody", OffsetDateTime::now_utc() + Duration::from_secs(3600)))
    }
}

/// Runs the quickstart on the schedule of that number; what breaks a rule, if anything does.
async fn schedule(number: u64) -> Result<(), String> {
    let mut dice = Dice(number);
    let soft_delete = !dice.one_in(6);
    let deletion_takes = if soft_delete { dice.pick(&[0, 0, 500, 3_000, 20_000, 58_000, 70_000]) } else { 0 };
    let operations = Operation::ALL;
    let denied = if dice.one_in(4) { vec![dice.pick(&operations), dice.pick(&operations)] } else { Vec::new() };
    let choices = Choices { overwrite: dice.one_in(4), purge: dice.one_in(3), watched: dice.one_in(2) };
    let before =
        dice.pick(&[Before::Nothing, Before::Nothing, Before::Nothing, Before::Live, Before::Live, Before::Deleted]);
    let latest = dice.pick(&[2_500, 40_000]);
    let interrupted = dice.one_in(3).then(|| Duration::from_millis(dice.below(latest)));
    let odds = dice.pick(&[2, 3, 5, 10, 1000]);
    let at = usize::try_from(dice.below(14)).unwrap();
    let colleague = dice.one_in(2).then(|| (at, dice.one_in(2)));
    let state = State {
        dice,
        odds,
        log: Vec::new(),
        told: Vec::new(),
        colleague,
        events: Vec::new(),
        open: BTreeMap::new(),
        uncertain: Vec::new(),
    };
    let takes = Duration::from_millis(deletion_takes);
    let vault = if soft_delete { Vault::new(takes) } else { Vault::without_soft_delete() };
    let faulty = Arc::new(Faulty { vault, denied, before, state: Mutex::new(state) });
    if before != Before::Nothing {
        faulty.ask("PUT", r#"{"value":"the-production-value"}"#);
    }
    if before == Before::Deleted {
        faulty.ask("DELETE", "");
    }

    let directory = tempfile::tempdir().unwrap();
    let value_file = directory.path().join("value");
    std::fs::write(&value_file, VALUE).unwrap();
    let prompt = Prompt::new(Some("n".into()), Some(value_file), false).unwrap();
    let transport = Transport::new(Arc::clone(&faulty) as _);
    let (record, vault) = (Arc::<Record>::default(), VaultAddress::parse("my-vault").unwrap());
    let mut client_options = watched(client_options_with(transport), vec![Arc::clone(&record) as _]);
    client_options.per_try_policies.insert(0, Arc::new(LookAgain::new(Arc::clone(&record), false)));
    let began = Instant::now();
    let run = quickstart::run(&vault, Arc::new(Anybody), client_options, &prompt, &record, choices);
    let outcome = timeout(interrupted.unwrap_or(Duration::from_secs(3600)), run).await;

    let took = began.elapsed();
    let truth = faulty.vault.holds("n");
    let outcome = outcome.unwrap_or_else(|_| Err(Interrupted.into()));
    let success = outcome.is_ok();
    let error = match outcome {
        Ok(_) => String::new(),
        Err(error) => {
            let (call, attempts, leftovers) = (record.last_call(), record.attempts(), record.leftovers());
            let credentials = Vec::new();
            report::told(&Failure { error, vault: Some(vault), call, credentials, attempts, leftovers }, true)
        }
    };
    let left = told(&error);
    let state = faulty.state.lock().unwrap();
    let line = error.lines().next().unwrap_or_default().trim_start_matches("error: ");
    // Two calls may be under way at once, with some attempts each.
    let causes = state.told.iter().rev().filter(|(_, sentence)| sentence != "-");
    let last: Vec<_> = causes.take(if choices.watched { 1 } else { 8 }).collect();
    let names_the_cause = success
        || interrupted.is_some() && line == "Interrupted."
        || last.iter().any(|(_, sentence)| line.starts_with(sentence))
        || last.iter().any(|(last, _)| *last == Operation::GetDeleted) && line.ends_with("within 60 s.")
        || line.starts_with("The secret 'n' was not ")
        || line.starts_with("The secret 'n' was deleted from my-vault with a version")
        || (before == Before::Live || colleague.is_some()) && line.starts_with("The secret 'n' exists in my-vault");
    let may_be = |operation| state.uncertain.contains(&operation) || state.open.values().any(|open| *open == operation);
    let untouched = match before {
        Before::Nothing => false,
        Before::Live => !state.events.iter().any(|event| matches!(event, Event::Set | Event::Deleted)),
        Before::Deleted => truth == Holds::BeingDeleted,
    };
    let last_at = |event| state.events.iter().rposition(|it| *it == event);
    let (set, deleted) = (last_at(Event::Set), last_at(Event::Deleted));
    let is_gone = set.is_none() || deleted > set;
    // Somebody else's version that was deleted with the program's.
    let taken = last_at(Event::SetByColleague).filter(|at| deleted.is_some_and(|deleted| *at < deleted));
    let was_shown = taken < last_at(Event::Listed).filter(|at| Some(*at) < deleted && Some(*at) > set);
    let spares_others =
        choices.overwrite || taken.is_none() || faulty.denied.contains(&Operation::List) || !was_shown && !success;
    let is_told_truly = match left {
        Left::Nothing => {
            matches!(truth, Holds::Deleted | Holds::Versions(0)) || untouched || colleague.is_some() && is_gone
        }
        Left::Shared => matches!(truth, Holds::Versions(2..)),
        Left::Secret => matches!(truth, Holds::Versions(1..)) && !(before == Before::Live && untouched),
        Left::Deletion => matches!(truth, Holds::Deleted | Holds::BeingDeleted),
        Left::PerhapsSecret => may_be(Operation::Set),
        Left::PerhapsDeletion => may_be(Operation::Delete),
    };
    let rules = [
        (is_told_truly, "what is left is told truly"),
        (names_the_cause, "the first line names the cause"),
        (before != Before::Live || choices.overwrite || untouched, "a secret of somebody else's is not touched"),
        (spares_others, "no version of somebody else's is deleted unsaid"),
        (!success || record.leftovers().is_empty(), "a success leaves nothing"),
        (
            !error.contains(VALUE)
                && !error.contains("token-of")
                && !error.contains(PRODUCTION)
                && !error.contains(COLLEAGUES),
            "no value is told",
        ),
        (took < Duration::from_secs(300), "it ends"),
    ];
    let broken: Vec<_> = rules.iter().filter(|(holds, _)| !holds).map(|(_, rule)| *rule).collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{number}: not {broken:?}: {truth:?} after {took:?}; {choices:?}, before {before:?}, soft delete {soft_delete}, \
         deletion takes {deletion_takes} ms, denied {:?}, colleague {colleague:?}, {:?}\n    {}\n{error}",
        faulty.denied,
        state.events,
        state.log.join("\n    ")
    ))
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
    let (_, this) = module_path!().split_once("::").unwrap();
    child.args(["--ignored", "--exact", &format!("{this}::schedules"), "--nocapture"]);
    child.env("FAULTS", format!("{}..{}", range.start, range.end)).stdin(Stdio::null()).stdout(Stdio::null());
    let output = child.stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn any_schedule_is_told_truly() {
    holds_for(EACH_RUN);
}
