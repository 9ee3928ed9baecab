//! `kv-secrets`: the quickstart for Azure Key Vault secrets. See the library's documentation for a tour.

use azure_core::{
    credentials::TokenCredential as _,
    http::{Transport, policies::Policy},
};
use clap::{ColorChoice, CommandFactory as _, Parser as _};
use clap_complete::Shell;
use dialoguer::console::set_colors_enabled_stderr;
use kv_secrets::{
    cli::Cli,
    credential::DefaultAzureCredential,
    demo,
    explain::{Calls, Exchanges},
    farewell,
    guard::Guard,
    progress::Progress,
    prompt::Prompt,
    quickstart,
    remains::{Left, Remains},
    remedy,
    retry::client_options,
    terminal::Terminal,
    transcript, transport,
    vault::VaultAddress,
};
use std::{
    env,
    io::{IsTerminal as _, Write as _, stderr, stdout},
    process::ExitCode,
    sync::Arc,
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
            outcome = run(cli, vault, remains) => outcome,
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

async fn run(cli: Cli, vault: &VaultAddress, remains: &Remains) -> anyhow::Result<()> {
    let prompt = Prompt::new(cli.name, cli.value_file, cli.hide_value)?;
    let azure = if cli.demo { None } else { Some(azure(vault)?) };
    let (credential, transport) = match &azure {
        Some((credential, transport)) => (Arc::clone(credential) as _, transport.clone()),
        None => {
            note("Demo: the vault is in this program's memory, and nothing leaves this computer.");
            demo::vault()
        }
    };
    let step = cli.step && prompt.is_terminal();
    if cli.step && !step {
        note("--step is ignored, since nobody can press Enter at a pipe.");
    }
    let progress = Progress::default();
    let mut policies: Vec<Arc<dyn Policy>> = vec![Arc::new(remains.clone())];
    if cli.explain || step {
        policies.insert(0, Arc::new(Calls::new(step, azure.is_some().then(|| vault.to_string()))));
    } else if is_lively_terminal() {
        policies.insert(0, Arc::new(progress.clone()));
    }
    let mut options = client_options(&transport, policies);
    if cli.explain {
        options.per_try_policies.push(Arc::new(Exchanges::new(azure.map(|(credential, _)| credential))));
    }
    let client = vault.secret_client(credential, options)?;
    let guard = Guard { client: &client, vault, prompt: &prompt, overwrite: cli.overwrite };
    let deleted_secret = quickstart::run(&guard, cli.purge).await;
    progress.stop();
    if let (Ok(deleted_secret), true, false) = (&deleted_secret, stdout().is_terminal(), cli.purge) {
        farewell::say(deleted_secret, (!cli.demo).then_some(vault));
    }
    deleted_secret.map(drop)
}

fn note(line: &str) {
    // Nobody reads it where it cannot be written.
    let _ = writeln!(stderr(), "{line}");
}

/// Whether a spinner can turn on stderr.
fn is_lively_terminal() -> bool {
    stderr().is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// A credential for the vault in Azure, and the way there. A token is fetched from now on, while the person types.
fn azure(vault: &VaultAddress) -> Result<(Arc<DefaultAzureCredential>, Transport), remedy::WrongUse> {
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
