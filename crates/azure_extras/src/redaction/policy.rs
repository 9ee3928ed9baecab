//! Redacts what answers a request.

use super::redactor::Redactor;
use crate::secrets::{
    challenge::Challenge,
    response::{is_error, json, rebuilt},
};
use azure_core::{
    Bytes,
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
        let response = next[0].send(ctx, request, &next[1..]).await?.try_into_raw_response().await?;
        Ok(rebuilt(self.redacted(response)))
    }
}

impl Redaction {
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
            let shown = if self.is_harmless(&name, text) { text.to_owned() } else { self.0.redact(text) };
            safe.insert(name, shown);
        }
        RawResponse::from_bytes(status, safe, body)
    }

    /// Tells whether a header needs no redaction: it is a number, as a time to wait is, or a challenge of Azure's, whose
    /// parts a secret's value may share by chance.
    fn is_harmless(&self, name: &HeaderName, text: &str) -> bool {
        let challenge = || Challenge(text.to_owned());
        let is_challenge = || *name == WWW_AUTHENTICATE && challenge().is_azures();
        let shows_no_secret = || challenge().tenant().is_none_or(|tenant| self.0.redact(tenant) == tenant);
        text.bytes().all(|byte| byte.is_ascii_digit()) || is_challenge() && shows_no_secret()
    }

    fn redacted_json(&self, json: Value) -> Value {
        match json {
            Value::String(text) => self.0.redact(&text).into(),
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
