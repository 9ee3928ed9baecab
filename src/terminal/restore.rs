//! The terminal's own settings, which questions change and no end of the run may leave changed.

#[cfg(windows)]
mod windows;

#[cfg(unix)]
use super::question::{Question, Unanswered};
#[cfg(windows)]
pub use windows::understands_escapes;

/// The settings of the terminal on stdin as they were at some moment; none where stdin is no terminal.
pub struct Settings {
    #[cfg(unix)]
    before: std::sync::Mutex<Option<nix::sys::termios::Termios>>,
    #[cfg(windows)]
    before: Option<u32>,
}

/// Whether a terminal that is not dumb understands escape sequences.
#[cfg(unix)]
pub fn understands_escapes() -> bool {
    true
}

/// Signals that only the thread may get which reads the keyboard, for the time of a question: the line editor notices
/// a resized window, and an interruption, by the end of its read.
pub struct SignalsToReader {
    #[cfg(unix)]
    before: Option<nix::sys::signal::SigSet>,
}

#[cfg(unix)]
impl SignalsToReader {
    /// They reach the calling thread.
    pub(super) fn here() -> Self {
        Self::change(nix::sys::signal::SigmaskHow::SIG_UNBLOCK)
    }

    /// They do not reach the calling thread.
    pub(super) fn not_here() -> Self {
        Self::change(nix::sys::signal::SigmaskHow::SIG_BLOCK)
    }

    fn change(how: nix::sys::signal::SigmaskHow) -> Self {
        use nix::sys::signal::{SigSet, Signal};
        let signals: SigSet = [Signal::SIGINT, Signal::SIGWINCH].into_iter().collect();
        Self { before: signals.thread_swap_mask(how).ok() }
    }

    /// Keeps them from the calling thread for good, since it never reads the keyboard without asking for them.
    pub fn never_here() {
        std::mem::forget(Self::not_here());
    }
}

impl Drop for SignalsToReader {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(before) = &self.before {
            let _ = before.thread_set_mask();
        }
    }
}

#[cfg(not(unix))]
impl SignalsToReader {
    pub(super) fn here() -> Self {
        Self {}
    }

    pub(super) fn not_here() -> Self {
        Self {}
    }

    /// There are none.
    pub fn never_here() {}
}

#[cfg(unix)]
mod unix {
    use super::{Question, Settings, Unanswered};
    use crate::terminal::output::about;
    use nix::{
        poll::{PollFd, PollFlags, PollTimeout, poll},
        sys::termios::{
            FlushArg, InputFlags, LocalFlags, SetArg, SpecialCharacterIndices as Key, Termios, tcflush, tcgetattr,
            tcsetattr,
        },
        unistd::read,
    };
    use std::{
        io::{BufRead as _, stdin},
        os::fd::AsFd as _,
        sync::{Mutex, PoisonError},
        time::{Duration, Instant},
    };

    /// Stands for a key that does nothing (`_POSIX_VDISABLE`).
    const DISABLED: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };
    /// How long the rest of a paste may take to arrive, in milliseconds.
    const IN_FLIGHT: u16 = 30;
    /// How long input without an end is thrown away.
    const ENDLESS: Duration = Duration::from_secs(2);

    impl Settings {
        /// The settings as they are now.
        pub fn now() -> Self {
            Self { before: Mutex::new(tcgetattr(stdin()).ok()) }
        }

        fn before(&self) -> Option<Termios> {
            self.before.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }

        /// Stops the echo, and the line discipline that would cut a long paste. Ctrl-C still interrupts; other keys do
        /// nothing, since they would leave the terminal so.
        pub(in crate::terminal) fn quiet(&self) {
            self.change(|settings| {
                settings.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
                // Ctrl-S would stop the output.
                settings.input_flags.remove(InputFlags::IXON);
                for (key, value) in [(Key::VMIN, 1), (Key::VTIME, 0), (Key::VQUIT, DISABLED), (Key::VSUSP, DISABLED)] {
                    settings.control_chars[key as usize] = value;
                }
            });
        }

        fn change(&self, change: impl FnOnce(&mut Termios)) {
            if let Some(mut settings) = self.before() {
                change(&mut settings);
                // A terminal that has gone away needs no settings.
                let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &settings);
            }
        }

        /// Lets the next read give what is there, or nothing, after a moment in which the rest of a paste arrives.
        pub(in crate::terminal) fn read_without_waiting() -> bool {
            let _ = is_input_within(IN_FLIGHT);
            let Ok(mut settings) = tcgetattr(stdin()) else { return false };
            settings.control_chars[Key::VMIN as usize] = 0;
            settings.control_chars[Key::VTIME as usize] = 0;
            tcsetattr(stdin(), SetArg::TCSANOW, &settings).is_ok()
        }

        /// Throws away the input that nobody has read, until no more comes.
        pub(in crate::terminal) fn discard_input(&self) {
            if self.before().is_none() {
                return;
            }
            let began = Instant::now();
            while began.elapsed() < ENDLESS && is_input_within(IN_FLIGHT) {
                if read(stdin(), &mut [0; 4096]).unwrap_or_default() == 0 {
                    break;
                }
            }
            let _ = tcflush(stdin(), FlushArg::TCIFLUSH);
        }

        /// Makes the settings as they were, without marks around a paste, with a cursor and without input.
        pub fn restore(&self) {
            let Some(before) = self.before() else { return };
            self.discard_input();
            if std::io::IsTerminal::is_terminal(&std::io::stderr()) && !super::super::keyboard::is_dumb() {
                about(format_args!("\x1b[?2004l\x1b[?25h"));
            }
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &before);
        }

        /// Asks by the terminal's own means, where it knows no escape sequences. A masked answer is not echoed.
        pub(in crate::terminal) fn ask_plainly(&self, question: Question) -> Result<String, Unanswered> {
            loop {
                self.change(|settings| settings.local_flags.set(LocalFlags::ECHO, !question.masked));
                about(format_args!("{}", question.text));
                let mut answer = String::new();
                let outcome = stdin().lock().read_line(&mut answer);
                self.quiet();
                if question.masked {
                    about(format_args!("\n"));
                }
                match outcome {
                    Ok(0) => return Err(Unanswered::Interrupted),
                    Err(error) => return Err(Unanswered::Failed(error)),
                    Ok(_) => {}
                }
                let answer = answer.trim_end_matches(['\r', '\n']);
                match (question.check)(answer) {
                    Ok(()) if question.last && is_input_within(IN_FLIGHT) => return Err(Unanswered::SeveralLines),
                    Ok(()) => return Ok(answer.to_owned()),
                    Err(why) => about(format_args!("{why}\n")),
                }
            }
        }
    }

    fn is_input_within(milliseconds: u16) -> bool {
        let stdin = stdin();
        let mut waiting = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut waiting, PollTimeout::from(milliseconds)).is_ok_and(|ready| ready > 0);
        // macOS cannot tell for /dev/tty.
        ready && !waiting[0].revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL))
    }
}
