//! What the service said: its codes, its message, and whether it was Key Vault that said it.

use super::{
    first_line,
    operation::{Operation, is_authorized},
    pasteable,
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        AsyncRawResponse, Context, RawResponse, Request, StatusCode, Url,
        headers::{CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE},
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

/// An error answer of Key Vault.
///
/// See <https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret#keyvaulterror>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status.
    pub status: u16,
    /// `error.code`, such as `Forbidden`; empty when the answer has none.
    pub code: String,
    /// `error.innererror.code`, which is often what tells two errors apart; empty when the answer has none.
    pub inner_code: String,
    /// `error.message`, in several lines perhaps.
    pub message: String,
    /// The first line of a body that is not Key Vault's, at most 200 characters.
    pub other_body: String,
    /// The id by which Microsoft's support finds the request.
    pub request_id: Option<String>,
    challenge: Option<String>,
}

impl ServiceError {
    /// Reads what the service said; none when `error` is not an answer of a service.
    pub fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::HttpResponse { raw_response: Some(response), .. } => Some(Self::read(response)),
            _ => None,
        }
    }

    /// Reads an answer with an error's status.
    pub fn read(response: &RawResponse) -> Self {
        let header = |name| response.headers().get_optional_str(&name).map(str::to_owned);
        let body = json(response);
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let other = !is_error(&body);
        Self {
            status: response.status().into(),
            code: text("/error/code"),
            inner_code: text("/error/innererror/code"),
            message: text("/error/message"),
            other_body: if other { first_line(&String::from_utf8_lossy(response.body())) } else { String::new() },
            request_id: header(HeaderName::from_static("x-ms-request-id")),
            challenge: header(WWW_AUTHENTICATE),
        }
    }

    /// Whether the name belongs to a secret whose deletion, or purge, is under way.
    pub fn is_being_deleted(&self) -> bool {
        self.is_conflict("ObjectIsBeingDeleted", "currently being deleted")
    }

    /// Whether the name belongs to a deleted secret that can be recovered.
    pub fn is_recoverable(&self) -> bool {
        self.is_conflict("ObjectIsDeletedButRecoverable", "deleted but recoverable state")
    }

    /// Some emulators leave the inner code out; then the message must tell.
    fn is_conflict(&self, inner_code: &str, words: &str) -> bool {
        let said =
            if self.inner_code.is_empty() { self.message.contains(words) } else { self.inner_code == inner_code };
        self.status == StatusCode::Conflict && said
    }

    /// Whether the network, and no permission, keeps the caller out.
    pub fn is_network_rule(&self) -> bool {
        matches!(self.inner_code.as_str(), "ForbiddenByFirewall" | "ForbiddenByConnection")
    }

    /// Whether the caller lacks a permission for what was asked.
    pub fn is_missing_permission(&self) -> bool {
        self.status == StatusCode::Forbidden
            && !self.code.is_empty()
            && !self.is_network_rule()
            && self.inner_code != "SecretDisabled"
    }

    /// Whether the service refused the token for a moment only: it could not resolve the key that signed it, or the
    /// clocks differ and the token is not yet valid.
    pub fn is_passing_refusal(&self) -> bool {
        self.status == StatusCode::Unauthorized
            && (self.message.contains("AKV10046") || self.message.contains("not yet valid"))
    }

    /// Whether the service wants a new sign-in, since something about the account has changed
    /// ([continuous access evaluation](https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation)).
    pub fn wants_new_sign_in(&self) -> bool {
        let challenge = self.challenge.as_deref().unwrap_or_default();
        self.status == StatusCode::Unauthorized && challenge.contains("insufficient_claims")
    }

    /// The tenant that the challenge names.
    pub fn tenant(&self) -> Option<&str> {
        let authority = between(self.challenge.as_deref()?, "authorization=\"", "\"")?;
        pasteable(authority.trim_end_matches('/').rsplit('/').next()?)
    }

    /// The caller's object id in Entra ID.
    pub fn object_id(&self) -> Option<&str> {
        pasteable(between(&self.message, "oid=", ";")?)
    }

    /// The caller's address, as a vault's firewall sees it.
    pub fn client_address(&self) -> Option<&str> {
        pasteable(between(&self.message, "Client address: ", "\r")?.split(['\n', ' ', '(']).next()?)
    }

    /// The vault's resource id, `/subscriptions/.../vaults/NAME`.
    pub fn vault_scope(&self) -> Option<String> {
        let resource = between(&self.message, "Resource: '", "'")?;
        let (before, after) = resource.split_once("/vaults/")?;
        let name = after.split('/').next()?;
        pasteable(&format!("{before}/vaults/{name}")).map(str::to_owned)
    }
}

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
/// nobody retries. A gateway's 408, 429 and 5xx pass: they are tried again, whoever wrote them.
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
        let unanswered = result.as_ref().map_or(true, |response| response.status().is_server_error());
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
        let is_key_vaults = match status {
            200..300 => is_documented(request, status, &body),
            401 => is_challenge(&response) || is_error(&body),
            408 | 429 | 500.. => true,
            400..500 => is_error(&body),
            _ => false,
        };
        if let Some(resource) = foreign_resource(request.url(), &response).filter(|_| status == 401) {
            return Err(Error::new(ErrorKind::Other, ForeignChallenge { resource: super::first_line(&resource) }));
        }
        if is_key_vaults {
            let (status, headers, body) = response.deconstruct();
            return Ok(AsyncRawResponse::from_bytes(status, headers, body));
        }
        let content_type = response.headers().get_optional_str(&CONTENT_TYPE).unwrap_or_default();
        // JSON that came in place of a secret might hold its value, and so might a page that shows what it was sent.
        let text = String::from_utf8_lossy(response.body());
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let may_hold_value = !body.is_null() && status < 300 || !value.is_empty() && text.contains(value.as_str());
        let first_line = if may_hold_value { String::new() } else { first_line(&text) };
        Err(Error::new(
            ErrorKind::Other,
            NotKeyVault { status, content_type: super::first_line(content_type), first_line },
        ))
    }
}

