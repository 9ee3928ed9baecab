//! The transports: HTTPS to Azure, and plain HTTP to a service nearby.

use super::{
    connection_error::ConnectionError,
    loopback::is_loopback,
    proxy::{ProxyInUse, all_proxy},
    resolver::Resolver,
    trust::{IS_BARE, NoTrust, trusted, trusting},
};
use azure_core::{
    Error,
    error::{ErrorKind, ResultExt as _},
    http::{AsyncRawResponse, Body, HttpClient, Request, Transport, headers::Headers},
};
use futures::AsyncReadExt as _;
use reqwest::{
    Certificate, ClientBuilder,
    header::{HeaderName, HeaderValue},
    redirect::Policy,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::task::yield_now;

/// The longest time to connect, with the look-up of the name.
const CONNECT: Duration = Duration::from_secs(15);
/// More than the longest secret needs, however its characters are escaped.
const RESPONSE_BYTES: usize = 1024 * 1024;

/// HTTPS by rustls, with the system's trust anchors or those in `SSL_CERT_FILE`, and the proxy of `HTTPS_PROXY` or
/// `ALL_PROXY`, or else of the system's settings, except for `NO_PROXY` and this computer. A request that gets no response
/// is a [`ConnectionError`]; a response of more than 1 MiB is an error too.
///
/// # Errors
/// [`NoTrust`] when no trust anchor can be loaded.
pub fn https() -> Result<Transport, NoTrust> {
    let (trusted, resolver) = (trusted()?, Resolver::default());
    let mut client = trusting(ClientBuilder::new(), &trusted);
    if let Some(proxy) = all_proxy().filter(|_| !IS_BARE) {
        client = client.proxy(proxy);
    }
    let client = built(client, &resolver)?;
    let to_this_computer = Some(OnceLock::new());
    Ok(Transport::new(Arc::new(Network { client, to_this_computer, trusted, resolver })))
}

/// Plain HTTP without a proxy, to a service on this computer or in the same rack. Failures are [`ConnectionError`]s.
///
/// # Errors
/// None is known.
pub fn local_http() -> Result<Transport, NoTrust> {
    let resolver = Resolver::default();
    let client = built(ClientBuilder::new().no_proxy().tls_certs_only([]), &resolver)?;
    Ok(Transport::new(Arc::new(Network { client, to_this_computer: None, trusted: Vec::new(), resolver })))
}

fn built(client: ClientBuilder, resolver: &Resolver) -> Result<reqwest::Client, NoTrust> {
    // It fails when the process has chosen a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = client.connect_timeout(CONNECT).redirect(Policy::none()).dns_resolver(resolver.clone());
    client.build().map_err(|_| NoTrust::unusable())
}

/// Reads no more of a response than Key Vault can send, and tells why there is no connection.
#[derive(Debug)]
struct Network {
    client: reqwest::Client,
    /// Without a proxy, made when it is first needed; `None` if `client` uses none anyway.
    to_this_computer: Option<OnceLock<reqwest::Client>>,
    /// Trusted in place of the system's own, if not empty.
    trusted: Vec<Certificate>,
    resolver: Resolver,
}

impl Network {
    /// The client for `host`, and whether it may use a proxy.
    fn client(&self, host: &str) -> (&reqwest::Client, bool) {
        match &self.to_this_computer {
            None => (&self.client, false),
            Some(_) if !is_loopback(host) => (&self.client, true),
            Some(client) => {
                let builder = || trusting(ClientBuilder::new().no_proxy(), &self.trusted);
                let new = || built(builder(), &self.resolver).unwrap_or_else(|_| self.client.clone());
                (client.get_or_init(new), false)
            }
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Network {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let host = request.url().host_str().unwrap_or_default();
        let (client, may_use_proxy) = self.client(host);
        let lost = |error| {
            let proxy = if may_use_proxy { ProxyInUse::of(request.url()) } else { None };
            ConnectionError::wrap(error, host, self.resolver.addresses(host), proxy)
        };
        let mut response = client.execute(to_reqwest(request).await?).await.map_err(lost)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > RESPONSE_BYTES {
                return Err(Error::with_message(ErrorKind::DataConversion, "the response is larger than 1 MiB"));
            }
        }
        // The connection learns that it is free again, so that a request that follows at once needs no other.
        yield_now().await;
        Ok(AsyncRawResponse::from_bytes(response.status().as_u16().into(), headers(&response), bytes))
    }
}

async fn to_reqwest(request: &Request) -> azure_core::Result<reqwest::Request> {
    let method = request.method();
    let method = method.as_ref().parse().with_context(ErrorKind::Other, "the method is none of HTTP's")?;
    let mut other = reqwest::Request::new(method, request.url().clone());
    for (name, value) in request.headers().iter() {
        let name = HeaderName::try_from(name.as_str()).with_context(ErrorKind::Other, "a header's name is invalid")?;
        let value = HeaderValue::try_from(value.as_str()).with_context(ErrorKind::Other, "a header is invalid")?;
        other.headers_mut().append(name, value);
    }
    *other.body_mut() = Some(match request.body().clone() {
        Body::Bytes(bytes) => bytes.into(),
        Body::SeekableStream(mut stream) => {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).await?;
            bytes.into()
        }
    });
    Ok(other)
}

/// The headers that are text. Of several with one name the SDK keeps one.
fn headers(response: &reqwest::Response) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            headers.insert(name.as_str().to_owned(), value.to_owned());
        }
    }
    headers
}
