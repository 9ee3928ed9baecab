//! The tutorial's transcript: what goes to stdout.

use std::{
    fmt::Arguments,
    io::{Write as _, stdout},
};

/// Says a line of the transcript, as Python's `print` does, and sends it on its way at once: a person sees a step begin
/// before it ends.
macro_rules! say {
    ($($line:tt)*) => { $crate::transcript::write(format_args!("{}\n", format_args!($($line)*))) };
}
pub(crate) use say;

/// Writes `text` to stdout and flushes it.
///
/// It cannot fail: when nobody reads any more (`| head -1`), the secret must be deleted all the same. What could not be
/// written stays in stdout's buffer, where [`finish`] finds it.
pub(crate) fn write(text: Arguments<'_>) {
    let mut stdout = stdout().lock();
    let _ = stdout.write_fmt(text).and_then(|()| stdout.flush());
}

/// Ends the transcript.
///
/// # Errors
/// When not all of it could be written, as on a full disk. A reader that has gone away is no error.
pub fn finish() -> anyhow::Result<()> {
    match stdout().flush() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::new(error).context("the transcript could not be written to stdout"))
        }
        _ => Ok(()),
    }
}
