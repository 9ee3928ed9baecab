//! Why there is no connection to a host, as far as the libraries below tell.

use super::causes;
use azure_core::{Error, error::ErrorKind, http::Url};
use rustls::CertificateError;
use std::{fmt, io};

/// No connection came about, for a reason that is known.
#[derive(Debug)]
pub struct ConnectionError {
    /// The host that was to be reached.
    pub host: String,
    /// The reason.
    pub reason: Reason,
    source: Error,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A host's name has no address.
    UnknownHost {
        /// The name: the host's, or its proxy's.
        name: String,
    },
    /// The name server gave no answer, or could not tell for now.
    NameServer {
        /// The name that was asked for.
        name: String,
        /// Whether it took too long; else it said "for now".
        timed_out: bool,
    },
    /// The host's certificate does not vouch for it.
    Certificate(Distrust),
    /// The proxy did not make the connection.
    Proxy {
        /// Where the proxy is named: an environment variable, or none for the system's settings.
        variable: Option<&'static str>,
        /// What it did.
        failure: ProxyFailure,
    },
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody who is trusted has issued it.
    UnknownIssuer,
    /// It is for another name.
    OtherName,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is a certificate authority's own.
    AuthorityAsServer,
    /// Something else.
    Other,
}

/// What a proxy did in place of connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyFailure {
    /// It wants a user and a password (407).
    WantsPassword,
    /// It refused.
    Refused,
    /// It is not there.
    NotThere,
}

impl ConnectionError {
    /// Whether the next try may do better.
    pub fn may_pass(&self) -> bool {
        matches!(self.reason, Reason::NameServer { timed_out: false, .. })
    }

    /// A connection that failed for that reason.
    #[cfg(test)]
    pub(crate) fn of(host: &str, reason: Reason) -> Self {
        let source = Error::with_message(ErrorKind::Io, "error sending request for url (https://...)");
        Self { host: host.to_owned(), reason, source }
    }

    /// Finds out why `error` came instead of a connection to `url`; the error itself, where that is not known.
    ///
    /// `proxy` is where the proxy for `url` is named, if there is one. The error that this gives is of a kind that
    /// the SDK's own retries leave alone, unless the next try may do better.
    pub(super) fn classify(error: Error, url: &Url, proxy: Option<Option<&'static str>>) -> Error {
        let Some(reason) = reason(&error, proxy) else { return error };
        let host = url.host_str().unwrap_or_default().to_owned();
        let kind = error.kind().clone();
        let connection = Self { host, reason, source: error };
        let kind = if connection.may_pass() { kind } else { ErrorKind::Other };
        Error::new(kind, connection)
    }
}

fn reason(error: &Error, proxy: Option<Option<&'static str>>) -> Option<Reason> {
    let causes: Vec<_> = causes(error).collect();
    if let Some(LookupFailed(reason)) = causes.iter().find_map(|cause| cause.downcast_ref()) {
        return Some(reason.clone());
    }
    let io = || causes.iter().filter_map(|cause| cause.downcast_ref::<io::Error>());
    if let Some(rustls::Error::InvalidCertificate(error)) = io().find_map(innermost) {
        return Some(Reason::Certificate(distrust(error)));
    }
    let variable = proxy?;
    let words = |words: &str| causes.iter().any(|cause| cause.to_string().contains(words));
    // The tunnel's own errors are of a private type, so only their words can be recognised.
    let failure = if words("proxy authorization required") {
        ProxyFailure::WantsPassword
    } else if words("failed to create underlying connection") || io().any(is_refused) {
        ProxyFailure::NotThere
    } else if words("tunnel error") {
        ProxyFailure::Refused
    } else {
        return None;
    };
    Some(Reason::Proxy { variable, failure })
}

/// What an I/O error wraps, which may be another one: a wrapped error's `source` passes over it.
fn innermost(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| innermost(inner.downcast_ref()?))
}

fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn distrust(error: &CertificateError) -> Distrust {
    use CertificateError as Certificate;
    match error {
        // Another key than the trusted one of that name: a certificate that was made anew.
        Certificate::UnknownIssuer | Certificate::BadSignature => Distrust::UnknownIssuer,
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => Distrust::OtherName,
        Certificate::Expired | Certificate::ExpiredContext { .. } => Distrust::Expired,
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => Distrust::NotYetValid,
        Certificate::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => Distrust::AuthorityAsServer,
        _ => Distrust::Other,
    }
}

/// The resolver's way to say why a name has no address.
#[derive(Debug)]
pub(super) struct LookupFailed(pub(super) Reason);

impl fmt::Display for LookupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for LookupFailed {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownHost { name } => write!(f, "the host {name} is not known"),
            Self::NameServer { name, timed_out: true } => write!(f, "no name server answered for {name}"),
            Self::NameServer { name, timed_out: false } => {
                write!(f, "the name server has no answer for {name} for now")
            }
            Self::Certificate(distrust) => write!(f, "the certificate is not trusted: {distrust:?}"),
            Self::Proxy { failure, .. } => write!(f, "the proxy failed: {failure:?}"),
        }
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection to {}: {}", self.host, self.reason)
    }
}

impl std::error::Error for ConnectionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
