//! The answers of `az` and `azd`, of whatever version, as the SDK reads them.

use azure_core::{
    base64,
    time::{OffsetDateTime, parse_rfc3339, to_rfc3339},
};
use serde_json::{Deserializer, Value, json};
use std::time::Duration;

/// The life of a token that does not tell it: less than any has.
const UNTOLD_LIFE: Duration = Duration::from_secs(10 * 60);

/// The JSON that the SDK wants, with the token in a tool's output: whatever stands around it, a byte order mark, a warning, a
/// terminal's codes; and however it tells the token's end. `None` if there is no token.
///
/// `az` tells the end in `expires_on` since 2.54, in Unix seconds; before it only in `expiresOn`, in local time without a
/// zone. The token's own claim says the same without either.
pub(super) fn normalized(output: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(output);
    let objects = text.match_indices('{').filter_map(|(at, _)| {
        let mut values = Deserializer::from_str(&text[at..]).into_iter::<Value>();
        values.next()?.ok().filter(Value::is_object)
    });
    let of_az = |answer: &Value| answer["accessToken"].is_string();
    let answer = objects.into_iter().find(|answer| of_az(answer) || answer["token"].is_string())?;
    let token = answer["accessToken"].as_str().or(answer["token"].as_str())?;
    let end = end(&answer).or_else(|| claimed_end(token)).unwrap_or(OffsetDateTime::now_utc() + UNTOLD_LIFE);
    let normalized = match of_az(&answer) {
        true => json!({ "accessToken": token, "expires_on": end.unix_timestamp(), "tokenType": "Bearer" }),
        // Its form has no years before 0 or after 9999.
        false => json!({ "token": token, "expiresOn": to_rfc3339(&end.clamp(OffsetDateTime::UNIX_EPOCH, last())) }),
    };
    Some(normalized.to_string().into_bytes())
}

/// The last moment that RFC 3339 can tell.
fn last() -> OffsetDateTime {
    parse_rfc3339("9999-12-31T23:59:59Z").unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The end as the tool tells it: a number of seconds, also as a text, or a time with its zone.
fn end(answer: &Value) -> Option<OffsetDateTime> {
    let seconds = answer["expires_on"].as_i64().or_else(|| answer["expires_on"].as_str()?.trim().parse().ok());
    let told = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    told.or_else(|| parse_rfc3339(answer["expiresOn"].as_str()?).ok())
}

/// The end in the claims of a token that is a JWT.
fn claimed_end(token: &str) -> Option<OffsetDateTime> {
    let claims = base64::decode_url_safe(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    OffsetDateTime::from_unix_timestamp(claims["exp"].as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Option<Value> {
        normalized(output.as_bytes()).map(|json| serde_json::from_slice(&json).unwrap())
    }

    /// A token with the claim that it ends in 2100.
    fn jwt() -> String {
        format!("e30.{}.c2ln", base64::encode_url_safe(r#"{"exp":4102444800}"#).trim_end_matches('='))
    }

    #[test]
    fn every_az_is_read() {
        let expected = json!({ "accessToken": jwt(), "expires_on": 4_102_444_800_i64, "tokenType": "Bearer" });
        let token = jwt();
        for end in [
            r#""expires_on":4102444800,"expiresOn":"2100-01-01 01:00:00.000000","tokenType":"Bearer""#,
            r#""expires_on":"4102444800""#,
            // Before 2.54, in whatever time zone.
            r#""expiresOn":"2100-01-01 09:30:00.000000","subscription":"s","tenant":"t","tokenType":"Bearer""#,
            r#""tokenType":"Bearer""#,
        ] {
            let answer = format!(r#"{{"accessToken":"{token}",{end}}}"#);
            for output in [
                answer.clone(),
                format!("\u{feff}{answer}\r\n"),
                format!("WARNING: a new version {{2.91}} is there.\n{answer}"),
                format!("\u{1b}[0m{answer}\u{1b}[0m"),
                serde_json::to_string_pretty(&serde_json::from_str::<Value>(&answer).unwrap()).unwrap(),
            ] {
                assert_eq!(read(&output).as_ref(), Some(&expected), "{output}");
            }
        }
    }

    #[test]
    fn every_azd_is_read() {
        let token = jwt();
        let expected = json!({ "token": token, "expiresOn": "2100-01-01T00:00:00Z" });
        for end in [r#","expiresOn":"2100-01-01T00:00:00Z""#, r#","expiresOn":"2100-01-01T02:00:00+02:00""#, ""] {
            let read = read(&format!("A line before.\n{{\"token\":\"{token}\"{end}}}\n")).unwrap();
            assert_eq!(read["token"], expected["token"]);
            let end = parse_rfc3339(read["expiresOn"].as_str().unwrap()).unwrap();
            assert_eq!(end.unix_timestamp(), 4_102_444_800);
        }
    }

    #[test]
    fn a_token_that_tells_no_end_serves_for_some_minutes() {
        let read = read(r#"{"accessToken":"opaque"}"#).unwrap();
        let left = read["expires_on"].as_i64().unwrap() - OffsetDateTime::now_utc().unix_timestamp();
        assert!((590..=600).contains(&left), "{left}");
    }

    #[test]
    fn what_has_no_token_is_no_answer() {
        for output in ["", "{}", "null", r#"{"accessToken":1}"#, "<html>{}</html>", r#"{"accessToken":"t"#] {
            assert_eq!(read(output), None, "{output}");
        }
    }

    #[test]
    fn no_end_makes_it_panic() {
        for end in ["253402300800", "-99999999999", "9223372036854775807", "1e99", "\"x\"", "null"] {
            for name in ["accessToken", "token"] {
                let output = format!(r#"{{"{name}":"t","expires_on":{end},"expiresOn":{end}}}"#);
                assert!(read(&output).is_some(), "{output}");
            }
        }
    }
}
