//! A vault's address, and its [`SecretClient`].
//!
//! The address comes from a person or an environment variable, and the sign-in token goes where it says, so nothing
//! becomes part of a URL before it has passed the rules here.

use crate::remedy::WrongUse;
use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, Url},
};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use std::{fmt, net::IpAddr, sync::Arc};

/// The parent domains of the vaults' hosts: Azure's public cloud, Azure in China, Azure for US Government.
///
/// See <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers>.
const DOMAINS: [&str; 3] = ["vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net"];

const NAME_RULE: &str = "A vault's name has 3 to 24 letters, digits and hyphens; it starts with a letter, ends with a \
                         letter or digit, and has no two hyphens in a row.";

const HOW_TO_SET: &str = "Set the vault's name, without < and >:\n\n    export KEY_VAULT_NAME=<your-key-vault-name>\n\n\
                          or try the program without an Azure account:\n\n    kv-secrets --demo";

/// Where a vault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultAddress {
    url: Url,
    name: String,
}

impl VaultAddress {
    /// Reads a vault's name (`my-vault`), host (`my-vault.vault.azure.net`) or `https` URL.
    ///
    /// A name means a vault in Azure's public cloud. A host without `https://` must be in one of Azure's vault domains;
    /// a URL may name any host, such as an emulator's.
    ///
    /// # Errors
    /// [`WrongUse`] when `given` is empty, breaks [Azure's rule for names][rule], is not `https`, or is a URL with
    /// anything but a host and a port.
    ///
    /// [rule]: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault
    pub fn parse(given: &str) -> Result<Self, WrongUse> {
        if given.is_empty() {
            return Err(WrongUse::new("no vault is given.", HOW_TO_SET));
        }
        let refuse = |why: &str| {
            WrongUse::new(format!("{given:?} is not a vault: {why}"), format!("{NAME_RULE}\n\n{HOW_TO_SET}"))
        };
        if !given.contains([':', '.', '/']) {
            return Self::in_domain(given, DOMAINS[0]).ok_or_else(|| refuse("the name breaks Azure's rule."));
        }
        if !given.contains("://") {
            return DOMAINS
                .iter()
                .find_map(|domain| Self::in_domain(subdomain(given, domain)?, domain))
                .ok_or_else(|| refuse("it is no vault's host in Azure; for another, give its URL, https://HOST."));
        }
        let url = Url::parse(given).map_err(|_| refuse("the URL cannot be read."))?;
        if url.scheme() != "https" {
            return Err(refuse("its URL must start with https://."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("its URL must not hold a user or password."));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("its URL must end with the host or port."));
        }
        // The parser mends what it can; the host that a reader sees must be the host that is asked.
        let (_, authority) = given.split_once("://").unwrap_or_default();
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if !authority.strip_suffix(":443").unwrap_or(authority).eq_ignore_ascii_case(url.authority()) {
            return Err(refuse("its URL is not of the form https://HOST."));
        }
        // It stands in commands that people paste.
        if !authority.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c)) {
            return Err(refuse("its host has characters that no host's name has."));
        }
        let host = url.host_str().unwrap_or_default();
        match DOMAINS.iter().find_map(|d| Some((subdomain(host, d)?, d))) {
            Some((name, domain)) if url.port().is_none() => {
                Self::in_domain(name, domain).ok_or_else(|| refuse("its host breaks Azure's rule for vault names."))
            }
            Some(_) => Err(refuse("Azure's vaults answer at port 443 only.")),
            None => Ok(Self { name: url.authority().to_owned(), url }),
        }
    }

    /// The vault called `name` in an Azure `domain`; none when the name breaks Azure's rule.
    fn in_domain(name: &str, domain: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let valid = (3..=24).contains(&name.len())
            && name.chars().all(allowed)
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && !name.ends_with('-')
            && !name.contains("--");
        let url = valid.then(|| Url::parse(&format!("https://{name}.{domain}")).ok())??;
        Some(Self { url, name: name.to_owned() })
    }

    /// The vault's host.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the vault is an emulator on this computer.
    fn is_loopback(&self) -> bool {
        let host = self.host();
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || host.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
    }

    /// The scope of the tokens that this vault takes; none for a host outside Azure, whose challenge must tell.
    pub fn scope(&self) -> Option<String> {
        let host = self.host();
        let domain = DOMAINS.iter().find(|domain| subdomain(host, domain).is_some())?;
        Some(format!("https://{domain}/.default"))
    }

    /// Makes the client of this vault's secrets, which signs in with `credential` and sends by `client_options`.
    ///
    /// The client refuses a [challenge] for another domain than the vault's, so that no other host gets a token. Only
    /// an emulator on this computer may present any.
    ///
    /// # Errors
    /// None that a parsed address can cause; the SDK's own are passed on.
    ///
    /// [challenge]: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
    pub fn secret_client(
        &self,
        credential: Arc<dyn TokenCredential>,
        client_options: ClientOptions,
    ) -> azure_core::Result<SecretClient> {
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

/// What stands before `.domain` in `host`, compared without case.
fn subdomain<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let (rest, end) = host.split_at_checked(host.len().checked_sub(domain.len())?)?;
    rest.strip_suffix('.').filter(|_| end.eq_ignore_ascii_case(domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo::DemoCredential, retry::client_options};
    use azure_core::http::{
        AsyncRawResponse, HttpClient, Request, StatusCode, Transport,
        headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE},
    };

    fn url_of(given: &str) -> String {
        VaultAddress::parse(given).unwrap().url.to_string()
    }

    #[test]
    fn a_name_means_a_vault_in_the_public_cloud() {
        assert_eq!(url_of("my-vault"), "https://my-vault.vault.azure.net/");
        assert_eq!(url_of("abc"), "https://abc.vault.azure.net/");
        assert_eq!(url_of(&"a".repeat(24)).len(), "https://.vault.azure.net/".len() + 24);
    }

    #[test]
    fn a_host_or_url_just_works() {
        for given in
            ["my-vault.vault.azure.cn", "https://my-vault.vault.azure.cn", "HTTPS://My-Vault.Vault.Azure.CN:443/"]
        {
            assert_eq!(url_of(given), "https://my-vault.vault.azure.cn/", "{given}");
        }
        assert_eq!(url_of("https://my-vault.vault.usgovcloudapi.net"), "https://my-vault.vault.usgovcloudapi.net/");
        assert_eq!(url_of("https://localhost:8443"), "https://localhost:8443/");
    }

    #[test]
    fn it_is_shown_by_its_name_in_azure_and_else_by_its_host() {
        for (given, shown) in [
            ("My-Vault", "My-Vault"),
            ("my-vault.vault.azure.net", "my-vault"),
            ("https://my-vault.vault.azure.cn/", "my-vault"),
            ("https://localhost:8443", "localhost:8443"),
        ] {
            assert_eq!(VaultAddress::parse(given).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn the_scope_is_that_of_the_cloud_and_none_elsewhere() {
        let scope = |given| VaultAddress::parse(given).unwrap().scope();
        assert_eq!(scope("my-vault").as_deref(), Some("https://vault.azure.net/.default"));
        assert_eq!(scope("my-vault.vault.azure.cn").as_deref(), Some("https://vault.azure.cn/.default"));
        assert_eq!(scope("https://localhost:8443"), None);
        assert_eq!(scope("https://vault.azure.net.example"), None);
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        for given in [
            "",
            "ab",
            "1abc",
            "-abc",
            "abc-",
            "a--b",
            "my_vault",
            "my vault",
            "väult",
            "<your-key-vault-name>",
            &"a".repeat(25),
            "evil.example/x?",
            "evil.example",
            "my-vault.evil.example",
            "evilvault.azure.net",
            ".vault.azure.net",
            "a.b.vault.azure.net",
            "my-vault.vault.azure.net.evil.example",
            "my-vault.vault.azure.net/secrets",
            "my-vault.vault.azure.net:443",
            "user@my-vault.vault.azure.net",
            "http://my-vault.vault.azure.net",
            "ftp://my-vault.vault.azure.net",
            "https://",
            "https://user@my-vault.vault.azure.net",
            "https://user:password@my-vault.vault.azure.net",
            "https://my-vault.vault.azure.net/secrets",
            "https://my-vault.vault.azure.net?x",
            "https://my-vault.vault.azure.net#x",
            "https://my-vault.vault.azure.net:8443",
            "https://my_vault.vault.azure.net",
            "https://a.b.vault.azure.net",
            "https://[::1",
            "https:///my-vault.vault.azure.net",
            "https://\\my-vault.vault.azure.net",
            "https://my-va\tult.vault.azure.net",
            "https://$(id)",
            "https://a;id",
            "https://my%2Dvault.vault.azure.net",
        ] {
            assert!(VaultAddress::parse(given).is_err(), "{given}");
        }
    }

    #[test]
    fn only_this_computer_is_spared_the_challenge_verification() {
        let is_loopback = |given| VaultAddress::parse(given).unwrap().is_loopback();
        for given in [
            "https://localhost:8443",
            "https://my-vault.localhost:8443",
            "https://127.0.0.1:8443",
            "https://[::1]:8443",
        ] {
            assert!(is_loopback(given), "{given}");
        }
        for given in [
            "my-vault",
            "https://localhost.example",
            "https://127.0.0.1.example",
            "https://notlocalhost",
            "https://10.0.0.1",
        ] {
            assert!(!is_loopback(given), "{given}");
        }
    }

    /// A server that asks for a token of another domain's.
    #[derive(Debug)]
    struct Phisher;

    #[async_trait::async_trait]
    impl HttpClient for Phisher {
        async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
            if request.headers().get_optional_str(&AUTHORIZATION).is_some() {
                return Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), "{}"));
            }
            let mut headers = Headers::new();
            headers.insert(
                WWW_AUTHENTICATE,
                "Bearer authorization=\"https://login.microsoftonline.com/t\", resource=\"https://management.azure.com\"",
            );
            Ok(AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, ""))
        }
    }

    #[tokio::test]
    async fn a_challenge_for_another_domain_gets_no_token() {
        for (vault, trusted) in
            [("my-vault", false), ("https://other.example", false), ("https://localhost:8443", true)]
        {
            let options = client_options(&Transport::new(Arc::new(Phisher)), Vec::new());
            let client = VaultAddress::parse(vault).unwrap().secret_client(Arc::new(DemoCredential), options).unwrap();
            assert_eq!(client.get_secret("n", None).await.is_ok(), trusted, "{vault}");
        }
    }
}
