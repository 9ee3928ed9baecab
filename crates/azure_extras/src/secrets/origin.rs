//! Keeps a client's token at the vault's origin.

use super::operation::is_authorized;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Request, Url,
        policies::{Policy, PolicyResult},
    },
};
use std::sync::Arc;

/// A response has led the client to a URL outside the vault, as a list's `nextLink` can. No token was sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a response of the vault leads outside it; no token was sent")]
pub struct ForeignLink;

/// Lets no request with a token leave for any other scheme, host or port than the vault's, for each attempt.
#[derive(Debug)]
pub(super) struct OneOrigin(pub Url);

#[async_trait::async_trait]
impl Policy for OneOrigin {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if is_authorized(request) && request.url().origin() != self.0.origin() {
            return Err(Error::new(ErrorKind::Other, ForeignLink));
        }
        next[0].send(ctx, request, &next[1..]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::find_cause,
        in_memory::InMemoryCredential,
        secrets::{VaultAddress, client_options_with},
    };
    use azure_core::http::{AsyncRawResponse, HttpClient, StatusCode, Transport, headers::Headers};
    use futures::TryStreamExt as _;
    use proptest::{prelude::*, test_runner::Config};
    use std::sync::Mutex;

    /// A vault whose lists lead to that link; notes the origins to which tokens are sent.
    #[derive(Debug, Default)]
    struct Leading(String, Mutex<Vec<String>>);

    #[async_trait::async_trait]
    impl HttpClient for Leading {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            let mut headers = Headers::new();
            if !is_authorized(request) {
                let challenge =
                    r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net""#;
                headers.insert("www-authenticate", challenge);
                return Ok(AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, ""));
            }
            let mut sent = self.1.lock().unwrap();
            sent.push(request.url().origin().ascii_serialization());
            let next = if sent.len() > 3 { serde_json::Value::Null } else { self.0.as_str().into() };
            let page = serde_json::json!({ "value": [], "nextLink": next }).to_string();
            Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, headers, page))
        }
    }

    const OWN: &str = "https://my-vault.vault.azure.net";

    /// Lists where the vault leads to that link: the error, and the origins that got a token.
    fn list(link: &str) -> (Option<Error>, Vec<String>) {
        let vault = Arc::new(Leading(link.to_owned(), Mutex::default()));
        let options = client_options_with(Transport::new(Arc::clone(&vault) as _));
        let address = VaultAddress::parse("my-vault").unwrap();
        let client = address.secret_client(Arc::new(InMemoryCredential), options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let pages = async { client.list_secret_properties_versions("n", None)?.try_collect::<Vec<_>>().await };
        let error = runtime.block_on(pages).err();
        let sent = vault.1.lock().unwrap().clone();
        (error, sent)
    }

    #[test]
    fn a_list_goes_on_in_the_vault() {
        let (error, sent) = list(&format!("{OWN}/secrets/n/versions?$skiptoken=x"));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(sent, [OWN; 4]);
    }

    #[test]
    fn a_link_elsewhere_is_an_error_and_gets_no_token() {
        for link in [
            "https://evil.example/secrets",
            "https://my-vault.vault.azure.net:8443/",
            "https://my-vault.vault.azure.net.evil.example/",
            "https://my-vault.vault.azure.net@evil.example/",
            "https://other.vault.azure.net/secrets/n/versions",
        ] {
            let (error, sent) = list(link);
            let error = error.unwrap();
            assert!(find_cause::<ForeignLink>(&error).is_some(), "{link}: {error:?}");
            assert_eq!(sent, [OWN], "{link}");
        }
    }

    #[test]
    fn a_link_without_tls_gets_no_token() {
        let (error, sent) = list("http://my-vault.vault.azure.net/secrets/n/versions");
        assert!(error.is_some());
        assert_eq!(sent, [OWN]);
    }

    #[test]
    fn no_link_takes_a_token_elsewhere() {
        let part = || {
            prop_oneof![
                "[a-z:/@.?#\\\\%0-9-]{0,6}",
                Just("https://".into()),
                Just("my-vault".into()),
                Just(".vault.azure.net".into()),
                "\\PC{0,2}"
            ]
        };
        let link = prop::collection::vec(part(), 0..7).prop_map(|parts: Vec<String>| parts.concat());
        proptest!(Config { cases: 512, failure_persistence: None, ..Config::default() }, |(link in link)| {
            let (_, sent) = list(&link);
            prop_assert!(sent.iter().all(|origin| origin == OWN), "{link}: {sent:?}");
        });
    }
}
