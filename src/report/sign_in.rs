//! Remedies where no credential gave a token, or the vault refuses it.

use super::{network, remedy::Remedy};
use crate::terminal::shell::Shell;
use azure_extras::credential::{CredentialFailure, CredentialKind, CredentialOutcome, SignInFailed};
use std::env;

const SIGN_IN: &str = "https://aka.ms/azsdk/rust/identity/troubleshoot";

/// The outcome of each credential, a line each, and the one next step that fits.
pub(super) fn remedy(failed: &SignInFailed) -> Remedy {
    let several = failed.outcomes.len() > 1;
    let line = |CredentialOutcome { credential, failure, .. }: &CredentialOutcome| match failure {
        // Among others, one that is not set up at all is not what is wrong.
        Some(CredentialFailure::NotSet(missing)) if several && missing.len() > 2 => {
            format!("    {credential}: not set")
        }
        Some(failure) => format!("    {credential}: {failure}"),
        None => format!("    {credential}"),
    };
    let credentials = failed.outcomes.iter().map(line).collect();
    let last = failed.outcomes.last().filter(|_| failed.refused);
    // A credential whose host was not reached was not refused, and its variables may be right.
    if let Some(CredentialOutcome { failure: Some(CredentialFailure::Connection(connection)), .. }) = last {
        return Remedy { credentials, ..network::remedy(connection, None) };
    }
    let sentence = match last {
        Some(CredentialOutcome { credential, .. }) => format!("Cannot sign in to Azure: {credential} was refused."),
        None => "Cannot sign in to Azure.".into(),
    };
    Remedy { credentials, link: SIGN_IN, ..Remedy::new(sentence, next_step(failed)) }
}

/// The remedy for a token that the vault refuses, by the credential that it came from; `tenant` is the vault's.
pub(super) fn to_tenant(signed_in: Option<CredentialKind>, tenant: Option<&str>) -> String {
    let command = |login: &str, option: &str| match tenant {
        Some(tenant) => format!("Sign in to the vault's own tenant:\n\n    {login} {option} {tenant}"),
        None => format!("Sign in again:\n\n    {login}"),
    };
    let tenant = || tenant.map_or(String::new(), |tenant| format!(", which is {tenant}"));
    match signed_in {
        Some(CredentialKind::AzureCli) | None => command("az login", "--tenant"),
        Some(CredentialKind::AzurePowerShell) => command("Connect-AzAccount", "-Tenant"),
        Some(CredentialKind::AzureDeveloperCli) => command("azd auth login", "--tenant-id"),
        Some(CredentialKind::Environment | CredentialKind::WorkloadIdentity) => {
            format!(
                "Use a service principal of the vault's own tenant{}: set AZURE_TENANT_ID and AZURE_CLIENT_ID.",
                tenant()
            )
        }
        Some(CredentialKind::ManagedIdentity) => {
            format!("Check that the managed identity is of the vault's own tenant{}.", tenant())
        }
    }
}

/// The remedy where the vault wants a new sign-in, for the credential whose token it refused.
pub(super) fn again(signed_in: Option<CredentialKind>) -> String {
    let commands = match signed_in {
        Some(CredentialKind::AzureCli) | None => ["az logout", "az login"],
        Some(CredentialKind::AzurePowerShell) => ["Disconnect-AzAccount", "Connect-AzAccount"],
        Some(CredentialKind::AzureDeveloperCli) => ["azd auth logout", "azd auth login"],
        Some(credential) => {
            return format!("The token came from {credential}: see what has changed about that account.");
        }
    };
    format!("Sign in again:\n\n    {}", commands.join("\n    "))
}

