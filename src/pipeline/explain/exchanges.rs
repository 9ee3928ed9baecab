//! The REST exchanges under the SDK's calls, a line each.

use super::{
    Status, Story,
    layout::{Colored, Sent, Tone, exchange, time},
    meaning::{meaning, of_silence},
    sign_in,
};
use crate::{
    azure::{
        credential::Attempts,
        operation::{Operation, is_authorized},
    },
    pipeline::again,
    terminal::{
        note,
        output::{show, stop_spinning},
    },
};
use azure_core::http::{
    Context, Request,
    policies::{Policy, PolicyResult},
};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Shows each REST exchange, where the token came from, and all polls in one line.
#[derive(Debug)]
pub struct Exchanges {
    story: Story,
    attempts: Attempts,
    /// Whether a line can be updated in place.
    live: bool,
    signed_in: AtomicBool,
    polls: Mutex<Option<Polls>>,
}

/// The polls whose answer was "not yet".
#[derive(Clone, Debug)]
struct Polls {
    name: String,
    count: usize,
    began: Instant,
}

impl Exchanges {
    /// Tells `story`; `attempts` can tell where the token came from. With `live` the polls' line is updated in place.
    pub fn new(story: Story, attempts: Attempts, live: bool) -> Self {
        Self { story, attempts, live, signed_in: AtomicBool::new(false), polls: Mutex::default() }
    }

    fn polls(&self) -> MutexGuard<'_, Option<Polls>> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a poll that was answered "not yet".
    fn not_yet(&self, name: &str, sent: Instant) {
        let mut polls = self.polls();
        let polls = polls.get_or_insert_with(|| Polls { name: name.to_owned(), count: 0, began: sent });
        polls.count += 1;
        if self.live {
            show(polls.line());
        }
    }
}

impl Polls {
    fn counted(&self) -> String {
        if self.count == 1 { "404".into() } else { format!("404 x{}", self.count) }
    }

    fn line(&self) -> String {
        let after = format!(", {}: the deletion goes on", time(self.began.elapsed()));
        let outcome = Colored::new(None, &self.counted(), Tone::Expected, &after);
        exchange(&poll(&self.name), &outcome, ["", ""])
    }
}

fn poll(name: &str) -> Sent {
    Sent { method: "GET".into(), path: format!("/deletedsecrets/{name}"), body: "" }
}

/// Leaves the line of polls whose end did not come.
impl Drop for Exchanges {
    fn drop(&mut self) {
        if let Some(polls) = self.polls().take() {
            stop_spinning();
            note!("{}", polls.line());
        }
    }
}

#[async_trait::async_trait]
impl Policy for Exchanges {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((operation, name)) = Operation::of(request).map(|(operation, name)| (operation, name.to_owned()))
        else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        if is_authorized(request) && !self.signed_in.swap(true, Ordering::Relaxed) {
            sign_in::show(&self.attempts);
        }
        let sent = Instant::now();
        let answer = match next[0].send(ctx, request, &next[1..]).await {
            Ok(answer) => Ok(answer.try_into_raw_response().await?),
            Err(error) => Err(error),
        };
        let status = Status(answer.as_ref().ok().map(|answer| answer.status().into()));
        let took = sent.elapsed();
        if operation == Operation::GetDeleted && status == Status(Some(404)) {
            self.story.keep(operation, status, Duration::ZERO);
            self.not_yet(&name, sent);
        } else {
            let meaning = match &answer {
                Ok(answer) => meaning(operation, answer, &self.story.so_far()),
                Err(error) => of_silence(error),
            };
            if operation == Operation::ListVersions && meaning.found {
                self.story.so_far().existed = true;
            }
            let polls = self.polls().take();
            stop_spinning();
            let before = polls.as_ref().map(Polls::counted);
            let all = polls.map_or(took, |polls| polls.began.elapsed());
            self.story.keep(operation, status, all);
            let after = format!(" in {}", time(all));
            let outcome = Colored::new(before.as_deref(), &status.to_string(), meaning.tone, &after);
            let body =
                if operation == Operation::Set && is_authorized(request) { "{\"value\":\"********\"}" } else { "" };
            let path = request.url().path().to_owned();
            let request = Sent { method: request.method().to_string(), path, body };
            note!("{}", exchange(&request, &outcome, [&meaning.more, &meaning.fewer]));
        }
        answer.map(again)
    }
}
