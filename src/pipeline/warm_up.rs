//! Work that is done ahead, while the person types.

use azure_core::Error;
use std::future::{Future, pending};
use tokio::{sync::Mutex, task::JoinHandle};

/// Work in the background, whose failure means that the run cannot succeed.
#[derive(Debug)]
pub struct WarmUp(Mutex<Option<JoinHandle<azure_core::Result<()>>>>);

impl WarmUp {
    /// Begins the work.
    pub fn start(work: impl Future<Output = azure_core::Result<()>> + Send + 'static) -> Self {
        Self(Mutex::new(Some(tokio::spawn(work))))
    }

    /// Waits for the work to fail, and gives its error, once. It never ends when the work succeeds.
    pub async fn failure(&self) -> Error {
        let mut work = self.0.lock().await;
        if let Some(running) = &mut *work {
            let outcome = running.await;
            *work = None;
            if let Ok(Err(error)) = outcome {
                return error;
            }
        }
        drop(work);
        pending().await
    }
}
