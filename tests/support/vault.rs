//! Key Vault's REST API for secrets, said as plainly as it can be: what the program is held against.
//!
//! It follows <https://learn.microsoft.com/rest/api/keyvault/secrets> and what the live service was seen to do, and shares
//! nothing with the vault of the program's own demo. Its clock is tokio's, which a test may pause.

#[path = "vault/answer.rs"]
mod answer;
#[cfg(test)]
#[path = "vault/tests.rs"]
mod tests;

pub use answer::Answer;

use Stage::{Absent, Deleted, Deleting, Live, Purging, Recovering};
use answer::{
    bad_parameter, being, challenge, deleted_not_found, is_being_deleted, not_found, not_modelled, ok, recoverable,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

const API_VERSION: &str = "2025-07-01";
const RECOVERABLE_DAYS: u64 = 90;
const PAGE: usize = 25;

/// The number of versions that were made in all vaults.
static MADE: AtomicU64 = AtomicU64::new(0);

/// What a vault holds under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// So many versions of a secret; with none, nothing.
    Versions(usize),
    /// A secret whose deletion is not complete.
    BeingDeleted,
    /// A deleted secret that can be recovered.
    Deleted,
}

/// A vault that any bearer token opens.
pub struct Vault {
    /// How long it takes to delete a secret, and likewise to recover or to purge it.
    takes: Duration,
    soft_delete: bool,
    /// By the names in lower case: the service compares them without case.
    secrets: Mutex<BTreeMap<String, Secret>>,
}

struct Secret {
    name: String,
    /// The newest is the last.
    versions: Vec<Version>,
    stage: Stage,
    /// When what is under way is done.
    done: Instant,
    /// When the deletion began, in seconds, as are all of the service's dates.
    deleted: u64,
}

struct Version {
    id: String,
    value: String,
    created: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Absent,
    Live,
    Deleting,
    Deleted,
    Recovering,
    Purging,
}

impl Vault {
    pub fn new(takes: Duration) -> Self {
        Self { takes, soft_delete: true, secrets: Mutex::default() }
    }

    /// An old vault, from which a deleted secret is gone at once.
    pub fn without_soft_delete() -> Self {
        Self { soft_delete: false, ..Self::new(Duration::ZERO) }
    }

    pub fn holds(&self, name: &str) -> Holds {
        match self.secrets().get(&name.to_lowercase()).map(|secret| (secret.stage, secret.versions.len())) {
            None | Some((Absent | Purging, _)) => Holds::Versions(0),
            Some((Live | Recovering, versions)) => Holds::Versions(versions),
            Some((Deleting, _)) => Holds::BeingDeleted,
            Some((Deleted, _)) => Holds::Deleted,
        }
    }

