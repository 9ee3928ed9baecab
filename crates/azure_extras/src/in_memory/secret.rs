//! A secret of the in-memory vault, with its versions and its state.

use serde_json::{Value, json};
use tokio::time::Instant;

/// The days for which a deleted secret can be recovered.
const RECOVERABLE_DAYS: i64 = 90;

pub(super) struct Secret {
    pub(super) name: String,
    pub(super) versions: Vec<Version>,
    pub(super) state: State,
}

pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: String,
    pub(super) created: i64,
}

#[derive(Clone, Copy)]
pub(super) enum State {
    Live,
    Deleted { completes: Instant, date: i64 },
    Purged { completes: Instant },
}

/// A secret as requests find it at some moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Live,
    BeingDeleted,
    Deleted,
    BeingPurged,
    Gone,
}

impl Secret {
    pub(super) fn phase(&self) -> Phase {
        let now = Instant::now();
        match self.state {
            State::Deleted { completes, .. } if now < completes => Phase::BeingDeleted,
            State::Deleted { .. } => Phase::Deleted,
            State::Purged { completes } if now < completes => Phase::BeingPurged,
            State::Purged { .. } => Phase::Gone,
            State::Live => Phase::Live,
        }
    }

    /// The bundle of `version` as the service shows it, without the value.
    pub(super) fn properties(&self, version: &Version, host: &str) -> Value {
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
    pub(super) fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }

    fn newest_properties(&self, host: &str) -> Value {
        self.newest().map(|version| self.properties(version, host)).unwrap_or_default()
    }

    /// The bundle of the deleted secret as the service shows it.
    pub(super) fn deleted_properties(&self, host: &str) -> Value {
        let mut bundle = self.newest_properties(host);
        if let State::Deleted { date, .. } = self.state {
            bundle["recoveryId"] = json!(format!("https://{host}/deletedsecrets/{}", self.name));
            bundle["deletedDate"] = json!(date);
            bundle["scheduledPurgeDate"] = json!(date + RECOVERABLE_DAYS * 24 * 60 * 60);
        }
        bundle
    }
}
