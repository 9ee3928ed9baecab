//! Remedies where there is no connection.

use super::remedy::{Remedy, causes};
use crate::{failure::Attempts, terminal::shell::Shell};
use azure_extras::{
    VaultAddress,
    network::{CertificateFault, ConnectionError, ConnectionFailure, ProxyFault, ProxyInUse},
    text::OutsideText,
};

const CHECK_NETWORK: &str = "Check the network, and HTTPS_PROXY if there is a proxy; then try again.";

/// The remedy for a connection that did not come about, to `vault` or, if that is `None`, to another host.
pub(super) fn remedy(connection: &ConnectionError, vault: Option<&VaultAddress>) -> Remedy {
    let host = &OutsideText::new(&connection.host);
    let is_vaults = |name: &str| vault.is_some_and(|vault| name == vault.host());
    // Another host is Entra ID's, or an identity endpoint's.
    let in_azure = vault.is_none_or(VaultAddress::is_in_azure);
    let name_of_vault = vault.map_or("<name>".to_owned(), ToString::to_string);
    let (sentence, advice) = match &connection.failure {
        ConnectionFailure::UnknownHost { name } if vault.is_none() && *name == connection.host => (
            format!("The host {host} is not known: this computer is offline, or the address is wrong."),
            "Check the network, and AZURE_AUTHORITY_HOST if it is set; then try again.".into(),
        ),
        ConnectionFailure::UnknownHost { name } if is_vaults(name) && in_azure => (
            format!("The host {host} is not known: the vault's name is wrong, or this computer is offline."),
            format!(
                "See your vaults' names, or create the vault:\n\n    az keyvault list -o table\n    \
                 az keyvault create --name {name_of_vault} --resource-group <your-resource-group>\n\n\
                 A vault that was deleted with its resource group can be recovered:\n\n    \
                 az keyvault list-deleted -o table\n    az keyvault recover --name {name_of_vault}"
            ),
        ),
        ConnectionFailure::UnknownHost { name } if is_vaults(name) => (
            format!("The host {host} is not known: the vault's URL is wrong, or this computer is offline."),
            "Check the URL. An emulator on this computer is at https://localhost and its port.".into(),
        ),
        ConnectionFailure::UnknownHost { name } => (
            format!(
                "The host {} is not known: this computer is offline, or a proxy's name is wrong.",
                OutsideText::new(name)
            ),
            "Check the network, and HTTPS_PROXY.".into(),
        ),
        ConnectionFailure::NameServer { name, timed_out: true } => (
            format!("No name server answered for {} in time.", OutsideText::new(name)),
            "The name may be right. Check the network and the name servers (a VPN?), then try again.".into(),
        ),
        ConnectionFailure::NameServer { name, timed_out: false } => (
            format!("The name server could not answer for {} just now.", OutsideText::new(name)),
            "The name may be right. Check the network, then try again.".into(),
        ),
        ConnectionFailure::Certificate(fault) => certificate(fault, host, in_azure),
        ConnectionFailure::Proxy(fault) => proxy(connection.proxy.as_ref(), *fault, host, vault.is_some()),
        ConnectionFailure::Refused | ConnectionFailure::TimedOut | ConnectionFailure::Broken => {
            (format!("{host} could not be reached."), CHECK_NETWORK.into())
        }
    };
    Remedy { details: details(connection), ..Remedy::new(sentence, advice) }
}

/// The details of a connection: the words of the libraries, and the addresses that were tried.
pub(super) fn details(connection: &ConnectionError) -> String {
    let addresses: Vec<_> = connection.addresses.iter().map(ToString::to_string).collect();
    let led = if addresses.is_empty() {
        String::new()
    } else {
        format!("\n{} is {}", OutsideText::new(&connection.host), addresses.join(", "))
    };
    causes(connection) + &led
}

/// The remedy for a vault that gave no answer at all.
pub(super) fn unreachable(vault: &VaultAddress, attempts: Attempts, details: String) -> Remedy {
    let tried = tried(attempts).map(|tried| format!(", tried {tried}")).unwrap_or_default();
    Remedy { details, ..Remedy::new(format!("{vault} could not be reached{tried}."), CHECK_NETWORK) }
}

