//! What to do when the program was used in a way that cannot work, and so sent nothing.

use super::{Remedy, sentence};
use crate::{
    azure::{
        address::InvalidAddress,
        client::NoTrust,
        credential::{Kind, UnknownSelection},
        find,
    },
    dotenv::InvalidDotenv,
    terminal::input::InvalidInput,
};
use std::error::Error;

const NAME_RULE: &str = "A vault's name has 3 to 24 letters, digits and hyphens; it starts with a letter, ends with a \
                         letter or digit, and has no two hyphens in a row.";

const HOW_TO_SET: &str = "Set the vault's name, without < and >:\n\n    export KEY_VAULT_NAME=<your-key-vault-name>\n\n\
                          or try the program without an Azure account:\n\n    kv-secrets --demo";

const HOW_TO_TRUST: &str = "Name a file of certificates as PEM:\n\n    export SSL_CERT_FILE=/path/to/ca.pem\n\n\
                            or let the system's be used, which are in a package such as ca-certificates:\n\n    \
                            unset SSL_CERT_FILE";

/// What is told of an error of that sort; none for others.
pub(super) fn remedy(error: &(dyn Error + 'static)) -> Option<Remedy> {
    let advice = if let Some(InvalidAddress { why, .. }) = find(error) {
        match why {
            None => HOW_TO_SET.to_owned(),
            Some(_) => format!("{NAME_RULE}\n\n{HOW_TO_SET}"),
        }
    } else if let Some(UnknownSelection { selection }) = find(error) {
        let known = Kind::ALL.map(|kind| kind.to_string()).join(", ");
        let elsewhere = if is_known_elsewhere(selection) { "That one is not available here. " } else { "" };
        format!("{elsewhere}Allowed are dev, prod, and {known}.")
    } else if find::<NoTrust>(error).is_some() {
        HOW_TO_TRUST.to_owned()
    } else if let Some(InvalidDotenv::Utf16) = find(error) {
        "Save it as UTF-8.".to_owned()
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
