use super::*;
use azure_core::http::{StatusCode, headers::Headers};

fn challenge(text: &str) -> Challenge {
    Challenge(text.to_owned())
}

#[test]
fn its_parts_are_read() {
    let resource =
        r#"Bearer authorization="https://login.microsoftonline.com/my-tenant/", resource="https://vault.azure.net""#;
    assert_eq!(challenge(resource).resource(), Some("https://vault.azure.net"));
    assert_eq!(challenge(resource).tenant(), Some("my-tenant"));
    assert!(!challenge(resource).wants_claims());
    assert_eq!(
        challenge(r#"Bearer scope="https://vault.azure.net/.default""#).resource(),
        Some("https://vault.azure.net/.default")
    );
    assert_eq!(challenge(r#"Bearer realm="x""#).resource(), None);
    assert_eq!(challenge(r#"Bearer realm="x""#).tenant(), None);
    assert!(challenge(r#"Bearer error="insufficient_claims""#).wants_claims());
}

#[test]
fn a_resource_is_foreign_unless_it_is_the_vaults_domain_or_this_computers() {
    let foreign = |challenge_: &str, host: &str, here| {
        challenge(challenge_).foreign_resource(&format!("https://{host}/").parse().unwrap(), here).is_some()
    };
    for (resource, host) in [
        ("https://vault.azure.net", "my-vault.vault.azure.net"),
        ("https://Vault.azure.net/", "my-vault.vault.azure.net"),
        ("https://vault.azure.net/.default", "my-vault.vault.azure.net"),
        ("https://vault.usgovcloudapi.net", "my-vault.vault.usgovcloudapi.net"),
        ("https://localhost:8443", "localhost:8443"),
        ("https://my-vault.localhost", "127.0.0.1"),
        ("https://emulator.example", "my-vault.emulator.example"),
    ] {
        assert!(!foreign(&format!(r#"Bearer resource="{resource}""#), host, false), "{resource} {host}");
    }
    for (resource, host) in [
        ("https://management.azure.com", "my-vault.vault.azure.net"),
        ("https://azure.net", "my-vault.vault.azure.net"),
        ("https://net", "my-vault.vault.azure.net"),
        ("https://vault.azure.cn", "my-vault.vault.azure.net"),
        ("https://vault.azure.net", "my-vault.vault.azure.net.evil.example"),
        ("https://ault.azure.net", "my-vault.vault.azure.net"),
        ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "my-vault.vault.azure.net"),
        ("https://vault.azure.net", "localhost:8443"),
        ("https://management.azure.com", "127.0.0.1"),
        ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "localhost"),
        ("api://my-app", "localhost"),
    ] {
        assert!(foreign(&format!(r#"Bearer resource="{resource}""#), host, false), "{resource} {host}");
    }
    // An emulator's own Entra ID gives tokens for everything.
    assert!(!foreign(r#"Bearer resource="https://vault.azure.net""#, "localhost:8443", true));
    assert!(foreign(r#"Bearer resource="https://management.azure.com""#, "my-vault.vault.azure.net", true));
    // The first counts, as for the SDK.
    let both = r#"Bearer scope="https://management.azure.com/.default", resource="https://localhost""#;
    assert!(foreign(both, "localhost", false));
}

#[test]
fn the_one_that_is_kept_from_the_sdk_is_still_read() {
    let mut headers = Headers::new();
    headers.insert(OTHER_CHALLENGE, "Bearer error=\"insufficient_claims\"");
    let response = RawResponse::from_bytes(StatusCode::Unauthorized, headers, "");
    assert!(Challenge::of(&response).wants_claims());
}

#[tokio::test]
async fn a_secret_in_a_challenge_goes_nowhere() {
    #[derive(Debug)]
    struct Echo(&'static str);

    #[async_trait::async_trait]
    impl Policy for Echo {
        async fn send(&self, _: &Context, _: &mut Request, _: &[Arc<dyn Policy>]) -> PolicyResult {
            let mut headers = Headers::new();
            headers.insert(WWW_AUTHENTICATE, format!("Bearer resource=\"{}\"", self.0));
            Ok(rebuilt(RawResponse::from_bytes(StatusCode::Unauthorized, headers, "")))
        }
    }

    let redactor = Redactor::default();
    redactor.keep("s3cr3tv4lue-abcdefghijkl");
    let own = OwnChallenges { signs_in_here: true, redactor };
    for (resource, passes) in [
        ("https://localhost:8443", true),
        ("https://localhost:8443/s3cr3tv4lue-abcdefghijkl", false),
        ("https://s3cr3tv4lue-abcdefghijkl.localhost", false),
        ("s3cr3tv4lue-abcdefghijkl", false),
    ] {
        let mut request = Request::new("https://localhost:8443/".parse().unwrap(), azure_core::http::Method::Get);
        let outcome = own.send(&Context::new(), &mut request, &[Arc::new(Echo(resource)) as _]).await;
        assert_eq!(outcome.is_ok(), passes, "{resource}");
        assert!(!outcome.err().is_some_and(|error| error.to_string().contains("s3cr3t")), "{resource}");
    }
}
