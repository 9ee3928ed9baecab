//! The signal masks of the threads, which decide the thread that a signal interrupts.

#[cfg(unix)]
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// The calling thread's signal mask, as it was before a change. Dropping it restores the mask.
///
/// While a question is open, SIGINT and SIGWINCH may reach only the thread that reads the keyboard: the line editor
/// notices an interruption, and a resized window, by the end of its read. Windows has neither signal.
#[must_use = "dropping it restores the mask"]
pub(crate) struct SignalMask {
    #[cfg(unix)]
    before: Option<SigSet>,
}

impl SignalMask {
    /// Lets the signals reach the calling thread.
    pub(super) fn unblock() -> Self {
        Self {
            #[cfg(unix)]
            before: change(SigmaskHow::SIG_UNBLOCK),
        }
    }

    /// Keeps the signals from the calling thread.
    pub(super) fn block() -> Self {
        Self {
            #[cfg(unix)]
            before: change(SigmaskHow::SIG_BLOCK),
        }
    }

    /// Keeps the signals from the calling thread for good, which never reads the keyboard without unblocking them; and those
    /// that suspend the run, which are [attended to](super::suspension) elsewhere.
    pub(crate) fn block_for_good() {
        std::mem::forget(Self::block());
        #[cfg(unix)]
        let _ = [Signal::SIGTSTP].into_iter().collect::<SigSet>().thread_block();
    }
}

impl Drop for SignalMask {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(before) = &self.before {
            let _ = before.thread_set_mask();
        }
    }
}

#[cfg(unix)]
fn change(how: SigmaskHow) -> Option<SigSet> {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGWINCH].into_iter().collect();
    signals.thread_swap_mask(how).ok()
}
