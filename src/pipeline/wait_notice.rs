//! Says that a deletion is waited for.

use super::watch::{Attempt, Call, Observer, Outcome};
use crate::terminal::note;
use azure_extras::secrets::{Operation, ServiceError};
use std::sync::atomic::{AtomicBool, Ordering};

/// Says once a call that the name belongs to a secret that is still being deleted, which a retry waits for.
#[derive(Debug, Default)]
pub(crate) struct WaitNotice(AtomicBool);

#[async_trait::async_trait]
impl Observer for WaitNotice {
    async fn call_begins(&self, _call: &Call) -> azure_core::Result<()> {
        self.0.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn attempt_ended(&self, attempt: &Attempt, outcome: Outcome<'_>) {
        let is_being_deleted = |response| ServiceError::read(response).is_being_deleted();
        if attempt.call.operation != Operation::GetDeleted
            && outcome.is_ok_and(is_being_deleted)
            && !self.0.swap(true, Ordering::Relaxed)
        {
            note!("A secret of that name is still being deleted; waiting for that ...");
        }
    }
}
