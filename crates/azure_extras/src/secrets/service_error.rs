//! An error of the service: its codes, its message, and the facts in them.

use super::{
    challenge::Challenge,
    response::{is_error, json},
};
use crate::text::{OutsideText, between, is_guid};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{RawResponse, StatusCode, headers::HeaderName},
};
use serde_json::Value;
use std::net::IpAddr;

/// An error response of Key Vault.
///
/// See <https://learn.microsoft.com/rest/api/keyvault/secrets/set-secret/set-secret#keyvaulterror>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status.
    pub status: u16,
    /// `error.code`, such as `Forbidden`; empty if there is none.
    pub code: OutsideText,
    /// `error.innererror.code`, which is often what tells two errors apart; empty if there is none.
    pub inner_code: OutsideText,
    /// `error.message`, in several lines perhaps.
    pub message: OutsideText,
    /// The first line of a body that is not Key Vault's, at most 200 characters.
    pub other_body: OutsideText,
    /// The id by which Microsoft's support finds the request.
    pub request_id: Option<OutsideText>,
    challenge: Challenge,
}

impl ServiceError {
    /// The error of the service; `None` if `error` is not a response of a service.
    pub fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::HttpResponse { raw_response: Some(response), .. } => Some(Self::read(response)),
            _ => None,
        }
    }

    /// The error of the service in a response with an error's status.
    pub fn read(response: &RawResponse) -> Self {
        let header = |name| response.headers().get_optional_str(&name).map(|id| OutsideText::new(id).first_line());
        let body = json(response);
        let text = |pointer: &str| OutsideText::new(body.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        let other = if is_error(&body) { "".into() } else { String::from_utf8_lossy(response.body()) };
        Self {
            status: response.status().into(),
            code: text("/error/code").first_line(),
            inner_code: text("/error/innererror/code").first_line(),
            message: text("/error/message"),
            other_body: OutsideText::new(&other).first_line(),
            request_id: header(HeaderName::from_static("x-ms-request-id")),
            challenge: Challenge::of(response),
        }
    }

    /// Tells whether the name belongs to a secret whose deletion, or purge, is under way.
    pub fn is_being_deleted(&self) -> bool {
        self.is_conflict("ObjectIsBeingDeleted", "currently being deleted")
    }

    /// Tells whether the name belongs to a deleted secret that can be recovered.
    pub fn is_recoverable(&self) -> bool {
        self.is_conflict("ObjectIsDeletedButRecoverable", "deleted but recoverable state")
    }

    /// Some emulators leave the inner code out; then the message must tell.
    fn is_conflict(&self, inner_code: &str, words: &str) -> bool {
        let said =
            if self.inner_code.is_empty() { self.message.contains(words) } else { *self.inner_code == *inner_code };
        self.status == StatusCode::Conflict && said
    }

    /// Tells whether the network, and no permission, keeps the caller out.
    pub fn is_network_rule(&self) -> bool {
        matches!(&*self.inner_code, "ForbiddenByFirewall" | "ForbiddenByConnection")
    }

    /// Tells whether the caller lacks a permission for what was asked.
    pub fn is_missing_permission(&self) -> bool {
        self.status == StatusCode::Forbidden
            && !self.code.is_empty()
            && !self.is_network_rule()
            && *self.inner_code != *"SecretDisabled"
    }

    /// Tells whether the service refused the token for a moment only: it could not resolve the key that signed it, or the
    /// clocks differ and the token is not yet valid.
    pub fn is_passing_refusal(&self) -> bool {
        self.status == StatusCode::Unauthorized
            && (self.message.contains("AKV10046") || self.message.contains("not yet valid"))
    }

    /// Tells whether the service wants a new sign-in, since something about the account has changed
    /// ([continuous access evaluation](https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation)).
    pub fn wants_new_sign_in(&self) -> bool {
        self.status == StatusCode::Unauthorized && self.challenge.wants_claims()
    }

    /// The host to sign in at and the audience that the challenge names, if they are Azure's.
    pub fn azures_challenge(&self) -> Option<(&str, &str)> {
        self.challenge.azures()
    }

    /// The tenant that the challenge names, a GUID.
    pub fn tenant(&self) -> Option<&str> {
        self.challenge.tenant().filter(|tenant| is_guid(tenant))
    }

    /// The caller's object id in Entra ID, a GUID.
    pub fn object_id(&self) -> Option<&str> {
        between(&self.message, "oid=", ";").filter(|id| is_guid(id))
    }

    /// The caller's address, as a vault's firewall sees it.
    pub fn client_address(&self) -> Option<IpAddr> {
        between(&self.message, "Client address: ", "\n")?.split([' ', '(']).next()?.parse().ok()
    }

    /// The resource id of the vault called `name`, `/subscriptions/.../vaults/NAME`.
    pub fn vault_scope(&self, name: &str) -> Option<String> {
        let resource = between(&self.message, "Resource: '", "'")?;
        let parts: Vec<_> = resource.split('/').take(9).collect();
        let ["", subscriptions, subscription, groups, group, providers, provider, vaults, vault] = *parts else {
            return None;
        };
        let words = [(subscriptions, "subscriptions"), (groups, "resourcegroups"), (providers, "providers")];
        let more = [(provider, "microsoft.keyvault"), (vaults, "vaults"), (vault, name)];
        let is_named = words.iter().chain(&more).all(|(part, word)| part.eq_ignore_ascii_case(word));
        // A group's name may have more characters, some of which a shell would act upon.
        let is_plain = group.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        (is_named && is_guid(subscription) && is_plain && !group.is_empty()).then(|| parts.join("/"))
    }
}

/// Tells whether `error` is the service's response that the caller lacks a permission for what was asked.
pub fn is_missing_permission(error: &Error) -> bool {
    ServiceError::of(error).is_some_and(|error| error.is_missing_permission())
}

#[cfg(test)]
mod tests;
