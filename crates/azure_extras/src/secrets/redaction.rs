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
/// shows what it was sent, and of JSON with a value that is no success. Only a success's JSON passes with a value.
#[derive(Default)]
pub(super) struct Redaction {
    /// The value that was set last.
    value: Mutex<String>,
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
            *self.value.lock().unwrap_or_else(PoisonError::into_inner) = value;
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
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(response.body());
        !body["value"].is_null() || !value.is_empty() && text.contains(value.as_str())
    }
}

/// The secret's value in a request that sets it.
fn value_in(request: &Request) -> Option<String> {
    let Body::Bytes(body) = request.body() else { return None };
    let body: Value = serde_json::from_slice(body).ok()?;
    body["value"].as_str().filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
