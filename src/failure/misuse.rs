//! Uses of the program that cannot work, found before anything is sent.

use azure_extras::{credential::InvalidOptions, secrets::InvalidAddress};
use std::{io, path::PathBuf};

/// The program was used in a way that cannot work, and has sent nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misuse {
    /// The vault's address is of no use.
    #[error(transparent)]
    Vault(#[from] InvalidAddress),
    /// A variable of the environment is of no use.
    #[error(transparent)]
    Options(#[from] InvalidOptions),
    /// `.env` is of no use.
    #[error(transparent)]
    Dotenv(#[from] InvalidDotenv),
    /// The secret's name or value is of no use.
    #[error(transparent)]
    Input(#[from] InvalidInput),
}

/// `.env` cannot be used. Its text is not told: it may hold a client secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidDotenv {
    /// It cannot be read.
    #[error("The file .env cannot be read: {0}.")]
    Unreadable(io::Error),
    /// It is longer than any settings.
    #[error("The file .env is larger than 1 MB.")]
    TooLarge,
    /// It is in UTF-16.
    #[error("The file .env is in UTF-16.")]
    Utf16,
    /// A part of it is in UTF-16, or all of it without a mark that says so.
    #[error("A part of the file .env is in UTF-16.")]
    PartlyUtf16,
    /// The line of that variable is not `NAME=value`.
    #[error("The file .env cannot be read: the line of {0} is not {0}=value.")]
    Line(&'static str),
    /// Its `KEY_VAULT_NAME` breaks that rule.
    #[error("The value of KEY_VAULT_NAME in .env is not a vault: {0}")]
    Vault(&'static str),
    /// Its `AZURE_TOKEN_CREDENTIALS` selects no credential.
    #[error("The value of AZURE_TOKEN_CREDENTIALS in .env selects no source of tokens.")]
    Selection,
}

/// The text that was given cannot be a secret's name or value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidInput {
    /// It breaks the rule for names.
    #[error("A secret's name has 1 to 127 letters, digits and hyphens{}", match (not_allowed, chars) {
        (_, 0) => ".".to_owned(),
        (Some(character), _) => format!("; {character:?} is none of them."),
        (None, chars) => format!("; this one has {chars}."),
    })]
    Name {
        /// The first character that is not allowed, if there is one. The rest is not kept: at a pipe it may be the value,
        /// given too early.
        not_allowed: Option<char>,
        /// The number of characters.
        chars: usize,
    },
    /// The value has more than 25,600 characters.
    #[error("A secret's value has at most 25,600 characters.")]
    ValueTooLong,
    /// The input has ended before an answer.
    #[error("The input has ended before an answer.")]
    Ended,
    /// It is not text in UTF-8.
    #[error("What {} holds is not UTF-8.", source_of(file))]
    NotUtf8 {
        /// The file; `None` for stdin.
        file: Option<PathBuf>,
    },
    /// It is text in UTF-16, as it begins.
    #[error("What {} holds is in UTF-16, not in UTF-8.", source_of(file))]
    Utf16 {
        /// The file; `None` for stdin.
        file: Option<PathBuf>,
    },
    /// It cannot be read.
    #[error("The value cannot be read from {}: {error}.", source_of(file))]
    Unreadable {
        /// The file; `None` for stdin.
        file: Option<PathBuf>,
        /// The reason.
        error: io::Error,
    },
}

fn source_of(file: &Option<PathBuf>) -> String {
    file.as_ref().map_or_else(|| "stdin".to_owned(), |file| format!("the file {}", file.display()))
}

impl InvalidInput {
    /// The fault of a name that breaks the rule.
    pub fn name(name: &str) -> Self {
        let not_allowed = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-');
        Self::Name { not_allowed, chars: name.chars().count() }
    }
}
