//! Puts a run together: which vault, which terminal, which policies; and says how it ended.

use crate::{
    azure::{self, CredentialOptions, VaultAddress},
    cli::Cli,
    demo,
    guard::Choices,
    pipeline::{
        Pipeline,
        explain::{Calls, Exchanges, Step, Story},
        leftover::Left,
        progress::Progress,
    },
    quickstart,
    terminal::{
        capabilities::{is_dumb, understands_escapes},
        next_steps::{self, Ending},
        note, output,
        prompt::{Interrupted, Prompt},
        signal_mask::SignalMask,
    },
};
use azure_core::http::policies::Policy;
use dialoguer::console::style;
use std::{
    env,
    io::{IsTerminal as _, stderr, stdout},
    sync::Arc,
};
use tokio::{select, signal};

/// A run that did not come to its end.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: anyhow::Error,
    /// The vault; none when its address is the error.
    pub vault: Option<VaultAddress>,
    /// The names of the secrets of which something is left in the vault, and what.
    pub leftover: Vec<(String, Left)>,
    /// How often and how long the last call was tried, in words; none when it was tried once only.
    pub effort: Option<String>,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { error, vault: None, leftover: Vec::new(), effort: None }
    }
}

/// Runs the quickstart as the command line says, until it ends or is interrupted, and leaves the terminal as it was.
///
/// # Errors
/// [`Failure`], with what is left in the vault.
pub fn run(cli: &Cli) -> Result<(), Box<Failure>> {
    let pipeline = Pipeline::default();
    let outcome = in_runtime(cli, &pipeline).and_then(|()| Ok(output::finish()?));
    outcome.map_err(|error| {
        Box::new(Failure {
            error,
            vault: VaultAddress::parse(&key_vault_name(cli)).ok(),
            // The demo's vault is gone with the program.
            leftover: if cli.demo { Vec::new() } else { pipeline.leftover.left() },
            effort: pipeline.effort.in_words(),
        })
    })
}

fn key_vault_name(cli: &Cli) -> String {
    match &cli.vault {
        _ if cli.demo => demo::NAME.to_owned(),
        Some(vault) => vault.clone(),
        None => env::var("KEY_VAULT_NAME").unwrap_or_default(),
    }
}

fn in_runtime(cli: &Cli, pipeline: &Pipeline) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(SignalMask::block_for_good)
        .build()?;
    let outcome = runtime.block_on(async {
        let options = if cli.demo { demo::options() } else { CredentialOptions::from_env()? };
        let tools = Arc::clone(&options.tools);
        let prompt = Prompt::new(cli.name.clone(), cli.value_file.clone(), cli.hide_value)?;
        let outcome = select! {
            biased;
            () = interrupted() => Err(Interrupted.into()),
            outcome = quickstart(cli, options, &prompt, pipeline) => outcome,
        };
        prompt.restore();
        if outcome.as_ref().is_err_and(|error| error.is::<Interrupted>()) {
            tools.end().await;
        } else {
            tools.leave();
        }
        outcome
    });
    runtime.shutdown_background();
    // An interrupted run has not taken it away.
    output::stop_spinning();
    outcome
}

async fn quickstart(cli: &Cli, options: CredentialOptions, prompt: &Prompt, pipeline: &Pipeline) -> anyhow::Result<()> {
    if cli.demo {
        note!(
            "{} the vault is in this program's memory, and nothing leaves this computer.",
            style("Demo:").for_stderr().bold()
        );
    }
    let keyboard = prompt.keyboard().filter(|_| cli.step).map(Arc::clone);
    if cli.step && keyboard.is_none() {
        note!("--step is ignored, since nobody can press Enter at a pipe.");
    }
    let watched = cli.explain || keyboard.is_some();
    let vault = VaultAddress::parse(&key_vault_name(cli))?;
    let attempts = options.attempts.clone();
    let story = Story::new(vault.clone(), cli.explain);
    let calls: Option<Arc<dyn Policy>> = if watched {
        let (others_can_look, hide_value) = (!cli.demo, cli.hide_value);
        let step = keyboard.map(|keyboard| Step { keyboard, others_can_look, hide_value });
        Some(Arc::new(Calls::new(story.clone(), step)))
    } else if is_lively_terminal() {
        Some(Arc::new(Progress::new(attempts.clone())))
    } else {
        None
    };
    let exchanges = cli.explain.then(|| {
        let exchanges = Exchanges::new(story.clone(), attempts, is_lively_terminal());
        Arc::new(exchanges) as Arc<dyn Policy>
    });
    let transport = options.client_options.transport.clone().unwrap_or_default();
    let client_options = pipeline.client_options(&transport, calls, exchanges);
    let choices = Choices { overwrite: cli.overwrite, purge: cli.purge, watched };
    let outcome = quickstart::run(&key_vault_name(cli), options, client_options, prompt, choices).await;
    let deleted_secret = outcome.map_err(|error| match azure::find::<Interrupted>(error.as_ref()) {
        Some(interrupted) => (*interrupted).into(),
        None => error,
    })?;
    story.recap();
    if stdout().is_terminal() && stderr().is_terminal() {
        next_steps::say(match (cli.demo, cli.purge) {
            (true, _) => Ending::Demo { explained: cli.explain },
            (false, true) => Ending::Purged,
            (false, false) => Ending::Deleted(&deleted_secret, &vault),
        });
    }
    Ok(())
}

/// Whether a spinner can turn on stderr.
fn is_lively_terminal() -> bool {
    stderr().is_terminal() && !is_dumb() && understands_escapes()
}

/// Waits for Ctrl-C, or a request to end.
#[cfg(unix)]
async fn interrupted() {
    use signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return drop(signal::ctrl_c().await);
    };
    select! {
        _ = signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        // The terminal's window was closed.
        _ = hang_up.recv() => {}
    }
}

/// Waits for Ctrl-C, Ctrl-Break, or the end of the window or the system. After those last two, Windows gives a program
/// some seconds to end by itself.
#[cfg(windows)]
async fn interrupted() {
    use signal::windows::{ctrl_break, ctrl_close, ctrl_shutdown};
    let (Ok(mut stop), Ok(mut close), Ok(mut shutdown)) = (ctrl_break(), ctrl_close(), ctrl_shutdown()) else {
        return drop(signal::ctrl_c().await);
    };
    select! {
        _ = signal::ctrl_c() => {}
        _ = stop.recv() => {}
        _ = close.recv() => {}
        _ = shutdown.recv() => {}
    }
}
