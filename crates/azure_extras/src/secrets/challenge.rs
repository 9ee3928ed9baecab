//! The challenge: which token a server asks for.
//!
//! See <https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses>.

use super::{response::rebuilt, vault_address::azure_domain};
use crate::{
    network::is_loopback,
    redaction::redactor::Redactor,
    text::{OutsideText, between},
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, RawResponse, Request, StatusCode, Url,
        headers::{HeaderName, WWW_AUTHENTICATE},
        policies::{Policy, PolicyResult},
    },
};
use std::{env, fmt, sync::Arc};

/// The hosts where accounts of Azure's clouds sign in.
const SIGN_IN_HOSTS: [&str; 5] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];

/// The header that keeps a challenge which the SDK cannot answer: it would look for a scope in it, and lose the response.
const OTHER_CHALLENGE: HeaderName = HeaderName::from_static("x-other-challenge");

/// The challenge wants a token for another domain than the vault's. The client sends none.
///
/// See <https://aka.ms/azsdk/blog/vault-uri>.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server wants a token for {resource}")]
pub struct ForeignChallenge {
    /// The audience of that token.
    pub resource: OutsideText,
}

/// The `WWW-Authenticate` of a response.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Challenge(pub String);

/// Shows nothing of it, since a server may write anything there.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}

impl Challenge {
    /// The challenge of a response; empty if it has none.
    pub fn of(response: &RawResponse) -> Self {
        let header = |name| response.headers().get_optional_str(&name);
        Self(header(OTHER_CHALLENGE).or_else(|| header(WWW_AUTHENTICATE)).unwrap_or_default().to_owned())
    }

    /// The audience of the wanted token, if it is named: the first, as the SDK takes it.
    fn resource(&self) -> Option<&str> {
        let first = ["resource=\"", "scope=\""].into_iter().filter_map(|name| Some((self.0.find(name)?, name))).min();
        between(&self.0, first?.1, "\"")
    }

    /// The last part of the authority's URL.
    pub fn tenant(&self) -> Option<&str> {
        let authority = between(&self.0, "authorization=\"", "\"")?;
        authority.trim_end_matches('/').rsplit('/').next()
    }

    /// The host to sign in at, and the audience, if they are Azure's: what a server may write there is not shown.
    pub fn azures(&self) -> Option<(&str, &str)> {
        let (host, resource) = (between(&self.0, "authorization=\"https://", "/")?, self.resource()?);
        let domain = resource.strip_prefix("https://")?;
        let is_azures = SIGN_IN_HOSTS.contains(&host) && azure_domain(&format!("x.{domain}")) == Some(domain);
        is_azures.then_some((host, resource))
    }

    /// Tells whether the account is to sign in anew
    /// ([continuous access evaluation](https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation)).
    pub fn wants_claims(&self) -> bool {
        self.0.contains("insufficient_claims")
    }

    /// Tells whether it can be Key Vault's.
    pub fn is_key_vaults(&self) -> bool {
        let is_bearer = self.0.trim_start().to_ascii_lowercase().starts_with("bearer ");
        is_bearer && (self.resource().is_some() || self.wants_claims())
    }

    /// The audience, if no token for it may be given to the host that was asked: it is not that vault's domain; or, on this
    /// computer, where nobody knows who answers, not this computer's own, unless that is where tokens come from.
    fn foreign_resource(&self, asked: &Url, signs_in_here: bool) -> Option<&str> {
        let (host, resource) = (asked.host_str()?, self.resource()?);
        let url = Url::parse(resource).ok();
        let audience = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let is_own = match azure_domain(host) {
            Some(domain) => [format!("https://{domain}"), format!("https://{domain}/.default")]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(resource.trim_end_matches('/'))),
            None if is_loopback(host) => signs_in_here || is_loopback(audience),
            None => !audience.is_empty() && host.ends_with(&format!(".{audience}")),
        };
        (!is_own).then_some(resource)
    }
}

/// Lets the SDK see only challenges that it can answer and may: for each attempt, [`ForeignChallenge`] is the error in
/// place of one for another domain.
#[derive(Debug)]
pub(super) struct OwnChallenges {
    /// Tokens come from this computer.
    signs_in_here: bool,
    /// Keeps secrets out of what is shown of a challenge.
    redactor: Redactor,
}

impl OwnChallenges {
    /// Knows from `AZURE_AUTHORITY_HOST` whether tokens come from this computer: from an emulator's own Entra ID.
    pub fn from_env(redactor: Redactor) -> Self {
        let authority = env::var("AZURE_AUTHORITY_HOST").ok().and_then(|url| Url::parse(&url).ok());
        Self { signs_in_here: authority.is_some_and(|url| url.host_str().is_some_and(is_loopback)), redactor }
    }
}

#[async_trait::async_trait]
impl Policy for OwnChallenges {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(ctx, request, &next[1..]).await?;
        let (status, mut headers, body) = response.try_into_raw_response().await?.deconstruct();
        // Only this policy may set it.
        headers.remove(OTHER_CHALLENGE);
        let mut response = RawResponse::from_bytes(status, headers, body);
        let challenge = Challenge::of(&response);
        let foreign = || {
            // A secret in it would go where tokens are asked for.
            let echo =
                challenge.resource().filter(|it| challenge.azures().is_none() && self.redactor.redact(it) != *it);
            challenge.foreign_resource(request.url(), self.signs_in_here).or(echo)
        };
        if response.status() == StatusCode::Unauthorized
            && let Some(resource) = foreign()
        {
            let resource = OutsideText::redacted(resource, &self.redactor).first_line();
            return Err(Error::new(ErrorKind::Other, ForeignChallenge { resource }));
        }
        if challenge.resource().is_none() && !challenge.0.is_empty() {
            let (status, mut headers, body) = response.deconstruct();
            headers.remove(WWW_AUTHENTICATE);
            headers.insert(OTHER_CHALLENGE, challenge.0);
            response = RawResponse::from_bytes(status, headers, body);
        }
        Ok(rebuilt(response))
    }
}

#[cfg(test)]
mod tests;
