//! The responses of the in-memory vault, worded as the service words them.

use azure_core::http::{
    StatusCode, Url,
    headers::{Headers, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

/// A response: its status, and its JSON body unless that is empty.
pub(super) type Response = (StatusCode, Option<Value>);

pub(super) fn being_deleted(message: &str) -> Response {
    error(StatusCode::Conflict, "Conflict", Some("ObjectIsBeingDeleted"), message)
}

pub(super) fn ok(body: Value) -> Response {
    (StatusCode::Ok, Some(body))
}

/// An error's body, as the service writes it; what tells two apart is often the inner code.
pub(super) fn error(status: StatusCode, code: &str, inner_code: Option<&str>, message: &str) -> Response {
    let mut error = json!({ "code": code, "message": message });
    if let Some(inner_code) = inner_code {
        error["innererror"] = json!({ "code": inner_code });
    }
    (status, Some(json!({ "error": error })))
}

pub(super) fn bad_parameter(message: &str) -> Response {
    error(StatusCode::BadRequest, "BadParameter", None, message)
}

pub(super) fn secret_not_found(name: &str) -> Response {
    let message = format!(
        "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be \
         able to recover it using the correct recovery command. For help resolving this issue, please see \
         https://go.microsoft.com/fwlink/?linkid=2125182"
    );
    error(StatusCode::NotFound, "SecretNotFound", None, &message)
}

pub(super) fn deleted_secret_not_found(name: &str) -> Response {
    error(StatusCode::NotFound, "SecretNotFound", None, &format!("Deleted Secret not found: {name}"))
}

/// The challenge to a request without a token. The resource is the vault's parent domain.
pub(super) fn challenge(url: &Url) -> (Headers, Response) {
    let host = url.host_str().unwrap_or_default();
    let domain = host.split_once('.').map_or(host, |(_, domain)| domain);
    let mut headers = Headers::new();
    headers.insert(
        WWW_AUTHENTICATE,
        format!(
            "Bearer authorization=\"https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000\", \
             resource=\"https://{domain}\""
        ),
    );
    let message = "AKV10000: Request is missing a Bearer or PoP token.";
    (headers, error(StatusCode::Unauthorized, "Unauthorized", None, message))
}
