use super::{
    redactor::{PIECE, REDACTED},
    *,
};
use crate::{
    in_memory::InMemoryCredential,
    secrets::{VaultAddress, client_options_with},
};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, StatusCode, Transport, Url, headers::Headers};
use azure_security_keyvault_secrets::models::SetSecretParameters;
use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};
use std::sync::Arc;

/// Ways of writing a text, and of reading it again.
#[derive(Clone, Copy, Debug)]
enum Escaping {
    Json,
    Form,
    Html,
    Literal,
}

impl Escaping {
    fn write(self, text: &str) -> String {
        match self {
            Self::Json => Value::from(text).to_string(),
            Self::Literal => format!("{text:?}"),
            Self::Html => text.replace('&', "&amp;").replace('<', "&#60;").replace('>', "&gt;").replace('"', "&#x22;"),
            Self::Form => {
                let mut url = Url::parse("https://h/").unwrap();
                url.query_pairs_mut().append_pair("k", text);
                url.query().unwrap()["k=".len()..].to_owned()
            }
        }
    }

    fn read(self, text: &str) -> String {
        match self {
            Self::Json => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
            Self::Literal => text.to_owned(),
            Self::Html => text.replace("&#x22;", "\"").replace("&gt;", ">").replace("&#60;", "<").replace("&amp;", "&"),
            Self::Form => {
                let url = Url::parse(&format!("https://h/?k={text}")).unwrap();
                url.query_pairs().next().unwrap().1.into_owned()
            }
        }
    }
}

fn escapings() -> impl Strategy<Value = Vec<Escaping>> {
    let one = prop_oneof![Just(Escaping::Json), Just(Escaping::Form), Just(Escaping::Html), Just(Escaping::Literal)];
    prop::collection::vec(one, 0..4)
}

/// Secrets that people have: passwords, keys in lines, connection strings, anything.
fn secrets() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9!#$%&+/=?\"'<>\\\\ -]{4,40}",
        "-----BEGIN KEY-----\n[A-Za-z0-9+/]{40}\n[A-Za-z0-9+/]{20}==\n",
        "Server=tcp:[a-z]{3}.example;Password=[!-~]{8,12};",
        "[\\p{L}\\p{N}\\p{P}\\p{S} &&[^\u{115f}\u{1160}\u{3164}\u{ffa0}]]{4,30}",
    ]
    .prop_filter("too little to be told", |secret| {
        secret.chars().filter(|c| !c.is_whitespace() && *c != '+').count() >= 4
    })
}

#[test]
fn no_secret_survives_however_it_is_escaped_or_cut() {
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    proptest!(config, |(secret in secrets(), escapings in escapings(), cut in 0..100_usize, whole: bool)| {
        let redactor = Redactor::default();
        redactor.keep(&secret);
        let characters: Vec<_> = secret.chars().collect();
        // A piece of it, as after a cut, if it is long enough to be told.
        let from = if whole { 0 } else { cut % characters.len() };
        let is_long = characters[from..].iter().filter(|c| !c.is_whitespace() && **c != '+').count() >= PIECE;
        let from = if is_long { from } else { 0 };
        let piece: String = characters[from..].iter().collect();
        let text = escapings.iter().fold(format!("You sent ({piece}), thanks."), |text, it| it.write(&text));
        let redacted = redactor.redact(&text);
        let read = escapings.iter().rev().fold(redacted.clone(), |text, it| it.read(&text));
        for seen in [&redacted, &read] {
            let is_read = |c: &char| !c.is_whitespace() && *c != '+';
            let seen: Vec<_> = seen.chars().filter(is_read).collect();
            let characters: Vec<_> = characters.iter().copied().filter(is_read).collect();
            let length = characters.len().clamp(1, PIECE);
            prop_assert!(!characters.windows(length).any(|piece| seen.windows(length).any(|it| it == piece)), "{text} {redacted}");
        }
        prop_assert!(redacted.contains(REDACTED));
    });
}

#[test]
fn what_holds_no_secret_is_left_as_it_is() {
    let redactor = Redactor::default();
    for secret in ["my value", "hi", "Secret", "Deleted", "https://h/x"] {
        redactor.keep(secret);
    }
    for text in [
        "",
        "A secret with (name/id) my-secret was not found in this key vault: 100% certain + C:\\new &lt;b&gt;",
        "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.",
        r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net""#,
        r#"az login --claims-challenge "eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
        "someone@example.com https://learn.microsoft.com/azure mailto:me@x.com;upn=me@x.com",
        "SecretDisabled ObjectIsDeletedButRecoverable",
        "This thesis",
    ] {
        assert_eq!(redactor.redact(text), text);
    }
    assert_eq!(redactor.redact("hi, 'my value' is hi"), "***, '***' is ***");
}

