//! Keeps secrets' values out of what may be quoted.

use super::response::{is_error, json, rebuilt};
use azure_core::http::{
    Body, Context, RawResponse, Request,
    policies::{Policy, PolicyResult},
};
use serde_json::Value;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Empties, for each attempt, the body of a response that may show a secret's value where none belongs: of a page that
/// shows the beginning of what it was sent, as it is or escaped, and of JSON with a value that is no success. Only a
/// success's JSON, and what Key Vault itself says, pass with a value.
#[derive(Default)]
pub(super) struct Redaction {
    /// The forms in which the value that was set last may be shown.
    forms: Mutex<Vec<String>>,
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction")
    }
}

#[async_trait::async_trait]
impl Policy for Redaction {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(value) = value_in(request) {
            *self.forms.lock().unwrap_or_else(PoisonError::into_inner) = forms(&value);
        }
        let response = next[0].send(ctx, request, &next[1..]).await?.try_into_raw_response().await?;
        if self.may_show_value(&response) {
            let (status, headers, _) = response.deconstruct();
            return Ok(rebuilt(RawResponse::from_bytes(status, headers, "")));
        }
        Ok(rebuilt(response))
    }
}

impl Redaction {
    fn may_show_value(&self, response: &RawResponse) -> bool {
        let body = json(response);
        if is_error(&body) || response.status().is_success() && !body.is_null() {
            return false;
        }
        let text = String::from_utf8_lossy(response.body());
        let forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        !body["value"].is_null() || forms.iter().any(|form| text.contains(form))
    }
}

/// The beginning of the value, and of each of its lines that is long enough to be told from others: as it is, and escaped
/// for JSON, HTML and URLs.
fn forms(value: &str) -> Vec<String> {
    const BEGINNING: usize = 12;
    let lines = value.lines().filter(|line| line.len() >= BEGINNING);
    let pieces = [value].into_iter().chain(lines).map(|piece| piece.chars().take(BEGINNING).collect::<String>());
    let escaped = |piece: String| {
        let json = Value::from(piece.as_str()).to_string().trim_matches('"').to_owned();
        let html = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let url = |byte: u8| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        let url: String = piece.bytes().map(url).collect();
        [html.replace('\'', "&#39;"), html, json, url, piece]
    };
    pieces.flat_map(escaped).filter(|form| !form.is_empty()).collect()
}

/// The secret's value in a request that sets it.
fn value_in(request: &Request) -> Option<String> {
    let Body::Bytes(body) = request.body() else { return None };
    let body: Value = serde_json::from_slice(body).ok()?;
    body["value"].as_str().filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
