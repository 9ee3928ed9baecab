//! The secrets that may not be shown, and a text without them.

use super::{
    patterns,
    unescaped::{Unescaped, levels},
};
use azure_core::http::Url;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    env, fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The variables whose values are secrets.
const SECRET_VARIABLES: [&str; 4] =
    ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "IDENTITY_HEADER", "MSI_SECRET"];
/// The variables whose URLs may hold a password.
const ADDRESSES: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "AZURE_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
];

/// Stands for what is taken out.
pub(super) const REDACTED: &str = "***";
/// The characters of a longer secret that are enough to be recognised, wherever in it they stand. A shorter one of letters
/// alone is recognised as a word only: those of `is` are in half of all sentences.
pub(super) const PIECE: usize = 12;
/// One of fewer characters is recognised as a word only, whatever they are.
const SHORT: usize = 6;

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

    /// Keeps the secrets out of texts that this crate, the SDK and the tools read from the environment: a client secret and
    /// the like, and the passwords of proxies.
    pub fn from_env() -> Self {
        let redactor = Self::default();
        let set = |name: &&str| env::var(name).ok();
        SECRET_VARIABLES.iter().filter_map(set).for_each(|secret| redactor.keep(&secret));
        for address in ADDRESSES.iter().filter_map(set) {
            // A proxy needs no scheme.
            let address = if address.contains("://") { address } else { format!("http://{address}") };
            let userinfo = Url::parse(&address).map(|url| match url.password() {
                Some(password) => password.to_owned(),
                None => url.username().to_owned(),
            });
            redactor.keep(&userinfo.unwrap_or_default());
        }
        redactor
    }

    /// Keeps out of texts what a tool gives as a token, also if it fails: the members of JSON that are named so.
    pub fn keep_tokens(&self, output: &[u8]) {
        let text = String::from_utf8_lossy(output);
        if let (Some(start), Some(end)) = (text.find('{'), text.rfind('}')) {
            self.keep_members(&serde_json::from_str(text.get(start..=end).unwrap_or_default()).unwrap_or_default());
        }
    }

    fn keep_members(&self, json: &Value) {
        json.as_array().into_iter().flatten().for_each(|item| self.keep_members(item));
        for (name, member) in json.as_object().into_iter().flatten() {
            match member {
                Value::String(token) if name.to_lowercase().contains("token") => self.keep(token),
                member => self.keep_members(member),
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text with `***` in place of each secret.
    pub fn redact(&self, text: &str) -> String {
        self.redact_sparing(text, &[])
    }

    /// The same, but for secrets that are a part of these words.
    pub fn redact_sparing(&self, text: &str, words: &[&str]) -> String {
        let spared: Vec<_> = words.iter().flat_map(|it| text.match_indices(it)).collect();
        let is_spared =
            |hit: &Range<usize>| spared.iter().any(|(at, words)| *at <= hit.start && hit.end <= at + words.len());
        let mut known = self.known();
        let Known { secrets, pieces } = &mut *known;
        let pieces = pieces.get_or_insert_with(|| Pieces::of(secrets));
        let mut hidden = vec![false; text.len()];
        for level in levels(text) {
            for (from, to) in pieces.occurrences(&level).into_iter().chain(patterns::occurrences(&level)) {
                let hit = level.places[from].start..level.places[to - 1].end;
                if !is_spared(&hit) {
                    hidden[hit].fill(true);
                }
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
    /// The least characters of a piece of a longer secret whose escapes are undone.
    const LEAST: usize = 4;

    fn of(secrets: &BTreeSet<String>) -> Self {
        let mut pieces = BTreeMap::<usize, HashMap<_, _>>::new();
        for secret in secrets.iter().filter_map(|secret| levels(secret).into_iter().next()) {
            let is_of_letters = secret.chars.iter().all(|c| c.is_alphabetic());
            let is_word = secret.chars.len() < SHORT || is_of_letters && secret.chars.len() < PIECE;
            for piece in secret.chars.windows(secret.chars.len().clamp(1, PIECE)) {
                let undone = match piece.iter().all(char::is_ascii_alphanumeric) {
                    true => Vec::new(),
                    false => levels(&piece.iter().collect::<String>()).into_iter().skip(1).collect(),
                };
                let is_whole = secret.chars.len() < PIECE;
                let undone = undone.into_iter().map(|level| level.chars);
                let undone = undone.filter(|piece| is_whole && !piece.is_empty() || piece.len() >= Self::LEAST);
                for piece in undone.chain([piece.to_vec()]) {
                    let is_word = is_word || piece.len() < Self::LEAST;
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
