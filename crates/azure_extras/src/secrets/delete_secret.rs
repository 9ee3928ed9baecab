//! `begin_delete_secret` and its poller, which the SDKs for other languages have and the one for Rust does not yet.
//!
//! `DELETE` is answered at once, but for some seconds after it the secret is neither there nor deleted.
//! `GET /deletedsecrets/NAME` says 404 as long as the deletion goes on, and 200 once it is complete; to a caller who may
//! not look at deleted secrets it then says 403. See
//! <https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview>.

use super::{
    attempt::LostResponse, response::retry_after, secret_rules::is_secret_name, service_error::is_missing_permission,
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{ClientMethodOptions, Context, StatusCode},
};
use azure_security_keyvault_secrets::{
    SecretClient,
    models::{DeletedSecret, SecretClientDeleteSecretOptions},
};
use std::{future::Future, pin::Pin, time::Duration};
use tokio::time::{Instant, sleep_until, timeout_at};

/// The longest time for a deletion to complete. A real one takes some 1 to 20 seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// The shortest pause between two polls, whatever the service asks.
const LEAST: Duration = Duration::from_millis(100);
/// The longest time beyond that for the response to the last poll.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// Adds `begin_delete_secret` to the SDK's client.
pub trait BeginDeleteSecret {
    /// Begins to delete the secret with all its versions. The poller that this gives is to be awaited:
    ///
    /// ```no_run
    /// # use azure_extras::BeginDeleteSecret as _;
    /// # async fn example(client: azure_security_keyvault_secrets::SecretClient) -> azure_core::Result<()> {
    /// let poller = client.begin_delete_secret("my-secret").await?;
    /// let deleted_secret = poller.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Where the response to `DELETE` was lost on the way and the repeated request finds no secret, the first one may have
    /// deleted it; the poller then wants to see the deleted secret. That is noticed by a client with the
    /// [`client_options`](super::client_options) of this crate; with other options such a deletion fails with 404.
    ///
    /// # Errors
    /// Those of [`SecretClient::delete_secret`]; a secret that does not exist is one. A name that can be no secret's is
    /// another: nothing is sent then.
    fn begin_delete_secret(
        &self,
        secret_name: &str,
    ) -> impl Future<Output = azure_core::Result<DeleteSecretPoller<'_>>> + Send;
}

impl BeginDeleteSecret for SecretClient {
    async fn begin_delete_secret(&self, secret_name: &str) -> azure_core::Result<DeleteSecretPoller<'_>> {
        // The SDK puts it into a URL as it is, so that another secret could be meant in the end.
        if !is_secret_name(secret_name) {
            return Err(Error::with_message(
                ErrorKind::Other,
                "a secret's name has 1 to 127 letters, digits and hyphens",
            ));
        }
        let lost_response = LostResponse::default();
        let context = Context::new().with_value(lost_response.clone());
        let options = SecretClientDeleteSecretOptions { method_options: ClientMethodOptions { context } };
        let begun = match self.delete_secret(secret_name, Some(options)).await {
            Ok(answer) => Some(answer.into_model()?),
            Err(error) if error.http_status() == Some(StatusCode::NotFound) && lost_response.happened() => None,
            Err(error) => return Err(error),
        };
        Ok(DeleteSecretPoller { client: self, secret_name: secret_name.to_owned(), begun, began: Instant::now() })
    }
}

/// Waits, when awaited, until a secret is deleted.
///
/// The end is noticed late by at most a quarter of the deletion's duration, or by 150 ms and a request's way if that is
/// more, unless the service asks for longer pauses.
///
/// # Errors
/// [`DeletionPending`], as an error's cause, when the deletion is not complete within 60 seconds; else the SDK's.
#[must_use = "the secret is deleted only once the poller has been awaited"]
pub struct DeleteSecretPoller<'a> {
    client: &'a SecretClient,
    secret_name: String,
    /// The response to `DELETE`, unless that was lost.
    begun: Option<DeletedSecret>,
    began: Instant,
}

impl<'a> IntoFuture for DeleteSecretPoller<'a> {
    type Output = azure_core::Result<DeletedSecret>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}

impl DeleteSecretPoller<'_> {
    async fn wait(mut self) -> azure_core::Result<DeletedSecret> {
        // Without soft delete there is no deleted secret to wait for.
        if let Some(deleted) = self.begun.as_ref().filter(|begun| begun.recovery_id.is_none()) {
            return Ok(deleted.clone());
        }
        let deadline = self.began + PATIENCE;
        loop {
            let sent = Instant::now();
            let poll = self.client.get_deleted_secret(&self.secret_name, None);
            let asked = match timeout_at(deadline + LAST_ANSWER, poll).await {
                Ok(Ok(answer)) => return answer.into_model(),
                Ok(Err(error)) => match (error.http_status(), self.begun) {
                    (Some(StatusCode::NotFound), begun) => {
                        self.begun = begun;
                        asked_to_wait(&error)
                    }
                    (Some(StatusCode::Forbidden), Some(begun)) if is_missing_permission(&error) => return Ok(begun),
                    _ => return Err(error),
                },
                Err(_) => None,
            };
            if sent >= deadline || Instant::now() >= deadline {
                let recovery_id = self.begun.and_then(|begun| begun.recovery_id);
                return Err(Error::new(ErrorKind::Other, DeletionPending { recovery_id }));
            }
            // The last poll is at the deadline itself.
            let next =
                asked.map_or(sent + interval(sent - self.began), |asked| Instant::now() + asked.clamp(LEAST, PATIENCE));
            sleep_until(next.min(deadline)).await;
        }
    }
}

/// A deletion did not complete within 60 seconds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} within {} s", match recovery_id {
    Some(_) => "the vault accepted the deletion, but has not completed it",
    None => "the answer to the deletion was lost, and no deleted secret has appeared",
}, PATIENCE.as_secs())]
pub struct DeletionPending {
    /// The deleted secret's URL, `https://HOST/deletedsecrets/NAME`, if the vault has accepted the deletion; `None` if
    /// its response was lost and nothing shows that it has.
    pub recovery_id: Option<String>,
}

/// The time to wait, from poll to poll, `elapsed` after the deletion began: a quarter of that time, within bounds that
/// spare the service and the user.
fn interval(elapsed: Duration) -> Duration {
    (elapsed / 4).clamp(LEAST, Duration::from_secs(2))
}

/// The time that the service asks to wait, if it asks.
fn asked_to_wait(error: &Error) -> Option<Duration> {
    let ErrorKind::HttpResponse { raw_response: Some(response), .. } = error.kind() else { return None };
    retry_after(response.headers())
}

#[cfg(test)]
mod tests;
