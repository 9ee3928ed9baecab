//! Ctrl-Z suspends the run with the terminal as it was, and the run goes on where it was.

use super::signal_mask::SignalMask;
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::unistd::Pid;
use std::{
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

/// The number of times that the run was suspended. The process is suspended as a whole, and so has one of this.
static SUSPENDED: Mutex<u64> = Mutex::new(0);
static HAS_BEEN: Condvar = Condvar::new();

/// The longest wait for a suspension that nobody may attend to.
const TO_BEGIN: Duration = Duration::from_secs(1);

/// Asks to suspend the run, and what it shares a pipe with, as the terminal does where Ctrl-Z is no key. Returns once the
/// run goes on.
pub(super) fn suspend() {
    let before = SUSPENDED.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, _) = (*before, kill(Pid::from_raw(0), Signal::SIGTSTP));
    drop(HAS_BEEN.wait_timeout_while(before, TO_BEGIN, |now| *now == count));
}

/// Has each request to suspend the run carried out by `around`, which makes the terminal fit for the shell, calls what
/// suspends the run, and makes the terminal as it was once the run goes on. To be called before there are other threads.
pub(super) fn attend(around: impl Fn(&dyn Fn()) + Send + 'static) {
    let requests: SigSet = [Signal::SIGTSTP].into_iter().collect();
    // Blocked in all threads, the signal waits for the one that looks for it.
    if requests.thread_block().is_err() {
        return;
    }
    thread::spawn(move || {
        SignalMask::block_for_good();
        while requests.wait().is_ok() {
            around(&|| {
                // Unblocked it does what the system does by itself: nothing where no shell could go on with the run.
                let _ = requests
                    .thread_unblock()
                    .and_then(|()| raise(Signal::SIGTSTP))
                    .and_then(|()| requests.thread_block());
            });
            *SUSPENDED.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            HAS_BEEN.notify_all();
        }
    });
}
