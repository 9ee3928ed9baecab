//! Responses with a token, made safe for the SDK.

use crate::secrets::response::{json, rebuilt};
use azure_core::http::{
    Context, RawResponse, Request,
    policies::{Policy, PolicyResult},
};
use serde_json::Value;
use std::sync::Arc;

/// The longest life of a token, in seconds: ten years. Those of Entra ID live for a day at most.
const LONGEST: i64 = 10 * 365 * 24 * 60 * 60;

/// Bounds the `expires_in` of each success: the SDK adds it to the time, and panics where that overflows.
#[derive(Debug)]
pub(super) struct BoundedLife;

#[async_trait::async_trait]
impl Policy for BoundedLife {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(ctx, request, &next[1..]).await?.try_into_raw_response().await?;
        let mut body = json(&response);
        match body["expires_in"].as_i64().map(|life| (life, life.clamp(0, LONGEST))) {
            Some((life, bounded)) if life != bounded => {
                body["expires_in"] = Value::from(bounded);
                let (status, headers, _) = response.deconstruct();
                Ok(rebuilt(RawResponse::from_bytes(status, headers, body.to_string())))
            }
            _ => Ok(rebuilt(response)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::{
        credentials::{Secret, TokenCredential as _},
        http::{AsyncRawResponse, ClientOptions, HttpClient, StatusCode, Transport, headers::Headers},
    };
    use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};

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
                per_try_policies: vec![Arc::new(BoundedLife)],
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
}
