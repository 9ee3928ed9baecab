//! A second connection to the vault, made ready beside the first.

use super::watch::{Attempt, Observer};
use azure_core::http::{Method, Request, Transport, Url};
use std::sync::OnceLock;

/// Makes a second connection when the first request is sent, by a request without a token. Two requests at once, as those
/// that retrieve the secret and look at its versions, then need no time for it.
#[derive(Debug)]
pub(crate) struct SecondConnection {
    /// The client's transport, which keeps the connection.
    pub transport: Transport,
    /// It was made.
    pub made: OnceLock<()>,
}

impl Observer for SecondConnection {
    fn attempt_begins(&self, attempt: &Attempt) {
        if self.made.set(()).is_ok() {
            let (transport, url) = (self.transport.clone(), attempt.call.url.clone());
            tokio::spawn(async move { make(&transport, url).await });
        }
    }
}

async fn make(transport: &Transport, mut url: Url) -> azure_core::Result<()> {
    url.set_path("/secrets");
    let response = transport.send(&Default::default(), &mut Request::new(url, Method::Get)).await?;
    // A connection is free once its response was read.
    response.try_into_raw_response().await.map(drop)
}
