//! The record of the run: what it has left in the vault, and the attempts of its last call.

use super::watch::{Attempt, Call, Observer, Outcome};
use crate::failure::{Attempts, LastCall, Leftover, LeftoverState};
use azure_core::http::{RawResponse, StatusCode};
use azure_extras::{
    find_cause,
    network::ConnectionError,
    secrets::{Operation, ServiceError, is_conclusive, json},
};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::Duration,
};
use tokio::time::Instant;

/// Keeps, for the end and for other observers, what the run has done to the vault.
///
/// A `4xx` means that this attempt did nothing, but says nothing of an earlier one that stayed unanswered.
#[derive(Debug, Default)]
pub(crate) struct Record(Mutex<Facts>);

/// The versions of the secret that may be deleted.
#[derive(Debug)]
pub(crate) enum Deletable {
    /// All there are, and will be.
    All,
    /// Those of these numbers.
    These(BTreeSet<String>),
}

impl Default for Deletable {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

/// The last call of an operation. Two may be under way at once.
#[derive(Debug)]
struct Called {
    call: LastCall,
    attempts: Attempts,
    /// The moment when its first attempt was sent.
    began: Option<Instant>,
}

#[derive(Debug, Default)]
struct Facts {
    /// The last call is the last, or the one that is to blame.
    calls: Vec<Called>,
    leftovers: Vec<Leftover>,
    /// The state before the request that is on its way to change it. A run sends one at a time.
    before: LeftoverState,
    /// The names, in lower case, under which secrets were found.
    found: BTreeSet<String>,
    set: bool,
    /// The versions that the run has made, and those that the user gives away.
    deletable: Deletable,
    /// The name, in lower case, of a deleted secret that the user gives away.
    purgeable: Option<String>,
    /// The requests to set the secret that may have made a version unseen.
    unanswered_sets: usize,
}

impl Record {
    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last call, or the one that was [blamed](Self::blame) last.
    pub fn last_call(&self) -> Option<LastCall> {
        self.facts().calls.last().map(|called| called.call.clone())
    }

    /// The attempts of that call.
    pub fn attempts(&self) -> Attempts {
        self.facts().calls.last().map(|called| called.attempts).unwrap_or_default()
    }

    /// Of two calls that were made at once, has this one count as the last: its error is what the run failed by.
    pub fn blame(&self, operation: Operation) {
        let calls = &mut self.facts().calls;
        if let Some(index) = calls.iter().position(|called| called.call.operation == operation) {
            let called = calls.remove(index);
            calls.push(called);
        }
    }

    /// The secrets of which something is left by now.
    pub fn leftovers(&self) -> Vec<Leftover> {
        self.facts().leftovers()
    }

    /// The same in the middle of a panic; none where that holds the record.
    pub fn leftovers_now(&self) -> Vec<Leftover> {
        let tries = (0..50).map(|_| {
            self.0.try_lock().map(|facts| facts.leftovers()).inspect_err(|_| sleep(Duration::from_millis(2))).ok()
        });
        tries.flatten().next().unwrap_or_default()
    }

    /// Tells whether a secret was found under that name before it was set.
    pub fn found_secret(&self, secret_name: &str) -> bool {
        self.facts().found.contains(&secret_name.to_lowercase())
    }

    /// Tells whether the secret was set.
    pub fn was_set(&self) -> bool {
        self.facts().set
    }

    /// From now on more versions may be deleted, all that others are known to have made among them.
    pub fn allow(&self, more: Deletable) {
        let mut facts = self.facts();
        facts.leftovers.iter_mut().for_each(|leftover| leftover.shared = false);
        match (&mut facts.deletable, more) {
            (deletable, Deletable::All) => *deletable = Deletable::All,
            (Deletable::These(versions), Deletable::These(more)) => versions.extend(more),
            (Deletable::All, _) => {}
        }
    }

    /// Tells whether all versions may be deleted.
    pub fn may_delete_all(&self) -> bool {
        matches!(self.facts().deletable, Deletable::All)
    }

    /// From now on, until a secret is set, the deleted secret of that name may be purged.
    pub fn allow_purge(&self, secret_name: &str) {
        self.facts().purgeable = Some(secret_name.to_lowercase());
    }

    /// Tells whether the deleted secret of that name may be purged, whoever has made it.
    pub fn may_purge(&self, secret_name: &str) -> bool {
        self.facts().purgeable.as_deref() == Some(secret_name.to_lowercase().as_str())
    }

    /// Tells whether that version may be deleted.
    pub fn may_delete(&self, version: &str) -> bool {
        self.facts().may_delete(version)
    }

    /// Notes that the secret has versions that may not be deleted.
    pub fn note_others(&self, secret_name: &str) {
        self.facts().leftover(secret_name).shared = true;
    }

    /// Tells whether the secret has, or had when it was deleted, versions that may not be.
    pub fn is_shared(&self, secret_name: &str) -> bool {
        self.facts().leftover(secret_name).shared
    }

    /// Tells whether a request to set the secret may have made a version that is not known.
    pub fn has_unanswered_set(&self) -> bool {
        self.facts().unanswered_sets > 0
    }

    /// Takes that version for one that such a request has made.
    pub fn answer_set(&self, version: String) {
        let mut facts = self.facts();
        facts.unanswered_sets = facts.unanswered_sets.saturating_sub(1);
        drop(facts);
        self.allow(Deletable::These(BTreeSet::from([version])));
    }
}

impl Facts {
    fn leftovers(&self) -> Vec<Leftover> {
        self.leftovers.iter().filter(|leftover| leftover.state != LeftoverState::Nothing).cloned().collect()
    }

