//! stdout's transcript, stderr's notes, and the spinner.

use super::stream::{Stream, Unwritten};
use dialoguer::console::{Term, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::{
    fmt::Arguments,
    io::{self, IsTerminal as _, stderr, stdout},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::spawn_blocking;

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

/// The process has one stdout and one stderr, and so one of each of these.
static STDOUT: Stream = Stream::new(|bytes| write(&stdout(), bytes));
static STDERR: Stream = Stream::new(|bytes| write(&stderr(), bytes));

/// The longest wait for a reader after a failure, so that the error stands behind the transcript.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// The longest wait for a reader of the last words.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Writes with the spinner taken away, so that no line is torn.
fn beside_spinner(is_terminal: bool, write: impl FnOnce()) {
    let bar = spinner().clone();
    match bar.filter(|_| is_terminal) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

#[cfg(unix)]
fn write(to: &impl std::os::fd::AsFd, bytes: &[u8]) -> io::Result<usize> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let written = nix::unistd::write(to, bytes).map_err(io::Error::from);
    if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
        poll(&mut [PollFd::new(to.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)?;
        return Ok(0);
    }
    written
}

#[cfg(windows)]
fn write<T>(mut to: &T, bytes: &[u8]) -> io::Result<usize>
where
    for<'a> &'a T: io::Write,
{
    use io::Write as _;
    let written = to.write(bytes)?;
    to.flush().map(|()| written)
}

/// Writes `text` to stdout.
pub(crate) fn transcript(text: Arguments<'_>) {
    beside_spinner(stdout().is_terminal(), || STDOUT.write(text.to_string()));
}

/// Writes `text` to stderr.
pub(crate) fn about(text: Arguments<'_>) {
    beside_spinner(stderr().is_terminal(), || STDERR.write(text.to_string()));
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

fn drawn_in_turn(style: ProgressStyle) -> ProgressBar {
    let target = ProgressDrawTarget::term_like(Box::<InTurn>::default());
    ProgressBar::with_draw_target(None, target).with_style(style)
}

/// stderr as the spinner draws on it: in turn with the notes, and by the same writer, so that a terminal that takes nothing
/// holds up nobody.
#[derive(Debug, Default)]
struct InTurn(Mutex<String>);

impl InTurn {
    fn add(&self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(())
    }

    fn move_cursor(&self, count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.add(&format!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for InTurn {
    fn width(&self) -> u16 {
        Term::stderr().size().1
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(text)?;
        self.add("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.add(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        STDERR.write(std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)));
        Ok(())
    }
}

/// Starts a spinner, with the seconds and what is waited for.
pub(crate) fn spin(waiting_for: &str) {
    let style = ProgressStyle::with_template("{spinner:.cyan} {elapsed}  {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
    // The fonts of Windows' older consoles have no dots.
    let style = if cfg!(windows) { style.tick_chars(r"|/-\ ") } else { style };
    let bar = drawn_in_turn(style);
    bar.set_message(waiting_for.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    *spinner() = Some(bar);
}

/// Shows a line in place of the spinner, or of the line that was shown before.
pub(crate) fn show(line: String) {
    let bar = spinner()
        .get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}");
            drawn_in_turn(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
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

/// Waits until the transcript is written, however long its reader takes.
///
/// # Errors
/// [`LostTranscript`], as on a full disk. A reader that has gone away is no error.
pub(crate) async fn finish() -> Result<(), LostTranscript> {
    let written = spawn_blocking(|| STDOUT.wait(None)).await.unwrap_or(Err(Unwritten::TooSlow));
    match written {
        Err(Unwritten::Failed(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(LostTranscript(error)),
        _ => Ok(()),
    }
}

/// Waits a moment for the reader of the transcript, after a failure.
pub(crate) fn settle() {
    let _ = STDOUT.wait(Some(AFTER_FAILURE));
}

/// Waits some seconds for the reader of stderr, at the very end.
pub(crate) fn last_words() {
    let _ = STDERR.wait(Some(LAST_WORDS));
}

/// Part of the transcript was not written.
#[derive(Debug, thiserror::Error)]
#[error("The transcript could not be written to stdout: {0}.")]
pub(crate) struct LostTranscript(Arc<io::Error>);
