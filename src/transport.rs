//! The way to the network: HTTP and TLS, with limits on the time to connect and the size of an answer.

use crate::remedy::WrongUse;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Request, Transport},
};
use futures::TryStreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{fmt, sync::Arc, time::Duration};
use tokio::{net::lookup_host, time::timeout};

const LOOKUP: Duration = Duration::from_millis(2500);
const CONNECT: Duration = Duration::from_secs(5);
/// More than the longest secret needs, however its characters are escaped.
const ANSWER_BYTES: usize = 1024 * 1024;

const HOW_TO_TRUST: &str = "Install the system's, in a package such as ca-certificates, or name a file of them as PEM:\n\n    \
                            export SSL_CERT_FILE=/path/to/ca.pem";

/// HTTPS by rustls, with the system's trust anchors or those in `SSL_CERT_FILE`, and the proxy of `HTTPS_PROXY` except
/// for `NO_PROXY`.
///
/// # Errors
/// [`WrongUse`] when no trust anchor can be loaded.
pub fn https() -> Result<Transport, WrongUse> {
    transport(reqwest::Client::builder())
}

/// Plain HTTP without a proxy, to a service on this computer or in the same rack.
///
/// # Errors
/// None is known.
pub fn local_http() -> Result<Transport, WrongUse> {
    transport(reqwest::Client::builder().no_proxy().tls_certs_only([]))
}

fn transport(client: reqwest::ClientBuilder) -> Result<Transport, WrongUse> {
    // It fails when the process has chosen a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client =
        client.connect_timeout(CONNECT).redirect(reqwest::redirect::Policy::none()).dns_resolver(Resolver).build();
    let client =
        client.map_err(|_| WrongUse::new("no certificate authorities to trust can be loaded.", HOW_TO_TRUST))?;
    Ok(Transport::new(Arc::new(Bounded(client))))
}

/// Reads no more of an answer than one of Key Vault can have.
#[derive(Debug)]
struct Bounded(reqwest::Client);

#[async_trait::async_trait]
impl HttpClient for Bounded {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (status, headers, mut body) = self.0.execute_request(request).await?.deconstruct();
        let mut bytes = Vec::new();
        while let Some(chunk) = body.try_next().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES {
                return Err(Error::with_message(ErrorKind::DataConversion, "the answer is larger than 1 MiB"));
            }
        }
        Ok(AsyncRawResponse::from_bytes(status, headers, bytes))
    }
}

/// The system's resolver, which takes its time where nothing answers.
struct Resolver;

/// A host has no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Its name.
    pub host: String,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            match timeout(LOOKUP, lookup_host((name.as_str(), 0))).await {
                Ok(Ok(addresses)) => Ok(Box::new(addresses.collect::<Vec<_>>().into_iter()) as Addrs),
                _ => Err(Unresolved { host: name.as_str().to_owned() }.into()),
            }
        })
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host {} is not known", self.host)
    }
}

impl std::error::Error for Unresolved {}
