//! A stream of output that is written by a thread of its own, so that a reader who does not read holds up nobody.

use super::signal_mask::SignalMask;
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// The time that a reader gets for each text before the run goes on without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// A stream of output. Texts are written whole and in their order.
pub(super) struct Stream {
    /// Writes some of the bytes, and returns their number.
    write_some: fn(&[u8]) -> io::Result<usize>,
    state: Mutex<State>,
    /// The state has changed.
    changed: Condvar,
}

struct State {
    /// The texts that are not yet written; the first may be under way.
    waiting: VecDeque<String>,
    is_running: bool,
    /// The reader has not kept up, and nobody waits for it.
    is_slow: bool,
    failed: Option<Arc<io::Error>>,
}

/// The reason why a text was not written.
#[derive(Clone, Debug)]
pub(super) enum Unwritten {
    /// The reader does not read.
    TooSlow,
    /// Writing failed.
    Failed(Arc<io::Error>),
}

impl Stream {
    /// A stream that is written by `write_some`, which may write nothing and say so.
    pub const fn new(write_some: fn(&[u8]) -> io::Result<usize>) -> Self {
        let state = State { waiting: VecDeque::new(), is_running: false, is_slow: false, failed: None };
        Self { write_some, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a text, or leaves it to be written when the reader is slow.
    pub fn write(&'static self, text: String) {
        let mut state = self.state();
        if !state.is_running {
            state.is_running = thread::Builder::new().spawn(|| self.run()).is_ok();
        }
        let (is_slow, is_running) = (state.is_slow, state.is_running);
        if is_running {
            state.waiting.push_back(text);
        } else if let Err(error) = self.write_all(text.as_bytes()) {
            // Where the system gives no thread.
            state.failed = Some(Arc::new(error));
        }
        drop(state);
        self.changed.notify_all();
        if !is_slow && matches!(self.wait(Some(PATIENCE)), Err(Unwritten::TooSlow)) {
            let mut state = self.state();
            state.is_slow = !state.waiting.is_empty();
        }
    }

    /// Waits until all is written, at most for that time.
    ///
    /// # Errors
    /// [`Unwritten`].
    pub fn wait(&self, limit: Option<Duration>) -> Result<(), Unwritten> {
        let is_waiting = |state: &mut State| !state.waiting.is_empty() && state.failed.is_none();
        let limit = limit.unwrap_or(Duration::MAX);
        let state = self.changed.wait_timeout_while(self.state(), limit, is_waiting);
        let (state, _) = state.unwrap_or_else(PoisonError::into_inner);
        match &state.failed {
            Some(error) => Err(Unwritten::Failed(Arc::clone(error))),
            None if state.waiting.is_empty() => Ok(()),
            None => Err(Unwritten::TooSlow),
        }
    }

    /// Writes what waits, for ever.
    fn run(&self) {
        SignalMask::block_for_good();
        loop {
            let state = self.changed.wait_while(self.state(), |state| state.waiting.is_empty());
            let state = state.unwrap_or_else(PoisonError::into_inner);
            let text = state.waiting.front().cloned().unwrap_or_default();
            let has_failed = state.failed.is_some();
            drop(state);
            let written = if has_failed { Ok(()) } else { self.write_all(text.as_bytes()) };
            let mut state = self.state();
            state.waiting.pop_front();
            state.is_slow &= !state.waiting.is_empty();
            state.failed = state.failed.take().or(written.err().map(Arc::new));
            drop(state);
            self.changed.notify_all();
        }
    }

    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match (self.write_some)(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
