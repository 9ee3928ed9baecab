//! Hosts that are this computer.

use std::net::IpAddr;

/// Tells whether `host` is this computer by its name, whatever a resolver says.
/// See <https://www.rfc-editor.org/rfc/rfc6761#section-6.3>.
pub(super) fn is_localhost(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// Tells whether `host` is this computer, by its name or its address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    is_localhost(host) || ip.is_ok_and(|ip| ip.is_loopback())
}
