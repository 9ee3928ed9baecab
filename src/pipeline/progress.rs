//! A spinner while something takes longer than a moment.

use super::{
    record::Record,
    watch::{Call, Observer, Outcome},
};
use crate::terminal::output::{spin, stop_spinning};
use azure_core::http::StatusCode;
use azure_extras::{DefaultAzureCredential, secrets::Operation};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::AbortHandle, time::sleep};

/// Something that takes less time is not worth a spinner.
const MOMENT: Duration = Duration::from_millis(300);

/// Shows at a terminal what is waited for, from a call's start to its end; for a deletion, until the last poll has found
/// it complete. It leaves no trace on the screen, also when the run is interrupted.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Tells when the first search for a token is over; `None` if there is none.
    credential: Option<Arc<DefaultAzureCredential>>,
    /// Tells whether the secret was set; then a list is looked at beside another call.
    record: Arc<Record>,
    begins: Mutex<Option<AbortHandle>>,
}

impl Progress {
    /// Tells signing in from the calls by `credential`.
    pub fn new(credential: Option<Arc<DefaultAzureCredential>>, record: Arc<Record>) -> Self {
        Self { credential, record, begins: Mutex::default() }
    }

    fn is_waited_for(&self, call: &Call) -> bool {
        !call.is_prefetch && (call.operation != Operation::ListVersions || !self.record.was_set())
    }

    fn start(&self, operation: Operation) {
        let credential = self.credential.clone();
        let is_signing_in = move || credential.as_ref().is_some_and(|credential| credential.outcomes().is_empty());
        let begins = tokio::spawn(async move {
            sleep(MOMENT).await;
            if is_signing_in() {
                spin("signing in");
                while is_signing_in() {
                    sleep(MOMENT / 3).await;
                }
                stop_spinning();
            }
            spin(waiting_for(operation));
        });
        self.replace(Some(begins.abort_handle()));
    }

    fn replace(&self, begins: Option<AbortHandle>) {
        if let Some(before) =
            std::mem::replace(&mut *self.begins.lock().unwrap_or_else(PoisonError::into_inner), begins)
        {
            before.abort();
        }
        stop_spinning();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.replace(None);
    }
}

fn waiting_for(operation: Operation) -> &'static str {
    match operation {
        Operation::ListVersions => "looking whether the name is free",
        Operation::Set => "creating the secret",
        Operation::Get => "retrieving the secret",
        Operation::Delete | Operation::GetDeleted => "waiting until the secret is deleted",
        Operation::Purge => "purging the secret",
    }
}

#[async_trait::async_trait]
impl Observer for Progress {
    async fn call_begins(&self, call: &Call) -> azure_core::Result<()> {
        if self.is_waited_for(call) && call.operation != Operation::GetDeleted {
            self.start(call.operation);
        }
        Ok(())
    }

    async fn call_ended(&self, call: &Call, outcome: Outcome<'_>) -> azure_core::Result<()> {
        let goes_on = match (call.operation, outcome.map(|response| response.status())) {
            (Operation::Delete, Ok(status)) => status.is_success() || status == StatusCode::NotFound,
            (Operation::GetDeleted, Ok(status)) => status == StatusCode::NotFound,
            _ => false,
        };
        if self.is_waited_for(call) && !goes_on {
            self.replace(None);
        }
        Ok(())
    }
}
