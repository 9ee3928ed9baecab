//! The signals that end a program.

use nix::sys::signal::Signal;

/// The numbers of the signals that end a program by themselves, as others ask for it, without those that it was started to
/// ignore. Those that mean a fault of its own are not among them.
pub(crate) fn deadly_signals() -> impl Iterator<Item = i32> {
    use Signal::{
        SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
    };
    const EVERYWHERE: [Signal; 12] =
        [SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU];
    let ignored = ignored();
    let everywhere = EVERYWHERE.into_iter().map(|signal| signal as i32);
    everywhere.chain(on_linux()).filter(move |number| ignored >> (number - 1) & 1 == 0)
}

/// Those that end a program on Linux only: the real-time signals, and some without a meaning elsewhere.
fn on_linux() -> impl Iterator<Item = i32> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return [Signal::SIGIO, Signal::SIGPWR, Signal::SIGSTKFLT].into_iter().map(|signal| signal as i32).chain(34..65);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    return std::iter::empty();
}

/// The set of the signals that the program was started to ignore, a bit each; empty where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