    /// Answers a request for that path, which has its query.
    pub fn answer(&self, method: &str, host: &str, path: &str, authorization: Option<&str>, body: &[u8]) -> Answer {
        if !authorization.is_some_and(|authorization| authorization.starts_with("Bearer ")) {
            return challenge(host);
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: BTreeMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        match query.get("api-version") {
            Some(&API_VERSION) => {}
            Some(other) => return bad_parameter(&format!("The specified version ({other}) is not recognized.")),
            None => return bad_parameter("api-version must be specified"),
        }
        let path: Vec<_> = path.trim_matches('/').split('/').collect();
        let [collection, name, rest @ ..] = path.as_slice() else { return not_modelled() };
        if !(1..=127).contains(&name.len()) || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return bad_parameter(&format!("The request URI contains an invalid name: {name}"));
        }

        let mut secrets = self.secrets();
        let new = || Secret { name: (*name).into(), versions: vec![], stage: Absent, done: Instant::now(), deleted: 0 };
        let secret = secrets.entry(name.to_lowercase()).or_insert_with(new);
        let begin = |secret: &mut Secret, stage| {
            secret.stage = stage;
            secret.done = Instant::now() + self.takes;
        };
        match (method, *collection, rest, secret.stage) {
            ("PUT", "secrets", [], Absent | Live) => secret.set(host, body),
            ("PUT", "secrets", [], Deleting | Purging) => being("Deleted", name),
            ("PUT", "secrets", [], Recovering) => being("Recovered", name),
            ("PUT", "secrets", [], Deleted) => recoverable(name),

            ("GET", "secrets", ["versions"], Live) => secret.list(host, &query),
            ("GET", "secrets", ["versions"], _) => ok(json!({ "value": [], "nextLink": null })),
            ("GET", "secrets", [], Live) => ok(secret.with_value(host, secret.newest())),
            ("GET", "secrets", [id], Live) => match secret.versions.iter().find(|version| version.id == *id) {
                Some(version) => ok(secret.with_value(host, version)),
                None => not_found(&format!("{name}/{id}")),
            },

            ("DELETE", "secrets", [], Live) if !self.soft_delete => {
                secret.stage = Absent;
                ok(secret.without_value(host, secret.newest()))
            }
            ("DELETE", "secrets", [], Live) => {
                begin(secret, Deleting);
                secret.deleted = now();
                ok(secret.as_deleted(host))
            }
            ("GET", "secrets", [] | [_], _) | ("DELETE", "secrets", [], _) => not_found(name),

            ("GET", "deletedsecrets", [], Deleted) => ok(secret.as_deleted(host)),
            ("POST", "deletedsecrets", ["recover"], Deleted) => {
                begin(secret, Recovering);
                ok(secret.without_value(host, secret.newest()))
            }
            // The name stays blocked for a while.
            ("DELETE", "deletedsecrets", [], Deleted) => {
                begin(secret, Purging);
                (204, vec![], None)
            }
            ("POST", "deletedsecrets", ["recover"], Deleting) => is_being_deleted(),
            ("DELETE", "deletedsecrets", [], Deleting) => is_being_deleted(),
            ("POST", "deletedsecrets", ["recover"], _) => deleted_not_found(name),
            ("GET" | "DELETE", "deletedsecrets", [], _) => deleted_not_found(name),
            _ => not_modelled(),
        }
    }

    /// The secrets, after everything whose time has come.
    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        let mut secrets = self.secrets.lock().expect("lock");
        for secret in secrets.values_mut().filter(|secret| secret.done <= Instant::now()) {
            secret.stage = match secret.stage {
                Deleting => Deleted,
                Recovering => Live,
                Purging => Absent,
                stage => stage,
            };
        }
        secrets.retain(|_, secret| secret.stage != Absent);
        secrets
    }
}

impl Secret {
    fn newest(&self) -> &Version {
        self.versions.last().expect("a version")
    }

    fn set(&mut self, host: &str, body: &[u8]) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(value) = body["value"].as_str().filter(|value| value.chars().count() <= 25_600) else {
            return bad_parameter("Property value has invalid value.");
        };
        // The ids are in another order than the versions, and no two are the same, also of a name that was purged.
        let number = MADE.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("{:016x}{number:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.versions.push(Version { id, value: value.to_owned(), created: now() });
        self.stage = Live;
        ok(self.with_value(host, self.newest()))
    }

    /// A page of the versions, in the order of their ids.
    fn list(&self, host: &str, query: &BTreeMap<&str, &str>) -> Answer {
        let number = |key, default| query.get(key).map_or(Some(default), |text| text.parse().ok());
        let (Some(size @ 1..=PAGE), Some(start)) = (number("maxresults", PAGE), number("$skiptoken", 0)) else {
            return bad_parameter("maxresults must be between 1 and 25.");
        };
        let mut all: Vec<_> = self.versions.iter().collect();
        all.sort_by_key(|version| &version.id);
        let page: Vec<_> = all.iter().skip(start).take(size).map(|version| self.without_value(host, version)).collect();
        let (name, next) = (&self.name, start + size);
        let link = format!(
            "https://{host}/secrets/{name}/versions?api-version={API_VERSION}&maxresults={size}&$skiptoken={next}"
        );
        ok(json!({ "value": page, "nextLink": (next < all.len()).then_some(link) }))
    }

    fn without_value(&self, host: &str, version: &Version) -> Value {
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

    fn with_value(&self, host: &str, version: &Version) -> Value {
        let mut bundle = self.without_value(host, version);
        bundle["value"] = version.value.as_str().into();
        bundle
    }

    fn as_deleted(&self, host: &str) -> Value {
        let mut bundle = self.without_value(host, self.newest());
        bundle["recoveryId"] = format!("https://{host}/deletedsecrets/{}", self.name).into();
        bundle["deletedDate"] = self.deleted.into();
        bundle["scheduledPurgeDate"] = (self.deleted + RECOVERABLE_DAYS * 86_400).into();
        bundle
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a date").as_secs()
}
