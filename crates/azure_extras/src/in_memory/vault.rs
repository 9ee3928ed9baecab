//! The vault and a credential for it.

use super::{
    response::{
        Response, bad_parameter, being_deleted, challenge, deleted_secret_not_found, error, ok, secret_not_found,
    },
    secret::{Phase, Secret, State, Version},
};
use crate::secrets::{MAX_VALUE_CHARS, is_secret_name};
use azure_core::{
    Uuid,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::{
        AsyncRawResponse, Body, HttpClient, Method, Request, StatusCode, Url,
        headers::{AUTHORIZATION, CONTENT_TYPE, Headers},
    },
    time::OffsetDateTime,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

const PAGE: usize = 25;

/// A credential whose token is worth nothing.
#[derive(Debug)]
pub struct InMemoryCredential;

#[async_trait::async_trait]
impl TokenCredential for InMemoryCredential {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new("in-memory", OffsetDateTime::now_utc() + Duration::from_secs(3600)))
    }
}

/// A Key Vault in memory, with soft delete. It sets, gets, lists the versions of, deletes and purges secrets, and gets
/// deleted ones; other requests are refused. Any bearer token opens it, and any vault's host reaches it.
pub struct InMemoryVault {
    deletion_takes: Duration,
    secrets: Mutex<Secrets>,
}

/// The secrets by their names in lower case, since the service compares names without case.
type Secrets = BTreeMap<String, Secret>;

impl InMemoryVault {
    /// Makes an empty vault in which a deletion, and likewise a purge, takes `deletion_takes` to complete.
    pub fn new(deletion_takes: Duration) -> Self {
        Self { deletion_takes, secrets: Mutex::default() }
    }

    fn respond(&self, method: Method, url: &Url, body: &[u8]) -> Response {
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        // Any version will do: the SDK's next one is to work, too.
        let Some(api_version) = query.get("api-version") else {
            return bad_parameter("api-version must be specified");
        };
        let host = url.authority();
        // A panic under the lock is this module's own mistake, and leaves the map whole.
        let secrets = &mut *self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let path: Vec<_> = url.path().trim_matches('/').split('/').collect();
        match path.get(1) {
            Some(name) if !is_secret_name(name) => {
                return bad_parameter(&format!("The request URI contains an invalid name: {name}"));
            }
            _ => {}
        }
        match (method, path.as_slice()) {
            (Method::Put, ["secrets", name]) => set(secrets, name, body, host),
            (Method::Get, ["secrets", name]) => get(secrets, name, host),
            (Method::Get, ["secrets", name, "versions"]) => list_versions(secrets, name, &query, host, api_version),
            (Method::Delete, ["secrets", name]) => self.delete(secrets, name, host),
            (Method::Get, ["deletedsecrets", name]) => match secret_in(secrets, name, Phase::Deleted) {
                Some(secret) => ok(secret.deleted_properties(host)),
                None => deleted_secret_not_found(name),
            },
            (Method::Delete, ["deletedsecrets", name]) => self.purge(secrets, name),
            (_, ["secrets" | "deletedsecrets", ..]) => {
                error(StatusCode::MethodNotAllowed, "MethodNotAllowed", None, "The method is not allowed.")
            }
            _ => error(StatusCode::NotFound, "NotFound", None, "Resource not found."),
        }
    }

    fn delete(&self, secrets: &mut Secrets, name: &str, host: &str) -> Response {
        match secret_in(secrets, name, Phase::Live) {
            Some(secret) => {
                secret.state = State::Deleted {
                    completes: Instant::now() + self.deletion_takes,
                    date: OffsetDateTime::now_utc().unix_timestamp(),
                };
                ok(secret.deleted_properties(host))
            }
            None => secret_not_found(name),
        }
    }

    /// The name stays blocked for a moment after the response.
    fn purge(&self, secrets: &mut Secrets, name: &str) -> Response {
        match secret_and_phase(secrets, name) {
            Some((secret, Phase::Deleted)) => {
                secret.state = State::Purged { completes: Instant::now() + self.deletion_takes };
                (StatusCode::NoContent, None)
            }
            Some((_, Phase::BeingDeleted)) => being_deleted("Secret is currently being deleted."),
            _ => deleted_secret_not_found(name),
        }
    }
}

