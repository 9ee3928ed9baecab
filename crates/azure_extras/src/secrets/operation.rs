//! The SDK's operations, as a policy in the client's pipeline recognises them.

use azure_core::http::{Method, Request, headers::AUTHORIZATION};

/// The operation of the SDK that a request belongs to.
///
/// See <https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups> for the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `list_secret_properties_versions`
    ListVersions,
    /// `set_secret`
    Set,
    /// `get_secret`
    Get,
    /// `delete_secret`, with which `begin_delete_secret` begins
    Delete,
    /// `get_deleted_secret`, by which the poller polls
    GetDeleted,
    /// `purge_deleted_secret`
    Purge,
}

impl Operation {
    /// The operation, and the secret's name; `None` for a request of another kind.
    pub fn of(request: &Request) -> Option<(Self, &str)> {
        let path: Vec<_> = request.url().path().trim_matches('/').split('/').collect();
        match (request.method(), path.as_slice()) {
            (Method::Get, ["secrets", name, "versions"]) => Some((Self::ListVersions, name)),
            (Method::Put, ["secrets", name]) => Some((Self::Set, name)),
            (Method::Get, ["secrets", name, ..]) => Some((Self::Get, name)),
            (Method::Delete, ["secrets", name]) => Some((Self::Delete, name)),
            (Method::Get, ["deletedsecrets", name]) => Some((Self::GetDeleted, name)),
            (Method::Delete, ["deletedsecrets", name]) => Some((Self::Purge, name)),
            _ => None,
        }
    }
}

/// Tells whether the request carries a token. The client's first goes without one, to be challenged, and does nothing.
pub fn is_authorized(request: &Request) -> bool {
    request.headers().get_optional_str(&AUTHORIZATION).is_some()
}
