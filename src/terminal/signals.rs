//! The signals that end a program.

use nix::sys::signal::Signal;

/// The numbers of the signals that would end the program and can be caught, without those that it was started to ignore.
pub(crate) fn deadly_signals() -> impl Iterator<Item = i32> {
    use Signal::{
        SIGCHLD, SIGCONT, SIGFPE, SIGILL, SIGKILL, SIGPIPE, SIGSEGV, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,
        SIGWINCH,
    };
    // Those that cannot be caught, mean a fault of the program itself, stop it, or do nothing by themselves.
    const OTHERS: [Signal; 13] = [
        SIGCHLD, SIGCONT, SIGFPE, SIGILL, SIGKILL, SIGPIPE, SIGSEGV, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,
        SIGWINCH,
    ];
    let ignored = ignored();
    let named = Signal::iterator().filter(|signal| !OTHERS.contains(signal)).map(|signal| signal as i32);
    named.chain(real_time()).filter(move |number| ignored >> (number - 1) & 1 == 0)
}

/// The signals without a name, which end a program too.
fn real_time() -> std::ops::Range<i32> {
    if cfg!(target_os = "linux") { 34..65 } else { 0..0 }
}

/// The set of the signals that the program was started to ignore, a bit each; empty where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
