//! Runs the command-line tools that give tokens: `az`, `azd`, PowerShell.

use super::{failure::CredentialFailure, process_group::ProcessGroup};
use crate::text::clean;
use azure_identity::Executor;
use std::{
    collections::BTreeMap,
    env,
    ffi::OsStr,
    io,
    path::PathBuf,
    process::{Output, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

/// The longest time for a tool, as in the other SDKs. A real `az` takes up to 2 seconds.
const ANSWERS: Duration = Duration::from_secs(10);
/// The longest time for a tool that is asked to end.
const TO_END: Duration = Duration::from_secs(1);

/// The command-line tools that are running, by their process ids. A tool whose token is no longer wanted is left to end
/// by itself, since it may be writing its own files.
#[derive(Debug, Default)]
pub(super) struct CommandLineTools(Mutex<BTreeMap<u32, ProcessGroup>>);

impl CommandLineTools {
    fn running(&self) -> MutexGuard<'_, BTreeMap<u32, ProcessGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks all that still run to end, and kills those that have not ended after a second.
    pub async fn end(&self) {
        self.running().values_mut().for_each(ProcessGroup::end);
        let _ = timeout(TO_END, async {
            while !self.running().is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        self.running().values_mut().for_each(ProcessGroup::kill);
    }

    /// Lets those that still run end by themselves, also after this program.
    pub fn leave(&self) {
        std::mem::take(&mut *self.running()).into_values().for_each(ProcessGroup::release);
    }

    /// Runs a tool to its end: without our stdin, which holds the secret's value; in a directory where only administrators can put a
    /// program of the same name; and in a process group of its own.
    async fn output(self: &Arc<Self>, mut command: Command) -> io::Result<Output> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(safe_directory());
        let (child, group) = ProcessGroup::spawn(&mut command)?;
        let id = child.id().unwrap_or_default();
        let tools = Arc::clone(self);
        tools.running().insert(id, group);
        let ended = tokio::spawn(async move {
            let output = child.wait_with_output().await;
            if let Some(group) = tools.running().remove(&id) {
                group.release();
            }
            output
        });
        match timeout(ANSWERS, ended).await {
            Ok(output) => output.map_err(io::Error::other)?,
            Err(_) => {
                self.end().await;
                Err(io::Error::other(CredentialFailure::TimedOut(ANSWERS)))
            }
        }
    }
}

/// Runs one tool by the shell that the SDK asks for.
#[derive(Debug)]
pub(super) struct Tool {
    /// The program.
    pub name: &'static str,
    /// The command that signs in with it.
    pub login: &'static str,
    pub tools: Arc<CommandLineTools>,
}

#[async_trait::async_trait]
impl Executor for Tool {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        if on_path(self.name).is_none() {
            return Err(io::Error::other(CredentialFailure::NotInstalled));
        }
        let mut command = Command::new(program);
        command.args(args);
        let output = self.tools.output(command).await?;
        if output.status.success() {
            return Ok(output);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(match output.status.code() {
            // The shell's own: it found no interpreter for the tool, or may not run it.
            Some(126 | 127) if cfg!(unix) => CredentialFailure::DoesNotRun(clean(&stderr)),
            Some(9009) if cfg!(windows) => CredentialFailure::DoesNotRun(clean(&stderr)),
            _ => CredentialFailure::from_stderr(&stderr, self.login),
        }))
    }
}

/// Runs a program as it is, without a shell around it.
#[derive(Debug)]
pub(super) struct Program(pub Arc<CommandLineTools>);

#[async_trait::async_trait]
impl Executor for Program {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let path = program.to_str().and_then(on_path).ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(path);
        command.args(args);
        self.0.output(command).await
    }
}

/// The directory where the other SDKs run tools: only administrators write to it.
fn safe_directory() -> PathBuf {
    let windows = || env::var_os("SYSTEMROOT").map_or_else(|| PathBuf::from("C:\\Windows"), PathBuf::from);
    if cfg!(windows) { windows() } else { PathBuf::from("/bin") }
}

/// The file that a shell finds for that program; never in a folder that is relative to the one that a tool runs in.
fn on_path(name: &str) -> Option<PathBuf> {
    let extensions = match env::var("PATHEXT") {
        _ if !cfg!(windows) => String::new(),
        Ok(extensions) if !extensions.is_empty() => extensions,
        _ => ".COM;.EXE;.BAT;.CMD".to_owned(),
    };
    let path = env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    env::split_paths(&path).filter(|folder| folder.is_absolute()).find_map(|folder| {
        extensions.split(';').map(|it| folder.join(format!("{name}{it}"))).find(|file| file.is_file())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn each_tool_that_hangs_is_given_up_after_10_s_and_ends_with_what_it_has_started() {
        let tools = Arc::<CommandLineTools>::default();
        // The second ignores the request to end.
        for script in ["sleep 600; true", "trap '' TERM; sleep 600; true"] {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            let began = Instant::now();
            let error = tools.output(command).await.unwrap_err();
            let given_up = error.get_ref().and_then(|error| error.downcast_ref());
            assert_eq!(given_up, Some(&CredentialFailure::TimedOut(ANSWERS)));
            assert!(began.elapsed() <= ANSWERS + TO_END, "{:?}", began.elapsed());
        }
        // Both are gone: their groups leave the list once they have ended.
        tokio::time::resume();
        timeout(Duration::from_secs(10), async {
            while !tools.running().is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
    }
}
