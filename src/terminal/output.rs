//! stdout's transcript, stderr's notes, and the spinner, all by one writer.

use dialoguer::console::{Term, truncate_str};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fmt::Arguments,
    io::{self, Write as _, stderr, stdout},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Says a line of the transcript on stdout, as Python's `print` does, and flushes it: the user sees a step begin before
/// it ends.
macro_rules! say {
    ($($line:tt)*) => { $crate::terminal::output::transcript(format_args!("{}\n", format_args!($($line)*))) };
}
pub(crate) use say;

/// Says a line on stderr, about the transcript.
macro_rules! note {
    ($($line:tt)*) => { $crate::terminal::output::about(format_args!("{}\n", format_args!($($line)*))) };
}
pub(crate) use note;

/// The spinner on stderr, or `None` while there is none. The process has one stdout and one stderr, and so one of this.
static SPINNER: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn spinner() -> MutexGuard<'static, Option<ProgressBar>> {
    SPINNER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes with the spinner taken away, so that no line is torn.
fn write(text: impl FnOnce() -> io::Result<()>) {
    // It cannot fail: when the reader has gone away (`| head -1`), the secret must be deleted all the same.
    let _ = match &*spinner() {
        Some(bar) => bar.suspend(text),
        None => text(),
    };
}

/// Writes `text` to stdout and flushes it. Text that could not be written stays in stdout's buffer, where [`finish`]
/// finds it.
pub(crate) fn transcript(text: Arguments<'_>) {
    write(|| {
        let mut stdout = stdout().lock();
        stdout.write_fmt(text).and_then(|()| stdout.flush())
    });
}

/// Writes `text` to stderr.
pub(crate) fn about(text: Arguments<'_>) {
    write(|| stderr().lock().write_fmt(text));
}

/// Returns the number of stderr's columns, or `None` where it is no terminal, and lines may have any length.
pub(crate) fn columns() -> Option<usize> {
    let stderr = Term::stderr();
    stderr.is_term().then(|| stderr.size().1.into())
}

/// Returns the line if it fits, or its beginning and `...`.
pub(crate) fn cut(line: &str, columns: Option<usize>) -> String {
    match columns {
        Some(columns) => truncate_str(line, columns, "...").into_owned(),
        None => line.to_owned(),
    }
}

/// Starts a spinner, with the seconds and what is waited for.
pub(crate) fn spin(waiting_for: &str) {
    let style = ProgressStyle::with_template("{spinner:.cyan} {elapsed}  {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    // The fonts of Windows' older consoles have no dots.
    let style = if cfg!(windows) { style.tick_chars(r"|/-\ ") } else { style };
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.set_message(waiting_for.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    *spinner() = Some(bar);
}

/// Shows a line in place of the spinner, or of the line that was shown before.
pub(crate) fn show(line: String) {
    let bar = spinner()
        .get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}");
            ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        })
        .clone();
    bar.set_message(line);
}

/// Takes the spinner away, or the line in its place, without a trace.
pub(crate) fn stop_spinning() {
    if let Some(bar) = spinner().take() {
        bar.finish_and_clear();
    }
}

/// Ends the transcript.
///
/// # Errors
/// [`LostTranscript`], as on a full disk. A reader that has gone away is no error.
pub(crate) fn finish() -> Result<(), LostTranscript> {
    match stdout().flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(LostTranscript(error)),
        _ => Ok(()),
    }
}

/// Part of the transcript was not written.
#[derive(Debug, thiserror::Error)]
#[error("The transcript could not be written to stdout: {0}.")]
pub(crate) struct LostTranscript(io::Error);