fn secret_and_phase<'a>(secrets: &'a mut Secrets, name: &str) -> Option<(&'a mut Secret, Phase)> {
    let secret = secrets.get_mut(&name.to_lowercase())?;
    let phase = secret.phase();
    Some((secret, phase))
}

fn secret_in<'a>(secrets: &'a mut Secrets, name: &str, phase: Phase) -> Option<&'a mut Secret> {
    secret_and_phase(secrets, name).filter(|(_, found)| *found == phase).map(|(secret, _)| secret)
}

fn set(secrets: &mut Secrets, name: &str, body: &[u8], host: &str) -> Response {
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut parameters)) => parameters.remove("value"),
        _ => return bad_parameter("The request body is not a JSON object."),
    };
    let Some(Value::String(value)) = value else {
        return bad_parameter("Property value has invalid value.");
    };
    if value.chars().count() > MAX_VALUE_CHARS {
        return bad_parameter("Property value has a length over 25600.");
    }
    let secret = secrets.entry(name.to_lowercase()).or_insert_with(|| Secret {
        name: name.to_owned(),
        versions: Vec::new(),
        state: State::Live,
    });
    match secret.phase() {
        Phase::Live => {}
        Phase::Gone => {
            secret.versions.clear();
            secret.state = State::Live;
        }
        Phase::BeingDeleted | Phase::BeingPurged => {
            return being_deleted(&format!(
                "Secret {name} is currently being deleted and cannot be re-created; retry later."
            ));
        }
        Phase::Deleted => {
            let message = format!(
                "Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this \
                 state, the secret can only be recovered or purged."
            );
            return error(StatusCode::Conflict, "Conflict", Some("ObjectIsDeletedButRecoverable"), &message);
        }
    }
    let created = OffsetDateTime::now_utc().unix_timestamp();
    secret.versions.push(Version { id: Uuid::new_v4().simple().to_string(), value, created });
    get(secrets, name, host)
}

fn get(secrets: &mut Secrets, name: &str, host: &str) -> Response {
    let found = secret_in(secrets, name, Phase::Live).and_then(|secret| {
        let newest = secret.newest()?;
        let mut bundle = secret.properties(newest, host);
        bundle["value"] = json!(newest.value);
        Some(bundle)
    });
    found.map_or_else(|| secret_not_found(name), ok)
}

/// A page of a secret's versions; of an unknown name, an empty one.
fn list_versions(
    secrets: &mut Secrets,
    name: &str,
    query: &BTreeMap<String, String>,
    host: &str,
    api_version: &str,
) -> Response {
    let number = |key, default| match query.get(key) {
        Some(text) => text.parse().ok(),
        None => Some(default),
    };
    let (Some(size @ 1..=PAGE), Some(start)) = (number("maxresults", PAGE), number("$skiptoken", 0)) else {
        return bad_parameter("maxresults must be between 1 and 25.");
    };
    let Some(secret) = secret_in(secrets, name, Phase::Live) else {
        return ok(json!({ "value": [], "nextLink": null }));
    };
    let versions = secret.versions.iter().skip(start).take(size);
    let value: Vec<_> = versions.map(|version| secret.properties(version, host)).collect();
    let next_link = (start.saturating_add(size) < secret.versions.len()).then(|| {
        let name = &secret.name;
        let next = start.saturating_add(size);
        format!("https://{host}/secrets/{name}/versions?api-version={api_version}&maxresults={size}&$skiptoken={next}")
    });
    ok(json!({ "value": value, "nextLink": next_link }))
}

#[async_trait::async_trait]
impl HttpClient for InMemoryVault {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let authorization = request.headers().get_optional_str(&AUTHORIZATION).unwrap_or_default();
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let (mut headers, (status, body)) = match (token, request.body()) {
            ("", _) => challenge(request.url()),
            (_, Body::Bytes(body)) => (Headers::new(), self.respond(request.method(), request.url(), body)),
            (_, Body::SeekableStream(_)) => (Headers::new(), bad_parameter("The request body is a stream.")),
        };
        if body.is_some() {
            headers.insert(CONTENT_TYPE, "application/json; charset=utf-8");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

impl fmt::Debug for InMemoryVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryVault").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
