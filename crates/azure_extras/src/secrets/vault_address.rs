//! A vault's name or URL, and the [`SecretClient`] of the vault's secrets.
//!
//! The address comes from a user or an environment variable, and the sign-in token goes where it says, so nothing
//! becomes part of a URL before it has passed the rules here.

use super::origin::OneOrigin;
use crate::network::is_loopback;
use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, Url},
};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use std::{fmt, sync::Arc};

/// The parent domains of the vaults' hosts: Azure's public cloud, Azure in China, Azure for US Government.
///
/// See <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers>.
const DOMAINS: [&str; 3] = ["vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"];

/// The address of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAddress {
    url: Url,
    name: String,
    domain: Option<&'static str>,
}

/// The text that was given is not a vault's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match why {
    None => "No vault was given.".to_owned(),
    Some(why) if may_hold_password(given) => format!("What was given is not a vault: {why}"),
    Some(why) => format!("{given:?} is not a vault: {why}"),
})]
pub struct InvalidAddress {
    /// The text.
    pub given: String,
    /// The rule that it breaks; `None` if it is empty.
    pub why: Option<&'static str>,
}

/// Tells whether a text may be a URL with a password in it, well formed or not.
fn may_hold_password(given: &str) -> bool {
    let (_, rest) = given.split_once("://").unwrap_or(("", given));
    let port = rest.split_once(':').map(|(_, port)| port.trim_end_matches('/'));
    given.contains(['@', '\u{ff20}', '?', '#']) || port.is_some_and(|port| !port.chars().all(|c| c.is_ascii_digit()))
}

impl VaultAddress {
    /// Reads a vault's name (`my-vault`), host (`my-vault.vault.azure.net`) or `https` URL.
    ///
    /// A name means a vault in Azure's public cloud. A host without `https://` must be in one of Azure's vault domains;
    /// a URL may name any host, such as an emulator's.
    ///
    /// # Errors
    /// [`InvalidAddress`] when `given` is empty, breaks [Azure's rule for names][rule], is not `https`, or is a URL with
    /// anything but a host and a port.
    ///
    /// [rule]: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault
    pub fn parse(given: &str) -> Result<Self, InvalidAddress> {
        let refuse = |why| InvalidAddress { given: given.to_owned(), why };
        if given.is_empty() {
            return Err(refuse(None));
        }
        Self::parsed(given).map_err(|why| refuse(Some(why)))
    }

    fn parsed(given: &str) -> Result<Self, &'static str> {
        if !given.contains([':', '.', '/']) {
            return Self::in_domain(given, DOMAINS[0]).ok_or("the name breaks Azure's rule.");
        }
        if !given.contains("://") {
            // As the portal and other tools show it.
            let host = given.strip_suffix('/').unwrap_or(given);
            let host = host.strip_suffix(":443").unwrap_or(host);
            return DOMAINS
                .iter()
                .find_map(|domain| Self::in_domain(subdomain(host, domain)?, domain))
                .ok_or("it is no vault's host in Azure; for another, give its URL, https://HOST.");
        }
        if given.trim() != given {
            return Err("it begins or ends with white space.");
        }
        let url = Url::parse(given).map_err(|_| "the URL cannot be read.")?;
        if url.scheme() != "https" {
            return Err("its URL must start with https://.");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("its URL must not hold a user or password.");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("its URL must end with the host or port.");
        }
        // The parser mends what it can; the host that a reader sees must be the host that is asked.
        let (_, authority) = given.split_once("://").unwrap_or_default();
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if !authority.strip_suffix(":443").unwrap_or(authority).eq_ignore_ascii_case(url.authority()) {
            return Err("its URL is not of the form https://HOST.");
        }
        // It stands in commands that users paste.
        if !authority.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c)) {
            return Err("its host has characters that no host's name has.");
        }
        let host = url.host_str().unwrap_or_default();
        if host.ends_with('.') {
            return Err("its host ends with a dot.");
        }
        match DOMAINS.iter().find_map(|d| Some((subdomain(host, d)?, d))) {
            Some((name, domain)) if url.port().is_none() => {
                Self::in_domain(name, domain).ok_or("its host breaks Azure's rule for vault names.")
            }
            Some(_) => Err("Azure's vaults answer at port 443 only."),
            None => Ok(Self { name: url.authority().to_owned(), url, domain: None }),
        }
    }

    /// The vault called `name` in an Azure `domain`; `None` if the name breaks Azure's rule.
    fn in_domain(name: &str, domain: &'static str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let valid = (3..=24).contains(&name.len())
            && name.chars().all(allowed)
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && !name.ends_with('-')
            && !name.contains("--");
        let url = valid.then(|| Url::parse(&format!("https://{name}.{domain}")).ok())??;
        Some(Self { url, name: name.to_owned(), domain: Some(domain) })
    }

    /// The vault's host.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The vault's URL, without a slash at its end.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Tells whether the vault is Azure's, and not an emulator or some other host.
    pub fn is_in_azure(&self) -> bool {
        self.domain.is_some()
    }

    /// Tells whether the vault is an emulator on this computer.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }

    /// The scope of the tokens that this vault takes; `None` for a host outside Azure, whose challenge must tell.
    pub fn scope(&self) -> Option<String> {
        self.domain.map(|domain| format!("https://{domain}/.default"))
    }

    /// Makes the client of this vault's secrets, which signs in with `credential` and sends by `client_options`.
    ///
    /// The client refuses a [challenge] for another domain than the vault's, so that no other host gets a token; on this
    /// computer, for another host than it, unless `AZURE_AUTHORITY_HOST` says that tokens come from here too. A link in a response that leads outside the vault is the error
    /// [`ForeignLink`](super::ForeignLink), and one without TLS the SDK's own.
    ///
    /// # Errors
    /// None that a parsed address can cause; the SDK's own are passed on.
    ///
    /// [challenge]: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
    pub fn secret_client(
        &self,
        credential: Arc<dyn TokenCredential>,
        mut client_options: ClientOptions,
    ) -> azure_core::Result<SecretClient> {
        client_options.per_try_policies.push(Arc::new(OneOrigin(self.url.clone())));
        let options = SecretClientOptions {
            client_options,
            verify_challenge_resource: Some(!self.is_loopback()),
            ..Default::default()
        };
        SecretClient::new(self.url.as_str(), credential, Some(options))
    }
}

/// Shows the vault as the tutorial does: by its name in Azure, or else by host and port.
impl fmt::Display for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Azure's domain of vaults that a host is in; `None` if it is none of Azure's.
pub(super) fn azure_domain(host: &str) -> Option<&'static str> {
    DOMAINS.into_iter().find(|domain| subdomain(host, domain).is_some())
}

/// Tells whether a host is a vault's in Azure.
pub(super) fn is_in_azure(host: &str) -> bool {
    azure_domain(host).is_some()
}

/// The part of `host` before `.domain`, compared without case.
fn subdomain<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let (rest, end) = host.split_at_checked(host.len().checked_sub(domain.len())?)?;
    rest.strip_suffix('.').filter(|_| end.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests;
