use super::*;
use crate::{in_memory::InMemoryCredential, secrets::client_options_with};
use azure_core::http::{
    AsyncRawResponse, HttpClient, Request, StatusCode, Transport,
    headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE},
};

fn url_of(given: &str) -> String {
    VaultAddress::parse(given).unwrap().url.to_string()
}

#[test]
fn a_name_means_a_vault_in_the_public_cloud() {
    assert_eq!(url_of("my-vault"), "https://my-vault.vault.azure.net/");
    assert_eq!(url_of("abc"), "https://abc.vault.azure.net/");
    assert_eq!(url_of(&"a".repeat(24)).len(), "https://.vault.azure.net/".len() + 24);
}

#[test]
fn a_host_or_url_just_works() {
    for given in [
        "my-vault.vault.azure.cn",
        "my-vault.vault.azure.cn/",
        "my-vault.vault.azure.cn:443",
        "https://my-vault.vault.azure.cn",
        "HTTPS://My-Vault.Vault.Azure.CN:443/",
    ] {
        assert_eq!(url_of(given), "https://my-vault.vault.azure.cn/", "{given}");
    }
    assert_eq!(url_of("https://my-vault.vault.usgovcloudapi.net"), "https://my-vault.vault.usgovcloudapi.net/");
    assert_eq!(url_of("https://localhost:8443"), "https://localhost:8443/");
}

#[test]
fn it_is_shown_by_its_name_in_azure_and_else_by_its_host() {
    for (given, shown) in [
        ("My-Vault", "My-Vault"),
        ("my-vault.vault.azure.net", "my-vault"),
        ("https://my-vault.vault.azure.cn/", "my-vault"),
        ("https://localhost:8443", "localhost:8443"),
    ] {
        assert_eq!(VaultAddress::parse(given).unwrap().to_string(), shown);
    }
}

#[test]
fn the_scope_is_that_of_the_cloud_and_none_elsewhere() {
    let scope = |given| VaultAddress::parse(given).unwrap().scope();
    assert_eq!(scope("my-vault").as_deref(), Some("https://vault.azure.net/.default"));
    assert_eq!(scope("my-vault.vault.azure.cn").as_deref(), Some("https://vault.azure.cn/.default"));
    assert_eq!(scope("https://localhost:8443"), None);
    assert_eq!(scope("https://vault.azure.net.example"), None);
}

#[test]
fn what_breaks_the_rules_is_refused() {
    for given in [
        "",
        "ab",
        "1abc",
        "-abc",
        "abc-",
        "a--b",
        "my_vault",
        "my vault",
        " https://my-vault.vault.azure.net",
        "https://my-vault.vault.azure.net.",
        "https://localhost.:8443",
        "väult",
        "<your-key-vault-name>",
        &"a".repeat(25),
        "evil.example/x?",
        "evil.example",
        "my-vault.evil.example",
        "evilvault.azure.net",
        ".vault.azure.net",
        "a.b.vault.azure.net",
        "my-vault.vault.azure.net.evil.example",
        "my-vault.vault.azure.net/secrets",
        "user@my-vault.vault.azure.net",
        "http://my-vault.vault.azure.net",
        "ftp://my-vault.vault.azure.net",
        "https://",
        "https://user@my-vault.vault.azure.net",
        "https://user:password@my-vault.vault.azure.net",
        "https://my-vault.vault.azure.net/secrets",
        "https://my-vault.vault.azure.net?x",
        "https://my-vault.vault.azure.net#x",
        "https://my-vault.vault.azure.net:8443",
        "https://my_vault.vault.azure.net",
        "https://a.b.vault.azure.net",
        "https://[::1",
        "https:///my-vault.vault.azure.net",
        "https://\\my-vault.vault.azure.net",
        "https://my-va\tult.vault.azure.net",
        "https://$(id)",
        "https://a;id",
        "https://my%2Dvault.vault.azure.net",
    ] {
        assert!(VaultAddress::parse(given).is_err(), "{given}");
    }
}

#[test]
fn only_this_computer_is_spared_the_challenge_verification() {
    let is_loopback = |given| VaultAddress::parse(given).unwrap().is_loopback();
    for given in
        ["https://localhost:8443", "https://my-vault.localhost:8443", "https://127.0.0.1:8443", "https://[::1]:8443"]
    {
        assert!(is_loopback(given), "{given}");
    }
    for given in [
        "my-vault",
        "https://localhost.example",
        "https://127.0.0.1.example",
        "https://notlocalhost",
        "https://10.0.0.1",
    ] {
        assert!(!is_loopback(given), "{given}");
    }
}

/// A server that asks for a token of another domain's.
#[derive(Debug)]
struct Phisher;

#[async_trait::async_trait]
impl HttpClient for Phisher {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.headers().get_optional_str(&AUTHORIZATION).is_some() {
            return Ok(AsyncRawResponse::from_bytes(
                StatusCode::Ok,
                Headers::new(),
                r#"{"id":"https://vault/secrets/n/1"}"#,
            ));
        }
        let mut headers = Headers::new();
        // The client's own header, which nobody else may set.
        headers.insert("x-other-challenge", "Bearer resource=\"https://localhost:8443\"");
        headers.insert(
            WWW_AUTHENTICATE,
            "Bearer authorization=\"https://login.microsoftonline.com/t\", resource=\"https://management.azure.com\"",
        );
        Ok(AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, ""))
    }
}

#[tokio::test]
async fn a_challenge_for_another_domain_gets_no_token() {
    for vault in ["my-vault", "https://other.example", "https://localhost:8443"] {
        let options = client_options_with(Transport::new(Arc::new(Phisher)));
        let client = VaultAddress::parse(vault).unwrap().secret_client(Arc::new(InMemoryCredential), options).unwrap();
        assert!(client.get_secret("n", None).await.is_err(), "{vault}");
    }
}
