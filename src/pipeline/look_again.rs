//! Looks again before a request that destroys is repeated: since it was sent first, somebody else may have used the name.

use super::record::{Record, version_in};
use crate::failure::SharedSecret;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Method, RawResponse, Request, StatusCode,
        headers::{AUTHORIZATION, Headers},
        policies::{Policy, PolicyResult},
    },
};
use azure_extras::secrets::{AttemptNumber, Operation, rebuilt};
use serde_json::Value;
use std::sync::Arc;

/// Sends a repeated `DELETE` only if what it would take may be deleted, as the record knows. A purge whose deleted secret is
/// gone has been carried out.
#[derive(Debug)]
pub(crate) struct LookAgain(pub Arc<Record>);

#[async_trait::async_trait]
impl Policy for LookAgain {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let is_repeated = ctx.value::<AttemptNumber>().is_some_and(|AttemptNumber(number)| *number > 1);
        let destroys = Operation::of(request).filter(|(it, _)| matches!(it, Operation::Delete | Operation::Purge));
        let destroys = destroys.map(|(operation, name)| (operation, name.to_owned()));
        if let Some((operation, name)) = destroys.filter(|_| is_repeated && !self.0.may_delete_all())
            && let Some(mut look) = look(request, operation, &name)
        {
            let seen = next[0].send(ctx, &mut look, &next[1..]).await?.try_into_raw_response().await?;
            match seen.status() {
                StatusCode::Ok => self.check(&seen, operation, &name)?,
                StatusCode::NotFound if operation == Operation::Purge => {
                    return Ok(rebuilt(RawResponse::from_bytes(StatusCode::NoContent, Headers::new(), "")));
                }
                // Who may not look has not looked before either.
                StatusCode::NotFound | StatusCode::Forbidden => {}
                _ => return Ok(rebuilt(seen)),
            }
        }
        next[0].send(ctx, request, &next[1..]).await
    }
}

/// The request that shows what would be destroyed; `None` without a token.
fn look(request: &Request, operation: Operation, name: &str) -> Option<Request> {
    let token = request.headers().get_optional_str(&AUTHORIZATION)?;
    let mut url = request.url().clone();
    url.set_path(&if operation == Operation::Purge {
        format!("/deletedsecrets/{name}")
    } else {
        format!("/secrets/{name}/versions")
    });
    let mut look = Request::new(url, Method::Get);
    look.insert_header(AUTHORIZATION, token.to_owned());
    Some(look)
}

impl LookAgain {
    fn check(&self, seen: &RawResponse, operation: Operation, name: &str) -> azure_core::Result<()> {
        let body: Value = serde_json::from_slice(seen.body()).unwrap_or_default();
        let listed = body["value"].as_array().into_iter().flatten();
        let versions = listed.chain([&body]).filter_map(|it| version_in(it["id"].as_str()?));
        let others = versions.filter(|version| !self.0.may_delete(version)).count();
        // The run's own versions fill no page.
        let more = usize::from(!body["nextLink"].is_null());
        if others + more == 0 {
            return Ok(());
        }
        self.0.note_others(name);
        let is_deleted = operation == Operation::Purge;
        let shared = SharedSecret { secret_name: name.to_owned(), versions: others + more, is_deleted };
        Err(Error::new(ErrorKind::Other, shared))
    }
}
