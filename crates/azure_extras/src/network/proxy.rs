//! The proxy on the way to a host.

use azure_core::http::Url;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy};
use std::env;

/// A proxy that a request goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyInUse {
    /// The environment variable that names it; `None` for the system's settings.
    pub variable: Option<&'static str>,
    /// Its host, and its port if it has one.
    pub authority: String,
}

impl ProxyInUse {
    /// The proxy for `url`, if it has one.
    pub(super) fn of(url: &Url) -> Option<Self> {
        let proxy = Matcher::from_system().intercept(&url.as_str().parse().ok()?)?;
        let (host, port) = (proxy.uri().host().unwrap_or_default(), proxy.uri().port_u16());
        let authority = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Some(Self { variable: variable(), authority })
    }
}

/// The environment variable that names the proxy for HTTPS; `ALL_PROXY` serves where `HTTPS_PROXY` is not set.
fn variable() -> Option<&'static str> {
    // The upper case hides the lower one, even when it is empty.
    let first_set = |names: [&'static str; 2]| names.into_iter().find(|name| env::var_os(name).is_some());
    let is_in_use = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]];
    names.into_iter().filter_map(first_set).find(is_in_use)
}

/// The proxy that `ALL_PROXY` names for HTTPS. By themselves the libraries let the system's settings come before it.
pub(super) fn all_proxy() -> Option<Proxy> {
    let variable = variable().filter(|name| name.eq_ignore_ascii_case("ALL_PROXY"))?;
    Some(Proxy::all(env::var(variable).ok()?).ok()?.no_proxy(NoProxy::from_env()))
}
