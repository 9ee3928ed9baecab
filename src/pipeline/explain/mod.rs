//! `--explain`: the SDK's calls and the REST exchanges under them, shown on stderr as they happen. No value and no token
//! is ever shown.

mod calls;
mod layout;
mod meaning;
mod polls;
mod recap;
mod sign_in;

use super::{
    record::{Record, deletion_goes_on},
    watch::{Attempt, Call, Observer, Outcome},
};
use crate::terminal::{note, output};
use azure_extras::{DefaultAzureCredential, VaultAddress, secrets::Operation};
use dialoguer::console::style;
use layout::{Colored, Sent, Status, exchange, time};
use meaning::{meaning, of_silence};
use polls::Polls;
use recap::Recap;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Tells the story of a run: each call of the SDK once, with the reason for those that the tutorial does not have; under
/// it each exchange, where the token came from, and all polls in one line.
#[derive(Debug)]
pub(crate) struct Explain {
    /// The vault.
    pub vault: VaultAddress,
    /// Show the exchanges too, and not only the calls.
    pub exchanges: bool,
    /// A line can be updated in place.
    pub live: bool,
    /// Tells where the token came from; `None` if it is the demo's.
    pub credential: Option<Arc<DefaultAzureCredential>>,
    /// Tells what was done so far.
    pub record: Arc<Record>,
    /// The story so far.
    pub story: Story,
}

/// The parts of the story that what follows must fit.
#[derive(Debug, Default)]
pub(crate) struct Story(Mutex<SoFar>);

#[derive(Debug, Default)]
struct SoFar {
    introduced: bool,
    signed_in: bool,
    polls_announced: bool,
    polls: Option<Polls>,
    recap: Recap,
}

impl Explain {
    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.story.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sums the calls up, a line each, in the order in which they were first made.
    pub fn recap(&self) {
        self.so_far().recap.show();
    }

    /// Shows the call, and first of all, once, which vault it is and by which version of the API it is asked.
    fn announce(&self, call: &Call, operation: Operation) {
        if self.exchanges && !std::mem::replace(&mut self.so_far().introduced, true) {
            let (url, version) = (style(self.vault.url()).for_stderr().dim(), call.query("api-version"));
            let line = format!("  {url}  api-version {}", version.unwrap_or_default());
            note!("{}", output::cut(&line, output::columns()));
        }
        let (source, why) = calls::source(operation, self.record.was_set(), call.query("maxresults").is_some());
        let source = style(source).for_stderr().bold();
        if why.is_empty() { note!("  {source}") } else { note!("  {source}  {why}") }
    }

    /// Shows the call of the poller, once.
    fn announce_polls(&self, call: &Call) {
        if !std::mem::replace(&mut self.so_far().polls_announced, true) {
            self.announce(call, Operation::GetDeleted);
        }
    }
}

/// Leaves the line of polls whose end did not come.
impl Drop for Explain {
    fn drop(&mut self) {
        let polls = self.so_far().polls.take();
        if let Some(polls) = polls {
            output::stop_spinning();
            note!("{}", polls.line());
        }
    }
}

#[async_trait::async_trait]
impl Observer for Explain {
    async fn call_begins(&self, call: &Call) -> azure_core::Result<()> {
        if call.operation == Operation::GetDeleted {
            self.announce_polls(call);
        } else if !call.is_next_page() {
            self.announce(call, call.operation);
        }
        Ok(())
    }

    async fn call_ended(&self, call: &Call, outcome: Outcome<'_>) -> azure_core::Result<()> {
        if call.operation == Operation::Delete && outcome.is_ok_and(deletion_goes_on) {
            self.announce_polls(call);
        }
        Ok(())
    }

    fn attempt_begins(&self, attempt: &Attempt) {
        if self.exchanges && attempt.is_authorized && !std::mem::replace(&mut self.so_far().signed_in, true) {
            sign_in::show(&self.credential.as_ref().map(|credential| credential.outcomes()).unwrap_or_default());
        }
    }

    fn attempt_ended(&self, attempt: &Attempt, outcome: Outcome<'_>) {
        if !self.exchanges {
            return;
        }
        let Attempt { call: Call { operation, secret_name, .. }, method, is_authorized, sent, .. } = attempt;
        let mut so_far = self.so_far();
        let status = Status(outcome.ok().map(|response| response.status().into()));
        if *operation == Operation::GetDeleted && status == Status(Some(404)) {
            so_far.recap.keep(*operation, status, Duration::ZERO);
            let polls = so_far.polls.get_or_insert_with(|| Polls::new(secret_name, *sent));
            polls.count += 1;
            if self.live {
                output::show(polls.line());
            }
            return;
        }
        let meaning = match outcome {
            Ok(response) => meaning(*operation, response, self.record.was_set()),
            Err(error) => of_silence(error),
        };
        let polls = so_far.polls.take();
        output::stop_spinning();
        let before = polls.as_ref().map(Polls::counted);
        let took = polls.map_or(*sent, |polls| polls.began).elapsed();
        so_far.recap.keep(*operation, status, took);
        let outcome =
            Colored::new(before.as_deref(), &status.to_string(), meaning.tone, &format!(" in {}", time(took)));
        let body = if *operation == Operation::Set && *is_authorized { "{\"value\":\"********\"}" } else { "" };
        let request = Sent { method: method.to_string(), path: layout::path(*operation, secret_name), body };
        note!("{}", exchange(&request, &outcome, [&meaning.more, &meaning.fewer]));
    }
}
