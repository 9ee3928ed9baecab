//! What to do when no source gave a token.

use super::{Remedy, network};
use crate::{
    azure::credential::{Attempt, Kind, Reason, SignInFailed},
    terminal::shell::Shell,
};
use std::env;

const SIGN_IN: &str = "https://aka.ms/azsdk/rust/identity/troubleshoot";

/// What each source said, a line each, and the one next step that fits.
pub(super) fn remedy(failed: &SignInFailed) -> Remedy {
    let several = failed.attempts.len() > 1;
    let source = |Attempt { source, why_not, .. }: &Attempt| match why_not {
        // Among others, one that is not set up at all is not what is wrong.
        Some(Reason::NotSet(missing)) if several && missing.len() > 2 => format!("    {source}: not set"),
        Some(why_not) => format!("    {source}: {why_not}"),
        None => format!("    {source}"),
    };
    let sources = failed.attempts.iter().map(source).collect();
    let sentence = match failed.attempts.last() {
        Some(Attempt { source, .. }) if failed.refused => format!("Cannot sign in to Azure: {source} was refused."),
        _ => "Cannot sign in to Azure.".into(),
    };
    Remedy { sources, link: SIGN_IN, ..Remedy::new(sentence, next_step(failed)) }
}

fn next_step(failed: &SignInFailed) -> String {
    let why_not = |kind| {
        let attempt = failed.attempts.iter().find(|attempt| attempt.source == kind)?;
        attempt.why_not.as_ref()
    };
    if failed.refused {
        return "Correct what that source uses, the variables AZURE_... in your environment or .env, or unset them and \
                sign in with the Azure CLI:\n\n    az login"
            .into();
    }
    let tools = [Kind::AzureCli, Kind::AzurePowerShell, Kind::AzureDeveloperCli].map(why_not);
    for reason in tools.into_iter().flatten() {
        if let Reason::NotSignedIn { command, .. } = reason {
            return format!("Sign in:\n\n    {}", here(command));
        }
    }
    let [az, powershell, azd] = tools;
    match (az, azd) {
        (Some(Reason::DoesNotRun(_)), _) => {
            "Repair the Azure CLI, https://learn.microsoft.com/cli/azure/install-azure-cli; this must work:\n\n    \
             az version"
                .into()
        }
        (Some(Reason::NotInstalled), _) => format!(
            "Install the Azure CLI, https://learn.microsoft.com/cli/azure/install-azure-cli, and sign in:\n\n    {}",
            here("az login")
        ),
        (Some(Reason::Unreadable), _) => "Bring the Azure CLI up to date:\n\n    az upgrade".into(),
        (Some(Reason::Said(said)), _) => said_by_az(said),
        (Some(_), _) => "See whether the Azure CLI works by itself:\n\n    az account show".into(),
        (None, None) if powershell.is_some() => by_powershell(powershell),
        (None, Some(Reason::NotInstalled)) => "Install the Azure Developer CLI, \
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

/// What helps where only Azure PowerShell is wanted.
fn by_powershell(why_not: Option<&Reason>) -> String {
    match why_not {
        Some(Reason::NotInstalled) => {
            "Install PowerShell, https://learn.microsoft.com/powershell/scripting/install, and \
             in it its module Az.Accounts; then sign in:\n\n    Install-Module Az.Accounts\n    Connect-AzAccount"
                .into()
        }
        Some(Reason::ModuleMissing(module)) => {
            format!(
                "Install the module in PowerShell, and sign in:\n\n    Install-Module {module}\n    Connect-AzAccount"
            )
        }
        _ => "See whether Azure PowerShell works by itself:\n\n    Get-AzContext".into(),
    }
}

/// What helps against what `az` says, where signing in again would not.
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

/// How to sign in with a tool here: without a browser where none can open.
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
