//! The accounts of `az` and `azd`.

use super::source::{Kind, Miss, Source, reason};
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential},
    error::ErrorKind,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    Executor,
};
use std::{
    ffi::OsStr,
    io,
    process::{Output, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{process::Command, time::timeout};

/// How long a CLI has to answer. A real `az` takes up to 2 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const NOT_INSTALLED: &str = "not installed";

/// `az` or `azd`.
pub(super) struct Cli(pub Kind);

#[async_trait::async_trait]
impl Source for Cli {
    fn kind(&self) -> Kind {
        self.0
    }

    async fn token(&self, scope: &str) -> Result<AccessToken, Miss> {
        let executor: Option<Arc<dyn Executor>> = Some(Arc::new(ProcessGroups));
        let (tool, credential): (_, azure_core::Result<Arc<dyn TokenCredential>>) = match self.0 {
            Kind::AzureDeveloperCli => {
                let options = AzureDeveloperCliCredentialOptions { executor, ..Default::default() };
                ("azd", AzureDeveloperCliCredential::new(Some(options)).map(|it| it as _))
            }
            _ => {
                let options = AzureCliCredentialOptions { executor, ..Default::default() };
                ("az", AzureCliCredential::new(Some(options)).map(|it| it as _))
            }
        };
        let credential = credential.map_err(|error| Miss::Absent(reason(&error)))?;
        match timeout(PATIENCE, credential.get_token(&[scope], None)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(Miss::Absent(why_not(tool, &error))),
            Err(_) => Err(Miss::Absent(format!("{tool} gave no answer within {} s", PATIENCE.as_secs()))),
        }
    }
}

fn why_not(tool: &str, error: &Error) -> String {
    // What cannot be read as an answer may hold a token, so it is not shown.
    let unreadable = error.downcast_ref::<Error>().is_some_and(|cause| cause.kind() != &ErrorKind::Credential);
    let text = reason(error);
    let login = if tool == "azd" { "azd auth login" } else { "az login" };
    if unreadable {
        format!("{tool} gave an answer that cannot be read; is it up to date?")
    } else if text.ends_with("not found on PATH") {
        NOT_INSTALLED.into()
    } else if text.contains(login) {
        format!("not signed in; run `{login}`")
    } else if text.is_empty() {
        format!("{tool} failed without a word")
    } else {
        text
    }
}

/// Runs a CLI without our stdin, which holds the secret's value, and in a process group of its own, which ends when
/// nobody waits for it any more: the CLI runs below a shell, and would outlive it.
#[derive(Debug)]
struct ProcessGroups;

#[async_trait::async_trait]
impl Executor for ProcessGroups {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        let mut group = Group(child.id());
        let output = child.wait_with_output().await;
        group.0 = None;
        output
    }
}

/// Kills the process group when dropped, unless it has ended.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()) {
            use nix::{sys::signal, unistd::Pid};
            // It fails when the group has just ended.
            let _ = signal::killpg(Pid::from_raw(id), signal::Signal::SIGKILL);
        }
    }
}
