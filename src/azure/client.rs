//! The client's options: TLS, proxies, and limits on the time to connect and the size of an answer.

use super::{
    address::{is_localhost, is_loopback},
    connection::{ConnectionError, LookupFailed, Reason},
    genuine::KeyVaultAnswers,
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport, Url},
};
use futures::TryStreamExt as _;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{
    Certificate, ClientBuilder, NoProxy, Proxy,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    env, fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{net::lookup_host, task::yield_now, time::timeout};

/// How long a host's name may take to look up. glibc waits 5 s for a name server before it asks the next.
const LOOKUP: Duration = Duration::from_secs(10);
/// How long it may take to connect, with the look-up.
const CONNECT: Duration = Duration::from_secs(15);
/// More than the longest secret needs, however its characters are escaped.
const ANSWER_BYTES: usize = 1024 * 1024;

/// Options for a [`SecretClient`](azure_security_keyvault_secrets::SecretClient) that sends by [`https`] and takes only
/// Key Vault's answers. Retries are the SDK's.
///
/// # Errors
/// [`NoTrust`] when no trust anchor can be loaded.
pub fn client_options() -> Result<ClientOptions, NoTrust> {
    Ok(client_options_by(&https()?))
}

/// The same options for a client that sends by `transport`.
pub fn client_options_by(transport: &Transport) -> ClientOptions {
    ClientOptions {
        per_try_policies: vec![Arc::new(KeyVaultAnswers::default())],
        transport: Some(transport.clone()),
        ..ClientOptions::default()
    }
}

/// HTTPS by rustls, with the system's trust anchors or those in `SSL_CERT_FILE`, and the proxy of `HTTPS_PROXY`, or else of
/// the system's settings, except for `NO_PROXY` and this computer.
///
/// # Errors
/// [`NoTrust`] when no trust anchor can be loaded.
pub fn https() -> Result<Transport, NoTrust> {
    let trusted = trusted()?;
    let mut client = trusting(ClientBuilder::new(), &trusted);
    if let Some(proxy) = all_proxy().filter(|_| !IS_BARE) {
        client = client.proxy(proxy);
    }
    Ok(Transport::new(Arc::new(Network { client: built(client)?, direct: OnceLock::new(), trusted })))
}

/// Plain HTTP without a proxy, to a service on this computer or in the same rack.
///
/// # Errors
/// None is known.
pub fn local_http() -> Result<Transport, NoTrust> {
    let client = built(ClientBuilder::new().no_proxy().tls_certs_only([]))?;
    Ok(Transport::new(Arc::new(Network { direct: OnceLock::from(client.clone()), client, trusted: Vec::new() })))
}

fn built(client: ClientBuilder) -> Result<reqwest::Client, NoTrust> {
    // It fails when the process has chosen a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = client.connect_timeout(CONNECT).redirect(reqwest::redirect::Policy::none()).dns_resolver(Resolver);
    client.build().map_err(|_| NoTrust { file: trust_file(), why: "no certificate can be loaded from it".into() })
}

/// No certificate authority to trust can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTrust {
    /// The file that `SSL_CERT_FILE` names; none for the system's own store.
    pub file: Option<PathBuf>,
    /// Why it is of no use.
    pub why: String,
}

impl fmt::Display for NoTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "SSL_CERT_FILE names {}, which is of no use: {}", file.display(), self.why),
            None => write!(f, "the system's store of certificates to trust is of no use: {}", self.why),
        }
    }
}

impl std::error::Error for NoTrust {}

/// Has a client trust these in place of the system's own, if there are any.
fn trusting(client: ClientBuilder, trusted: &[Certificate]) -> ClientBuilder {
    if trusted.is_empty() { client } else { client.tls_certs_only(trusted.to_vec()) }
}

/// The file of certificates to trust, if one is named.
fn trust_file() -> Option<PathBuf> {
    env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// Whether the system has no settings that the libraries would come upon: for a proxy, and a verifier of its own. Then
/// environment variables say it all, and the libraries read them.
const IS_BARE: bool = cfg!(not(any(windows, target_vendor = "apple")));

/// The certificates in a file that `SSL_CERT_FILE` names, as far as the libraries would not trust them by themselves.
/// The file must hold one; the libraries would pass over one that does not.
fn trusted() -> Result<Vec<Certificate>, NoTrust> {
    let Some(file) = trust_file() else { return Ok(Vec::new()) };
    let refuse = |why: String| Err(NoTrust { file: Some(file.clone()), why });
    match std::fs::read(&file) {
        Err(error) => refuse(error.to_string()),
        Ok(bytes) if bytes.trim_ascii().is_empty() => refuse("it is empty".into()),
        Ok(bytes) => match Certificate::from_pem_bundle(&bytes) {
            Ok(certificates) if !certificates.is_empty() => Ok(if IS_BARE { Vec::new() } else { certificates }),
            _ => refuse("it holds no certificate as PEM".into()),
        },
    }
}

/// The environment variable that names the proxy for HTTPS; `ALL_PROXY` serves where `HTTPS_PROXY` is not set.
fn proxy_variable() -> Option<&'static str> {
    // The upper case hides the lower one, even when it is empty.
    let first_set = |names: [&'static str; 2]| names.into_iter().find(|name| env::var_os(name).is_some());
    let is_in_use = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
    names.into_iter().filter_map(first_set).find(is_in_use)
}

/// Where the proxy for a URL is named, if it has one: by a variable, or by the system's settings.
fn proxy_of(url: &Url) -> Option<Option<&'static str>> {
    Matcher::from_system().intercept(&url.as_str().parse().ok()?)?;
    Some(proxy_variable())
}

