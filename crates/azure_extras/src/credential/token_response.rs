//! Responses with a token, as the SDK reads them.

use crate::secrets::response::{json, rebuilt};
use azure_core::{
    http::{
        Context, RawResponse, Request,
        policies::{Policy, PolicyResult},
    },
    time::OffsetDateTime,
};
use serde_json::Value;
use std::sync::Arc;

/// The longest life of a token, in seconds: ten years. Those of Entra ID live for a day at most.
const LONGEST: i64 = 10 * 365 * 24 * 60 * 60;

/// Gives each token the members that the SDK wants, of the type that it wants. An identity endpoint may write numbers as
/// numbers or as texts, and leave out what nobody needs; and the SDK panics on a life that overflows its clock.
#[derive(Debug)]
pub(super) struct NormalizedToken;

#[async_trait::async_trait]
impl Policy for NormalizedToken {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(ctx, request, &next[1..]).await?.try_into_raw_response().await?;
        let mut body = json(&response);
        if !response.status().is_success() || !body["access_token"].is_string() {
            return Ok(rebuilt(response));
        }
        let life = number(&body["expires_in"]).unwrap_or_default().clamp(0, LONGEST);
        let end = number(&body["expires_on"]).unwrap_or_else(|| OffsetDateTime::now_utc().unix_timestamp() + life);
        body["expires_in"] = life.into();
        body["expires_on"] = end.to_string().into();
        for member in ["token_type", "resource"] {
            if !body[member].is_string() {
                body[member] = "".into();
            }
        }
        let (status, headers, _) = response.deconstruct();
        Ok(rebuilt(RawResponse::from_bytes(status, headers, body.to_string())))
    }
}

/// A number, also as a text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::{
        credentials::{AccessToken, Secret, TokenCredential as _},
        http::{AsyncRawResponse, ClientOptions, HttpClient, StatusCode, Transport, headers::Headers},
    };
    use azure_identity::{
        ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
        ManagedIdentityCredentialOptions,
    };

    /// An Entra ID whose tokens live for so many seconds.
    #[derive(Debug)]
    struct Entra(String);

    #[async_trait::async_trait]
    impl HttpClient for Entra {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{}}}"#, self.0);
            Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
        }
    }

    #[tokio::test]
    async fn no_life_of_a_token_makes_the_sdk_panic() {
        let lives =
            [0, 3600, LONGEST, LONGEST + 1, 1 << 40, i64::MAX, -1, -(1 << 40), i64::MIN].map(|it| it.to_string());
        let others = ["1e300", "null", "\"3600\"", "18446744073709551615", "{}"].map(str::to_owned);
        for life in lives.iter().chain(&others) {
            let client_options = ClientOptions {
                per_try_policies: vec![Arc::new(NormalizedToken)],
                transport: Some(Transport::new(Arc::new(Entra(life.clone())))),
                ..ClientOptions::default()
            };
            let options = ClientSecretCredentialOptions { client_options };
            let secret = Secret::new("s");
            let credential = ClientSecretCredential::new("t", "c".into(), secret, Some(options)).unwrap();
            let token = credential.get_token(&["https://vault.azure.net/.default"], None).await;
            assert!(token.is_ok() || !lives.contains(life), "{life}: {token:?}");
        }
    }

    /// An identity endpoint that gives these members beside the token.
    #[derive(Debug)]
    struct Endpoint(&'static str);

    #[async_trait::async_trait]
    impl HttpClient for Endpoint {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let body = format!(r#"{{"access_token":"t"{}}}"#, self.0);
            Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
        }
    }

    async fn token_of(members: &'static str) -> azure_core::Result<AccessToken> {
        let client_options = ClientOptions {
            per_try_policies: vec![Arc::new(NormalizedToken)],
            transport: Some(Transport::new(Arc::new(Endpoint(members)))),
            ..ClientOptions::default()
        };
        let options = ManagedIdentityCredentialOptions { client_options, ..Default::default() };
        let credential = ManagedIdentityCredential::new(Some(options)).unwrap();
        credential.get_token(&["https://vault.azure.net/.default"], None).await
    }

    #[tokio::test]
    async fn every_identity_endpoint_is_read() {
        for members in [
            r#","expires_on":"4102444800","resource":"r","token_type":"Bearer""#,
            r#","expires_on":4102444800,"expires_in":"3599""#,
            r#","expires_on":4102444800,"resource":null"#,
        ] {
            assert_eq!(token_of(members).await.unwrap().expires_on.unix_timestamp(), 4_102_444_800, "{members}");
        }
        for members in [r#","expires_in":3599"#, r#","expires_in":"3599","token_type":"Bearer""#] {
            let left = token_of(members).await.unwrap().expires_on - OffsetDateTime::now_utc();
            assert!((3590..3600).contains(&left.whole_seconds()), "{members}");
        }
    }
}
