//! Asks for the secret's name and value, and for decisions: interactive at a terminal, or piped.

#[cfg(unix)]
use super::suspension;
use super::{
    capabilities::is_in_foreground,
    input::{check_name, check_value, line_from_stdin, value_from},
    keyboard::Keyboard,
    mode::TerminalMode,
    output::{self, note},
    question::{Question, Unanswered},
    secret_value::SecretValue,
    signal_mask::SignalMask,
};
use crate::failure::{Interrupted, InvalidInput, Misuse};
use dialoguer::Select;
use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::spawn_blocking;

/// The user's decision about a name that belongs to a deleted secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Use another name.
    AnotherName,
    /// Purge the deleted secret, and continue.
    Purge,
    /// Stop.
    Stop,
}

/// The source of the secret's name and value: the command line where it gives them, and else the user or a pipe.
pub(crate) struct Prompt {
    name: Option<String>,
    value_file: Option<PathBuf>,
    /// The value, read from a file at the start, so that a bad one sends nothing.
    value: Option<String>,
    hide_value: bool,
    keyboard: Option<Arc<Keyboard>>,
    /// The terminal that the value is typed at while stderr leads elsewhere, if it is to be hidden.
    hidden: Option<Arc<TerminalMode>>,
}

impl Prompt {
    /// Takes the `name`, and the value from the file at `value_file`, in place of asking for them. The path `-` means
    /// all of stdin that follows the name. With `hide_value` the value is neither shown nor echoed.
    ///
    /// # Errors
    /// [`Misuse`] when the name or the value breaks a rule, or the file cannot be read.
    pub fn new(name: Option<String>, value_file: Option<PathBuf>, hide_value: bool) -> Result<Self, Misuse> {
        if let Some(name) = &name {
            check_name(name)?;
        }
        let from_stdin = value_file.as_deref() == Some(Path::new("-"));
        let value = match &value_file {
            Some(path) if !from_stdin => Some(value_from(path)?),
            _ => None,
        };
        let is_typed = io::stdin().is_terminal() && is_in_foreground();
        let keyboard = (is_typed && io::stderr().is_terminal() && !from_stdin).then(|| Arc::new(Keyboard::open()));
        let is_hidden = is_typed && hide_value && keyboard.is_none();
        let hidden = is_hidden.then(|| Arc::new(TerminalMode::now()));
        let prompt = Self { name, value_file, value, hide_value, keyboard, hidden };
        #[cfg(unix)]
        prompt.attend_to_suspension();
        Ok(prompt)
    }

    #[cfg(unix)]
    fn attend_to_suspension(&self) {
        match (self.keyboard.clone(), self.hidden.clone()) {
            (Some(keyboard), _) => suspension::attend(move |suspend| keyboard.suspended(suspend)),
            (None, Some(mode)) => suspension::attend(move |suspend| mode.suspended(suspend, || true)),
            (None, None) => {}
        }
    }

    /// Tells whether the user is asked for the name.
    pub(crate) fn asks_for_name(&self) -> bool {
        self.is_terminal() && self.name.is_none()
    }

    /// Erases an open question, with what was typed, and makes the terminal as it was before.
    pub(crate) fn take_away(&self) {
        if let Some(keyboard) = &self.keyboard {
            keyboard.restore(true);
        }
    }

    /// Makes the terminal as it was before, also while a question is open.
    pub(crate) fn restore(&self) {
        if let Some(keyboard) = &self.keyboard {
            keyboard.restore(false);
        }
        if let Some(mode) = &self.hidden {
            mode.give_back();
        }
    }

    /// Tells whether the run is interactive: stdin and stderr are a terminal, in whose foreground it runs, and the value does
    /// not come from stdin.
    pub(crate) fn is_terminal(&self) -> bool {
        self.keyboard.is_some()
    }

    /// Returns the user's keyboard, or `None` if the run is not interactive.
    pub(crate) fn keyboard(&self) -> Option<&Arc<Keyboard>> {
        self.keyboard.as_ref()
    }

    /// Returns the secret's name: 1 to 127 letters, digits and hyphens.
    ///
    /// At a terminal it asks with `question` until the name keeps the rule. At a pipe it says `question` on stdout, as
    /// Python's `input` does, and reads a line from stdin.
    ///
    /// # Errors
    /// At a pipe [`Misuse`]. At a terminal [`Interrupted`] by Ctrl-C, and an I/O error when it goes away.
    pub(crate) async fn secret_name(&self, question: &'static str) -> anyhow::Result<String> {
        match &self.name {
            Some(name) => Ok(name.clone()),
            None => self.another_name(question).await,
        }
    }

    /// Asks for a name even if the command line gives one.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name).
    pub(crate) async fn another_name(&self, question: &'static str) -> anyhow::Result<String> {
        let check = |name: &str| check_name(name).map_err(|error| format!("{name:?}: {error}"));
        match &self.keyboard {
            Some(keyboard) => ask(keyboard, Question { text: question, masked: false, last: false, check }).await,
            None => from_pipe(question, check_name).await,
        }
    }

