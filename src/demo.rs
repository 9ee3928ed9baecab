//! The in-memory vault behind `--demo`: what Key Vault's REST API for secrets does, without Azure.
//!
//! It takes the place of the network under the SDK's client. Challenge, token, retries and JSON all run as they do
//! against Azure. Paths, bodies and error texts follow <https://learn.microsoft.com/rest/api/keyvault/secrets>.

use crate::prompt::{VALUE_CHARS, is_name};
use azure_core::{
    Uuid,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::{
        AsyncRawResponse, Body, HttpClient, Method, Request, StatusCode, Transport, Url,
        headers::{AUTHORIZATION, CONTENT_TYPE, Headers, WWW_AUTHENTICATE},
    },
    time::OffsetDateTime,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The API version that the SDK's client sends; the vault answers no other.
const API_VERSION: &str = "2025-07-01";
const RECOVERABLE_DAYS: i64 = 90;
const PAGE: usize = 25;

/// The vault's name.
pub const NAME: &str = "demo-vault";

/// Makes the demo: the credential that its vault takes, and the way to it.
pub fn vault() -> (Arc<dyn TokenCredential>, Transport) {
    let vault = InMemoryVault::new(Duration::from_secs(1));
    (Arc::new(DemoCredential), Transport::new(Arc::new(vault)))
}

/// A credential whose token is worth nothing.
#[derive(Debug)]
pub struct DemoCredential;

#[async_trait::async_trait]
impl TokenCredential for DemoCredential {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new("demo", OffsetDateTime::now_utc() + Duration::from_secs(3600)))
    }
}

/// A vault in memory, with soft delete. Any bearer token opens it, and any host name reaches it.
pub struct InMemoryVault {
    deletion_takes: Duration,
    secrets: Mutex<Secrets>,
}

/// The secrets by their names in lower case, since the service compares names without case.
type Secrets = BTreeMap<String, Secret>;

struct Secret {
    name: String,
    versions: Vec<Version>,
    state: State,
}

struct Version {
    id: String,
    value: String,
    created: i64,
}

#[derive(Clone, Copy)]
enum State {
    Live,
    Deleted { completes: Instant, date: i64 },
    Recovered { completes: Instant },
}

/// A secret as requests find it at some moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Live,
    BeingDeleted,
    Deleted,
    BeingRecovered,
}

impl Secret {
    fn phase(&self) -> Phase {
        let now = Instant::now();
        match self.state {
            State::Deleted { completes, .. } if now < completes => Phase::BeingDeleted,
            State::Deleted { .. } => Phase::Deleted,
            State::Recovered { completes } if now < completes => Phase::BeingRecovered,
            State::Recovered { .. } | State::Live => Phase::Live,
        }
    }

    /// The bundle of `version` as the service shows it, without the value.
    fn properties(&self, version: &Version, host: &str) -> Value {
        json!({
            "id": format!("https://{host}/secrets/{}/{}", self.name, version.id),
            "attributes": {
                "enabled": true,
                "created": version.created,
                "updated": version.created,
                "recoveryLevel": "Recoverable+Purgeable",
                "recoverableDays": RECOVERABLE_DAYS,
            },
        })
    }

    /// The newest version; there is no secret without one.
    fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    fn newest_properties(&self, host: &str) -> Value {
        self.newest().map(|version| self.properties(version, host)).unwrap_or_default()
    }

    /// What the service says of a deleted secret.
    fn deleted_properties(&self, host: &str) -> Value {
        let mut bundle = self.newest_properties(host);
        if let State::Deleted { date, .. } = self.state {
            bundle["recoveryId"] = json!(format!("https://{host}/deletedsecrets/{}", self.name));
            bundle["deletedDate"] = json!(date);
            bundle["scheduledPurgeDate"] = json!(date + RECOVERABLE_DAYS * 24 * 60 * 60);
        }
        bundle
    }
}

