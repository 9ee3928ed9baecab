//! A spinner while something takes longer than a moment.

use crate::call::Call;
use azure_core::http::{
    Context, Request, StatusCode,
    policies::{Policy, PolicyResult},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::JoinHandle, time::sleep};

/// What takes less time is not worth a spinner.
const MOMENT: Duration = Duration::from_millis(300);

/// Shows on stderr that the vault works, with the seconds, from a call's start to its end; for a deletion, until the
/// last poll has found it complete. It leaves no trace on the screen.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Option<Shown>>>);

#[derive(Debug)]
struct Shown {
    bar: ProgressBar,
    begins: JoinHandle<()>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.begins.abort();
        self.bar.finish_and_clear();
    }
}

impl Progress {
    fn start(&self) {
        let style = ProgressStyle::with_template("{spinner} {elapsed}");
        let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let begins = tokio::spawn({
            let bar = bar.clone();
            async move {
                sleep(MOMENT).await;
                bar.enable_steady_tick(Duration::from_millis(100));
            }
        });
        self.set(Some(Shown { bar, begins }));
    }

    /// Takes the spinner away.
    pub fn stop(&self) {
        self.set(None);
    }

    fn set(&self, shown: Option<Shown>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

#[async_trait::async_trait]
impl Policy for Progress {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let call = Call::of(request).map(|(call, _)| call);
        if call != Some(Call::Poll) {
            self.start();
        }
        let result = next[0].send(ctx, request, &next[1..]).await;
        let status = result.as_ref().ok().map(|response| response.status());
        let goes_on = match (call, status) {
            (Some(Call::Delete), Some(status)) => status.is_success() || status == StatusCode::NotFound,
            (Some(Call::Poll), Some(status)) => status == StatusCode::NotFound,
            _ => false,
        };
        if !goes_on {
            self.stop();
        }
        result
    }
}
