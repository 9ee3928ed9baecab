//! Runs the command-line tools that give tokens: `az`, `azd`.

use super::reason::Reason;
use azure_identity::Executor;
use std::{
    collections::BTreeSet,
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

/// How long a tool has to answer, as in the other SDKs. A real `az` takes up to 2 seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a tool that is asked to end may take.
const TO_END: Duration = Duration::from_secs(1);

/// The command-line tools that are running. A tool that nobody waits for any more is left to end by itself, since it may
/// be writing its own files.
#[derive(Debug, Default)]
pub struct CommandLineTools(Mutex<BTreeSet<u32>>);

impl CommandLineTools {
    fn running(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks all that still run to end, and kills those that have not ended after a second.
    pub async fn end(&self) {
        let groups: Vec<_> = self.running().iter().copied().collect();
        for group in &groups {
            signal(*group, Signal::End);
        }
        let _ = timeout(TO_END, async {
            while !self.running().is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        for group in self.running().iter() {
            signal(*group, Signal::Kill);
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
    /// Runs without our stdin, which holds the secret's value; in a directory where nobody has put a program of the same
    /// name; and in a process group of its own, since the tool runs below a shell and would outlive it.
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        if !is_on_path(self.name) {
            return Err(io::Error::other(Reason::NotInstalled));
        }
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.current_dir(safe_directory());
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        let id = child.id();
        let tools = Arc::clone(&self.tools);
        tools.running().extend(id);
        let ended = tokio::spawn(async move {
            let output = child.wait_with_output().await;
            tools.running().retain(|running| Some(*running) != id);
            output
        });
        let Ok(output) = timeout(PATIENCE, ended).await else {
            self.tools.end().await;
            return Err(io::Error::other(Reason::NoAnswer(PATIENCE)));
        };
        let output = output.map_err(io::Error::other)??;
        if output.status.success() {
            return Ok(output);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(match output.status.code() {
            // The shell's own: it found no interpreter for the tool, or may not run it.
            Some(126 | 127) => Reason::DoesNotRun(crate::azure::first_line(&stderr)),
            _ => Reason::from_stderr(&stderr, self.login),
        }))
    }
}

/// Where the other SDKs run tools: in a directory that only administrators write to.
fn safe_directory() -> PathBuf {
    let windows = || env::var_os("SYSTEMROOT").map_or_else(|| PathBuf::from("C:\\Windows"), PathBuf::from);
    if cfg!(windows) { windows() } else { PathBuf::from("/bin") }
}

/// Whether a shell finds that program.
pub(super) fn is_on_path(name: &str) -> bool {
    let extensions: &[&str] = if cfg!(windows) { &[".cmd", ".exe", ".bat", ".com"] } else { &[""] };
    let path = env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    env::split_paths(&path).any(|folder| extensions.iter().any(|it| folder.join(format!("{name}{it}")).is_file()))
}

#[derive(Clone, Copy)]
enum Signal {
    End,
    Kill,
}

/// Signals a process group; it fails when the group has just ended.
#[cfg(unix)]
fn signal(group: u32, signal: Signal) {
    use nix::{sys::signal, unistd::Pid};
    let Ok(group) = i32::try_from(group) else { return };
    let signal = match signal {
        Signal::End => signal::Signal::SIGTERM,
        Signal::Kill => signal::Signal::SIGKILL,
    };
    let _ = signal::killpg(Pid::from_raw(group), signal);
}

#[cfg(not(unix))]
fn signal(_group: u32, _signal: Signal) {}
