//! The mode by termios.

use crate::terminal::{
    capabilities::{is_dumb, is_in_foreground},
    output::about,
};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::termios::{
        FlushArg, InputFlags, LocalFlags, SetArg, SpecialCharacterIndices as Key, Termios, tcflush, tcgetattr,
        tcsetattr,
    },
    unistd::read,
};
use std::{
    io::{IsTerminal as _, stderr, stdin},
    os::fd::AsFd as _,
    sync::{Mutex, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

/// Stands for a key that does nothing (`_POSIX_VDISABLE`).
const DISABLED: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };
/// The longest time for the rest of a paste to arrive, in milliseconds.
const IN_FLIGHT: u16 = 30;
/// The longest time for which input without an end is thrown away.
const ENDLESS: Duration = Duration::from_secs(2);

/// The mode of the terminal on stdin, as it was at some moment. Every change starts from it.
pub(crate) struct TerminalMode {
    /// `None` if stdin is no terminal.
    before: Mutex<Option<Termios>>,
}

impl TerminalMode {
    /// Takes the mode as it is now.
    pub(crate) fn now() -> Self {
        Self { before: Mutex::new(tcgetattr(stdin()).ok()) }
    }

    fn before(&self) -> Option<Termios> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops the echo, and the line discipline that would cut a long paste. Ctrl-C still interrupts, and Ctrl-Z suspends.
    pub(in crate::terminal) fn quiet(&self) {
        self.change(|mode| {
            mode.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
            // Ctrl-S would stop the output.
            mode.input_flags.remove(InputFlags::IXON);
            for (key, value) in [(Key::VMIN, 1), (Key::VTIME, 0), (Key::VQUIT, DISABLED)] {
                mode.control_chars[key as usize] = value;
            }
        });
    }

    /// Sets the mode as it was, but with an echo or without one.
    pub(in crate::terminal) fn set_echo(&self, echo: bool) {
        self.change(|mode| mode.local_flags.set(LocalFlags::ECHO, echo));
    }

    /// Hides what is typed but its line ends.
    pub(in crate::terminal) fn hide(&self) {
        self.change(|mode| {
            mode.local_flags.remove(LocalFlags::ECHO);
            mode.local_flags.insert(LocalFlags::ECHONL);
        });
    }

    /// Sets the mode as it was while `suspend` runs; and then, if it is still wanted, as it is now.
    pub(in crate::terminal) fn suspended(&self, suspend: &dyn Fn(), is_wanted: impl Fn() -> bool) {
        let now = tcgetattr(stdin());
        self.give_back();
        suspend();
        // In the background it is the shell's.
        while !is_in_foreground() && is_wanted() {
            sleep(Duration::from_millis(50));
        }
        if let (Ok(now), true) = (now, is_wanted()) {
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &now);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Termios)) {
        if let Some(mut mode) = self.before() {
            change(&mut mode);
            // A terminal that has gone away needs no mode.
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &mode);
        }
    }

    /// Throws away the input that was not read, until no more comes.
    pub(in crate::terminal) fn discard_input(&self) {
        if self.before().is_none() || !is_in_foreground() {
            return;
        }
        let began = Instant::now();
        while began.elapsed() < ENDLESS && is_input_waiting() {
            if read(stdin(), &mut [0; 4096]).unwrap_or_default() == 0 {
                break;
            }
        }
        let _ = tcflush(stdin(), FlushArg::TCIFLUSH);
    }

    /// Sets the mode as it was, without marks around a paste, with a cursor and without input.
    pub(in crate::terminal) fn restore(&self) {
        self.discard_input();
        self.give_back();
    }

    /// Sets the mode as it was, without marks around a paste, and with a cursor.
    pub(crate) fn give_back(&self) {
        let Some(before) = self.before().filter(|_| is_in_foreground()) else { return };
        if stderr().is_terminal() && !is_dumb() {
            about(format_args!("\x1b[?2004l\x1b[?25h"));
        }
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
    }
}

/// Lets the next read return what is there, or nothing, after a moment in which the rest of a paste arrives.
pub(in crate::terminal) fn read_without_waiting() -> bool {
    let _ = is_input_waiting();
    let Ok(mut mode) = tcgetattr(stdin()) else { return false };
    mode.control_chars[Key::VMIN as usize] = 0;
    mode.control_chars[Key::VTIME as usize] = 0;
    tcsetattr(stdin(), SetArg::TCSANOW, &mode).is_ok()
}

/// Tells whether input is waiting, or arrives within the time that the rest of a paste may take.
pub(in crate::terminal) fn is_input_waiting() -> bool {
    let stdin = stdin();
    let mut waiting = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let ready = poll(&mut waiting, PollTimeout::from(IN_FLIGHT)).is_ok_and(|ready| ready > 0);
    // macOS cannot tell for /dev/tty.
    ready && !waiting[0].revents().is_some_and(|events| events.contains(PollFlags::POLLNVAL))
}
