//! The polls whose response was "not yet", in one line.

use super::layout::{Colored, Sent, Tone, exchange, time};
use tokio::time::Instant;

/// The polls of a deletion so far.
#[derive(Clone, Debug)]
pub(super) struct Polls {
    secret_name: String,
    /// Their number.
    pub count: usize,
    /// The moment when the first was sent.
    pub began: Instant,
}

impl Polls {
    /// No polls yet, of which the first was sent at `began`.
    pub fn new(secret_name: &str, began: Instant) -> Self {
        Self { secret_name: secret_name.to_owned(), count: 0, began }
    }

    /// Their statuses.
    pub fn counted(&self) -> String {
        if self.count == 1 { "404".into() } else { format!("404 x{}", self.count) }
    }

    /// The line that stands for all of them.
    pub fn line(&self) -> String {
        let after = format!(", {}: the deletion goes on", time(self.began.elapsed()));
        let outcome = Colored::new(None, &self.counted(), Tone::Expected, &after);
        let path = format!("/deletedsecrets/{}", self.secret_name);
        exchange(&Sent { method: "GET".into(), path, body: "" }, &outcome, ["", ""])
    }
}
