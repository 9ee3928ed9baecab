use super::*;
use crate::{
    error::find_cause,
    in_memory::InMemoryCredential,
    secrets::{VaultAddress, client_options_with},
};
use azure_core::http::{
    AsyncRawResponse, HttpClient, Method, StatusCode, Transport,
    headers::{Headers, WWW_AUTHENTICATE},
};

const ID: &str = "https://my-vault.vault.azure.net/secrets/n/1";

fn response(status: u16, challenge: Option<&'static str>, body: &str) -> RawResponse {
    let mut headers = Headers::new();
    headers.insert(CONTENT_TYPE, "text/plain");
    if let Some(challenge) = challenge {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    RawResponse::from_bytes(StatusCode::from(status), headers, body.to_owned())
}

/// Tells whether that response, to a request of that method and path, counts as Key Vault's.
fn is_taken(host: &str, method: Method, path: &str, status: u16, body: &str) -> bool {
    let request = Request::new(format!("https://{host}{path}").parse().unwrap(), method);
    is_key_vaults(&request, &response(status, None, body))
}

const AZURE: &str = "my-vault.vault.azure.net";

#[test]
fn a_success_is_the_json_of_its_operation() {
    let secret = format!(r#"{{"id":"{ID}","value":"v"}}"#);
    let deleted = format!(r#"{{"id":"{ID}","recoveryId":"https://{AZURE}/deletedsecrets/n"}}"#);
    let recovery_id = format!(r#"{{"recoveryId":"https://{AZURE}/deletedsecrets/N"}}"#);
    let list = format!(r#"{{"value":[{{"id":"{ID}"}}]}}"#);
    use Method::{Delete, Get, Put};
    for (method, path, taken, refused) in [
        (Put, "/secrets/n", vec![secret.as_str()], vec![list.as_str(), "{}", "null", "", "[]", "<html>"]),
        (Get, "/secrets/n/", vec![&secret], vec![&list, "{}", &recovery_id]),
        (Get, "/secrets/n/versions", vec![&list, r#"{"value":[]}"#], vec![&secret, "{}", r#"{"value":null}"#]),
        (Delete, "/secrets/n", vec![&deleted, &recovery_id], vec![&secret, &list, "{}", ""]),
        (Get, "/deletedsecrets/n", vec![&deleted], vec![&secret, "{}"]),
    ] {
        for (bodies, is_key_vaults) in [(taken, true), (refused, false)] {
            for body in bodies {
                assert_eq!(is_taken(AZURE, method, path, 200, body), is_key_vaults, "{method} {path}: {body}");
            }
        }
        for other in ["/secrets/other/1", "/keys/n/1", "/n"] {
            let foreign = secret.replace("/secrets/n/1", other);
            assert!(!is_taken(AZURE, method, path, 200, &foreign), "{method} {path}: {foreign}");
        }
    }
    assert!(is_taken(AZURE, Delete, "/deletedsecrets/n", 204, ""));
    assert!(!is_taken(AZURE, Delete, "/deletedsecrets/n", 200, ""));
    // What this crate does not know passes.
    assert!(is_taken(AZURE, Method::Post, "/secrets/n/backup", 200, r#"{"value":"x"}"#));
}

#[test]
fn only_an_emulator_may_know_itself_by_another_host_and_show_a_deleted_value() {
    let body = r#"{"id":"https://emulator.vault.azure.net/secrets/n/1","value":"v"}"#;
    for (host, taken) in [(AZURE, false), ("localhost:8443", true), ("vault.example", true)] {
        assert_eq!(is_taken(host, Method::Get, "/secrets/n/", 200, body), taken, "{host}");
        assert_eq!(is_taken(host, Method::Delete, "/secrets/n", 200, body), taken, "{host}");
    }
}

#[test]
fn an_error_has_a_code_or_a_challenge_or_is_retried() {
    let error = r#"{"error":{"code":"Forbidden","message":"m"}}"#;
    for status in [400, 401, 403, 404, 409, 501, 511] {
        assert!(is_taken(AZURE, Method::Get, "/secrets/n/", status, error), "{status}");
        for body in ["", "<html>", r#"{"error":{}}"#, r#"{"error":{"code":""}}"#, r#"{"detail":"x"}"#] {
            assert!(!is_taken(AZURE, Method::Get, "/secrets/n/", status, body), "{status}: {body}");
        }
    }
    for status in [408, 429, 500, 502, 503, 504] {
        assert!(is_taken(AZURE, Method::Get, "/secrets/n/", status, "<html>"), "{status}");
    }
    for status in [100, 302, 304] {
        assert!(!is_taken(AZURE, Method::Get, "/secrets/n/", status, error), "{status}");
    }
    let request = Request::new(ID.parse().unwrap(), Method::Get);
    for (challenge, taken) in [
        (r#"Bearer authorization="https://login.microsoftonline.com/T", resource="https://vault.azure.net""#, true),
        (r#"bearer scope="https://vault.azure.net/.default""#, true),
        (r#"Bearer realm="", error="insufficient_claims", claims="e30=""#, true),
        (r#"Bearer realm="the proxy""#, false),
        (r#"Basic realm="resource=""#, false),
    ] {
        assert_eq!(is_key_vaults(&request, &response(401, Some(challenge), "<html>")), taken, "{challenge}");
    }
}

/// Answers everything so.
#[derive(Debug)]
struct Page(u16, &'static str);

#[async_trait::async_trait]
impl HttpClient for Page {
    async fn execute_request(&self, _request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut headers = Headers::new();
        headers.insert(CONTENT_TYPE, "text/html; charset=utf-8");
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(self.0), headers, self.1))
    }
}

#[tokio::test]
async fn something_else_is_told_by_its_first_line_unless_that_may_be_a_secret() {
    for (status, body, first_line) in [
        (200, "\n<html>\u{1b}[31mSign in\nmore", "<html>[31mSign in"),
        (403, "Forbidden by the proxy", "Forbidden by the proxy"),
        (200, r#"{"value":["the-secret-value"]}"#, ""),
        (200, r#"{"value":"the-secr"#, ""),
        (201, r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1","value":"the-secret-value"}"#, ""),
        (206, r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1","value":"the-secret-value"}"#, ""),
        (404, r#"{"value":"the-secret-value"}"#, ""),
    ] {
        let options = client_options_with(Transport::new(Arc::new(Page(status, body))));
        let vault = VaultAddress::parse("my-vault").unwrap();
        let client = vault.secret_client(Arc::new(InMemoryCredential), options).unwrap();
        let error = client.get_secret("n", None).await.err().unwrap();
        let content_type = "text/html; charset=utf-8".into();
        let told = NotKeyVault { status, content_type, first_line: first_line.into() };
        assert_eq!(find_cause::<NotKeyVault>(&error), Some(&told));
    }
}
