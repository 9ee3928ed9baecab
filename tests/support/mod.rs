//! What the tests around the binary share: running it, and a cloud on loopback for it to talk to.

pub mod cloud;
pub mod dice;
pub mod left;
#[cfg(unix)]
pub mod link;
pub mod shell;
pub mod vault;

pub use cloud::Cloud;
#[cfg(unix)]
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

/// The binary in an empty environment and working directory, so that nothing of this computer's user reaches it.
pub fn kv_secrets(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kv-secrets"));
    command.env_clear().current_dir(directory);
    // Without it no program finds Windows' own libraries, and the SDK no safe working directory.
    #[cfg(windows)]
    command.env("SYSTEMROOT", std::env::var_os("SYSTEMROOT").expect("a system"));
    command
}

/// An example of the package, which Cargo builds beside the binary.
#[allow(dead_code, reason = "the benchmark has none")]
pub fn example(name: &str) -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_kv-secrets"));
    binary.with_file_name("examples").join(name).with_extension(binary.extension().unwrap_or_default())
}

/// What a finished run left behind.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `command` to its end, with `stdin` at a pipe.
pub fn run(command: &mut Command, stdin: impl AsRef<[u8]>) -> Run {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn");
    let mut pipe = child.stdin.take().expect("a piped stdin");
    let stdin = stdin.as_ref().to_owned();
    // A thread writes, since the program may end before it has read everything.
    let writer = thread::spawn(move || pipe.write_all(&stdin));
    let Output { status, stdout, stderr } = child.wait_with_output().expect("wait");
    let _ = writer.join().expect("writer");
    Run {
        status: status.code().expect("no signal"),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8(stderr).expect("UTF-8"),
    }
}

/// The transcript of `kv_secrets.py` at a pipe.
pub fn transcript(vault: &str, name: &str, value: &str) -> String {
    format!(
        "Input a name for your secret > Input a value for your secret > \
         Creating a secret in {vault} called '{name}' with the value '{value}' ...\n \
         done.\n\
         Retrieving your secret from {vault}.\n\
         Your secret is '{value}'.\n\
         Deleting your secret from {vault} ...\n \
         done.\n"
    )
}

/// Sends a signal to a process.
#[cfg(unix)]
pub fn send(signal: Signal, pid: u32) {
    signal::kill(Pid::from_raw(pid.try_into().expect("a process")), signal).expect("kill");
}

/// Tries the cases side by side, since each of them mostly waits.
#[allow(dead_code, reason = "the benchmark has no cases")]
pub fn each<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

/// Waits until `holds`, which an event brings about.
pub fn wait_until(holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it never came to that");
}
