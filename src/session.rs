//! Wires a run: terminal, observers, credential and client; and gathers what is known when it fails.

use crate::{
    failure::{Failure, Interrupted},
    guard::Choices,
    pipeline::{
        explain::Explain,
        look_again::LookAgain,
        progress::Progress,
        record::Record,
        second_connection::SecondConnection,
        step::Step,
        wait_notice::WaitNotice,
        watch::{Observer, watched},
    },
    quickstart,
    settings::{Cloud, Settings},
    terminal::{
        capabilities::{is_dumb, understands_escapes},
        next_steps::{self, Ending},
        note, output,
        prompt::Prompt,
        signal_mask::SignalMask,
    },
};
use azure_core::{credentials::TokenCredential, http::Transport};
use azure_extras::{
    DefaultAzureCredential, find_cause,
    in_memory::{InMemoryCredential, InMemoryVault},
    secrets::client_options_with,
};
use dialoguer::console::style;
use std::{
    io::{IsTerminal as _, stderr, stdout},
    sync::Arc,
    time::Duration,
};
use tokio::{select, signal};

/// The time that the demo's deletions take to complete.
const DEMO_DELETION: Duration = Duration::from_secs(1);

/// A run's credential and its way to the vault.
struct Backend {
    transport: Transport,
    credential: Arc<dyn TokenCredential>,
    /// The same credential, if it is not the demo's.
    chain: Option<Arc<DefaultAzureCredential>>,
}

impl Backend {
    fn new(cloud: &Cloud) -> Self {
        match cloud {
            Cloud::InMemory => {
                let transport = Transport::new(Arc::new(InMemoryVault::new(DEMO_DELETION)));
                Self { transport, credential: Arc::new(InMemoryCredential), chain: None }
            }
            Cloud::Azure(options) => {
                let transport = options.client_options.transport.clone().unwrap_or_default();
                let credential = DefaultAzureCredential::new((**options).clone());
                Self { transport, credential: credential.clone(), chain: Some(credential) }
            }
        }
    }
}

/// Runs the quickstart as the settings say, until it ends or is interrupted, and leaves the terminal as it was. The
/// `record` is kept meanwhile.
///
/// # Errors
/// [`Failure`], with all that is known of it.
pub(crate) fn run(settings: &Settings, record: &Arc<Record>) -> Result<(), Box<Failure>> {
    let backend = Backend::new(&settings.cloud);
    in_runtime(settings, &backend, record).map_err(|error| {
        output::settle();
        Box::new(Failure {
            error,
            vault: Some(settings.vault.clone()),
            call: record.last_call(),
            credentials: backend.chain.as_ref().map(|chain| chain.outcomes()).unwrap_or_default(),
            attempts: record.attempts(),
            // The demo's vault is gone with the program.
            leftovers: settings.lasting_vault().map(|_| record.leftovers()).unwrap_or_default(),
        })
    })
}

fn in_runtime(settings: &Settings, backend: &Backend, record: &Arc<Record>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(SignalMask::block_for_good)
        .build()?;
    let outcome = runtime.block_on(async {
        let Settings { secret_name, value_file, hide_value, .. } = settings;
        let prompt = Prompt::new(secret_name.clone(), value_file.clone(), *hide_value)?;
        let outcome = select! {
            biased;
            () = interrupted() => Err(Interrupted.into()),
            outcome = async {
                quickstart(settings, backend, &prompt, record).await?;
                Ok(output::finish().await?)
            } => outcome,
        };
        prompt.restore();
        if let Some(chain) = &backend.chain {
            let is_interrupted = |error: &anyhow::Error| find_cause::<Interrupted>(error.as_ref()).is_some();
            if outcome.as_ref().is_err_and(is_interrupted) { chain.end_tools().await } else { chain.leave_tools() }
        }
        outcome
    });
    runtime.shutdown_background();
    // An interrupted run has not taken it away.
    output::stop_spinning();
    outcome
}

