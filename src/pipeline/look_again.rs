//! Looks again before a request that destroys is repeated: since it was sent first, somebody else may have used the name.

use super::{
    prefetch::Prefetch,
    record::{Record, version_in},
};
use crate::failure::SharedSecret;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Method, RawResponse, Request, StatusCode, Url,
        headers::{AUTHORIZATION, Headers},
        policies::{Policy, PolicyResult},
    },
};
use azure_extras::{
    find_cause,
    network::ConnectionError,
    secrets::{Operation, is_conclusive, json, rebuilt},
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// The most pages of versions that are looked at.
const PAGES: usize = 1000;

/// Sends a `DELETE` that was sent before, or had to wait for the user, only if what it would take may be deleted, as the
/// record knows. A purge that was not answered, and whose deleted secret is gone, has been carried out.
#[derive(Debug)]
pub(crate) struct LookAgain {
    record: Arc<Record>,
    /// Each waits for the user.
    always: bool,
    /// Those that were sent.
    sent: Mutex<Vec<(Operation, String)>>,
    /// The last purge may have been carried out.
    perhaps_purged: AtomicBool,
}

#[async_trait::async_trait]
impl Policy for LookAgain {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let destroys = Operation::of(request).filter(|(it, _)| matches!(it, Operation::Delete | Operation::Purge));
        let token = request.headers().get_optional_str(&AUTHORIZATION).map(str::to_owned);
        let (Some((operation, name)), Some(token)) = (destroys, token) else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        let is_purge = operation == Operation::Purge;
        if self.is_to_look(operation, name) {
            let at = |path: String| {
                let mut url = request.url().clone();
                url.set_path(&path);
                look(ctx, url, &token, next)
            };
            let (mut seen, mut versions) = match is_purge {
                true => at(format!("/deletedsecrets/{name}")).await?,
                false => at(format!("/secrets/{name}/versions")).await?,
            };
            if !is_purge && matches!(seen.status(), StatusCode::Forbidden | StatusCode::NotFound) {
                // Of a secret whose versions may not be listed, the newest.
                (seen, versions) = at(format!("/secrets/{name}")).await?;
            }
            match seen.status() {
                StatusCode::Ok => self.check(&versions, is_purge, name)?,
                StatusCode::NotFound if is_purge && self.perhaps_purged.load(Ordering::Relaxed) => {
                    return Ok(rebuilt(RawResponse::from_bytes(StatusCode::NoContent, Headers::new(), "")));
                }
                StatusCode::NotFound => {}
                _ => return Ok(rebuilt(seen)),
            }
        }
        let outcome = match next[0].send(ctx, request, &next[1..]).await {
            Ok(response) => response.try_into_raw_response().await,
            Err(error) => Err(error),
        };
        let is_known = match &outcome {
            Ok(response) => is_conclusive(response.status()),
            Err(error) => {
                find_cause(error).is_some_and(|connection: &ConnectionError| !connection.may_have_been_sent())
            }
        };
        self.perhaps_purged.fetch_or(is_purge && !is_known, Ordering::Relaxed);
        outcome.map(rebuilt)
    }
}

/// What is there, page by page: the last response, and the versions in all of them; the empty version where there is more
/// than is looked at: too many pages, or a link that leads elsewhere than to the next page of this list.
async fn look(
    ctx: &Context<'_>,
    mut url: Url,
    token: &str,
    next: &[Arc<dyn Policy>],
) -> azure_core::Result<(RawResponse, Vec<String>)> {
    // It is none of the call's own attempts.
    let ctx = ctx.clone().with_value(Prefetch);
    let path = url.path().to_owned();
    let (mut versions, mut pages) = (Vec::new(), 0);
    loop {
        let mut look = Request::new(url, Method::Get);
        look.insert_header(AUTHORIZATION, token.to_owned());
        let seen = next[0].send(&ctx, &mut look, &next[1..]).await?.try_into_raw_response().await?;
        let body = json(&seen);
        let ids = body["value"].as_array().into_iter().flatten().chain([&body]).filter_map(|it| it["id"].as_str());
        versions.extend(ids.filter_map(version_in).map(str::to_owned));
        pages += 1;
        let Some(link) = body["nextLink"].as_str().filter(|link| !link.is_empty()) else {
            return Ok((seen, versions));
        };
        match Url::parse(link) {
            Ok(link) if link.path() == path && pages < PAGES => url = link,
            _ => {
                versions.push(String::new());
                return Ok((seen, versions));
            }
        }
    }
}

impl LookAgain {
    /// Looks at what the `record` does not know, `always` or before a repetition.
    pub fn new(record: Arc<Record>, always: bool) -> Self {
        Self { record, always, sent: Mutex::default(), perhaps_purged: AtomicBool::new(false) }
    }

    /// Tells whether to look before a request, which then counts as sent. A purge that may have been carried out is looked
    /// for, whoever's the secret is.
    fn is_to_look(&self, operation: Operation, name: &str) -> bool {
        let (mut sent, request) =
            (self.sent.lock().unwrap_or_else(PoisonError::into_inner), (operation, name.to_owned()));
        let is_repeated = sent.contains(&request);
        sent.push(request);
        (self.always && !self.record.may_delete_all()) || is_repeated
    }

    fn check(&self, versions: &[String], is_purge: bool, name: &str) -> azure_core::Result<()> {
        let others = versions.iter().filter(|version| !self.record.may_delete(version)).count();
        if others == 0 || is_purge && self.record.may_purge(name) {
            return Ok(());
        }
        self.record.note_others(name);
        let shared = SharedSecret { secret_name: name.to_owned(), versions: others, is_deleted: is_purge };
        Err(Error::new(ErrorKind::Other, shared))
    }
}
