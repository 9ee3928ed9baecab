//! The one place that decides whether a failure may pass by itself.

use super::{attempt::CallTimedOut, service_error::ServiceError};
use crate::{error::find_cause, network::ConnectionError};
use azure_core::{Error, error::ErrorKind, http::RawResponse};

/// Tells whether the request that ended in `error` may succeed a little later, as it is: after throttling, a server's own
/// trouble, a lost connection, a token that is refused for the moment. A call that has used up its time is not transient,
/// nor is a failed sign-in: a credential has retries of its own.
pub fn is_transient(error: &Error) -> bool {
    match (error.kind(), find_cause::<ConnectionError>(error)) {
        (ErrorKind::Credential, _) => false,
        (_, Some(connection)) => connection.is_transient(),
        (ErrorKind::HttpResponse { raw_response: Some(response), .. }, _) => is_transient_response(response),
        // Another transport than this crate's tells no more.
        (ErrorKind::Io | ErrorKind::Connection, _) => find_cause::<CallTimedOut>(error).is_none(),
        _ => false,
    }
}

/// Tells whether a response of that status is a server's, or a gateway's, trouble that may pass.
pub fn is_transient_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The same as [`is_transient`] for a response.
pub(super) fn is_transient_response(response: &RawResponse) -> bool {
    let status = response.status().into();
    is_transient_status(status) || status == 401 && ServiceError::read(response).is_passing_refusal()
}
