//! `--explain` and `--step`: the SDK's calls and the REST exchanges under them, shown on stderr as they happen.
//!
//! Two policies in the client's pipeline. [`Calls`] sees each call of the SDK once, and [`Exchanges`] each try of a
//! request. No value, token or body is ever shown.

use crate::{
    call::Call,
    credential::DefaultAzureCredential,
    remedy::{clean, note},
    service::ServiceError,
};
use azure_core::{
    http::{
        AsyncRawResponse, Context, RawResponse, Request,
        headers::{AUTHORIZATION, WWW_AUTHENTICATE},
        policies::{Policy, PolicyResult},
    },
    time::{OffsetDateTime, to_rfc3339},
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
    vault: Option<String>,
    polled: AtomicBool,
}

impl Calls {
    /// With `step` it waits for Enter, and names the `vault` in which another window can look; the demo has none.
    pub fn new(step: bool, vault: Option<String>) -> Self {
        Self { step, vault, polled: AtomicBool::new(false) }
    }

    /// Stops until Enter, or the end of the input.
    async fn wait(&self, call: Call, name: &str) {
        if let Some(vault) = &self.vault {
            let show = if call == Call::Purge { "show-deleted" } else { "show" };
            note!("    Look in another window: az keyvault secret {show} --vault-name {vault} --name {name}");
        }
        note!("    Press Enter to go on.");
        let _ = spawn_blocking(|| stdin().read_line(&mut String::new())).await;
    }
}

#[async_trait::async_trait]
impl Policy for Calls {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some((call, name)) = Call::of(request) {
            let again = call == Call::Poll && self.polled.swap(true, Ordering::Relaxed);
            if !again {
                note!("{}", style(format!("  {}", source(call, name))).for_stderr().cyan());
            }
            if self.step && call != Call::Poll {
                self.wait(call, name).await;
            }
        }
        next[0].send(ctx, request, &next[1..]).await
    }
}

/// Shows each REST exchange, and where the token came from.
#[derive(Debug)]
pub struct Exchanges {
    credential: Option<Arc<DefaultAzureCredential>>,
    signed_in: AtomicBool,
}

impl Exchanges {
    /// The `credential` can tell where its token came from; none for the demo, whose token is worth nothing.
    pub fn new(credential: Option<Arc<DefaultAzureCredential>>) -> Self {
        Self { credential, signed_in: AtomicBool::new(false) }
    }

    async fn show_sign_in(&self) {
        let from = match &self.credential {
            None => "the demo, and worth nothing".into(),
            Some(credential) => match credential.attempts().await.last() {
                Some(attempt) => format!("{}, which took {} ms", attempt.source, attempt.took.as_millis()),
                None => return,
            },
        };
        note!("{}", style(format!("    token from {from}")).for_stderr().dim());
    }
}

#[async_trait::async_trait]
impl Policy for Exchanges {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let authorized = request.headers().get_optional_str(&AUTHORIZATION).is_some();
        if authorized && !self.signed_in.swap(true, Ordering::Relaxed) {
            self.show_sign_in().await;
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
        let meaning = Call::of(request).map_or_else(String::new, |(call, _)| meaning(call, &response));
        show(&u16::from(response.status()).to_string(), &meaning);
        let (status, headers, body) = response.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

/// The call as it stands in the source.
fn source(call: Call, name: &str) -> String {
    match call {
        Call::LookUp => format!("client.list_secret_properties_versions({name:?}, ...)"),
        Call::Set => format!("client.set_secret({name:?}, ...)"),
        Call::Get => format!("client.get_secret({name:?}, None)"),
        Call::Delete => format!("client.begin_delete_secret({name:?})"),
        Call::Poll => "poller.result()".into(),
        Call::Purge => format!("client.purge_deleted_secret({name:?}, None)"),
    }
}

/// What an answer means for that call.
fn meaning(call: Call, response: &RawResponse) -> String {
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
        (Call::LookUp, 200) if body["value"].as_array().is_some_and(Vec::is_empty) => "no secret has that name".into(),
        (Call::LookUp, 200) => "a secret has that name".into(),
        (Call::Set, 200) => format!("created, as version {}", version()),
        (Call::Get, 200) => format!("the newest version, {}", version()),
        (Call::Delete, 200) if body["recoveryId"].is_null() => "deleted for good, without soft delete".into(),
        (Call::Delete, 200) => format!("the deletion has begun; to be purged on {}", purge_date()),
        (Call::Poll, 404) => "the deletion goes on".into(),
        (Call::Poll, 403) => "the deletion is complete, as far as this account may see".into(),
        (Call::Poll, 200) => format!("the deletion is complete; to be purged on {}", purge_date()),
        (Call::Purge, 204) => "purged; the name can be used again".into(),
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

/// A time's day, as in `2026-11-24`.
pub fn day(time: &OffsetDateTime) -> String {
    to_rfc3339(time).chars().take("2026-11-24".len()).collect()
}
