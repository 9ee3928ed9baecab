//! Command line, environment and `.env`, resolved once into what the run takes. Nothing is put into the environment.

mod dotenv;

use crate::{
    cli::Cli,
    failure::{InvalidDotenv, Misuse},
    terminal::{note, shell::Shell},
};
use azure_extras::{CredentialOptions, VaultAddress, credential::InvalidOptions};
use clap::ColorChoice;
use dotenv::Dotenv;
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The variable that names the vault.
const VAULT: &str = "KEY_VAULT_NAME";
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
    /// Resolves the settings: the command line comes before the environment, and that before `.env`; a variable that is
    /// empty counts as not set. The colors are known even if the settings are of no use; there are none if `.env` cannot
    /// be read.
    ///
    /// # Errors
    /// [`Misuse`] when a setting is of no use.
    pub fn resolve(cli: Cli) -> (ColorChoice, Result<Self, Misuse>) {
        let variables = Dotenv::read(Path::new(".env")).map(Variables);
        let no_color = variables.as_ref().map_or(true, |variables| variables.get("NO_COLOR").is_some());
        let color = if no_color && cli.color == ColorChoice::Auto { ColorChoice::Never } else { cli.color };
        (color, variables.map_err(Misuse::from).and_then(|variables| Self::from_variables(cli, &variables)))
    }

    /// The vault, if it is there after the run.
    pub fn lasting_vault(&self) -> Option<&VaultAddress> {
        matches!(self.cloud, Cloud::Azure(_)).then_some(&self.vault)
    }

    fn from_variables(cli: Cli, variables: &Variables) -> Result<Self, Misuse> {
        for name in variables.0.ignored.iter().filter(|name| env::var_os(name).is_none()) {
            let set = Shell::HERE.set(name, "...");
            note!("Note: {name} in .env is ignored, since a .env may be anybody's. To set it: {set}");
        }
        let (vault, cloud) = if cli.demo {
            (VaultAddress::parse(DEMO_VAULT)?, Cloud::InMemory)
        } else {
            let vault = match &cli.vault {
                Some(vault) => VaultAddress::parse(vault)?,
                None => variables.vault()?,
            };
            if cli.vault.is_none() && from_environment(VAULT).is_none() {
                note!("The vault is {vault}, which {VAULT} in .env names.");
            }
            (vault, Cloud::Azure(Box::new(variables.credential_options()?)))
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
        })
    }
}

/// The variables of the environment, and under them those of `.env`. A value that comes from `.env`, which may be
/// anybody's, is never told: a secret may have got into it.
struct Variables(Dotenv);

impl Variables {
    /// The value of a variable, unless it is empty.
    fn get(&self, name: &str) -> Option<OsString> {
        from_environment(name).or_else(|| self.0.taken.get(name).filter(|it| !it.is_empty()).map(OsString::from))
    }

    fn vault(&self) -> Result<VaultAddress, Misuse> {
        let given = self.get(VAULT).unwrap_or_default().into_string();
        let given = given.map_err(|_| InvalidOptions::NotUtf8 { variable: VAULT })?;
        VaultAddress::parse(&given).map_err(|error| match error.why {
            Some(why) if from_environment(VAULT).is_none() => InvalidDotenv::Vault(why).into(),
            _ => error.into(),
        })
    }

    fn credential_options(&self) -> Result<CredentialOptions, Misuse> {
        let variable = "AZURE_TOKEN_CREDENTIALS";
        CredentialOptions::from_variables(|name| self.get(name)).map_err(|error| match error {
            InvalidOptions::Selection(_) if from_environment(variable).is_none() => InvalidDotenv::Selection.into(),
            _ => error.into(),
        })
    }
}

fn from_environment(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