fn next_step(failed: &SignInFailed) -> String {
    let failure_of = |kind| failed.outcomes.iter().find(|outcome| outcome.credential == kind)?.failure.as_ref();
    if failed.refused {
        return "Correct what that source uses, the variables AZURE_... in your environment or .env, or unset them and \
                sign in with the Azure CLI:\n\n    az login"
            .into();
    }
    let tools =
        [CredentialKind::AzureCli, CredentialKind::AzurePowerShell, CredentialKind::AzureDeveloperCli].map(failure_of);
    for failure in tools.into_iter().flatten() {
        if let CredentialFailure::NotSignedIn { command, .. } = failure {
            return format!("Sign in:\n\n    {}", here(command));
        }
    }
    let [az, powershell, azd] = tools;
    match (az, azd) {
        (Some(CredentialFailure::DoesNotRun(_)), _) => {
            "Repair the Azure CLI, https://learn.microsoft.com/cli/azure/install-azure-cli; this must work:\n\n    \
             az version"
                .into()
        }
        (Some(CredentialFailure::NotInstalled), _) => format!(
            "Install the Azure CLI, https://learn.microsoft.com/cli/azure/install-azure-cli, and sign in:\n\n    {}",
            here("az login")
        ),
        (Some(CredentialFailure::Unreadable), _) => "Bring the Azure CLI up to date:\n\n    az upgrade".into(),
        (Some(CredentialFailure::Said(said)), _) => said_by_az(said),
        (Some(_), _) => "See whether the Azure CLI works by itself:\n\n    az account show".into(),
        (None, None) if powershell.is_some() => by_powershell(powershell),
        (None, Some(CredentialFailure::NotInstalled)) => "Install the Azure Developer CLI, \
             https://learn.microsoft.com/azure/developer/azure-developer-cli/install-azd, and sign in:\n\n    \
             azd auth login"
            .into(),
        (None, Some(_)) => {
            "See whether the Azure Developer CLI works by itself:\n\n    azd auth login --check-status".into()
        }
        (None, None) => format!(
            "AZURE_TOKEN_CREDENTIALS leaves out the Azure CLI. To sign in with it:\n\n    {}\n    az login",
            Shell::HERE.unset("AZURE_TOKEN_CREDENTIALS")
        ),
    }
}

/// The next step where only Azure PowerShell is wanted.
fn by_powershell(why_not: Option<&CredentialFailure>) -> String {
    match why_not {
        Some(CredentialFailure::NotInstalled) => {
            "Install PowerShell, https://learn.microsoft.com/powershell/scripting/install, and \
             in it its module Az.Accounts; then sign in:\n\n    Install-Module Az.Accounts\n    Connect-AzAccount"
                .into()
        }
        Some(CredentialFailure::ModuleMissing(module)) => {
            format!(
                "Install the module in PowerShell, and sign in:\n\n    Install-Module {module}\n    Connect-AzAccount"
            )
        }
        _ => "See whether Azure PowerShell works by itself:\n\n    Get-AzContext".into(),
    }
}

/// The next step after an error of `az` that signing in again would not cure.
fn said_by_az(said: &str) -> String {
    let words = |words: &[&str]| words.iter().any(|it| said.contains(it));
    if words(&["PermissionError", "Permission denied"]) {
        format!(
            "Signing in again does not help: the Azure CLI may not read its own files. Make them yours:\n\n    {}",
            Shell::HERE.own(".azure")
        )
    } else if words(&["CERTIFICATE_VERIFY_FAILED", "SSLError", "certificate verify failed"]) {
        format!(
            "Signing in again does not help: the Azure CLI does not trust the certificate of the proxy between here and \
             Azure. Name the certificate to it:\n\n    {}",
            network::trust("REQUESTS_CA_BUNDLE")
        )
    } else if words(&["ConnectionError", "Max retries exceeded", "Failed to resolve", "NameResolutionError"]) {
        "Signing in again does not help: the Azure CLI cannot reach Azure. Check the network, and HTTPS_PROXY if there \
         is a proxy; then try again."
            .into()
    } else {
        "See whether the Azure CLI works by itself:\n\n    az account show".into()
    }
}

/// The command that signs in with a tool here: without a browser where none can open.
fn here(command: &str) -> String {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let desktop = cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY");
    // A command of az's own is passed on as it is: a tenant may forbid the device code.
    let without_browser = match command {
        "az login" => " --use-device-code",
        "Connect-AzAccount" => " -UseDeviceAuthentication",
        _ => "",
    };
    if desktop && !set("SSH_CONNECTION") { command.to_owned() } else { format!("{command}{without_browser}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_token_is_cured_where_it_came_from() {
        use CredentialKind::{AzureCli, AzureDeveloperCli, AzurePowerShell};
        for (credential, tenant, new) in [
            (AzureCli, "az login --tenant my-tenant", "az login"),
            (AzurePowerShell, "Connect-AzAccount -Tenant my-tenant", "Connect-AzAccount"),
            (AzureDeveloperCli, "azd auth login --tenant-id my-tenant", "azd auth login"),
        ] {
            assert!(to_tenant(Some(credential), Some("my-tenant")).ends_with(&format!("\n    {tenant}")));
            assert!(to_tenant(Some(credential), None).ends_with(&format!("\n    {new}")));
            assert!(again(Some(credential)).ends_with(&format!("\n    {new}")));
        }
        for credential in
            [CredentialKind::Environment, CredentialKind::WorkloadIdentity, CredentialKind::ManagedIdentity]
        {
            for advice in [to_tenant(Some(credential), Some("my-tenant")), again(Some(credential))] {
                assert!(!advice.contains("login") && !advice.contains("\n    "), "{advice}");
            }
        }
    }
}
