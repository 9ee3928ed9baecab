//! The SDK's calls, as the policies in the client's pipeline recognise them.

use azure_core::http::{Method, Request};

/// The call of the SDK that a request belongs to.
///
/// See <https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups> for the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `list_secret_properties_versions`
    LookUp,
    /// `set_secret`
    Set,
    /// `get_secret`
    Get,
    /// `begin_delete_secret`
    Delete,
    /// A poll of the deletion's poller.
    Poll,
    /// `purge_deleted_secret`
    Purge,
}

impl Call {
    /// The call, and the secret's name; none for a request of another kind.
    pub(crate) fn of(request: &Request) -> Option<(Self, &str)> {
        let path: Vec<_> = request.url().path().trim_matches('/').split('/').collect();
        match (request.method(), path.as_slice()) {
            (Method::Get, ["secrets", name, "versions"]) => Some((Self::LookUp, name)),
            (Method::Put, ["secrets", name]) => Some((Self::Set, name)),
            (Method::Get, ["secrets", name, ..]) => Some((Self::Get, name)),
            (Method::Delete, ["secrets", name]) => Some((Self::Delete, name)),
            (Method::Get, ["deletedsecrets", name]) => Some((Self::Poll, name)),
            (Method::Delete, ["deletedsecrets", name]) => Some((Self::Purge, name)),
            _ => None,
        }
    }
}