/// The attempts of a call, in words; `None` if it was tried once only.
pub(super) fn tried(Attempts { count, took }: Attempts) -> Option<String> {
    (count > 1).then(|| format!("{count} times in {:.1} s", took.as_secs_f32()))
}

/// The remedy for a vault that took too long.
pub(super) fn no_answer(vault: &VaultAddress, seconds: u64) -> Remedy {
    Remedy::new(format!("{vault} gave no answer within {seconds} s."), CHECK_NETWORK)
}

/// The command that has a certificate trusted by the program that reads the variable.
pub(super) fn trust(variable: &str) -> String {
    Shell::HERE.set(variable, if cfg!(windows) { r"C:\path\to\ca.pem" } else { "/path/to/ca.pem" })
}

fn certificate(fault: &CertificateFault, host: &str, in_azure: bool) -> (String, String) {
    let (trust, date) = (trust("SSL_CERT_FILE"), Shell::HERE.date());
    match fault {
        CertificateFault::Other(words) => (
            format!("The certificate of {host} is not trusted: {words}."),
            format!("If it is the right one all the same, name it, or its issuer, to be trusted:\n\n    {trust}"),
        ),
        CertificateFault::UnknownIssuer => (
            format!("The certificate of {host} is not trusted: nobody known here has issued it."),
            format!("Where a proxy inspects TLS, and for an emulator, name the certificate to trust:\n\n    {trust}"),
        ),
        CertificateFault::OtherName => (
            format!("The certificate that answers for {host} is for another name."),
            if in_azure {
                "Something other than that host answers there. Check the network: a proxy, a sign-in page, a name server."
                    .into()
            } else {
                "Use the name that the certificate is for in the vault's URL, or give the emulator a certificate for \
                 this one."
                    .into()
            },
        ),
        CertificateFault::Expired => (
            format!("The certificate of {host} has expired, or this computer's clock is ahead."),
            format!("Check the clock; then renew the certificate, if it is yours:\n\n    {date}"),
        ),
        CertificateFault::NotYetValid => (
            format!("The certificate of {host} is not yet valid, or this computer's clock is behind."),
            format!("Check the clock:\n\n    {date}"),
        ),
        CertificateFault::AuthorityAsServer => (
            format!("The certificate of {host} is a certificate authority's own, which no server may use."),
            format!(
                "Give the server a certificate without CA:TRUE (basicConstraints=CA:FALSE), and trust it, or its \
                 issuer:\n\n    {trust}"
            ),
        ),
    }
}

/// The name that may be wrong.
fn check(is_vault: bool) -> &'static str {
    if is_vault { "Check the vault's name" } else { "Check AZURE_AUTHORITY_HOST if it is set" }
}

fn proxy(proxy: Option<&ProxyInUse>, fault: ProxyFault, host: &str, is_vault: bool) -> (String, String) {
    let variable = proxy.and_then(|proxy| proxy.variable);
    let named = variable.map_or("the system's settings name".to_owned(), |variable| format!("{variable} names"));
    // A variable comes before the system's settings.
    let set = Shell::HERE.set(variable.unwrap_or("HTTPS_PROXY"), "http://USER:PASSWORD@HOST:PORT");
    let without = match variable {
        Some(variable) => Shell::HERE.unset(variable),
        None => Shell::HERE.set("NO_PROXY", host),
    };
    match fault {
        ProxyFault::WantsPassword => (
            format!("The proxy that {named} wants a user and a password."),
            format!("Give it both, with special characters percent-encoded:\n\n    {set}"),
        ),
        ProxyFault::Refused => (
            format!(
                "The proxy that {named} refuses to connect to {host}: it does not allow that, or the name is wrong."
            ),
            format!("{}, or ask who runs the proxy; or do without it:\n\n    {without}", check(is_vault)),
        ),
        ProxyFault::NotThere => (
            format!("The proxy that {named} is not there."),
            format!("Correct the address, or do without a proxy:\n\n    {without}"),
        ),
    }
}
