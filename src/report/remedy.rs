//! The answer to a failure, before it is laid out.

use azure_extras::text::OutsideText;
use std::error::Error;

/// The user's answer to a failure.
#[derive(Clone, Debug, Default)]
pub(super) struct Remedy {
    /// The failure, in one sentence.
    pub sentence: String,
    /// The outcome of each credential, a line each.
    pub credentials: Vec<String>,
    /// The next step, with commands to paste.
    pub advice: String,
    /// The words of the service or the network.
    pub details: String,
    /// A link to read more.
    pub link: &'static str,
}

impl Remedy {
    /// A sentence and an advice.
    pub fn new(sentence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), advice: advice.into(), ..Self::default() }
    }
}

/// The first line of a text, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let line = OutsideText::new(text).first_line();
    let mut characters = line.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if line.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

/// The words that each cause adds to the one before it.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<_> = azure_extras::causes(error).map(ToString::to_string).collect();
    causes.dedup_by(|next, cause| cause.contains(next.as_str()));
    OutsideText::new(&causes.join(": ")).to_string()
}
