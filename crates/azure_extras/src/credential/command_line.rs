//! Runs the command-line tools that give tokens: `az`, `azd`, PowerShell.

use super::{failure::CredentialFailure, process_group::ProcessGroup, tool_output::normalized};
use crate::redaction::Redactor;
use azure_identity::Executor;
use std::{
    collections::BTreeMap,
    env,
    ffi::OsStr,
    io,
    path::PathBuf,
    process::{ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
    select,
    time::{sleep, timeout},
};

/// The longest time for a tool, as in the other SDKs. A real `az` takes up to 2 seconds.
const ANSWERS: Duration = Duration::from_secs(10);
/// The longest time for a tool that is asked to end.
const TO_END: Duration = Duration::from_secs(1);
/// The longest wait for more output once a tool has ended: what it has started may hold that open.
const TO_CLOSE: Duration = Duration::from_millis(100);
/// The most bytes of output that are read. A token has some thousands.
const MOST_OUTPUT: usize = 1 << 20;

/// The variables with secrets of our own. No tool needs them; those of a managed identity's endpoint some do.
const SECRETS: [&str; 2] = ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD"];

/// The command-line tools that are running, by their process ids. A tool whose token is no longer wanted is left to end
/// by itself, since it may be writing its own files.
#[derive(Debug, Default)]
pub(super) struct CommandLineTools {
    running: Mutex<BTreeMap<u32, ProcessGroup>>,
    /// Learns the tokens that tools give, so that nothing shows them.
    pub redactor: Redactor,
}

impl CommandLineTools {
    /// None is running yet.
    pub fn new(redactor: Redactor) -> Self {
        Self { running: Mutex::default(), redactor }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u32, ProcessGroup>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks all that still run to end, and kills those that have not ended after a second.
    pub async fn end(&self) {
        let groups = std::mem::take(&mut *self.running());
        end(groups.into_values().collect()).await;
    }

    /// Lets those that still run end by themselves, also after this program.
    pub fn leave(&self) {
        std::mem::take(&mut *self.running()).into_values().for_each(ProcessGroup::release);
    }

    /// Runs a tool to its end: without our stdin, which holds the secret's value, and without our secrets; in a directory
    /// where only administrators can put a program of the same name; and in a process group of its own.
    async fn output(self: &Arc<Self>, mut command: Command) -> io::Result<Output> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(safe_directory());
        for secret in SECRETS {
            command.env_remove(secret);
        }
        let (child, group) = ProcessGroup::spawn(&mut command)?;
        let id = child.id().unwrap_or_default();
        let tools = Arc::clone(self);
        tools.running().insert(id, group);
        let ended = tokio::spawn(async move {
            let output = output_of(child).await;
            if let Some(mut group) = tools.running().remove(&id) {
                match &output {
                    Ok(_) => group.release(),
                    Err(_) => group.kill(),
                }
            }
            output
        });
        match timeout(ANSWERS, ended).await {
            Ok(output) => {
                let output = output.map_err(io::Error::other)??;
                [&output.stdout, &output.stderr].into_iter().for_each(|text| self.redactor.keep_tokens(text));
                Ok(output)
            }
            Err(_) => {
                let group = self.running().remove(&id);
                end(group.into_iter().collect()).await;
                Err(io::Error::other(CredentialFailure::TimedOut(ANSWERS)))
            }
        }
    }
}

/// Asks these to end, and kills what of them has not ended after a second: what a tool has started may outlive it.
async fn end(mut groups: Vec<ProcessGroup>) {
    groups.iter_mut().for_each(ProcessGroup::end);
    let _ = timeout(TO_END, async {
        while groups.iter().any(ProcessGroup::is_alive) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    groups.iter_mut().for_each(ProcessGroup::kill);
}

/// The output of a tool that runs to its end. What it has started, and holds its output open, delays it only if there is
/// none yet.
async fn output_of(mut child: Child) -> io::Result<Output> {
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let (mut stdout, mut stderr, mut status) = (Vec::new(), Vec::new(), None);
    loop {
        let has_ended = status.is_some_and(|status: ExitStatus| !status.success() || !stdout.is_empty());
        select! {
            count = read(&mut out, &mut stdout), if out.is_some() => out = out.filter(|_| count.as_ref().is_ok_and(|it| *it > 0)),
            count = read(&mut err, &mut stderr), if err.is_some() => err = err.filter(|_| count.as_ref().is_ok_and(|it| *it > 0)),
            ended = child.wait(), if status.is_none() => status = Some(ended?),
            () = sleep(TO_CLOSE), if has_ended => (out, err) = (None, None),
        }
        if stdout.len().max(stderr.len()) >= MOST_OUTPUT {
            return Err(io::Error::other(CredentialFailure::Unreadable));
        }
        if let (None, None, Some(status)) = (&out, &err, status) {
            return Ok(Output { status, stdout, stderr });
        }
    }
}

async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, output: &mut Vec<u8>) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read_buf(output).await,
        None => Ok(0),
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
        let mut output = self.tools.output(command).await?;
        if output.status.success() {
            output.stdout = normalized(&output.stdout).unwrap_or_default();
            return Ok(output);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(match output.status.code() {
            // The shell's own: it found no interpreter for the tool, or may not run it.
            Some(126 | 127) if cfg!(unix) => CredentialFailure::DoesNotRun(stderr.as_ref().into()),
            Some(9009) if cfg!(windows) => CredentialFailure::DoesNotRun(stderr.as_ref().into()),
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
    use std::pin::pin;
    use tokio::time::Instant;

    fn hanging(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test(start_paused = true)]
    async fn each_tool_that_hangs_is_given_up_after_10_s_and_ends_with_what_it_has_started() {
        let tools = Arc::<CommandLineTools>::default();
        // Some ignore the request to end, as does a script below a shell that does not.
        for script in [
            "sleep 600; true",
            "trap '' TERM; sleep 600; true",
            "/bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'; true",
        ] {
            let began = Instant::now();
            let mut output = pin!(tools.output(hanging(script)));
            assert!(futures::poll!(&mut output).is_pending());
            let group = ProcessGroup::of(*tools.running().keys().next().unwrap());
            let error = output.await.unwrap_err();
            let given_up = error.get_ref().and_then(|error| error.downcast_ref());
            assert_eq!(given_up, Some(&CredentialFailure::TimedOut(ANSWERS)));
            assert!(began.elapsed() < ANSWERS + TO_END * 2, "{:?}", began.elapsed());
            tokio::time::resume();
            timeout(Duration::from_secs(10), async {
                while group.is_alive() {
                    sleep(Duration::from_millis(5)).await;
                }
            })
            .await
            .unwrap();
            tokio::time::pause();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_takes_no_other_with_it() {
        let tools = Arc::<CommandLineTools>::default();
        let mut first = pin!(tools.output(hanging("sleep 600; true")));
        assert!(futures::poll!(&mut first).is_pending());
        sleep(ANSWERS / 2).await;
        let mut second = pin!(tools.output(hanging("sleep 600; true")));
        assert!(futures::poll!(&mut second).is_pending());
        first.await.unwrap_err();
        let running = |tools: &CommandLineTools| tools.running().keys().copied().collect::<Vec<_>>();
        let [left] = *running(&tools) else { panic!("{:?}", running(&tools)) };
        assert!(ProcessGroup::of(left).is_alive());
        tools.end().await;
        assert!(running(&tools).is_empty());
    }
}
