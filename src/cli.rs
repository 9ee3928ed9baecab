//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Set, get and delete a secret in Azure Key Vault: the quickstart, step by step.
///
/// Asks for a secret's name and value, creates that secret in your vault, retrieves it, and deletes it again. Sign in
/// first, with `az login`.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// The vault: its name, or its https URL for other clouds and emulators.
    #[arg(long, env = "KEY_VAULT_NAME", value_name = "NAME|URL", default_value = "", hide_default_value = true)]
    pub vault: String,

    /// The secret's name, in place of the question for it.
    #[arg(long)]
    pub name: Option<String>,

    /// A file with the secret's value, in place of the question for it; `-` is stdin. A line ending at its very end is
    /// not part of the value.
    #[arg(long, value_name = "PATH")]
    pub value_file: Option<PathBuf>,

    /// Use a vault in this program's memory, called demo-vault: needs no Azure account and no network.
    #[arg(long)]
    pub demo: bool,
}
