//! `--explain` and `--step`: the SDK's calls and the REST exchanges under them, shown on stderr as they happen.
//!
//! Two policies in the client's pipeline. [`Calls`] sees each call of the SDK once, and [`Exchanges`] each try of a
//! request. No value, token or body is ever shown.

use crate::{
    azure::{
        VaultAddress,
        answer::ServiceError,
        clean,
        credential::{Attempts, Kind},
        operation::{Operation, is_authorized},
    },
    terminal::{next_steps::day, note},
};
use azure_core::{
    http::{
        AsyncRawResponse, Context, RawResponse, Request,
        headers::WWW_AUTHENTICATE,
        policies::{Policy, PolicyResult},
    },
    time::OffsetDateTime,
};
use dialoguer::console::style;
use serde_json::Value;
use std::{
    io::stdin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{task::spawn_blocking, time::Instant};

/// Shows each call of the SDK as it stands in the source, and may wait for Enter before it.
#[derive(Debug)]
pub struct Calls {
    step: bool,
    others_can_look: bool,
    polled: AtomicBool,
}

impl Calls {
    /// With `step` it waits for Enter, and says how another window can look, unless none can.
    pub fn new(step: bool, others_can_look: bool) -> Self {
        Self { step, others_can_look, polled: AtomicBool::new(false) }
    }

    /// Stops until Enter, or the end of the input.
    async fn wait(&self, call: Operation, name: &str, host: &str) {
        let vault = VaultAddress::parse(host).map_or_else(|_| host.to_owned(), |vault| vault.to_string());
        if self.others_can_look {
            let show = if call == Operation::Purge { "show-deleted" } else { "show" };
            note!("    Look in another window: az keyvault secret {show} --vault-name {vault} --name {name}");
        }
        note!("    Press Enter to go on.");
        let _ = spawn_blocking(|| stdin().read_line(&mut String::new())).await;
    }
}

#[async_trait::async_trait]
impl Policy for Calls {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some((call, name)) = Operation::of(request) {
            let again = call == Operation::GetDeleted && self.polled.swap(true, Ordering::Relaxed);
            if !again {
                note!("{}", style(format!("  {}", source(call, name))).for_stderr().cyan());
            }
            if self.step && call != Operation::GetDeleted {
                let host = request.url().host_str().unwrap_or_default();
                self.wait(call, name, host).await;
            }
        }
        next[0].send(ctx, request, &next[1..]).await
    }
}

/// Shows each REST exchange, and where the token came from.
#[derive(Debug)]
pub struct Exchanges {
    attempts: Attempts,
    signed_in: AtomicBool,
}

impl Exchanges {
    /// `attempts` can tell where the token came from.
    pub fn new(attempts: Attempts) -> Self {
        Self { attempts, signed_in: AtomicBool::new(false) }
    }

    fn show_sign_in(&self) {
        let from = match self.attempts.get().last() {
            Some(attempt) if attempt.source == Kind::Other => "the demo, and worth nothing".into(),
            Some(attempt) => format!("{}, which took {} ms", attempt.source, attempt.took.as_millis()),
            None => return,
        };
        note!("{}", style(format!("    token from {from}")).for_stderr().dim());
    }
}

#[async_trait::async_trait]
impl Policy for Exchanges {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if is_authorized(request) && !self.signed_in.swap(true, Ordering::Relaxed) {
            self.show_sign_in();
        }
        note!("    {} {}", request.method(), request.url());
        let sent = Instant::now();
        let result = next[0].send(ctx, request, &next[1..]).await;
        let show = |status: &str, meaning: &str| {
            let took = sent.elapsed().as_millis();
            note!("{}", style(format!("      {status} in {took} ms: {}", clean(meaning))).for_stderr().dim());
        };
        let response = match result {
            Ok(response) => response.try_into_raw_response().await?,
            Err(error) => {
                show("no answer", &error.to_string());
                return Err(error);
            }
        };
        let meaning = Operation::of(request).map_or_else(String::new, |(call, _)| meaning(call, &response));
        show(&u16::from(response.status()).to_string(), &meaning);
        let (status, headers, body) = response.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// The call as it stands in the source.
fn source(call: Operation, name: &str) -> String {
    match call {
        Operation::ListVersions => format!("client.list_secret_properties_versions({name:?}, ...)"),
        Operation::Set => format!("client.set_secret({name:?}, ...)"),
        Operation::Get => format!("client.get_secret({name:?}, None)"),
        Operation::Delete => format!("client.begin_delete_secret({name:?})"),
        Operation::GetDeleted => "poller".into(),
        Operation::Purge => format!("client.purge_deleted_secret({name:?}, None)"),
    }
}

/// What an answer means for that call.
fn meaning(call: Operation, response: &RawResponse) -> String {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let version = || body["id"].as_str().and_then(|id| id.rsplit('/').next()).unwrap_or_default();
    let purge_date = || date(&body["scheduledPurgeDate"]);
    match (call, u16::from(response.status())) {
        (_, 401) => {
            let challenge = response.headers().get_optional_str(&WWW_AUTHENTICATE).unwrap_or_default();
            let part = |name: &str| challenge.split_once(name)?.1.split('"').nth(1);
            match (part("authorization"), part("resource").or(part("scope"))) {
                (Some(authority), Some(resource)) => {
                    format!("the challenge, for a token of {authority} for {resource}")
                }
                _ => "the token is not accepted".into(),
            }
        }
        (Operation::ListVersions, 200) if body["value"].as_array().is_some_and(Vec::is_empty) => {
            "no secret has that name".into()
        }
        (Operation::ListVersions, 200) => "a secret has that name".into(),
        (Operation::Set, 200) => format!("created, as version {}", version()),
        (Operation::Get, 200) => format!("the newest version, {}", version()),
        (Operation::Delete, 200) if body["recoveryId"].is_null() => "deleted for good, without soft delete".into(),
        (Operation::Delete, 200) => format!("the deletion has begun; to be purged on {}", purge_date()),
        (Operation::GetDeleted, 404) => "the deletion goes on".into(),
        (Operation::GetDeleted, 403) => "the deletion is complete, as far as this account may see".into(),
        (Operation::GetDeleted, 200) => format!("the deletion is complete; to be purged on {}", purge_date()),
        (Operation::Purge, 204) => "purged; the name can be used again".into(),
        (_, 408 | 429 | 500..) => "this may pass".into(),
        _ => {
            let error = ServiceError::read(response);
            format!("{} {}", error.code, error.inner_code)
        }
    }
}

/// The day of a time in Unix seconds.
fn date(seconds: &Value) -> String {
    let time = seconds.as_i64().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.map(|time| day(&time)).unwrap_or_default()
}
