//! `kv-secrets`: the quickstart for Azure Key Vault secrets. See the library's documentation for a tour.

use azure_core::{credentials::TokenCredential, http::Transport};
use clap::Parser as _;
use kv_secrets::{
    cli::Cli,
    credential::DefaultAzureCredential,
    demo,
    guard::Guard,
    prompt::Prompt,
    quickstart,
    remains::{Left, Remains},
    remedy,
    terminal::Terminal,
    transcript, transport,
    vault::VaultAddress,
};
use std::{env, process::ExitCode, sync::Arc};
use tokio::{select, signal};

fn main() -> ExitCode {
    let wrong_use = |error| remedy::report(&error, None, &Left::Nothing);
    if let Err(error) = load_dotenv() {
        return wrong_use(error);
    }
    let cli = Cli::parse();
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
            outcome = run(cli, vault, remains) => outcome,
        }
    });
    if outcome.as_ref().is_err_and(|error| error.is::<remedy::Interrupted>()) {
        terminal.restore();
    }
    runtime.shutdown_background();
    outcome.and_then(|()| transcript::finish())
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

async fn run(cli: Cli, vault: &VaultAddress, remains: &Remains) -> anyhow::Result<()> {
    let prompt = Prompt::new(cli.name, cli.value_file)?;
    let (credential, transport) = if cli.demo {
        eprintln!("Demo: the vault is in this program's memory, and nothing leaves this computer.");
        demo::vault()
    } else {
        azure(vault)?
    };
    let client = vault.secret_client(credential, &transport, remains)?;
    quickstart::run(&Guard { client: &client, vault, prompt: &prompt, overwrite: cli.overwrite }).await
}

/// A credential for the vault in Azure, and the way there. A token is fetched from now on, while the person types.
fn azure(vault: &VaultAddress) -> Result<(Arc<dyn TokenCredential>, Transport), remedy::WrongUse> {
    let selection = env::var("AZURE_TOKEN_CREDENTIALS").unwrap_or_default();
    let https = transport::https()?;
    let credential = DefaultAzureCredential::new(&selection, https.clone(), transport::local_http()?)?;
    if let Some(scope) = vault.scope() {
        let credential = Arc::clone(&credential);
        // Its outcome stays in the credential.
        tokio::spawn(async move { credential.get_token(&[&scope], None).await });
    }
    Ok((credential, https))
}
