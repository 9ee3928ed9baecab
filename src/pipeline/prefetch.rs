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

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::{
        error::ErrorKind,
        http::{RawResponse, StatusCode, headers::Headers},
    };
    use azure_extras::{network::ConnectionFailure, secrets::CallTimedOut};
    use std::time::Duration;

    fn response(status: u16, message: &str) -> Error {
        let body = format!(r#"{{"error":{{"code":"c","message":"{message}"}}}}"#);
        let status = StatusCode::from(status);
        let raw_response = Some(Box::new(RawResponse::from_bytes(status, Headers::new(), body)));
        Error::new(ErrorKind::HttpResponse { status, error_code: None, raw_response }, "refused".to_owned())
    }

    fn connection(failure: ConnectionFailure) -> Error {
        Error::new(ErrorKind::Io, ConnectionError::new("h", failure, None))
    }

    #[test]
    fn only_what_refuses_for_good_ends_the_run_ahead() {
        let unknown = ConnectionFailure::UnknownHost { name: "h".into() };
        let page = NotKeyVault { status: 200, content_type: Default::default(), first_line: Default::default() };
        for (error, ends) in [
            (SignInFailed { outcomes: Vec::new(), refused: false }.into(), true),
            (connection(unknown), true),
            (connection(ConnectionFailure::Broken), false),
            (Error::new(ErrorKind::Other, page), true),
            (Error::new(ErrorKind::Other, ForeignChallenge { resource: "r".into() }), true),
            (response(401, "AKV10032: Invalid issuer."), true),
            (response(401, "AKV10046: Unable to resolve the key."), false),
            (response(403, ""), true),
            (response(404, ""), false),
            (response(503, ""), false),
            (Error::new(ErrorKind::Io, CallTimedOut { within: Duration::from_secs(30) }), false),
        ] {
            assert_eq!(ends_the_run(&error), ends, "{error}");
        }
    }
}
