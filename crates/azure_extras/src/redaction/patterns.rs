//! Secrets that are recognised by their form, whoever knows them.

use super::unescaped::Unescaped;

/// How every token of Entra ID begins: a JSON object in base64.
const JWT: &str = "eyJ";
/// How the claims of a challenge begin, which are no secret: `{"access_token"`.
const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4i";
/// The least characters after `Bearer` that are a token, and no word.
const LEAST: usize = 16;
/// The most characters of a user and password.
const LONGEST: usize = 300;

/// The places of tokens, and of the user and password in a URL, each from a character to before another.
pub(super) fn occurrences(text: &Unescaped) -> Vec<(usize, usize)> {
    let Unescaped { chars, spaced, .. } = text;
    let begins = |at: usize, with: &str| chars[at..].iter().copied().take(with.len()).eq(with.chars());
    let end = |from: usize, belongs: fn(char) -> bool| {
        let rest = (from..chars.len()).skip(1).take_while(|at| !spaced[*at] && belongs(chars[*at]));
        if chars.get(from).is_some_and(|c| belongs(*c)) { from + 1 + rest.count() } else { from }
    };
    let mut found = Vec::new();
    for at in 0..chars.len() {
        let starts_word = at == 0 || spaced[at] || !chars[at - 1].is_ascii_alphanumeric();
        if begins(at, JWT) && starts_word && !begins(at, CLAIMS) {
            found.push((at, end(at, is_of_token)));
        } else if begins(at, "Bearer") || begins(at, "bearer") {
            let from = at + "Bearer".len();
            let to = end(from, is_of_token);
            if to - from >= LEAST && chars[from..to].iter().any(char::is_ascii_digit) {
                found.push((from, to));
            }
        } else if begins(at, "://") {
            let from = at + "://".len();
            let authority = (from..chars.len()).take(LONGEST).take_while(|at| !"/?#\"'<>".contains(chars[*at]));
            let authority = authority.take_while(|at| *at == from || !spaced[*at]);
            if let Some(to) = authority.filter(|at| chars[*at] == '@').last() {
                found.push((from, to));
            }
        }
    }
    found.retain(|(from, to)| from < to);
    found
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/=".contains(c)
}
