//! Secrets that are recognised by their form, whoever knows them.

/// How every token of Entra ID begins: a JSON object in base64.
const JWT: &str = "eyJ";
/// How the claims of a challenge begin, which are no secret: `{"access_token"`.
const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4i";
/// The least characters after `Bearer` that are a token, and no word.
const LEAST: usize = 16;
/// The most characters before an `@` that are looked at.
const LONGEST: usize = 300;

/// The places of tokens, and of the user and password before a host, each from a character to before another.
pub(super) fn occurrences(text: &[char]) -> Vec<(usize, usize)> {
    let begins = |at: usize, with: &str| text[at..].iter().copied().take(with.len()).eq(with.chars());
    let end = |from: usize, belongs: fn(char) -> bool| from + text[from..].iter().take_while(|c| belongs(**c)).count();
    let mut found = Vec::new();
    for at in 0..text.len() {
        let starts_word = at == 0 || !is_of_token(text[at - 1]);
        if begins(at, JWT) && starts_word && !begins(at, CLAIMS) {
            found.push((at, end(at, is_of_token)));
        } else if begins(at, "Bearer ") || begins(at, "bearer ") {
            let from = at + "Bearer ".len();
            let to = end(from, is_of_token);
            if to - from >= LEAST && text[from..to].iter().any(char::is_ascii_digit) {
                found.push((from, to));
            }
        } else if text[at] == '@' {
            let word = text[..at]
                .iter()
                .rev()
                .take(LONGEST)
                .take_while(|c| !c.is_whitespace() && !"\"'<>()".contains(**c))
                .count();
            let url = (at - word..at).find(|from| begins(*from, "://")).map(|from| from + "://".len());
            if url.is_some() || text[at - word..at].contains(&':') {
                found.push((url.unwrap_or(at - word), at));
            }
        }
    }
    found
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~+/=".contains(c)
}
