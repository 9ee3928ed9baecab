//! What the service said in an error: its codes, its message, and what can be read out of them.

use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        RawResponse, StatusCode,
        headers::{HeaderName, WWW_AUTHENTICATE},
    },
};
use serde_json::Value;

/// An error answer of Key Vault.
///
/// See <https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret#keyvaulterror>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status.
    pub status: u16,
    /// `error.code`, such as `Forbidden`.
    pub code: String,
    /// `error.innererror.code`, which is often what tells two errors apart.
    pub inner_code: String,
    /// `error.message`, in several lines perhaps.
    pub message: String,
    /// The id by which Microsoft's support finds the request.
    pub request_id: Option<String>,
    challenge: Option<String>,
}

impl ServiceError {
    /// Reads what the service said; none when `error` is not an answer of a service.
    pub fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::HttpResponse { raw_response: Some(response), .. } => Some(Self::read(response)),
            _ => None,
        }
    }

    /// Reads an answer with an error's status.
    pub fn read(response: &RawResponse) -> Self {
        let header = |name| response.headers().get_optional_str(&name).map(str::to_owned);
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            status: response.status().into(),
            code: text("/error/code"),
            inner_code: text("/error/innererror/code"),
            message: text("/error/message"),
            request_id: header(HeaderName::from_static("x-ms-request-id")),
            challenge: header(WWW_AUTHENTICATE),
        }
    }

    /// Whether the name belongs to a secret whose deletion is under way.
    pub fn is_being_deleted(&self) -> bool {
        self.status == StatusCode::Conflict && self.inner_code == "ObjectIsBeingDeleted"
    }

    /// Whether the name belongs to a deleted secret that can be recovered.
    pub fn is_recoverable(&self) -> bool {
        self.status == StatusCode::Conflict && self.inner_code == "ObjectIsDeletedButRecoverable"
    }

    /// Whether the network, and no permission, keeps the caller out.
    pub fn is_network_rule(&self) -> bool {
        matches!(self.inner_code.as_str(), "ForbiddenByFirewall" | "ForbiddenByConnection")
    }

    /// The tenant that the challenge names.
    pub fn tenant(&self) -> Option<&str> {
        let authority = between(self.challenge.as_deref()?, "authorization=\"", "\"")?;
        pasteable(authority.trim_end_matches('/').rsplit('/').next()?)
    }

    /// The caller's object id in Entra ID.
    pub fn object_id(&self) -> Option<&str> {
        pasteable(between(&self.message, "oid=", ";")?)
    }

    /// The caller's address, as a vault's firewall sees it.
    pub fn client_address(&self) -> Option<&str> {
        pasteable(between(&self.message, "Client address: ", "\r")?.split(['\n', ' ', '(']).next()?)
    }

    /// The vault's resource id, `/subscriptions/.../vaults/NAME`.
    pub fn vault_scope(&self) -> Option<String> {
        let resource = between(&self.message, "Resource: '", "'")?;
        let (before, after) = resource.split_once("/vaults/")?;
        let name = after.split('/').next()?;
        pasteable(&format!("{before}/vaults/{name}")).map(str::to_owned)
    }
}

/// What stands after `start`, up to `end` or the text's end.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(found, _)| found))
}

/// Lets pass only what does nothing in a shell: it goes into a command that people paste.
fn pasteable(text: &str) -> Option<&str> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
    (!text.is_empty() && !text.starts_with('-') && text.chars().all(harmless)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_filled_from_the_services_own_words() {
        let error = ServiceError {
            message: "Caller is not authorized.\r\nCaller: appid=A;oid=11-22;iss=https://sts.windows.net/T/\r\nAction: 'x'\r\n\
                      Resource: '/subscriptions/S/resourcegroups/RG/providers/microsoft.keyvault/vaults/my-vault/secrets/n'\r\n\
                      Client address: 203.0.113.9\r\nVault: my-vault;location=eastus\r\n"
                .into(),
            challenge: Some(r#"Bearer authorization="https://login.microsoftonline.com/T-1", resource="r""#.into()),
            ..Default::default()
        };
        assert_eq!(error.object_id(), Some("11-22"));
        assert_eq!(error.client_address(), Some("203.0.113.9"));
        let scope = "/subscriptions/S/resourcegroups/RG/providers/microsoft.keyvault/vaults/my-vault";
        assert_eq!(error.vault_scope().as_deref(), Some(scope));
        assert_eq!(error.tenant(), Some("T-1"));
    }

    #[test]
    fn what_a_shell_would_act_upon_is_not_taken() {
        for evil in ["$(id)", "a b", "`id`", "x;id", "a'b", "--help", ""] {
            let message = format!("Client address: {evil}\r\nResource: '/subscriptions/{evil}/vaults/v'");
            let error = ServiceError { message, ..Default::default() };
            assert!(error.client_address().is_none_or(|it| it == "a"), "{evil}");
            if !["", "--help"].contains(&evil) {
                assert_eq!(error.vault_scope(), None, "{evil}");
            }
        }
    }
}
