//! The way to a host: TLS, proxies, name look-up, and why there is no connection.

mod connection_error;
mod loopback;
mod proxy;
mod resolver;
mod transport;
mod trust;

pub use connection_error::{CertificateFault, ConnectionError, ConnectionFailure, ProxyFault};
pub(crate) use loopback::is_loopback;
pub use proxy::ProxyInUse;
pub use transport::{https, local_http};
pub use trust::NoTrust;
