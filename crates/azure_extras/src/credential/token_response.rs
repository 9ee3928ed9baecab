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
