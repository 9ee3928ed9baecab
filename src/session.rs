//! One run: from the command line to the client, and with it through the quickstart.

use crate::{
    cli::Cli,
    credential::DefaultAzureCredential,
    demo,
    explain::{Calls, Exchanges},
    farewell,
    guard::Guard,
    progress::Progress,
    prompt::Prompt,
    quickstart,
    remains::Remains,
    remedy::{WrongUse, note},
    retry::client_options,
    transport,
    vault::VaultAddress,
};
use azure_core::{
    credentials::TokenCredential as _,
    http::{Transport, policies::Policy},
};
use std::{
    env,
    io::{IsTerminal as _, stderr, stdout},
    sync::Arc,
};

/// Runs the quickstart in `vault`, as the command line says, and notes in `remains` what it leaves there.
///
/// # Errors
/// [`WrongUse`] from the command line and the environment; those of [`quickstart::run`].
pub async fn run(cli: Cli, vault: &VaultAddress, remains: &Remains) -> anyhow::Result<()> {
    let prompt = Prompt::new(cli.name, cli.value_file, cli.hide_value)?;
    let azure = if cli.demo { None } else { Some(azure(vault)?) };
    let (credential, transport) = match &azure {
        Some((credential, transport)) => (Arc::clone(credential) as _, transport.clone()),
        None => {
            note!("Demo: the vault is in this program's memory, and nothing leaves this computer.");
            demo::vault()
        }
    };
    let step = cli.step && prompt.is_terminal();
    if cli.step && !step {
        note!("--step is ignored, since nobody can press Enter at a pipe.");
    }
    let progress = Progress::default();
    let mut policies: Vec<Arc<dyn Policy>> = Vec::new();
    if cli.explain || step {
        policies.push(Arc::new(Calls::new(step, azure.is_some().then(|| vault.to_string()))));
    } else if is_lively_terminal() {
        policies.push(Arc::new(progress.clone()));
    }
    policies.push(Arc::new(remains.clone()));
    let mut options = client_options(&transport, policies);
    if cli.explain {
        options.per_try_policies.push(Arc::new(Exchanges::new(azure.map(|(credential, _)| credential))));
    }
    let client = vault.secret_client(credential, options)?;
    let guard = Guard { client: &client, vault, prompt: &prompt, overwrite: cli.overwrite };
    let outcome = quickstart::run(&guard, cli.purge).await;
    progress.stop();
    let deleted_secret = outcome?;
    if stdout().is_terminal() && stderr().is_terminal() {
        let recoverable_in = (!cli.demo && !cli.purge).then_some(vault);
        farewell::say(&deleted_secret, recoverable_in);
    }
    Ok(())
}

/// Whether a spinner can turn on stderr.
fn is_lively_terminal() -> bool {
    stderr().is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// A credential for the vault in Azure, and the way there. A token is fetched from now on, while the person types.
fn azure(vault: &VaultAddress) -> Result<(Arc<DefaultAzureCredential>, Transport), WrongUse> {
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
