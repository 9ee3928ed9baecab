//! `kv-secrets`: the quickstart for Azure Key Vault secrets. See the library's documentation for a tour.

use clap::{ColorChoice, Parser as _};
use dialoguer::console::set_colors_enabled_stderr;
use kv_secrets::{cli::Cli, dotenv, report::report, session, terminal::capabilities::is_dumb};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(shell) = cli.completions {
        return Cli::print_completions(shell);
    }
    if let Err(error) = dotenv::load() {
        return report(&anyhow::Error::from(error).into(), cli.explain);
    }
    match cli.color {
        ColorChoice::Auto if is_dumb() => set_colors_enabled_stderr(false),
        ColorChoice::Auto => {}
        color => set_colors_enabled_stderr(color == ColorChoice::Always),
    }
    match session::run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure, cli.explain),
    }
}