/// An answer: its status, and its JSON body unless that is empty.
type Answer = (StatusCode, Option<Value>);

impl InMemoryVault {
    /// Makes an empty vault in which a deletion, and likewise a recovery, takes `deletion_takes` to complete.
    pub fn new(deletion_takes: Duration) -> Self {
        Self { deletion_takes, secrets: Mutex::default() }
    }

    fn answer(&self, method: Method, url: &Url, body: &[u8]) -> Answer {
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        match query.get("api-version").map(String::as_str) {
            Some(API_VERSION) => {}
            None => return bad_parameter("api-version must be specified"),
            Some(_) => return bad_parameter("The specified version is not recognized."),
        }
        let host = url.authority();
        // A panic under the lock is this module's own mistake, and leaves the map whole.
        let secrets = &mut *self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let path: Vec<_> = url.path().trim_matches('/').split('/').collect();
        match path.get(1) {
            Some(name) if !is_name(name) => {
                return bad_parameter(&format!("The request URI contains an invalid name: {name}"));
            }
            _ => {}
        }
        match (method, path.as_slice()) {
            (Method::Put, ["secrets", name]) => set(secrets, name, body, host),
            (Method::Get, ["secrets", name]) => get(secrets, name, None, host),
            (Method::Get, ["secrets", name, "versions"]) => list_versions(secrets, name, &query, host),
            (Method::Get, ["secrets", name, version]) => get(secrets, name, Some(version), host),
            (Method::Delete, ["secrets", name]) => self.delete(secrets, name, host),
            (Method::Get, ["deletedsecrets", name]) => match find(secrets, name, Phase::Deleted) {
                Some(secret) => ok(secret.deleted_properties(host)),
                None => deleted_secret_not_found(name),
            },
            (Method::Post, ["deletedsecrets", name, "recover"]) => self.recover(secrets, name, host),
            (Method::Delete, ["deletedsecrets", name]) => match find(secrets, name, Phase::Deleted) {
                Some(_) => {
                    secrets.remove(&name.to_lowercase());
                    (StatusCode::NoContent, None)
                }
                None => deleted_secret_not_found(name),
            },
            (_, ["secrets" | "deletedsecrets", ..]) => {
                error(StatusCode::MethodNotAllowed, "MethodNotAllowed", None, "The method is not allowed.")
            }
            _ => error(StatusCode::NotFound, "NotFound", None, "Resource not found."),
        }
    }

    fn delete(&self, secrets: &mut Secrets, name: &str, host: &str) -> Answer {
        match find(secrets, name, Phase::Live) {
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

    fn recover(&self, secrets: &mut Secrets, name: &str, host: &str) -> Answer {
        match find(secrets, name, Phase::Deleted) {
            Some(secret) => {
                secret.state = State::Recovered { completes: Instant::now() + self.deletion_takes };
                ok(secret.newest_properties(host))
            }
            None => deleted_secret_not_found(name),
        }
    }
}

fn find<'a>(secrets: &'a mut Secrets, name: &str, phase: Phase) -> Option<&'a mut Secret> {
    secrets.get_mut(&name.to_lowercase()).filter(|secret| secret.phase() == phase)
}

fn set(secrets: &mut Secrets, name: &str, body: &[u8], host: &str) -> Answer {
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut parameters)) => parameters.remove("value"),
        _ => return bad_parameter("The request body is not a JSON object."),
    };
    let Some(Value::String(value)) = value else {
        return bad_parameter("Property value has invalid value.");
    };
    if value.chars().count() > VALUE_CHARS {
        return bad_parameter("Property value has a length over 25600.");
    }
    let conflict = |code, message: &str| error(StatusCode::Conflict, "Conflict", Some(code), message);
    let secret = secrets.entry(name.to_lowercase()).or_insert_with(|| Secret {
        name: name.to_owned(),
        versions: Vec::new(),
        state: State::Live,
    });
    match secret.phase() {
        Phase::Live => {}
        Phase::BeingDeleted => return conflict("ObjectIsBeingDeleted", "Secret is currently being deleted."),
        Phase::BeingRecovered => return conflict("ObjectIsBeingRecovered", "Secret is currently being recovered."),
        Phase::Deleted => {
            let message = format!(
                "Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this \
                 state, the secret can only be recovered or purged."
            );
            return conflict("ObjectIsDeletedButRecoverable", &message);
        }
    }
    let created = OffsetDateTime::now_utc().unix_timestamp();
    secret.versions.push(Version { id: Uuid::new_v4().simple().to_string(), value, created });
    get(secrets, name, None, host)
}

