//! `kv-secrets`: the quickstart for Azure Key Vault secrets. See the library's documentation for a tour.

use azure_core::{credentials::TokenCredential, http::Transport};
use clap::Parser as _;
use kv_secrets::{
    cli::Cli,
    credential::DefaultAzureCredential,
    demo,
    prompt::Prompt,
    quickstart, remedy, transcript,
    vault::{self, VaultAddress},
};
use std::{env, process::ExitCode, sync::Arc};
use tokio::{select, signal};

fn main() -> ExitCode {
    match load_dotenv().and_then(|()| start(Cli::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => remedy::report(&error),
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

fn start(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        select! {
            biased;
            () = interrupted() => Err(remedy::Interrupted.into()),
            outcome = run(cli) => outcome,
        }
    });
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

async fn run(cli: Cli) -> anyhow::Result<()> {
    let prompt = Prompt::new(cli.name, cli.value_file)?;
    let (vault, credential, transport) = if cli.demo {
        eprintln!("Demo: the vault is in this program's memory, and nothing leaves this computer.");
        demo::vault()?
    } else {
        azure(&cli.vault)?
    };
    let client = vault.secret_client(credential, transport)?;
    quickstart::run(&client, &vault, &prompt).await
}

/// The vault in Azure, a credential for it, and the way to it. A token is fetched from now on, while the person types.
fn azure(vault: &str) -> anyhow::Result<(VaultAddress, Arc<dyn TokenCredential>, Transport)> {
    let vault = VaultAddress::parse(vault)?;
    let selection = env::var("AZURE_TOKEN_CREDENTIALS").unwrap_or_default();
    let https = vault::https()?;
    let credential = DefaultAzureCredential::new(&selection, https.clone(), vault::local_http()?)?;
    if let Some(scope) = vault.scope() {
        let credential = Arc::clone(&credential);
        // Its outcome stays in the credential.
        tokio::spawn(async move { credential.get_token(&[&scope], None).await });
    }
    Ok((vault, credential, https))
}
