//! Whether it was Key Vault that answered.

use super::{
    address::{is_in_azure, is_loopback},
    answer::{OTHER_CHALLENGE, between, is_conclusive, is_error, json},
    first_line,
    operation::{Operation, is_authorized},
};
use azure_core::{
    Bytes, Error,
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, Context, RawResponse, Request, Url,
        headers::{CONTENT_TYPE, WWW_AUTHENTICATE},
        policies::{Policy, PolicyResult},
    },
};
use serde_json::Value;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Something other than Key Vault answered: a proxy, a sign-in page, another program at that port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKeyVault {
    /// The HTTP status.
    pub status: u16,
    /// The answer's `Content-Type`, cleaned; empty when it has none.
    pub content_type: String,
    /// The first line of its text, cleaned, at most 200 characters; empty where it might hold a secret's value.
    pub first_line: String,
}

impl fmt::Display for NotKeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, content_type, .. } = self;
        write!(f, "something other than Key Vault answered, with status {status}")?;
        if content_type.is_empty() { Ok(()) } else { write!(f, " and {content_type}") }
    }
}

impl std::error::Error for NotKeyVault {}

/// The challenge wants a token for another domain than the vault's. The client sends none.
///
/// See <https://aka.ms/azsdk/blog/vault-uri>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignChallenge {
    /// What the token would be for, cleaned.
    pub resource: String,
}

impl fmt::Display for ForeignChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server wants a token for {}", self.resource)
    }
}

impl std::error::Error for ForeignChallenge {}

/// Lets pass only what Key Vault answers, as a policy for each try of a request: the JSON that an operation is
/// documented to give, for the secret that was asked for. Any other answer becomes the error [`NotKeyVault`], which
/// nobody retries. What is tried again passes, whoever wrote it: a gateway's 408, 429, 500, 502, 503 or 504.
///
/// It remembers the value that was set last, so as not to quote it from an answer that shows it.
#[derive(Default)]
pub struct KeyVaultAnswers {
    value: Mutex<String>,
}

impl fmt::Debug for KeyVaultAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyVaultAnswers")
    }
}

