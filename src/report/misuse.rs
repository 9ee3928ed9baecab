//! Remedies for a use of the program that cannot work, and so sent nothing.

use super::{
    network,
    remedy::{Remedy, sentence},
};
use crate::{
    failure::{InvalidDotenv, InvalidInput, Misuse},
    terminal::shell::Shell,
};
use azure_extras::{
    credential::{CredentialKind, InvalidOptions, UnknownSelection},
    secrets::InvalidAddress,
};

const NAME_RULE: &str = "A vault's name has 3 to 24 letters, digits and hyphens; it starts with a letter, ends with a \
                         letter or digit, and has no two hyphens in a row.";

/// Has PowerShell before 7 send UTF-8 into a pipe, and not ASCII or UTF-16.
const TO_SEND_UTF8: &str = "$OutputEncoding = [Text.UTF8Encoding]::new()";

fn how_to_set() -> String {
    let set = Shell::HERE.set("KEY_VAULT_NAME", "<your-key-vault-name>");
    format!(
        "Set the vault's name, without < and >:\n\n    {set}\n\n\
         or try the program without an Azure account:\n\n    kv-secrets --demo"
    )
}

fn how_to_trust() -> String {
    let package =
        if cfg!(any(windows, target_os = "macos")) { "" } else { ", which are in a package such as ca-certificates" };
    format!(
        "Name a file of certificates as PEM:\n\n    {}\n\nor let the system's be used{package}:\n\n    {}",
        network::trust("SSL_CERT_FILE"),
        Shell::HERE.unset("SSL_CERT_FILE")
    )
}

fn allowed() -> String {
    let known = CredentialKind::ALL.map(|kind| kind.to_string()).join(", ");
    format!("Allowed are dev, prod, and {known}.")
}

/// The remedy for a misuse.
pub(super) fn remedy(misuse: &Misuse) -> Remedy {
    let advice = match misuse {
        Misuse::Vault(InvalidAddress { why: None, .. }) => how_to_set(),
        Misuse::Vault(InvalidAddress { why: Some(_), .. }) => format!("{NAME_RULE}\n\n{}", how_to_set()),
        Misuse::Dotenv(InvalidDotenv::Vault(_)) => NAME_RULE.to_owned(),
        Misuse::Options(InvalidOptions::Selection(UnknownSelection { selection })) => {
            let elsewhere = if is_known_elsewhere(selection) { "That one is not available here. " } else { "" };
            format!("{elsewhere}{}", allowed())
        }
        Misuse::Dotenv(InvalidDotenv::Selection) => allowed(),
        Misuse::Options(InvalidOptions::Trust(_)) => how_to_trust(),
        Misuse::Options(InvalidOptions::NotUtf8 { variable } | InvalidOptions::NotUrl { variable }) => {
            format!("Set it again, or take it away:\n\n    {}", Shell::HERE.unset(variable))
        }
        Misuse::Dotenv(InvalidDotenv::Utf16) => {
            format!("Save it as UTF-8:\n\n    {}", Shell::HERE.to_utf8(".env", "new.env"))
        }
        Misuse::Dotenv(InvalidDotenv::PartlyUtf16) => "Write it anew, as UTF-8, in an editor.".into(),
        Misuse::Input(InvalidInput::Utf16 { file: Some(_) }) => {
            format!("Save it as UTF-8:\n\n    {}", Shell::HERE.to_utf8("<file>", "<new-file>"))
        }
        Misuse::Input(InvalidInput::Utf16 { file: None }) => {
            format!("Send UTF-8; in PowerShell:\n\n    {TO_SEND_UTF8}")
        }
        Misuse::Dotenv(_) | Misuse::Input(_) => String::new(),
    };
    Remedy::new(sentence(&misuse.to_string()), advice)
}

/// Tells whether the SDKs for other languages have a credential of that name.
fn is_known_elsewhere(selection: &str) -> bool {
    const ELSEWHERE: [&str; 6] = [
        "visualstudiocodecredential",
        "visualstudiocredential",
        "sharedtokencachecredential",
        "interactivebrowsercredential",
        "brokercredential",
        "intellijcredential",
    ];
    ELSEWHERE.contains(&selection.trim().to_lowercase().as_str())
}
