//! A spinner while something takes longer than a moment.

use super::warm_up::Ahead;
use crate::{
    azure::{credential::Attempts, operation::Operation},
    terminal::output::{spin, stop_spinning},
};
use azure_core::http::{
    Context, Request, StatusCode,
    policies::{Policy, PolicyResult},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::AbortHandle, time::sleep};

/// What takes less time is not worth a spinner.
const MOMENT: Duration = Duration::from_millis(300);

/// Shows at a terminal what is waited for, from a call's start to its end; for a deletion, until the last poll has found
/// it complete. It leaves no trace on the screen, also when the run is interrupted.
#[derive(Debug)]
pub struct Progress {
    /// Tells when the first search for a token is over.
    attempts: Attempts,
    begins: Mutex<Option<AbortHandle>>,
}

impl Progress {
    /// Tells signing in from the calls by `attempts`.
    pub fn new(attempts: Attempts) -> Self {
        Self { attempts, begins: Mutex::default() }
    }

    fn start(&self, operation: Operation) {
        let attempts = self.attempts.clone();
        let begins = tokio::spawn(async move {
            sleep(MOMENT).await;
            if attempts.get().is_empty() {
                spin("signing in");
                while attempts.get().is_empty() {
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
impl Policy for Progress {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let awaited = ctx.value::<Ahead>().is_none();
        let Some((operation, _)) = Operation::of(request).filter(|_| awaited) else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        if operation != Operation::GetDeleted {
            self.start(operation);
        }
        let result = next[0].send(ctx, request, &next[1..]).await;
        let status = result.as_ref().ok().map(|response| response.status());
        let goes_on = match (operation, status) {
            (Operation::Delete, Some(status)) => status.is_success() || status == StatusCode::NotFound,
            (Operation::GetDeleted, Some(status)) => status == StatusCode::NotFound,
            _ => false,
        };
        if !goes_on {
            self.replace(None);
        }
        result
    }
}
