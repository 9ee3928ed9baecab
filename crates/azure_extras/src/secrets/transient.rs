//! The one place that decides whether a failure may pass by itself.

use super::{attempt::CallTimedOut, service_error::ServiceError};
use crate::{error::find_cause, network::ConnectionError};
use azure_core::{Error, error::ErrorKind, http::RawResponse};

/// Tells whether the request that ended in `error` may succeed a little later, as it is: after throttling, a server's own
/// trouble, a lost connection, a token that is refused for the moment. A call that has used up its time is not transient.
pub fn is_transient(error: &Error) -> bool {
    if let Some(connection) = find_cause::<ConnectionError>(error) {
        return connection.is_transient();
    }
    match error.kind() {
        ErrorKind::HttpResponse { raw_response: Some(response), .. } => is_transient_response(response),
        // Another transport than this crate's tells no more.
        ErrorKind::Io | ErrorKind::Connection => find_cause::<CallTimedOut>(error).is_none(),
        _ => false,
    }
}

/// The same for a response.
pub(super) fn is_transient_response(response: &RawResponse) -> bool {
    match u16::from(response.status()) {
        408 | 429 | 500 | 502 | 503 | 504 => true,
        401 => ServiceError::read(response).is_passing_refusal(),
        _ => false,
    }
}
