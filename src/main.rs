//! `kv-secrets`: the quickstart for Azure Key Vault secrets, in Rust.
//!
//! It does what Microsoft's `kv_secrets.py` does: it asks for a secret's name and value, creates the secret in a vault,
//! retrieves it and deletes it, waiting until it is deleted. Read [`quickstart`] first; everything else exists so that it
//! can stay that plain. To use Key Vault in a program of your own, read the crate `azure_extras`, and
//! `examples/kv_secrets.rs`.
//!
//! - [`settings`] resolves the command line ([`cli`]), the environment and `.env` into what the run takes.
//! - [`session`] wires the run: terminal, policies, client.
//! - [`quickstart`] runs the steps. The [`guard`] sees to it that no other secret is destroyed.
//! - [`pipeline`] watches each call and attempt, and tells observers: the explanation, the spinner, the record of the run.
//! - [`mod@panic`] says what is left if the program has a bug.
//! - [`terminal`] has what a user sees and types: stdout's transcript, stderr's notes, the questions.
//! - A [`failure`] carries what is known of a run that failed, and [`report`] says what to do about it.

mod cli;
mod failure;
mod guard;
mod panic;
mod pipeline;
mod quickstart;
mod report;
#[cfg(test)]
mod schedules;
mod session;
mod settings;
mod terminal;

use clap::ColorChoice;
use cli::Cli;
use dialoguer::console::set_colors_enabled_stderr;
use settings::Settings;
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    if let Some(shell) = cli.completions {
        return Cli::print_completions(shell);
    }
    let explain = cli.explain;
    let (color, settings) = Settings::resolve(cli);
    show_colors(color);
    let record = Arc::default();
    panic::end_well(settings.as_ref().ok().and_then(Settings::lasting_vault), &record);
    let status = match settings.map_err(Box::from).and_then(|settings| session::run(&settings, &record)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report::report(&failure, explain),
    };
    terminal::output::last_words();
    status
}

/// Shows colors on stderr or not, as the user wants it.
fn show_colors(color: ColorChoice) {
    match color {
        ColorChoice::Auto if terminal::capabilities::is_dumb() => set_colors_enabled_stderr(false),
        ColorChoice::Auto => {}
        color => set_colors_enabled_stderr(color == ColorChoice::Always),
    }
}
