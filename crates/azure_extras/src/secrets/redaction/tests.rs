use super::*;
use azure_core::http::{Method, StatusCode, headers::Headers};

const VALUE: &str = "the-secret-value";

fn is_emptied(value: &str, status: u16, body: &str) -> bool {
    let redaction = Redaction { forms: Mutex::new(forms(value)) };
    redaction.may_show_value(&RawResponse::from_bytes(StatusCode::from(status), Headers::new(), body.to_owned()))
}

#[test]
fn a_value_is_noticed_however_it_is_escaped_or_cut_off() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh\"k/G9w0==\n-----END PRIVATE KEY-----\n";
    for shown in [
        key.to_owned(),
        serde_json::json!({ "value": key }).to_string().replace('{', "<p>"),
        key.replace('"', "&quot;"),
        "%2D%2D".to_owned() + &key.replace('\n', "%0A").replace(' ', "+"),
        "line 2: MIIEvQIBADANBgkq...".to_owned(),
    ] {
        assert!(is_emptied(key, 403, &format!("<p>{shown}</p>")), "{shown}");
    }
    for (value, shown) in
        [("p\"ss&w'd <1>", "p&quot;ss&amp;w&#39;d &lt;1&gt;"), ("a b/c", "a%20b%2Fc"), ("tab\there", "tab\\there")]
    {
        assert!(is_emptied(value, 502, &format!("<p>{shown}</p>")), "{shown}");
    }
}

#[test]
fn a_body_that_may_show_a_value_is_emptied() {
    let (page, secret) = (format!("<p>You sent {VALUE}</p>"), r#"{"value":"somebody-elses"}"#);
    let error = r#"{"error":{"code":"BadParameter","message":"m"}}"#;
    for (value, status, body, emptied) in [
        (VALUE, 200, page.as_str(), true),
        (VALUE, 503, page.as_str(), true),
        (VALUE, 403, secret, true),
        ("", 403, secret, true),
        ("", 200, page.as_str(), false),
        (VALUE, 403, "<p>Forbidden</p>", false),
        (VALUE, 400, error, false),
        // A success's own.
        (VALUE, 200, secret, false),
    ] {
        assert_eq!(is_emptied(value, status, body), emptied, "{status} {body}");
    }
}

#[test]
fn the_value_of_a_request_is_read() {
    let value = |body: &str| {
        let mut request = Request::new("https://my-vault.vault.azure.net/secrets/n".parse().unwrap(), Method::Put);
        request.set_body(body.to_owned());
        value_in(&request)
    };
    assert_eq!(value(r#"{"value":"v"}"#).as_deref(), Some("v"));
    for body in ["", "{}", r#"{"value":""}"#, r#"{"value":1}"#, "v"] {
        assert_eq!(value(body), None, "{body}");
    }
}

#[test]
fn debug_shows_no_value() {
    let redaction = Redaction { forms: Mutex::new(forms(VALUE)) };
    assert!(!format!("{redaction:?}").contains(VALUE));
}
