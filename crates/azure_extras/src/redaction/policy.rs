//! Redacts what answers a request.

use super::redactor::Redactor;
use crate::{
    error::{causes, find_cause},
    network::ConnectionError,
    secrets::{
        challenge::Challenge,
        response::{is_error, json, rebuilt},
    },
};
use azure_core::{
    Bytes, Error,
    http::{
        Body, Context, RawResponse, Request, Url,
        headers::{HeaderName, Headers, WWW_AUTHENTICATE},
        policies::{Policy, PolicyResult},
    },
};
use serde_json::Value;
use std::sync::Arc;

/// The headers of requests that carry a secret, in lower case.
const SECRET_HEADERS: [&str; 3] = ["authorization", "x-identity-header", "secret"];
/// The members of JSON bodies, and the fields of forms, that are secrets.
const SECRET_FIELDS: [&str; 4] = ["value", "client_secret", "client_assertion", "access_token"];

/// The codes and words of the service by which errors are told apart.
const OWN_WORDS: [&str; 18] = [
    "ForbiddenByFirewall",
    "ForbiddenByConnection",
    "ForbiddenByRbac",
    "ForbiddenByPolicy",
    "Forbidden",
    "AccessDenied",
    "SecretDisabled",
    "SecretNotFound",
    "ObjectIsDeletedButRecoverable",
    "ObjectIsBeingDeleted",
    "Conflict",
    "Unauthorized",
    "currently being deleted",
    "deleted but recoverable state",
    "does not have secrets",
    "purge protection",
    "not yet valid",
    "AKV10046",
];
/// The most bytes of a page that are kept.
const LONGEST: usize = 64 << 10;

/// Takes secrets, for each attempt, out of what answers: those of this and of earlier requests, and of earlier successes.
/// The JSON of a success is left as it is; other JSON that holds a value, and is no error, is emptied.
#[derive(Debug)]
pub(crate) struct Redaction(pub Redactor);

#[async_trait::async_trait]
impl Policy for Redaction {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        for secret in secrets_of(request) {
            self.0.keep(&secret);
        }
        let outcome = match next[0].send(ctx, request, &next[1..]).await {
            Ok(response) => response.try_into_raw_response().await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(response) => Ok(rebuilt(self.redacted(response))),
            Err(error) => Err(self.redacted_error(error)),
        }
    }
}

impl Redaction {
    /// The error without the words of the libraries below, if those hold a secret: a server's certificate may name it.
    fn redacted_error(&self, error: Error) -> Error {
        let holds_secret = causes(&error).any(|cause| {
            let words = cause.to_string();
            self.0.redact(&words) != words
        });
        match find_cause::<ConnectionError>(&error).filter(|_| holds_secret) {
            Some(connection) => Error::new(error.kind().clone(), connection.without_words()),
            None => error,
        }
    }

    fn redacted(&self, response: RawResponse) -> RawResponse {
        let json = json(&response);
        let (status, headers, body) = response.deconstruct();
        if status.is_success() && !json.is_null() {
            SECRET_FIELDS.iter().filter_map(|field| json[field].as_str()).for_each(|secret| self.0.keep(secret));
            return RawResponse::from_bytes(status, headers, body);
        }
        let body = if is_error(&json) {
            self.redacted_json(json).to_string().into()
        } else if !json["value"].is_null() {
            Bytes::new()
        } else {
            self.0.redact(&String::from_utf8_lossy(&body[..body.len().min(LONGEST)])).into()
        };
        let mut safe = Headers::new();
        for (name, value) in headers {
            let text = value.as_str();
            let shown = if self.is_kept(&name, text) { text.to_owned() } else { self.0.redact(text) };
            safe.insert(name, shown);
        }
        RawResponse::from_bytes(status, safe, body)
    }

    /// Tells whether a header stays as it is, since the client goes by it: a time to wait; or a challenge, which is redacted
    /// where it is shown, but for its tenant.
    fn is_kept(&self, name: &HeaderName, text: &str) -> bool {
        let shows_no_secret =
            || Challenge(text.to_owned()).tenant().is_none_or(|tenant| self.0.redact(tenant) == tenant);
        name.as_str().contains("retry-after") || *name == WWW_AUTHENTICATE && shows_no_secret()
    }

    fn redacted_json(&self, json: Value) -> Value {
        match json {
            Value::String(text) => {
                let beginning = text.char_indices().nth(LONGEST / 4).map_or(&*text, |(end, _)| &text[..end]);
                // By its own words the service's errors are told apart, and a value may be one of them.
                self.0.redact_sparing(beginning, &OWN_WORDS).into()
            }
            Value::Array(items) => items.into_iter().map(|item| self.redacted_json(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, member)| (name, self.redacted_json(member))).collect()
            }
            other => other,
        }
    }
}

/// The secrets that a request carries.
fn secrets_of(request: &Request) -> Vec<String> {
    let headers = request.headers().iter().filter(|(name, _)| SECRET_HEADERS.contains(&name.as_str()));
    let of_headers = headers.map(|(_, value)| {
        let value = value.as_str();
        value.split_once(' ').map_or(value, |(_scheme, token)| token).to_owned()
    });
    let of_body = match request.body() {
        Body::Bytes(body) => of_body(body),
        _ => Vec::new(),
    };
    of_headers.chain(of_body).collect()
}

fn of_body(body: &[u8]) -> Vec<String> {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let members = SECRET_FIELDS.iter().filter_map(|field| json[field].as_str().map(str::to_owned));
    let form = std::str::from_utf8(body).ok().filter(|_| json.is_null());
    let form = form.and_then(|form| Url::parse(&format!("https://form/?{form}")).ok());
    let fields = form.iter().flat_map(Url::query_pairs).filter(|(name, _)| SECRET_FIELDS.contains(&&**name));
    members.chain(fields.map(|(_, value)| value.into_owned())).collect()
}
