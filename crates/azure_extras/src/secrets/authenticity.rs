//! Tells Key Vault's responses from those of something else.

use super::{
    challenge::Challenge,
    operation::Operation,
    response::{is_error, json, rebuilt},
    transient::is_transient_status,
    vault_address::is_in_azure,
};
use crate::{redaction::Redactor, text::OutsideText};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, RawResponse, Request, Url,
        headers::CONTENT_TYPE,
        policies::{Policy, PolicyResult},
    },
};
use serde_json::Value;
use std::sync::Arc;

/// Something other than Key Vault responded: a proxy, a sign-in page, another program at that port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("something other than Key Vault answered, with status {status}{}{content_type}",
        if content_type.is_empty() { "" } else { " and " })]
pub struct NotKeyVault {
    /// The HTTP status.
    pub status: u16,
    /// The response's `Content-Type`; empty if it has none.
    pub content_type: OutsideText,
    /// The first line of its text, at most 200 characters; empty where it might hold a secret's value.
    pub first_line: OutsideText,
}

/// Lets pass, for each attempt, only Key Vault's responses: the JSON that an operation is documented to give, for the
/// secret that was asked for, and errors of its form. Any other becomes the error [`NotKeyVault`]. What is retried
/// passes, whoever wrote it: a gateway's 408, 429, 500, 502, 503 or 504.
#[derive(Debug)]
pub(super) struct Authenticity(pub Redactor);

#[async_trait::async_trait]
impl Policy for Authenticity {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(ctx, request, &next[1..]).await?.try_into_raw_response().await?;
        if is_key_vaults(request, &response) {
            return Ok(rebuilt(response));
        }
        let status = response.status();
        let text = String::from_utf8_lossy(response.body());
        // A success may hold a secret, whole or cut off, unless it is a page.
        let is_quotable = !status.is_success() || text.trim_start().starts_with('<');
        let other = NotKeyVault {
            status: status.into(),
            content_type: OutsideText::redacted(
                response.headers().get_optional_str(&CONTENT_TYPE).unwrap_or_default(),
                &self.0,
            ),
            first_line: OutsideText::new(if is_quotable { &text } else { "" }).first_line(),
        };
        Err(Error::new(ErrorKind::Other, other))
    }
}

fn is_key_vaults(request: &Request, response: &RawResponse) -> bool {
    let body = json(response);
    match u16::from(response.status()) {
        // The SDK takes no other success, and would keep its body in an error.
        status @ (200 | 204) => is_documented(request, status, &body),
        401 if Challenge::of(response).is_key_vaults() => true,
        status if is_transient_status(status) => true,
        400.. => is_error(&body),
        _ => false,
    }
}

/// Tells whether the body of a success is documented for the operation.
fn is_documented(request: &Request, status: u16, body: &Value) -> bool {
    let Some((operation, name)) = Operation::of(request) else { return true };
    let is_id = |id: &Value, folder: &str| is_id(id, folder, name, request.url());
    match operation {
        Operation::Purge => status == 204,
        _ if status != 200 => false,
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
    }
}

/// Tells whether `id` is the URL of that secret in the vault that was asked. An emulator may know itself by another host.
fn is_id(id: &Value, folder: &str, name: &str, asked: &Url) -> bool {
    let Some(id) = id.as_str().and_then(|id| Url::parse(id).ok()) else { return false };
    let same_host = id.host_str() == asked.host_str();
    let same_vault = same_host || !asked.host_str().is_some_and(is_in_azure);
    let mut path = id.path().trim_start_matches('/').split('/');
    same_vault && path.next() == Some(folder) && path.next().is_some_and(|it| it.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
