//! The reason why there is no connection to a host, as far as the libraries below tell.

use super::proxy::ProxyInUse;
use crate::{error::causes, text::OutsideText};
use azure_core::{Error, error::ErrorKind};
use rustls::CertificateError;
use std::{io, net::IpAddr, sync::Arc};

/// A request that got no response, since the connection to `host` did not come about or broke.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no connection to {host}{}: {failure}", match proxy {
    Some(proxy) if !proxy.authority.is_empty() => format!(" by the proxy {}", proxy.authority),
    _ => String::new(),
})]
pub struct ConnectionError {
    /// The host that was to be reached.
    pub host: String,
    /// The addresses that its name led to; empty where it was not looked up here, as behind a proxy.
    pub addresses: Vec<IpAddr>,
    /// The proxy on the way, if there is one.
    pub proxy: Option<ProxyInUse>,
    /// The reason.
    pub failure: ConnectionFailure,
    source: Option<Arc<reqwest::Error>>,
}

/// The reason why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionFailure {
    /// A host's name has no address.
    #[error("the host {name} is not known")]
    UnknownHost {
        /// The name: the host's, or its proxy's.
        name: String,
    },
    /// The name server did not answer, or could not tell for now.
    #[error("{} {name}{}", if *.timed_out { "no name server answered for" } else { "the name server has no answer for" },
            if *.timed_out { "" } else { " for now" })]
    NameServer {
        /// The name that was asked for.
        name: String,
        /// Took too long; else it said "for now".
        timed_out: bool,
    },
    /// The host's certificate does not vouch for it.
    #[error("its certificate is not trusted: {0}")]
    Certificate(CertificateFault),
    /// The proxy did not make the connection.
    #[error("the proxy {0}")]
    Proxy(ProxyFault),
    /// Nothing listens there, or it refuses.
    #[error("the connection was refused")]
    Refused,
    /// It was not accepted in time.
    #[error("the connection was not accepted in time")]
    TimedOut,
    /// It broke, or something that does not speak HTTP or TLS answered.
    #[error("the connection broke off")]
    Broken,
}

/// The fault of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Its issuer is not trusted here.
    #[error("no issuer that is trusted here")]
    UnknownIssuer,
    /// It is for another name.
    #[error("it is for another name")]
    OtherName,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not yet valid")]
    NotYetValid,
    /// It is a certificate authority's own.
    #[error("it is a certificate authority's own")]
    AuthorityAsServer,
    /// Another one, in the words of the TLS library.
    #[error("{0}")]
    Other(OutsideText),
}

/// The fault of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// It wants a user and a password (407).
    #[error("wants a user and a password")]
    WantsPassword,
    /// It refused.
    #[error("refuses to connect")]
    Refused,
    /// It is not there.
    #[error("is not there")]
    NotThere,
}

/// The failure of a look-up, as an error that passes through the HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LookupFailed(pub ConnectionFailure);

/// Equal if they tell the same, whatever the HTTP client said.
impl PartialEq for ConnectionError {
    fn eq(&self, other: &Self) -> bool {
        let facts = |it: &Self| (it.host.clone(), it.addresses.clone(), it.proxy.clone(), it.failure.clone());
        facts(self) == facts(other)
    }
}

impl Eq for ConnectionError {}

impl ConnectionError {
    /// Tells whether the next attempt may succeed.
    pub fn is_transient(&self) -> bool {
        use ConnectionFailure::{Broken, NameServer, Refused, TimedOut};
        matches!(self.failure, NameServer { timed_out: false, .. } | Refused | TimedOut | Broken)
    }

    /// Tells whether the request may have been sent before the connection failed.
    pub fn may_have_been_sent(&self) -> bool {
        self.failure == ConnectionFailure::Broken
    }

    /// A connection to `host` that failed so, as a transport of somebody else's may tell it.
    pub fn new(host: &str, failure: ConnectionFailure, proxy: Option<ProxyInUse>) -> Self {
        Self { host: host.to_owned(), addresses: Vec::new(), proxy, failure, source: None }
    }

    /// The same without the words of the libraries below.
    pub(crate) fn without_words(&self) -> Self {
        let failure = match &self.failure {
            ConnectionFailure::Certificate(CertificateFault::Other(_)) => {
                ConnectionFailure::Certificate(CertificateFault::Other("it cannot be verified".into()))
            }
            failure => failure.clone(),
        };
        Self { failure, source: None, ..self.clone() }
    }

    /// Finds out why `source` came in place of a response from `host`.
    pub(super) fn wrap(source: reqwest::Error, host: &str, addresses: Vec<IpAddr>, proxy: Option<ProxyInUse>) -> Error {
        let kind = if source.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
        let failure = failure(&source, proxy.is_some());
        // Its URL may be somebody's with a password in it; the host is told.
        let error =
            Self { host: host.to_owned(), addresses, proxy, failure, source: Some(Arc::new(source.without_url())) };
        // The SDK's own retries, where they are on, leave that kind alone.
        let kind = if error.is_transient() { kind } else { ErrorKind::Other };
        Error::new(kind, error)
    }
}

fn failure(error: &reqwest::Error, by_proxy: bool) -> ConnectionFailure {
    let causes: Vec<_> = causes(error).collect();
    if let Some(LookupFailed(failure)) = causes.iter().find_map(|cause| cause.downcast_ref()) {
        return failure.clone();
    }
    let io = || causes.iter().filter_map(|cause| cause.downcast_ref::<io::Error>());
    if let Some(rustls::Error::InvalidCertificate(error)) = io().find_map(innermost) {
        return ConnectionFailure::Certificate(fault(error));
    }
    // The tunnel's own errors are of a private type, so only their words can be recognised.
    let words = |words: &str| causes.iter().any(|cause| cause.to_string().contains(words));
    let fault = if !by_proxy {
        None
    } else if words("proxy authorization required") {
        Some(ProxyFault::WantsPassword)
    } else if words("failed to create underlying connection") || io().any(is_refused) {
        Some(ProxyFault::NotThere)
    } else {
        words("tunnel error").then_some(ProxyFault::Refused)
    };
    match fault {
        Some(fault) => ConnectionFailure::Proxy(fault),
        // An established connection can time out too, when the request has been sent.
        None if error.is_connect() && io().any(is_refused) => ConnectionFailure::Refused,
        None if error.is_connect() && error.is_timeout() => ConnectionFailure::TimedOut,
        None => ConnectionFailure::Broken,
    }
}

/// The TLS error that an I/O error wraps, which may wrap another one: a wrapped error's `source` passes over it.
fn innermost(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| innermost(inner.downcast_ref()?))
}

fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn fault(error: &CertificateError) -> CertificateFault {
    use CertificateError as Certificate;
    match error {
        // Another key than the trusted one of that name: a certificate that was made anew.
        Certificate::UnknownIssuer | Certificate::BadSignature => CertificateFault::UnknownIssuer,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => CertificateFault::OtherName,
        Certificate::Expired | Certificate::ExpiredContext { .. } => CertificateFault::Expired,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        Certificate::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => {
            CertificateFault::AuthorityAsServer
        }
        _ => CertificateFault::Other(OutsideText::new(&error.to_string())),
    }
}