/// The secret's value in a request that sets it.
fn value_in(request: &Request) -> Option<String> {
    let azure_core::http::Body::Bytes(body) = request.body() else { return None };
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
        Operation::Delete | Operation::GetDeleted => {
            is_id(&body["id"], "secrets") || is_id(&body["recoveryId"], "deletedsecrets")
        }
        Operation::Purge => status == 204,
    }
}

/// Whether `id` is the URL of that secret in the vault that was asked. An emulator may know itself by another host.
fn is_id(id: &Value, folder: &str, name: &str, asked: &Url) -> bool {
    let Some(id) = id.as_str().and_then(|id| Url::parse(id).ok()) else { return false };
    let same_host = id.host_str() == asked.host_str();
    let same_vault = same_host || !asked.host_str().is_some_and(super::address::is_in_azure);
    let mut path = id.path().trim_start_matches('/').split('/');
    same_vault && path.next() == Some(folder) && path.next().is_some_and(|it| it.eq_ignore_ascii_case(name))
}

fn json(response: &RawResponse) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

fn is_error(body: &Value) -> bool {
    body["error"]["code"].as_str().is_some_and(|code| !code.is_empty())
}

fn is_challenge(response: &RawResponse) -> bool {
    let challenge = response.headers().get_optional_str(&WWW_AUTHENTICATE);
    challenge.is_some_and(|challenge| challenge.trim_start().to_ascii_lowercase().starts_with("bearer "))
}

/// What the challenge wants a token for, if that is neither in the vault's domain nor on this computer.
fn foreign_resource(asked: &Url, response: &RawResponse) -> Option<String> {
    let challenge = response.headers().get_optional_str(&WWW_AUTHENTICATE)?;
    let resource = between(challenge, "resource=\"", "\"").or_else(|| between(challenge, "scope=\"", "\""))?;
    let host = asked.host_str()?;
    let parent = Url::parse(resource).ok()?.host_str().map(|parent| format!(".{parent}"))?;
    (!host.ends_with(&parent) && !super::address::is_loopback(host)).then(|| resource.to_owned())
}

/// What stands after `start`, up to `end` or the text's end.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(found, _)| found))
}

#[cfg(test)]
mod tests;
