//! Another host for the instance metadata service (IMDS), where `AZURE_POD_IDENTITY_AUTHORITY_HOST` names one, as the
//! other SDKs take it: <https://learn.microsoft.com/python/api/overview/azure/identity-readme#environment-variables>.

use azure_core::http::{AsyncRawResponse, HttpClient, Request, Transport, Url};
use std::sync::Arc;

const HOST: &str = "169.254.169.254";

/// The transport by which requests to IMDS reach that other host, if there is one.
pub(super) fn redirected(transport: Transport, other: Option<Url>) -> Transport {
    match other {
        Some(other) => Transport::new(Arc::new(Redirected { transport, other })),
        None => transport,
    }
}

#[derive(Debug)]
struct Redirected {
    transport: Transport,
    other: Url,
}

#[async_trait::async_trait]
impl HttpClient for Redirected {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut request = request.clone();
        if request.url().host_str() == Some(HOST) {
            let mut url = self.other.clone();
            url.set_path(request.url().path());
            url.set_query(request.url().query());
            *request.url_mut() = url;
        }
        self.transport.send(&Default::default(), &mut request).await
    }
}
