//! `kv-secrets`: the quickstart for Azure Key Vault secrets. See the library's documentation for a tour.

use clap::{ColorChoice, CommandFactory as _, Parser as _};
use clap_complete::Shell;
use dialoguer::console::set_colors_enabled_stderr;
use kv_secrets::{
    cli::Cli,
    demo,
    remains::{Left, Remains},
    remedy, session,
    terminal::Terminal,
    transcript,
    vault::VaultAddress,
};
use std::{
    io::{Write as _, stdout},
    process::ExitCode,
};
use tokio::{select, signal};

fn main() -> ExitCode {
    let wrong_use = |error| remedy::report(&error, None, &Left::Nothing);
    if let Err(error) = load_dotenv() {
        return wrong_use(error);
    }
    let cli = Cli::parse();
    if let Some(shell) = cli.completions {
        return completions(shell);
    }
    match cli.color {
        ColorChoice::Auto => {}
        color => set_colors_enabled_stderr(color == ColorChoice::Always),
    }
    let vault = match VaultAddress::parse(if cli.demo { demo::NAME } else { &cli.vault }) {
        Ok(vault) => vault,
        Err(error) => return wrong_use(error.into()),
    };
    let (remains, demo) = (Remains::default(), cli.demo);
    match start(cli, &vault, &remains) {
        Ok(()) => ExitCode::SUCCESS,
        // The demo's vault is gone with the program.
        Err(error) => remedy::report(&error, Some(&vault), &if demo { Left::Nothing } else { remains.left() }),
    }
}

/// Reads `.env` in the working directory, if there is one; what the environment already has stays as it is.
fn load_dotenv() -> anyhow::Result<()> {
    match dotenvy::from_path(".env") {
        Err(dotenvy::Error::LineParse(..)) => {
            // Without the line: it may hold a client secret.
            Err(remedy::WrongUse::new("the file .env cannot be read: a line in it is not NAME=value.", "").into())
        }
        Err(dotenvy::Error::Io(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(remedy::WrongUse::new(format!("the file .env cannot be read: {error}."), "").into())
        }
        _ => Ok(()),
    }
}

/// Runs the quickstart until it ends or is interrupted, and leaves the terminal as it was.
fn start(cli: Cli, vault: &VaultAddress, remains: &Remains) -> anyhow::Result<()> {
    let terminal = Terminal::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        select! {
            biased;
            () = interrupted() => Err(remedy::Interrupted.into()),
            outcome = session::run(cli, vault, remains) => outcome,
        }
    });
    if outcome.as_ref().is_err_and(|error| error.is::<remedy::Interrupted>()) {
        terminal.restore();
    }
    runtime.shutdown_background();
    outcome.and_then(|()| transcript::finish())
}

/// Prints what a shell needs to complete the command line.
fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kv-secrets", &mut script);
    // A reader that goes away has what it wants.
    let _ = stdout().write_all(&script);
    ExitCode::SUCCESS
}

/// Waits for Ctrl-C, or a request to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        select! {
            _ = signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = signal::ctrl_c().await;
}
