//! The secrets that may not be shown, and a text without them.

use super::{patterns, unescaped::levels};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Stands for what is taken out.
pub(super) const REDACTED: &str = "***";
/// The characters of a longer secret that are enough to be recognised, wherever in it they stand.
pub(super) const PIECE: usize = 12;
/// A shorter secret is recognised as a word only: the letters of `is` are in half of all sentences.
const SHORTEST: usize = 4;

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
            let chars = &level.chars;
            for (from, to) in pieces.occurrences(chars).into_iter().chain(patterns::occurrences(chars)) {
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
/// those of the text around them are.
struct Pieces(BTreeMap<usize, HashSet<Vec<char>>>);

impl Pieces {
    fn of(secrets: &BTreeSet<String>) -> Self {
        let mut pieces = BTreeMap::<usize, HashSet<_>>::new();
        for secret in secrets {
            let secret: Vec<_> = secret.chars().collect();
            for piece in secret.windows(secret.len().min(PIECE)) {
                let levels = match piece.iter().all(char::is_ascii_alphanumeric) {
                    true => vec![piece.to_vec()],
                    false => levels(&piece.iter().collect::<String>()).into_iter().map(|level| level.chars).collect(),
                };
                for piece in levels.into_iter().filter(|piece| piece.iter().any(|c| *c != ' ')) {
                    pieces.entry(piece.len()).or_default().insert(piece);
                }
            }
        }
        Self(pieces)
    }

    /// The places of the pieces in a text, each from a character to before another.
    fn occurrences(&self, text: &[char]) -> Vec<(usize, usize)> {
        let is_part_of_word = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|c| c.is_alphanumeric());
        let is_word = |from: usize, to: usize| !is_part_of_word(from.checked_sub(1)) && !is_part_of_word(Some(to));
        let mut found = Vec::new();
        for (length, pieces) in &self.0 {
            let places = text.windows(*length).enumerate().filter(|(_, window)| pieces.contains(*window));
            let places = places.map(|(from, _)| (from, from + length));
            found.extend(places.filter(|(from, to)| *length >= SHORTEST || is_word(*from, *to)));
        }
        found
    }
}