async fn quickstart(
    settings: &Settings,
    backend: &Backend,
    prompt: &Prompt,
    record: &Arc<Record>,
) -> anyhow::Result<()> {
    let Settings { vault, overwrite, purge, explain: exchanges, step, hide_value, .. } = settings;
    let is_demo = matches!(settings.cloud, Cloud::InMemory);
    if is_demo {
        note!(
            "{} the vault is in this program's memory, and nothing leaves this computer.",
            style("Demo:").for_stderr().bold()
        );
    }
    let keyboard = prompt.keyboard().filter(|_| *step).map(Arc::clone);
    if *step && keyboard.is_none() {
        note!("--step is ignored, since nobody can press Enter at a pipe.");
    }
    let is_watched = *exchanges || keyboard.is_some();
    let explain = is_watched.then(|| {
        Arc::new(Explain {
            vault: vault.clone(),
            exchanges: *exchanges,
            live: is_lively_terminal(),
            credential: backend.chain.clone(),
            record: Arc::clone(record),
            story: Default::default(),
        })
    });
    let mut observers: Vec<Arc<dyn Observer>> = vec![Arc::clone(record) as _];
    if let Some(explain) = &explain {
        observers.push(Arc::clone(explain) as _);
    } else if is_lively_terminal() {
        observers.push(Arc::new(Progress::new(backend.chain.clone(), Arc::clone(record))));
    }
    observers.push(Arc::new(WaitNotice::default()));
    if !is_watched && !is_demo && !overwrite {
        let transport = backend.transport.clone();
        observers.push(Arc::new(SecondConnection { transport, made: Default::default() }));
    }
    if let Some(keyboard) = keyboard.clone() {
        let (vault, record) = (vault.clone(), Arc::clone(record));
        observers.push(Arc::new(Step { keyboard, vault, others_can_look: !is_demo, hide_value: *hide_value, record }));
    }
    let mut client_options = watched(client_options_with(backend.transport.clone()), observers);
    client_options.per_try_policies.insert(0, Arc::new(LookAgain::new(Arc::clone(record), keyboard.is_some())));
    let choices = Choices { overwrite: *overwrite, purge: *purge, watched: is_watched };
    let credential = Arc::clone(&backend.credential);
    let deleted_secret = quickstart::run(vault, credential, client_options, prompt, record, choices).await?;
    let secret_name = record.last_call().map(|call| call.secret_name).unwrap_or_default();
    if let Some(explain) = explain {
        explain.recap();
    }
    if stdout().is_terminal() && stderr().is_terminal() {
        next_steps::say(match (is_demo, *purge) {
            (true, _) => Ending::Demo { explained: *exchanges },
            (false, true) => Ending::Purged,
            (false, false) => Ending::Deleted(&deleted_secret, vault, &secret_name),
        });
    }
    Ok(())
}

/// Tells whether a spinner can turn on stderr.
fn is_lively_terminal() -> bool {
    stderr().is_terminal() && !is_dumb() && understands_escapes()
}

/// Waits for Ctrl-C, or any other signal that would end the program, unless that is ignored as `nohup` wants it.
#[cfg(unix)]
async fn interrupted() {
    use crate::terminal::signals::deadly_signals;
    use futures::{StreamExt as _, stream::FuturesUnordered};
    use nix::sys::signal::Signal;
    use signal::unix::{SignalKind, signal};
    use std::future::pending;
    // Caught, it is the error of a write to a file that may not grow.
    let _ = signal(SignalKind::from_raw(Signal::SIGXFSZ as i32));
    let signals = deadly_signals().filter_map(|number| signal(SignalKind::from_raw(number)).ok());
    let mut ends: FuturesUnordered<_> = signals.map(|mut signal| async move { signal.recv().await }).collect();
    if ends.next().await.flatten().is_none() {
        pending().await
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
