//! The terminal's own state, which prompts change and an interruption must not leave changed.

use dialoguer::console::Term;

/// The terminal on stdin as it was at some moment.
pub struct Terminal {
    #[cfg(unix)]
    settings: Option<nix::sys::termios::Termios>,
}

impl Terminal {
    /// Notes how the terminal is now, if there is one.
    pub fn now() -> Self {
        Self {
            #[cfg(unix)]
            settings: nix::sys::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }

    /// Makes it so again, and shows the cursor, which a question hides.
    pub fn restore(&self) {
        #[cfg(unix)]
        if let Some(settings) = &self.settings {
            use nix::sys::termios::{SetArg, tcsetattr};
            // A terminal that has gone away needs no restoring.
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, settings);
        }
        let stderr = Term::stderr();
        if stderr.is_term() {
            let _ = stderr.show_cursor();
        }
    }
}