    fn leftover(&mut self, secret_name: &str) -> &mut Leftover {
        let same = |leftover: &Leftover| leftover.secret_name.eq_ignore_ascii_case(secret_name);
        let index = self.leftovers.iter().position(same).unwrap_or_else(|| {
            let (secret_name, state) = (secret_name.to_owned(), LeftoverState::Nothing);
            self.leftovers.push(Leftover { secret_name, state, shared: false });
            self.leftovers.len() - 1
        });
        &mut self.leftovers[index]
    }

    fn state(&mut self, secret_name: &str) -> &mut LeftoverState {
        &mut self.leftover(secret_name).state
    }

    fn called(&mut self, operation: Operation) -> Option<&mut Called> {
        self.calls.iter_mut().find(|called| called.call.operation == operation)
    }

    fn may_delete(&self, version: &str) -> bool {
        match &self.deletable {
            Deletable::All => true,
            Deletable::These(versions) => versions.contains(version),
        }
    }
}

#[async_trait::async_trait]
impl Observer for Record {
    async fn call_begins(&self, call: &Call) -> azure_core::Result<()> {
        let mut facts = self.facts();
        if !call.is_prefetch {
            let last = LastCall { operation: call.operation, secret_name: call.secret_name.clone() };
            facts.calls.retain(|called| called.call.operation != call.operation);
            facts.calls.push(Called { call: last, attempts: Attempts::default(), began: None });
        }
        Ok(())
    }

    fn attempt_begins(&self, attempt: &Attempt) {
        let Attempt { call: Call { operation, secret_name, is_prefetch, .. }, is_authorized, sent, .. } = attempt;
        let mut facts = self.facts();
        if let (false, Some(called)) = (*is_prefetch, facts.called(*operation)) {
            called.began.get_or_insert(*sent);
        }
        if !is_authorized || !matches!(operation, Operation::Set | Operation::Delete) {
            return;
        }
        let before = *facts.state(secret_name);
        // Until the response is there, and if it never comes, anything may have happened.
        *facts.state(secret_name) = match (operation, before) {
            (Operation::Set, LeftoverState::Nothing) => LeftoverState::PerhapsSecret,
            (Operation::Delete, LeftoverState::PerhapsSecret | LeftoverState::Secret) => LeftoverState::PerhapsDeletion,
            _ => before,
        };
        facts.before = before;
    }

    fn attempt_ended(&self, attempt: &Attempt, outcome: Outcome<'_>) {
        let Attempt { call, number, is_authorized, .. } = attempt;
        let mut facts = self.facts();
        if let (false, Some(called)) = (call.is_prefetch, facts.called(call.operation)) {
            let took = called.began.map(|began| began.elapsed()).unwrap_or_default();
            called.attempts = Attempts { count: *number, took };
        }
        // What is sent beside the run's own calls tells nothing of what they do.
        if !is_authorized || call.is_prefetch {
            return;
        }
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                let was_sent = find_cause(error).is_none_or(ConnectionError::may_have_been_sent);
                facts.unanswered_sets += usize::from(was_sent && call.operation == Operation::Set);
                if !was_sent && matches!(call.operation, Operation::Set | Operation::Delete) {
                    *facts.state(&call.secret_name) = facts.before;
                }
                return;
            }
        };
        let status = response.status();
        match call.operation {
            Operation::ListVersions | Operation::Get if !facts.set && has_secret(response) => {
                facts.found.insert(call.secret_name.to_lowercase());
            }
            Operation::Set if status == StatusCode::Ok => {
                (facts.set, facts.purgeable) = (true, None);
                if let Deletable::These(versions) = &mut facts.deletable {
                    versions.extend(newest_version(response));
                }
            }
            // The deletion takes all versions; the newest may have come after the last look.
            Operation::Delete | Operation::GetDeleted if status == StatusCode::Ok => {
                let is_others = newest_version(response).is_some_and(|version| !facts.may_delete(&version));
                facts.leftover(&call.secret_name).shared |= is_others;
            }
            Operation::Set if !is_conclusive(status) => facts.unanswered_sets += 1,
            _ => {}
        }
        let now = match call.operation {
            Operation::Set if status == StatusCode::Ok => LeftoverState::Secret,
            Operation::Delete if deletion_goes_on(response) => LeftoverState::Deletion,
            Operation::Delete if status == StatusCode::Ok => LeftoverState::Nothing,
            Operation::Set | Operation::Delete if status.is_client_error() && is_conclusive(status) => facts.before,
            Operation::GetDeleted
                if status == StatusCode::Ok || ServiceError::read(response).is_missing_permission() =>
            {
                LeftoverState::Nothing
            }
            _ => return,
        };
        *facts.state(&call.secret_name) = now;
    }
}

/// The version in a secret's id, `https://HOST/secrets/NAME/VERSION`; `None` if it names none.
pub(crate) fn version_in(id: &str) -> Option<&str> {
    let (_, path) = id.split_once("://")?.1.split_once('/')?;
    path.split('/').nth(2).filter(|version| !version.is_empty())
}

/// The newest version of the secret in a response.
fn newest_version(response: &RawResponse) -> Option<String> {
    json(response)["id"].as_str().and_then(version_in).map(str::to_owned)
}

/// Tells whether a look-up has found a secret: versions in a list, or the secret itself.
fn has_secret(response: &RawResponse) -> bool {
    let body = json(response);
    response.status().is_success() && body["value"].as_array().is_none_or(|versions| !versions.is_empty())
}

/// Tells whether the response to a DELETE begins a deletion whose end is to be waited for; in a vault without soft delete
/// the secret is gone at once, and there is nothing to recover.
pub(crate) fn deletion_goes_on(response: &RawResponse) -> bool {
    response.status() == StatusCode::Ok && !json(response)["recoveryId"].is_null()
}

#[cfg(test)]
mod tests;