#[test]
fn what_has_the_form_of_a_secret_is_no_text() {
    let redactor = Redactor::default();
    for (text, safe) in [
        ("token eyJ0eXAiOiJKV1QifQ.e30.c2ln, yes", "token ***, yes"),
        ("cut eyJ0eXAi...", "cut ***"),
        ("Authorization: Bearer 0123456789abcdef0123", "Authorization: Bearer ***"),
        ("https://me:password@proxy:3128/ fails", "https://***@proxy:3128/ fails"),
        ("\"https://me:p@ss@host\"", "\"https://***@host\""),
        ("https://me:p%40ss@host", "https://***@host"),
    ] {
        assert_eq!(redactor.redact(text), safe, "{text}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let redactor = Redactor::default();
    redactor.keep("the-secret");
    assert!(!format!("{redactor:?} {:?}", Redaction(redactor.clone())).contains("the-secret"));
}

/// Answers each authorized request with its own headers and body, in that form.
#[derive(Debug)]
struct Echo(u16, usize);

/// The forms of an answer.
const FORMS: usize = 6;

#[async_trait::async_trait]
impl HttpClient for Echo {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut headers = Headers::new();
        let challenge =
            r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net""#;
        headers.insert("www-authenticate", challenge);
        let sent = request.headers().iter().map(|(name, value)| format!("{}: {}\n", name.as_str(), value.as_str()));
        let mut echo: String = sent.collect();
        if !echo.contains("authorization") {
            return Ok(AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, ""));
        }
        if let Body::Bytes(body) = request.body() {
            echo += &String::from_utf8_lossy(body);
        }
        headers.insert("x-ms-request-id", echo.replace('\n', " "));
        headers.insert("content-type", echo.replace('\n', " "));
        let body = match self.1 {
            0 => echo,
            1 => json!({ "error": { "code": echo, "message": echo, "innererror": { "code": echo } } }).to_string(),
            2 => Escaping::Html.write(&format!("<p>{echo}</p>")),
            3 => json!({ "error": { "code": "c", "message": Escaping::Json.write(&echo) } }).to_string(),
            4 => format!("<pre>{}</pre>", Escaping::Form.write(&echo)),
            _ => json!({ "value": "somebody-else's", "echo": echo }).to_string(),
        };
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(self.0), headers, body))
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_shows_what_was_sent_whatever_a_server_echoes() {
    const VALUE: &str = "hunter2 \"&<pässword>%41\\n\nof three lines";
    let pieces = ["hunter2", "ssword", "three lines", "somebody", "token-of-the-demo"];
    for status in [200, 201, 204, 206, 302, 400, 401, 403, 404, 409, 429, 500, 503, 599] {
        for form in 0..FORMS {
            let options = client_options_with(Transport::new(Arc::new(Echo(status, form))));
            let vault = VaultAddress::parse("my-vault").unwrap();
            let client = vault.secret_client(Arc::new(InMemoryCredential), options).unwrap();
            let parameters = SetSecretParameters { value: Some(VALUE.into()), ..Default::default() };
            let set = client.set_secret("n", parameters.try_into().unwrap(), None).await.map(drop);
            let got = client.get_secret("n", None).await.map(drop);
            let deleted = client.delete_secret("n", None).await.map(drop);
            for error in [set, got, deleted].into_iter().filter_map(Result::err) {
                let causes: Vec<_> = crate::causes(&error).map(ToString::to_string).collect();
                let service = crate::secrets::ServiceError::of(&error);
                let told = format!("{causes:?} {service:?} {:?}", error.kind());
                assert!(!pieces.iter().any(|piece| told.contains(piece)), "{status} {form}: {causes:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_changes_nothing_that_the_client_goes_by() {
    /// Refuses the value in that way.
    #[derive(Debug)]
    struct Refusing(u16, &'static str);

    #[async_trait::async_trait]
    impl HttpClient for Refusing {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            let mut headers = Headers::new();
            let tenant = "6f89cf12-978b-4d23-ac18-9ef0c127cf87";
            let challenge = format!(
                "Bearer authorization=\"https://login.microsoftonline.com/{tenant}\", resource=\"https://vault.azure.net\""
            );
            headers.insert("www-authenticate", challenge);
            let is_bare = !crate::secrets::is_authorized(request);
            let (status, code) = if is_bare { (401, "Unauthorized") } else { (self.0, self.1) };
            let error = json!({ "error": { "code": "c", "message": "m", "innererror": { "code": code } } });
            Ok(AsyncRawResponse::from_bytes(StatusCode::from(status), headers, error.to_string()))
        }
    }

    for value in [
        "https://vault.azure.net/x",
        "https://login.microsoftonline.com",
        "Deleted",
        "Secret",
        "vault",
        "login",
        "SecretDisabled",
        "ObjectIsDeletedButRecoverable",
        "innererror",
    ] {
        let error = async |status, code| {
            let options = client_options_with(Transport::new(Arc::new(Refusing(status, code))));
            let vault = VaultAddress::parse("my-vault").unwrap();
            let client = vault.secret_client(Arc::new(InMemoryCredential), options).unwrap();
            let parameters = SetSecretParameters { value: Some(value.into()), ..Default::default() };
            let error = client.set_secret("n", parameters.try_into().unwrap(), None).await.err().unwrap();
            crate::secrets::ServiceError::of(&error).unwrap_or_else(|| panic!("{value}: {error:?}"))
        };
        assert!(error(401, "c").await.tenant().is_some(), "{value}");
        assert!(error(409, "ObjectIsDeletedButRecoverable").await.is_recoverable(), "{value}");
        assert!(!error(403, "SecretDisabled").await.is_missing_permission(), "{value}");
    }
}

#[test]
fn the_services_own_words_are_spared_and_nothing_around_them() {
    let redactor = Redactor::default();
    for secret in ["Conflict", "pwConflict!7x", "abcdefghij-Conflict-klmnopqrst", "deleted"] {
        redactor.keep(secret);
    }
    let words = ["Conflict", "currently being deleted"];
    for (text, safe) in [
        ("Conflict", "Conflict"),
        ("Conflict: it is currently being deleted.", "Conflict: it is currently being deleted."),
        ("it was deleted", "it was ***"),
        ("bad value: pwConflict!7x", "bad value: ***"),
        ("abcdefghij-Conflict-klmnopqrst", "***"),
    ] {
        assert_eq!(redactor.redact_sparing(text, &words), safe);
    }
}
