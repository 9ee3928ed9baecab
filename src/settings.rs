//! Command line, environment and `.env`, resolved once into what the run takes. Nothing is put into the environment.

mod dotenv;

use crate::{
    cli::Cli,
    failure::Misuse,
    terminal::{note, shell::Shell},
};
use azure_extras::{CredentialOptions, VaultAddress, credential::InvalidOptions};
use dotenv::Dotenv;
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The name of the demo's vault.
const DEMO_VAULT: &str = "demo-vault";

/// The settings of a run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The vault.
    pub vault: VaultAddress,
    /// The vault's place.
    pub cloud: Cloud,
    /// The secret's name, in place of asking for it.
    pub secret_name: Option<String>,
    /// A file with the secret's value, in place of asking for it; `-` is stdin.
    pub value_file: Option<PathBuf>,
    /// Mask the value.
    pub hide_value: bool,
    /// Use the name even if a secret has it.
    pub overwrite: bool,
    /// Purge the deleted secret.
    pub purge: bool,
    /// Show each call and exchange.
    pub explain: bool,
    /// Stop before each call.
    pub step: bool,
    /// `NO_COLOR` is set.
    pub no_color: bool,
}

/// The place of a vault.
#[derive(Debug)]
pub(crate) enum Cloud {
    /// In this program's memory.
    InMemory,
    /// In Azure, or at another host; to sign in with these options.
    Azure(Box<CredentialOptions>),
}

impl Settings {
    /// Resolves the settings: the command line comes before the environment, and that before `.env`.
    ///
    /// # Errors
    /// [`Misuse`] when one is of no use.
    pub fn resolve(cli: Cli) -> Result<Self, Misuse> {
        let dotenv = Dotenv::read(Path::new(".env"))?;
        for name in dotenv.ignored.iter().filter(|name| env::var_os(name).is_none()) {
            let set = Shell::HERE.set(name, "...");
            note!("Note: {name} in .env is ignored, since a .env may be anybody's. To set it: {set}");
        }
        let variable = |name: &str| env::var_os(name).or_else(|| dotenv.taken.get(name).map(OsString::from));
        let (vault, cloud) = if cli.demo {
            (VaultAddress::parse(DEMO_VAULT)?, Cloud::InMemory)
        } else {
            let vault = match cli.vault {
                Some(vault) => vault,
                None => {
                    let not_utf8 = |_| InvalidOptions::NotUtf8 { variable: "KEY_VAULT_NAME" };
                    variable("KEY_VAULT_NAME").unwrap_or_default().into_string().map_err(not_utf8)?
                }
            };
            (VaultAddress::parse(&vault)?, Cloud::Azure(Box::new(CredentialOptions::from_variables(variable)?)))
        };
        Ok(Self {
            vault,
            cloud,
            secret_name: cli.name,
            value_file: cli.value_file,
            hide_value: cli.hide_value,
            overwrite: cli.overwrite,
            purge: cli.purge,
            explain: cli.explain,
            step: cli.step,
            no_color: variable("NO_COLOR").is_some_and(|value| !value.is_empty()),
        })
    }
}
