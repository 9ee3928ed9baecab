//! The system's resolver, within a limit of time.

use super::{
    connection_error::{ConnectionFailure, LookupFailed},
    loopback::is_localhost,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{net::lookup_host, time::timeout};

/// The longest look-up of a host's name. glibc waits 5 s for a name server before it asks the next.
const LOOKUP: Duration = Duration::from_secs(10);

/// Looks up names, and remembers where each led. `localhost` and the names under it are this computer, whatever the
/// system says ([RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
#[derive(Clone, Debug, Default)]
pub(super) struct Resolver(Arc<Mutex<BTreeMap<String, Vec<IpAddr>>>>);

impl Resolver {
    /// The addresses that the name led to when it was last looked up.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned().unwrap_or_default()
    }

    fn remember(&self, name: &str, addresses: &[SocketAddr]) {
        let addresses = addresses.iter().map(SocketAddr::ip).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), addresses);
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found = look_up(name).await;
            known.remember(name, found.as_deref().unwrap_or_default());
            let addresses = found.map_err(LookupFailed)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn look_up(name: &str) -> Result<Vec<SocketAddr>, ConnectionFailure> {
    if is_localhost(name) {
        return Ok([IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]
            .map(|ip| SocketAddr::new(ip, 0))
            .into());
    }
    let name_server = |timed_out| ConnectionFailure::NameServer { name: name.to_owned(), timed_out };
    match timeout(LOOKUP, lookup_host((name, 0))).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            let unknown = || ConnectionFailure::UnknownHost { name: name.to_owned() };
            if addresses.is_empty() { Err(unknown()) } else { Ok(addresses) }
        }
        Ok(Err(error)) if is_for_now(&error) => Err(name_server(false)),
        Ok(Err(_)) => Err(ConnectionFailure::UnknownHost { name: name.to_owned() }),
        Err(_) => Err(name_server(true)),
    }
}

/// Tells whether the resolver cannot answer for now (`EAI_AGAIN`, `WSATRY_AGAIN`). On Unix the standard library keeps
/// only the words of the C library.
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
        let resolver = Resolver::default();
        for name in ["localhost", "LOCALHOST", "my-vault.localhost"] {
            let addresses: Vec<_> = resolver.resolve(name.parse().unwrap()).await.unwrap().collect();
            assert!(!addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback()), "{name}");
            assert_eq!(resolver.addresses(name).len(), addresses.len());
        }
    }
}