fn get(secrets: &mut Secrets, name: &str, version: Option<&str>, host: &str) -> Answer {
    let found = find(secrets, name, Phase::Live).and_then(|secret| {
        let version = match version {
            None => secret.newest()?,
            Some(id) => secret.versions.iter().find(|version| version.id == id)?,
        };
        let mut bundle = secret.properties(version, host);
        bundle["value"] = json!(version.value);
        Some(bundle)
    });
    found.map_or_else(|| secret_not_found(name), ok)
}

/// A page of a secret's versions; of an unknown name, an empty one.
fn list_versions(secrets: &mut Secrets, name: &str, query: &BTreeMap<String, String>, host: &str) -> Answer {
    let number = |key, default| match query.get(key) {
        Some(text) => text.parse().ok(),
        None => Some(default),
    };
    let (Some(size @ 1..=PAGE), Some(start)) = (number("maxresults", PAGE), number("$skiptoken", 0)) else {
        return bad_parameter("maxresults must be between 1 and 25.");
    };
    let Some(secret) = find(secrets, name, Phase::Live) else {
        return ok(json!({ "value": [], "nextLink": null }));
    };
    let versions = secret.versions.iter().skip(start).take(size);
    let value: Vec<_> = versions.map(|version| secret.properties(version, host)).collect();
    let next_link = (start + size < secret.versions.len()).then(|| {
        let name = &secret.name;
        let next = start + size;
        format!("https://{host}/secrets/{name}/versions?api-version={API_VERSION}&maxresults={size}&$skiptoken={next}")
    });
    ok(json!({ "value": value, "nextLink": next_link }))
}

fn ok(body: Value) -> Answer {
    (StatusCode::Ok, Some(body))
}

/// An error's body, as the service writes it; what tells two apart is often the inner code.
fn error(status: StatusCode, code: &str, inner_code: Option<&str>, message: &str) -> Answer {
    let mut error = json!({ "code": code, "message": message });
    if let Some(inner_code) = inner_code {
        error["innererror"] = json!({ "code": inner_code });
    }
    (status, Some(json!({ "error": error })))
}

fn bad_parameter(message: &str) -> Answer {
    error(StatusCode::BadRequest, "BadParameter", None, message)
}

fn secret_not_found(name: &str) -> Answer {
    let message = format!(
        "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be \
         able to recover it using the correct recovery command. For help resolving this issue, please see \
         https://go.microsoft.com/fwlink/?linkid=2125182"
    );
    error(StatusCode::NotFound, "SecretNotFound", None, &message)
}

fn deleted_secret_not_found(name: &str) -> Answer {
    error(StatusCode::NotFound, "SecretNotFound", None, &format!("Deleted Secret not found: {name}"))
}

/// The challenge to a request without a token. The resource is the vault's parent domain.
fn challenge(url: &Url) -> (Headers, Answer) {
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

#[async_trait::async_trait]
impl HttpClient for InMemoryVault {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let authorization = request.headers().get_optional_str(&AUTHORIZATION).unwrap_or_default();
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let (mut headers, (status, body)) = match (token, request.body()) {
            ("", _) => challenge(request.url()),
            (_, Body::Bytes(body)) => (Headers::new(), self.answer(request.method(), request.url(), body)),
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
