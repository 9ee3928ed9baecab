//! The meaning of a response, in a few words.

use super::layout::Tone;
use crate::terminal::{next_steps::day, versions};
use azure_core::{
    Error,
    http::{RawResponse, headers::WWW_AUTHENTICATE},
    time::OffsetDateTime,
};
use azure_extras::{
    secrets::{Operation, ServiceError, is_transient_status, json},
    text::OutsideText,
};
use serde_json::Value;

/// The meaning of a response.
pub(super) struct Meaning {
    pub(super) tone: Tone,
    /// In more words.
    pub(super) more: String,
    /// In fewer.
    pub(super) fewer: String,
}

impl Meaning {
    fn new(tone: Tone, more: impl Into<String>, fewer: impl Into<String>) -> Self {
        Self { tone, more: more.into(), fewer: fewer.into() }
    }
}

/// The meaning of an error in place of a response.
pub(super) fn of_silence(error: &Error) -> Meaning {
    let why = OutsideText::new(&error.to_string()).first_line();
    Meaning::new(Tone::Failure, &*why, &*why)
}

/// The meaning of a response for that operation; `set` tells whether the secret was set before.
pub(super) fn meaning(operation: Operation, answer: &RawResponse, set: bool) -> Meaning {
    use Tone::{Expected, Failure, Success};
    let body = json(answer);
    let version = || {
        let version = body["id"].as_str().and_then(|id| id.rsplit('/').next()).unwrap_or_default();
        // Anything else may hold what it should not.
        let digits = version.chars().take_while(char::is_ascii_hexdigit).take(8);
        format!("version {}...", digits.collect::<String>())
    };
    let purge_date = || date(&body["scheduledPurgeDate"]);
    match (operation, u16::from(answer.status())) {
        (_, 401) => unauthorized(answer),
        (Operation::ListVersions, 200) if set => {
            let count = body["value"].as_array().map_or(0, Vec::len);
            Meaning::new(Success, versions(count), versions(count))
        }
        (Operation::ListVersions, 200) if body["value"].as_array().is_some_and(Vec::is_empty) => {
            Meaning::new(Success, "no secret has that name", "free")
        }
        (Operation::ListVersions, 200) => Meaning::new(Success, "a secret has that name", "taken"),
        (Operation::Get, 404) if !set => Meaning::new(Expected, "no secret has that name", "free"),
        (Operation::Set, 200) => Meaning::new(Success, format!("created, {}", version()), "created"),
        (Operation::Get, 200) => Meaning::new(Success, format!("the value of {}", version()), version()),
        (Operation::Delete, 200) if body["recoveryId"].is_null() => {
            Meaning::new(Success, "deleted for good, without soft delete", "deleted for good")
        }
        (Operation::Delete, 200) => Meaning::new(
            Success,
            format!("begun; the secret can be recovered until {}", purge_date()),
            format!("begun; kept until {}", purge_date()),
        ),
        (Operation::GetDeleted, 403) if ServiceError::read(answer).is_missing_permission() => {
            Meaning::new(Expected, "complete, as far as this account may see", "complete, it seems")
        }
        (Operation::GetDeleted, 200) => {
            Meaning::new(Success, format!("deleted; can be recovered until {}", purge_date()), "deleted")
        }
        (Operation::Purge, 204) => Meaning::new(Success, "purged; the name can be used again", "purged"),
        (_, status) if is_transient_status(status) => Meaning::new(Failure, "this may pass", "may pass"),
        _ => {
            let error = ServiceError::read(answer);
            let code = if error.inner_code.is_empty() { &error.code } else { &error.inner_code };
            Meaning::new(Failure, &**code, &**code)
        }
    }
}

/// The client's first request goes without a token, to be told what token is wanted.
fn unauthorized(answer: &RawResponse) -> Meaning {
    let challenge = answer.headers().get_optional_str(&WWW_AUTHENTICATE).unwrap_or_default();
    let is_challenge = challenge.contains("resource=") || challenge.contains("scope=");
    match ServiceError::read(answer).azures_challenge() {
        Some((host, resource)) => {
            let more = format!("challenge: sign in at {host}, for {resource}");
            Meaning::new(Tone::Expected, more, "challenge: sign in")
        }
        None if is_challenge => Meaning::new(Tone::Expected, "challenge: sign in", "challenge: sign in"),
        None => Meaning::new(Tone::Failure, "the token is not accepted", "not accepted"),
    }
}

/// The day of a time in Unix seconds.
fn date(seconds: &Value) -> String {
    let time = seconds.as_i64().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.map(|time| day(&time)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::{StatusCode, headers::Headers};
    use proptest::{prelude::*, test_runner::Config};

    /// Whatever a member may hold in place of what it should.
    fn anything() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-99_999_999_999_i64..99_999_999_999).prop_map(Value::from),
            "(?s).{0,40}".prop_map(Value::from),
            Just(serde_json::json!([{}])),
        ]
    }

    #[test]
    fn no_answer_makes_it_panic_or_shows_what_a_terminal_obeys() {
        use Operation::{Delete, Get, GetDeleted, ListVersions, Purge, Set};
        let statuses = [200_u16, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 599];
        let parts = (0..6_usize, 0..statuses.len(), any::<bool>(), prop::collection::vec(anything(), 7), "\\PC{0,40}");
        proptest!(Config { cases: 2_000, failure_persistence: None, ..Config::default() }, |(
            (operation, status, set, values, challenge) in parts
        )| {
            let body = serde_json::json!({
                "id": values[0], "recoveryId": values[1], "scheduledPurgeDate": values[2], "value": values[3],
                "error": { "code": values[4], "message": values[5], "innererror": { "code": values[6] } }
            });
            let operation = [ListVersions, Set, Get, Delete, GetDeleted, Purge][operation];
            let mut headers = Headers::new();
            let challenge = format!("Bearer authorization=\"https://{challenge}\", resource=\"{challenge}\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
            let answer = RawResponse::from_bytes(StatusCode::from(statuses[status]), headers, body.to_string());
            let Meaning { more, fewer, .. } = meaning(operation, &answer, set);
            for words in [more, fewer] {
                prop_assert!(!words.contains(|c: char| c.is_control() || "\u{202e}\u{200b}".contains(c)), "{words:?}");
            }
        });
    }
}
