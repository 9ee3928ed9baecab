//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// The quickstart for Azure Key Vault secrets: asks for a secret's name and value, creates that secret
/// in your vault, retrieves it, and deletes it. Sign in first with az login, or try it with --demo.
#[derive(Parser)]
#[command(version, verbatim_doc_comment)]
pub struct Cli {
    /// The vault's name, or its https URL in other clouds [env: KEY_VAULT_NAME]
    #[arg(long, env = "KEY_VAULT_NAME", hide_env = true, value_name = "NAME|URL")]
    #[arg(default_value = "", hide_default_value = true)]
    pub vault: String,

    /// The secret's name, in place of asking for it
    #[arg(long)]
    pub name: Option<String>,

    /// A file with the secret's value, in place of asking for it (- is stdin)
    #[arg(long, value_name = "PATH")]
    pub value_file: Option<PathBuf>,

    /// Use the name even if a secret has it, and delete all its versions
    #[arg(long)]
    pub overwrite: bool,

    /// Use a vault in memory: no Azure account, no network
    #[arg(long)]
    pub demo: bool,
}
