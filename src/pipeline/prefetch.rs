//! Work that is done ahead, while the user types.

use azure_core::Error;
use azure_extras::{
    credential::SignInFailed,
    find_cause,
    network::ConnectionError,
    secrets::{ForeignChallenge, NotKeyVault, ServiceError, is_transient},
};
use std::future::{Future, pending};
use tokio::{sync::Mutex, task::JoinHandle};

/// Marks a prefetch, as a value in the context of its call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefetch;

/// Work in the background, which finds out early what makes the run fail.
#[derive(Debug)]
pub(crate) struct PrefetchTask(Mutex<Option<JoinHandle<azure_core::Result<()>>>>);

impl PrefetchTask {
    /// Begins the work.
    pub fn start(work: impl Future<Output = azure_core::Result<()>> + Send + 'static) -> Self {
        Self(Mutex::new(Some(tokio::spawn(work))))
    }

    /// Waits for the work to fail for good, and gives its error, once. Else it never ends.
    pub async fn failure(&self) -> Error {
        let mut work = self.0.lock().await;
        if let Some(running) = &mut *work {
            let outcome = running.await;
            *work = None;
            if let Ok(Err(error)) = outcome
                && ends_the_run(&error)
            {
                return error;
            }
        }
        drop(work);
        pending().await
    }
}

/// Tells whether the run can only end the same way: signing in, the network or the vault refuses it.
fn ends_the_run(error: &Error) -> bool {
    let refused = match ServiceError::of(error) {
        Some(response) => matches!(response.status, 401 | 403),
        None => {
            find_cause::<SignInFailed>(error).is_some()
                || find_cause::<ConnectionError>(error).is_some()
                || find_cause::<NotKeyVault>(error).is_some()
                || find_cause::<ForeignChallenge>(error).is_some()
        }
    };
    refused && !is_transient(error)
}