#[async_trait::async_trait]
impl Policy for KeyVaultAnswers {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(value) = value_in(request) {
            *self.value.lock().unwrap_or_else(PoisonError::into_inner) = value;
        }
        let result = match next[0].send(ctx, request, &next[1..]).await {
            Ok(response) => self.genuine(request, response.try_into_raw_response().await?),
            Err(error) => Err(error),
        };
        let unanswered = result.as_ref().map_or(true, |response| !is_conclusive(response.status()));
        if let Some(tries) = ctx.value::<Unanswered>().filter(|_| unanswered && is_authorized(request)) {
            tries.0.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Notes, as a value in a call's context, that a try went without an answer that tells what was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Unanswered(Arc<AtomicBool>);

impl Unanswered {
    pub(super) fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl KeyVaultAnswers {
    fn genuine(&self, request: &Request, response: RawResponse) -> azure_core::Result<AsyncRawResponse> {
        let status = u16::from(response.status());
        let body = json(&response);
        let challenge = response.headers().get_optional_str(&WWW_AUTHENTICATE).unwrap_or_default().to_owned();
        let resource = wanted_resource(&challenge);
        if let Some(resource) = resource.filter(|resource| status == 401 && is_foreign(resource, request.url())) {
            return Err(Error::new(ErrorKind::Other, ForeignChallenge { resource: first_line(resource) }));
        }
        let is_challenge = is_bearer(&challenge) && (resource.is_some() || challenge.contains("insufficient_claims"));
        let is_key_vaults = match status {
            200..300 => is_documented(request, status, &body),
            401 if is_challenge => true,
            408 | 429 | 500 | 502 | 503 | 504 => true,
            400.. => is_error(&body),
            _ => false,
        };
        let content_type = first_line(response.headers().get_optional_str(&CONTENT_TYPE).unwrap_or_default());
        let (http_status, mut headers, bytes) = response.deconstruct();
        let text = String::from_utf8_lossy(&bytes);
        let may_be_quoted = is_error(&body) || !self.may_hold_value(status, &body, &text);
        if !is_key_vaults {
            let first_line = if may_be_quoted { first_line(&text) } else { String::new() };
            return Err(Error::new(ErrorKind::Other, NotKeyVault { status, content_type, first_line }));
        }
        if !challenge.is_empty() && resource.is_none() {
            // The SDK would look for a scope in it, and lose the answer.
            headers.remove(WWW_AUTHENTICATE);
            headers.insert(OTHER_CHALLENGE, challenge);
        }
        let bytes = if status < 400 || may_be_quoted { bytes.into() } else { Bytes::new() };
        Ok(AsyncRawResponse::from_bytes(http_status, headers, bytes))
    }

    /// Whether a body that is no error of Key Vault's may hold a secret's value: JSON that came in place of a secret, or a
    /// page that shows what it was sent.
    fn may_hold_value(&self, status: u16, body: &Value, text: &str) -> bool {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let is_secret = !body.is_null() && status < 300 || !body["value"].is_null();
        is_secret || !value.is_empty() && text.contains(value.as_str())
    }
}

/// The secret's value in a request that sets it.
fn value_in(request: &Request) -> Option<String> {
    let Body::Bytes(body) = request.body() else { return None };
    let body: Value = serde_json::from_slice(body).ok()?;
    body["value"].as_str().filter(|value| !value.is_empty()).map(str::to_owned)
}

/// Whether the body of a success is what the operation is documented to give.
fn is_documented(request: &Request, status: u16, body: &Value) -> bool {
    let Some((operation, name)) = Operation::of(request) else { return true };
    let is_id = |id: &Value, folder: &str| is_id(id, folder, name, request.url());
    match operation {
        Operation::ListVersions => {
            body["value"].as_array().is_some_and(|versions| versions.iter().all(|it| is_id(&it["id"], "secrets")))
        }
        Operation::Set | Operation::Get => is_id(&body["id"], "secrets"),
        // A secret with its value is not a deleted one; only an emulator shows that too.
        Operation::Delete | Operation::GetDeleted => {
            let in_azure = request.url().host_str().is_some_and(is_in_azure);
            (body["value"].is_null() || !in_azure)
                && (is_id(&body["id"], "secrets") || is_id(&body["recoveryId"], "deletedsecrets"))
        }
        Operation::Purge => status == 204,
    }
}

/// Whether `id` is the URL of that secret in the vault that was asked. An emulator may know itself by another host.
fn is_id(id: &Value, folder: &str, name: &str, asked: &Url) -> bool {
    let Some(id) = id.as_str().and_then(|id| Url::parse(id).ok()) else { return false };
    let same_host = id.host_str() == asked.host_str();
    let same_vault = same_host || !asked.host_str().is_some_and(is_in_azure);
    let mut path = id.path().trim_start_matches('/').split('/');
    same_vault && path.next() == Some(folder) && path.next().is_some_and(|it| it.eq_ignore_ascii_case(name))
}

fn is_bearer(challenge: &str) -> bool {
    challenge.trim_start().to_ascii_lowercase().starts_with("bearer ")
}

/// What the challenge wants a token for.
fn wanted_resource(challenge: &str) -> Option<&str> {
    between(challenge, "resource=\"", "\"").or_else(|| between(challenge, "scope=\"", "\""))
}

/// Whether that is neither in the vault's domain nor on this computer.
fn is_foreign(resource: &str, asked: &Url) -> bool {
    let (Some(host), Ok(resource)) = (asked.host_str(), Url::parse(resource)) else { return false };
    resource.host_str().is_some_and(|domain| !host.ends_with(&format!(".{domain}"))) && !is_loopback(host)
}
