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
fn a_resource_is_foreign_unless_it_is_the_vaults_domain_or_the_vault_is_here() {
    let foreign = |resource: &str, host: &str| {
        let text = format!(r#"Bearer resource="{resource}""#);
        challenge(&text).foreign_resource(&format!("https://{host}/").parse().unwrap()).is_some()
    };
    assert!(!foreign("https://vault.azure.net", "my-vault.vault.azure.net"));
    assert!(foreign("https://management.azure.com", "my-vault.vault.azure.net"));
    assert!(foreign("https://vault.azure.net", "my-vault.vault.azure.net.evil.example"));
    assert!(foreign("https://ault.azure.net", "my-vault.vault.azure.net"));
    assert!(!foreign("https://anything.example", "localhost:8443"));
    assert!(!foreign("https://anything.example", "127.0.0.1"));
}

#[test]
fn the_one_that_is_kept_from_the_sdk_is_still_read() {
    let mut headers = Headers::new();
    headers.insert(OTHER_CHALLENGE, "Bearer error=\"insufficient_claims\"");
    let response = RawResponse::from_bytes(StatusCode::Unauthorized, headers, "");
    assert!(Challenge::of(&response).wants_claims());
}
