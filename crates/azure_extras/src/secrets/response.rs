//! Responses, as policies read them.

use azure_core::{
    http::{
        AsyncRawResponse, RawResponse, StatusCode,
        headers::{Headers, RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS},
        policies::get_retry_after,
    },
    time::OffsetDateTime,
};
use serde_json::Value;
use std::time::Duration;

/// A response that a policy has read, to be passed on.
pub fn rebuilt(response: RawResponse) -> AsyncRawResponse {
    let (status, headers, body) = response.deconstruct();
    AsyncRawResponse::from_bytes(status, headers, body)
}

/// Tells whether a response of that status tells what has become of the request: after a 408 or a 5xx it may have been
/// carried out, or not.
pub fn is_conclusive(status: StatusCode) -> bool {
    status != StatusCode::RequestTimeout && !status.is_server_error()
}

/// The body, or `Null` if it is no JSON.
pub fn json(response: &RawResponse) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

/// Tells whether a body is an [error](https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret#keyvaulterror)
/// of Key Vault.
pub(crate) fn is_error(body: &Value) -> bool {
    body["error"]["code"].as_str().is_some_and(|code| !code.is_empty())
}

/// The time that a response's headers ask to wait, if they do.
pub(super) fn retry_after(headers: &Headers) -> Option<Duration> {
    let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
    let asked = get_retry_after(headers, OffsetDateTime::now_utc, &names)?;
    Some(Duration::try_from(asked).unwrap_or_default())
}
