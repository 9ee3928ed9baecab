//! The command line, and what it asks for.

use crate::terminal::{note, shell::Shell};
use clap::{ColorChoice, CommandFactory as _, Parser};
use clap_complete::Shell as Completions;
use std::{
    io::{self, Write as _, stdout},
    path::PathBuf,
    process::ExitCode,
};

/// Examples of use.
fn examples() -> String {
    let piped = format!("{} | kv-secrets", Shell::HERE.two_lines());
    format!(
        "Examples:
  kv-secrets --demo --explain                         what each step does, without an Azure account
  kv-secrets --vault my-vault                         the tutorial, in your vault
  {piped:<50}  the same at a pipe
  kv-secrets --name my-secret --value-file value.txt  without questions"
    )
}

const SHOWING: &str = "Showing it to others";

/// The quickstart for Azure Key Vault secrets: asks for a secret's name and value, creates that secret
/// in your vault, retrieves it, and deletes it. Sign in first with az login, or try it with --demo.
#[derive(Parser)]
#[command(version, verbatim_doc_comment, after_help = examples())]
pub struct Cli {
    /// The vault's name, or its URL in other clouds [env: KEY_VAULT_NAME]
    #[arg(long, value_name = "NAME|URL", conflicts_with = "demo")]
    pub vault: Option<String>,

    /// The secret's name, in place of asking for it
    #[arg(long)]
    pub name: Option<String>,

    /// A file with the secret's value, in place of asking for it (- is stdin)
    #[arg(long, value_name = "PATH")]
    pub value_file: Option<PathBuf>,

    /// Use the name even if a secret has it, and delete all its versions
    #[arg(long)]
    pub overwrite: bool,

    /// Purge the deleted secret, so that its name can be used again
    #[arg(long)]
    pub purge: bool,

    /// Use a vault in memory: no Azure account, no network
    #[arg(long, help_heading = SHOWING)]
    pub demo: bool,

    /// Show each call of the SDK and each REST exchange under it
    #[arg(long, help_heading = SHOWING)]
    pub explain: bool,

    /// Stop before each call until Enter (at a terminal)
    #[arg(long, help_heading = SHOWING)]
    pub step: bool,

    /// Mask the value while it is typed, and show ******** for it
    #[arg(long, help_heading = SHOWING)]
    pub hide_value: bool,

    /// Colors on stderr: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    #[arg(help_heading = SHOWING)]
    pub color: ColorChoice,

    /// Print completions for a shell: bash, elvish, fish, powershell or zsh
    #[arg(long, value_name = "SHELL", exclusive = true, hide_possible_values = true)]
    pub completions: Option<Completions>,
}

impl Cli {
    /// Reads the command line.
    ///
    /// # Errors
    /// The exit status of a program that has printed its help or version, or what is wrong with the command line.
    pub fn read() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|asked| {
            let printed = printed(asked.print());
            if printed == ExitCode::SUCCESS {
                ExitCode::from(u8::try_from(asked.exit_code()).unwrap_or(2))
            } else {
                printed
            }
        })
    }

    /// Prints what a shell needs to complete the command line.
    pub fn print_completions(shell: Completions) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Self::command(), "kv-secrets", &mut script);
        printed(stdout().write_all(&script))
    }
}

/// The exit status of a program that has written its answer to stdout, or not. A reader that goes away has what it wants.
fn printed(written: io::Result<()>) -> ExitCode {
    match written.and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            note!("error: The answer could not be written: {error}.");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
