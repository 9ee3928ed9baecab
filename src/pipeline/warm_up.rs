//! Work that is done ahead, while the person types.

use crate::azure::{
    answer::ServiceError,
    connection::ConnectionError,
    credential::SignInFailed,
    find,
    genuine::{ForeignChallenge, NotKeyVault},
};
use azure_core::Error;
use std::future::{Future, pending};
use tokio::{sync::Mutex, task::JoinHandle};

/// Marks, as a value in its context, a call that nobody waits for.
#[derive(Clone, Copy, Debug)]
pub struct Ahead;

/// Work in the background, which finds out early what makes the run fail.
#[derive(Debug)]
pub struct WarmUp(Mutex<Option<JoinHandle<azure_core::Result<()>>>>);

impl WarmUp {
    /// Begins the work.
    pub fn start(work: impl Future<Output = azure_core::Result<()>> + Send + 'static) -> Self {
        Self(Mutex::new(Some(tokio::spawn(work))))
    }

    /// Waits for the work to fail in a way that does not pass, and gives its error, once. Else it never ends.
    pub async fn failure(&self) -> Error {
        let mut work = self.0.lock().await;
        if let Some(running) = &mut *work {
            let outcome = running.await;
            *work = None;
            if let Ok(Err(error)) = outcome
                && !may_pass(&error)
            {
                return error;
            }
        }
        drop(work);
        pending().await
    }
}

/// Whether the same may succeed a little later.
fn may_pass(error: &Error) -> bool {
    if let Some(connection) = find::<ConnectionError>(error) {
        return connection.may_pass();
    }
    if let Some(answer) = ServiceError::of(error) {
        return !matches!(answer.status, 401 | 403) || answer.is_passing_refusal();
    }
    find::<SignInFailed>(error).is_none()
        && find::<NotKeyVault>(error).is_none()
        && find::<ForeignChallenge>(error).is_none()
}
