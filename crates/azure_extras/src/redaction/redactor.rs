//! The secrets that may not be shown, and a text without them.

use super::{
    patterns,
    unescaped::{Unescaped, levels},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Stands for what is taken out.
pub(super) const REDACTED: &str = "***";
/// The characters of a longer secret that are enough to be recognised, wherever in it they stand. A shorter one is
/// recognised as a word only: the letters of `is` are in half of all sentences.
pub(super) const PIECE: usize = 12;

/// The secrets that may not be shown, whoever repeats them. A clone shares them.
///
/// A secret is recognised as it is, escaped for JSON, HTML, URLs and forms, even several times, and by any 12 of its
/// characters where it was cut. Tokens of Entra ID, what follows `Bearer`, and the user and password in a URL are recognised
/// by their form.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    secrets: BTreeSet<String>,
    /// Made when a text is to be redacted, which most runs never do with a secret in hand.
    pieces: Option<Pieces>,
}

impl Redactor {
    /// From now on keeps this secret out of texts.
    pub fn keep(&self, secret: &str) {
        let mut known = self.known();
        if !secret.is_empty() && known.secrets.insert(secret.to_owned()) {
            known.pieces = None;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text with `***` in place of each secret.
    pub fn redact(&self, text: &str) -> String {
        let mut known = self.known();
        let Known { secrets, pieces } = &mut *known;
        let pieces = pieces.get_or_insert_with(|| Pieces::of(secrets));
        let mut hidden = vec![false; text.len()];
        for level in levels(text) {
            for (from, to) in pieces.occurrences(&level).into_iter().chain(patterns::occurrences(&level)) {
                hidden[level.places[from].start..level.places[to - 1].end].fill(true);
            }
        }
        let mut redacted = String::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            match (hidden[at], at > 0 && hidden[at - 1]) {
                (true, false) => redacted += REDACTED,
                (true, true) => {}
                (false, _) => redacted.push(c),
            }
        }
        redacted
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// The pieces by which secrets are recognised, by their length: as they are, and with their own escapes undone, since
/// those of the text around them are. Each may tell that it counts as a word only.
struct Pieces(BTreeMap<usize, HashMap<Vec<char>, bool>>);

impl Pieces {
    /// The least characters of a piece whose escapes are undone.
    const LEAST: usize = 4;

    fn of(secrets: &BTreeSet<String>) -> Self {
        let mut pieces = BTreeMap::<usize, HashMap<_, _>>::new();
        for secret in secrets.iter().filter_map(|secret| levels(secret).into_iter().next()) {
            let is_word = secret.chars.len() < PIECE;
            for piece in secret.chars.windows(secret.chars.len().clamp(1, PIECE)) {
                let undone = match piece.iter().all(char::is_ascii_alphanumeric) {
                    true => Vec::new(),
                    false => levels(&piece.iter().collect::<String>()).into_iter().skip(1).collect(),
                };
                let undone = undone.into_iter().map(|level| level.chars).filter(|piece| piece.len() >= Self::LEAST);
                for piece in undone.chain([piece.to_vec()]) {
                    *pieces.entry(piece.len()).or_default().entry(piece).or_insert(is_word) &= is_word;
                }
            }
        }
        Self(pieces)
    }

    /// The places of the pieces in a text, each from a character to before another.
    fn occurrences(&self, text: &Unescaped) -> Vec<(usize, usize)> {
        let Unescaped { chars, spaced, .. } = text;
        // Two characters are of one word unless something stands between them.
        let is_joined = |at: usize| {
            at > 0 && at < chars.len() && !spaced[at] && chars[at - 1].is_alphanumeric() && chars[at].is_alphanumeric()
        };
        let mut found = Vec::new();
        for (length, pieces) in &self.0 {
            for (from, window) in chars.windows(*length).enumerate() {
                let (is_word, to) = (pieces.get(window), from + length);
                if is_word.is_some_and(|is_word| !is_word || !is_joined(from) && !is_joined(to)) {
                    found.push((from, to));
                }
            }
        }
        found
    }
}