/// The proxy that `ALL_PROXY` names for HTTPS. By themselves the libraries let the system's settings come before it.
fn all_proxy() -> Option<Proxy> {
    let variable = proxy_variable().filter(|name| name.eq_ignore_ascii_case("ALL_PROXY"))?;
    Some(Proxy::all(env::var(variable).ok()?).ok()?.no_proxy(NoProxy::from_env()))
}

/// Reads no more of an answer than one of Key Vault can have, and says why there is no connection.
#[derive(Debug)]
struct Network {
    client: reqwest::Client,
    /// What is trusted in place of the system's own, if anything.
    trusted: Vec<Certificate>,
    /// For this computer, which no proxy reaches; made when it is first needed.
    direct: OnceLock<reqwest::Client>,
}

impl Network {
    fn direct(&self) -> &reqwest::Client {
        let client = || trusting(ClientBuilder::new().no_proxy(), &self.trusted);
        self.direct.get_or_init(|| built(client()).unwrap_or_else(|_| self.client.clone()))
    }
}

#[async_trait::async_trait]
impl HttpClient for Network {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let is_local = request.url().host_str().is_some_and(is_loopback);
        let client = if is_local { self.direct() } else { &self.client };
        let answer = client.execute_request(request).await.map_err(|error| {
            let is_direct = is_local || self.direct.get().is_some();
            let proxy = if is_direct { None } else { proxy_of(request.url()) };
            ConnectionError::classify(error, request.url(), proxy)
        })?;
        let (status, headers, mut body) = answer.deconstruct();
        let mut bytes = Vec::new();
        while let Some(chunk) = body.try_next().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES {
                return Err(Error::with_message(ErrorKind::DataConversion, "the answer is larger than 1 MiB"));
            }
        }
        // The connection learns that it is free again, so that a request that follows at once needs no other.
        yield_now().await;
        Ok(AsyncRawResponse::from_bytes(status, headers, bytes))
    }
}

/// The system's resolver, within a limit of time. `localhost` and the names under it are this computer, whatever the
/// resolver says ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str();
            if is_localhost(name) {
                let this_computer =
                    [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].map(|ip| SocketAddr::new(ip, 0));
                return Ok(Box::new(this_computer.into_iter()) as Addrs);
            }
            let failed = match timeout(LOOKUP, lookup_host((name, 0))).await {
                Ok(Ok(addresses)) => {
                    let addresses: Vec<_> = addresses.collect();
                    if !addresses.is_empty() {
                        return Ok(Box::new(addresses.into_iter()) as Addrs);
                    }
                    Reason::UnknownHost { name: name.to_owned() }
                }
                Ok(Err(error)) if is_for_now(&error) => Reason::NameServer { name: name.to_owned(), timed_out: false },
                Ok(Err(_)) => Reason::UnknownHost { name: name.to_owned() },
                Err(_) => Reason::NameServer { name: name.to_owned(), timed_out: true },
            };
            Err(LookupFailed(failed).into())
        })
    }
}

/// Whether the resolver says that it cannot tell for now (`EAI_AGAIN`, `WSATRY_AGAIN`). On Unix the standard library
/// keeps only the words of the C library.
fn is_for_now(error: &io::Error) -> bool {
    const WSATRY_AGAIN: i32 = 11002;
    let words = error.to_string();
    cfg!(windows) && error.raw_os_error() == Some(WSATRY_AGAIN)
        || ["Temporary failure", "try again", "Try again"].iter().any(|it| words.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_that_cannot_tell_for_now_is_told_from_one_that_knows_no_such_name() {
        let said = |words: &str| io::Error::other(format!("failed to lookup address information: {words}"));
        for for_now in ["Temporary failure in name resolution", "Try again"] {
            assert!(is_for_now(&said(for_now)), "{for_now}");
        }
        for for_good in ["Name or service not known", "nodename nor servname provided, or not known"] {
            assert!(!is_for_now(&said(for_good)), "{for_good}");
        }
    }

    #[tokio::test]
    async fn localhost_and_the_names_under_it_are_this_computer() {
        for name in ["localhost", "LOCALHOST", "my-vault.localhost"] {
            let addresses: Vec<_> = Resolver.resolve(name.parse().unwrap()).await.unwrap().collect();
            assert!(!addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback()), "{name}");
        }
    }
}