    /// Returns the secret's value: 0 to 25,600 characters, asked for like [the name](Self::secret_name). An empty value
    /// that the user types must be confirmed.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name).
    pub(crate) async fn secret_value(&self, question: &'static str) -> anyhow::Result<SecretValue> {
        let value = match (&self.value, &self.value_file, &self.keyboard) {
            (Some(value), ..) => value.clone(),
            (None, Some(path), _) => {
                let (path, _hidden) = (path.clone(), self.hide());
                spawn_blocking(move || value_from(&path)).await?.map_err(Misuse::from)?
            }
            (None, None, None) => {
                let _hidden = self.hide();
                from_pipe(question, check_value).await?
            }
            (None, None, Some(keyboard)) => self.typed_value(keyboard, question).await?,
        };
        Ok(SecretValue::new(value, self.hide_value))
    }

    /// Hides what is typed, until this is dropped.
    fn hide(&self) -> Option<Hidden> {
        let mode = self.hidden.clone()?;
        mode.hide();
        Some(Hidden(mode))
    }

    async fn typed_value(&self, keyboard: &Arc<Keyboard>, text: &'static str) -> anyhow::Result<String> {
        let question = Question { text, masked: self.hide_value, last: true, check: check_typed_value };
        loop {
            let value = ask(keyboard, question).await?;
            if !value.is_empty() || self.is_confirmed("Store an empty value? [y/N] ").await? {
                return Ok(value);
            }
        }
    }

    /// Asks for yes or no; Enter alone means no. What was typed ahead is no answer.
    async fn is_confirmed(&self, text: &'static str) -> anyhow::Result<bool> {
        let Some(keyboard) = &self.keyboard else { return Ok(false) };
        keyboard.discard();
        let check = |answer: &str| match answer.trim().to_lowercase().as_str() {
            "" | "y" | "yes" | "n" | "no" => Ok(()),
            _ => Err("Type y or n.".to_owned()),
        };
        let answer = ask(keyboard, Question { text, masked: false, last: false, check }).await?;
        Ok(answer.trim().to_lowercase().starts_with('y'))
    }

    /// Asks for the secret's name again, to decide about a secret that exists: it must be typed in full. Enter alone
    /// means no, for what `text` says. What was typed ahead is no answer.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name) at a terminal.
    pub(crate) async fn is_retyped(&self, secret_name: &str, text: &'static str) -> anyhow::Result<bool> {
        let Some(keyboard) = &self.keyboard else { return Ok(false) };
        keyboard.discard();
        loop {
            let answer = ask(keyboard, Question { text, masked: false, last: false, check: |_| Ok(()) }).await?;
            if answer.is_empty() || answer == secret_name {
                return Ok(!answer.is_empty());
            }
            note!("{answer:?} is not '{secret_name}'.");
        }
    }

    /// Asks what to do about a name that belongs to a deleted secret. What was typed ahead is no answer.
    ///
    /// # Errors
    /// Those of [`secret_name`](Self::secret_name) at a terminal.
    pub(crate) async fn conflict(&self) -> anyhow::Result<Conflict> {
        if let Some(keyboard) = &self.keyboard {
            keyboard.discard();
        }
        let select = || {
            let items = ["Choose another name", "Purge the deleted secret, and go on", "Stop"];
            Select::new().items(items).default(0).report(false).interact()
        };
        match spawn_blocking(select).await? {
            Ok(0) => Ok(Conflict::AnotherName),
            Ok(1) => Ok(Conflict::Purge),
            Ok(_) => Ok(Conflict::Stop),
            Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => Err(Interrupted.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Shows again what is typed, when it is dropped.
struct Hidden(Arc<TerminalMode>);

impl Drop for Hidden {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

fn check_typed_value(value: &str) -> Result<(), String> {
    match value.chars().find(|c| c.is_control() && !"\n\t".contains(*c)) {
        Some(control) => Err(format!(
            "The value has the control character U+{:04X}, which nobody types on purpose; --value-file takes it.",
            u32::from(control)
        )),
        None => check_value(value).map_err(|error| error.to_string()),
    }
}

/// Asks in a thread of its own, so that the runtime continues while the user types.
async fn ask(keyboard: &Arc<Keyboard>, question: Question) -> anyhow::Result<String> {
    loop {
        let keyboard = Arc::clone(keyboard);
        let signals = SignalMask::block();
        let answer = spawn_blocking(move || keyboard.ask(question)).await?;
        drop(signals);
        match answer {
            Ok(answer) => return Ok(answer),
            Err(Unanswered::Interrupted) => return Err(Interrupted.into()),
            Err(Unanswered::SeveralLines) => note!(
                "That was a paste in several lines, and nothing of it was taken. To use it, save it in a file and name \
                 that with --value-file."
            ),
            Err(Unanswered::Failed(error)) => return Err(error.into()),
        }
    }
}

async fn from_pipe(question: &'static str, check: fn(&str) -> Result<(), InvalidInput>) -> anyhow::Result<String> {
    spawn_blocking(move || {
        output::transcript(format_args!("{question}"));
        let answer = line_from_stdin().and_then(|answer| check(&answer).map(|()| answer));
        if answer.is_err() && io::stderr().is_terminal() {
            note!(""); // The error belongs on a line of its own, not beside the question.
        }
        Ok(answer.map_err(Misuse::from)?)
    })
    .await?
}
