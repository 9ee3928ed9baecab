//! `begin_delete_secret` and its poller, which the SDK for Rust does not have yet.
//!
//! A vault answers `DELETE` at once, but for some seconds the secret is neither here nor there: it cannot be recovered
//! or purged, and its name cannot be used. The deletion has completed once the vault shows the secret among its deleted
//! ones. See <https://learn.microsoft.com/rest/api/keyvault/secrets/delete-secret/delete-secret>.

use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        StatusCode,
        headers::{Headers, RETRY_AFTER},
    },
    time::{OffsetDateTime, parse_rfc7231},
};
use azure_security_keyvault_secrets::{SecretClient, models::DeletedSecret};
use std::{fmt, future::Future, time::Duration};
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long [`DeleteSecretPoller::result`] waits for a deletion at most, from the answer to `DELETE`.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Adds to [`SecretClient`] the method that the SDKs for other languages have.
pub trait BeginDeleteSecret {
    /// Deletes every version of the secret called `secret_name`, and returns a poller that knows when it is done.
    ///
    /// # Errors
    /// Those of [`SecretClient::delete_secret`].
    fn begin_delete_secret(
        &self,
        secret_name: &str,
    ) -> impl Future<Output = azure_core::Result<DeleteSecretPoller<'_>>> + Send;
}

impl BeginDeleteSecret for SecretClient {
    async fn begin_delete_secret(&self, secret_name: &str) -> azure_core::Result<DeleteSecretPoller<'_>> {
        let (next_poll, deleted_secret) = match self.delete_secret(secret_name, None).await {
            Ok(response) => (Instant::now() + retry_after(Some(response.headers())), response.into_model()?),
            // Its answer was lost on the way, and a second try found the secret gone; or somebody else deleted it.
            Err(error) if error.http_status() == Some(StatusCode::NotFound) => {
                let mut deleted_secret = DeletedSecret::default();
                deleted_secret.recovery_id = Some(format!("{}deletedsecrets/{secret_name}", self.endpoint()));
                (Instant::now(), deleted_secret)
            }
            Err(error) => return Err(error),
        };
        let secret_name = secret_name.to_owned();
        Ok(DeleteSecretPoller { client: self, secret_name, began: Instant::now(), next_poll, deleted_secret })
    }
}

/// Waits for the deletion of a secret to complete.
pub struct DeleteSecretPoller<'a> {
    client: &'a SecretClient,
    secret_name: String,
    began: Instant,
    next_poll: Instant,
    deleted_secret: DeletedSecret,
}

impl DeleteSecretPoller<'_> {
    /// Waits until the secret is deleted, and returns what the vault said of it: when it was deleted, and until when it
    /// can be recovered.
    ///
    /// In a vault without soft delete the secret is gone at once, and there is nothing to wait for. A caller who may not
    /// look at deleted secrets is told 404 while the deletion goes on and 403 once it is complete.
    ///
    /// # Errors
    /// [`DeletionPending`] after [`PATIENCE`]; any other answer than those above.
    pub async fn result(mut self) -> anyhow::Result<DeletedSecret> {
        let Some(recovery_id) = &self.deleted_secret.recovery_id else {
            return Ok(self.deleted_secret);
        };
        let deadline = self.began + PATIENCE;
        loop {
            let poll = async {
                sleep_until(self.next_poll).await;
                let sent = Instant::now();
                (sent, self.client.get_deleted_secret(&self.secret_name, None).await)
            };
            let Ok((sent, answer)) = timeout_at(deadline, poll).await else {
                return Err(DeletionPending { recovery_id: recovery_id.clone() }.into());
            };
            let error = match answer {
                Ok(response) => return Ok(response.into_model().unwrap_or(self.deleted_secret)),
                Err(error) => error,
            };
            match error.http_status() {
                Some(StatusCode::NotFound) => {
                    let asked = Instant::now() + retry_after(headers(&error));
                    self.next_poll = asked.max(sent + interval(sent - self.began));
                }
                Some(StatusCode::Forbidden) => return Ok(self.deleted_secret),
                Some(status) if status.is_success() => return Ok(self.deleted_secret),
                _ => return Err(error.into()),
            }
        }
    }
}

/// The vault accepted a deletion that did not complete within [`PATIENCE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionPending {
    /// The deleted secret's URL, `https://HOST/deletedsecrets/NAME`.
    pub recovery_id: String,
}

impl fmt::Display for DeletionPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the vault accepted the deletion, but has not completed it within {} s.", PATIENCE.as_secs())
    }
}

impl std::error::Error for DeletionPending {}

/// How long to wait after a poll that was sent `elapsed` after the deletion began.
///
/// A deletion is noticed late by a quarter of its own duration at most, or by 100 ms and the poll's way if that is more,
/// with few requests.
pub(crate) fn interval(elapsed: Duration) -> Duration {
    (elapsed / 4).clamp(Duration::from_millis(100), Duration::from_secs(2))
}

/// What the service asks to wait, in seconds or until a date; zero if it does not ask.
/// See <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>.
pub(crate) fn retry_after(headers: Option<&Headers>) -> Duration {
    let Some(asked) = headers.and_then(|headers| headers.get_optional_str(&RETRY_AFTER)) else {
        return Duration::ZERO;
    };
    let until = |date| Duration::try_from(date - OffsetDateTime::now_utc()).ok();
    let wait = asked.parse().map(Duration::from_secs).ok().or_else(|| parse_rfc7231(asked).ok().and_then(until));
    wait.unwrap_or_default().min(PATIENCE)
}

/// The headers of an answer that the SDK made an error of.
fn headers(error: &Error) -> Option<&Headers> {
    match error.kind() {
        ErrorKind::HttpResponse { raw_response, .. } => raw_response.as_ref().map(|response| response.headers()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
