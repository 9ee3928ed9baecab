//! What to do when the program was used in a way that cannot work, and so sent nothing.

use super::{Remedy, network, sentence};
use crate::{
    azure::{
        address::InvalidAddress,
        client::NoTrust,
        credential::{Kind, UnknownSelection},
        find,
    },
    dotenv::InvalidDotenv,
    terminal::{input::InvalidInput, shell::Shell},
};
use std::error::Error;

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

/// What is told of an error of that sort; none for others.
pub(super) fn remedy(error: &(dyn Error + 'static)) -> Option<Remedy> {
    let advice = if let Some(InvalidAddress { why, .. }) = find(error) {
        match why {
            None => how_to_set(),
            Some(_) => format!("{NAME_RULE}\n\n{}", how_to_set()),
        }
    } else if let Some(UnknownSelection { selection }) = find(error) {
        let known = Kind::ALL.map(|kind| kind.to_string()).join(", ");
        let elsewhere = if is_known_elsewhere(selection) { "That one is not available here. " } else { "" };
        format!("{elsewhere}Allowed are dev, prod, and {known}.")
    } else if find::<NoTrust>(error).is_some() {
        how_to_trust()
    } else if let Some(InvalidDotenv::Utf16) = find(error) {
        format!("Save it as UTF-8:\n\n    {}", Shell::HERE.to_utf8(".env", "new.env"))
    } else if let Some(InvalidInput::Utf16 { file }) = find(error) {
        match file {
            Some(_) => format!("Save it as UTF-8:\n\n    {}", Shell::HERE.to_utf8("<file>", "<new-file>")),
            None => format!("Send UTF-8; in PowerShell:\n\n    {TO_SEND_UTF8}"),
        }
    } else if find::<InvalidDotenv>(error).is_some() || find::<InvalidInput>(error).is_some() {
        String::new()
    } else {
        return None;
    };
    Some(Remedy::new(sentence(&error.to_string()), advice))
}

/// Whether the SDKs for other languages have a credential of that name.
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
