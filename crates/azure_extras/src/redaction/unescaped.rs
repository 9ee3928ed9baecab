//! A text as it reads once its escapes are undone.

use super::visible::is_visible;
use std::ops::Range;

/// The most escapes around each other that are undone.
const DEPTH: usize = 4;

/// Characters, each with the bytes of the original text that stand for it, without what does not show: a secret that is
/// broken over lines, or has something invisible in it, is still read.
pub(super) struct Unescaped {
    pub chars: Vec<char>,
    pub places: Vec<Range<usize>>,
    /// White space was left out before the character.
    pub spaced: Vec<bool>,
}

/// The text as it is, and with its escapes undone once, twice and so on, until none is left.
pub(super) fn levels(text: &str) -> Vec<Unescaped> {
    let raw = text.char_indices().map(|(at, c)| (c, at..at + c.len_utf8()));
    let mut levels = vec![Unescaped::of(raw)];
    while levels.len() <= DEPTH {
        match levels.last().and_then(Unescaped::unescaped) {
            Some(next) => levels.push(next),
            None => break,
        }
    }
    levels
}

/// The other names of HTML for ASCII.
#[rustfmt::skip]
const NAMED: [(&str, char); 27] = [
    ("ast", '*'), ("bsol", '\\'), ("colon", ':'), ("comma", ','), ("commat", '@'), ("dollar", '$'), ("equals", '='),
    ("excl", '!'), ("grave", '`'), ("Hat", '^'), ("lbrace", '{'), ("lbrack", '['), ("lcub", '{'), ("lowbar", '_'),
    ("lpar", '('), ("lsqb", '['), ("num", '#'), ("percnt", '%'), ("period", '.'), ("plus", '+'), ("quest", '?'),
    ("rbrack", ']'), ("rcub", '}'), ("rpar", ')'), ("semi", ';'), ("sol", '/'), ("verbar", '|'),
];

/// The character or the byte that an escape stands for, and the number of characters of the escape.
enum Escape {
    Char(char, usize),
    Byte(u8, usize),
}

impl Unescaped {
    fn of(text: impl Iterator<Item = (char, Range<usize>)>) -> Self {
        let mut of = Self { chars: Vec::new(), places: Vec::new(), spaced: Vec::new() };
        let mut is_spaced = false;
        for (c, place) in text {
            // A form has a plus for a space.
            if c.is_whitespace() || c == '+' {
                is_spaced = true;
            } else if is_visible(c) {
                of.chars.push(c);
                of.places.push(place);
                of.spaced.push(std::mem::take(&mut is_spaced));
            }
        }
        of
    }

    /// Undoes the escapes once; `None` if there are none.
    fn unescaped(&self) -> Option<Self> {
        let mut chars = Vec::with_capacity(self.chars.len());
        let (mut at, mut is_changed) = (0, false);
        while at < self.chars.len() {
            let place = |from: usize, to: usize| self.places[from].start..self.places[to - 1].end;
            if self.spaced[at] {
                chars.push((' ', self.places[at].clone()));
            }
            match escape(&self.chars[at..]) {
                None => {
                    chars.push((self.chars[at], self.places[at].clone()));
                    at += 1;
                }
                Some(Escape::Char(c, length)) => {
                    chars.push((c, place(at, at + length)));
                    (at, is_changed) = (at + length, true);
                }
                Some(Escape::Byte(..)) => {
                    let (mut bytes, mut places) = (Vec::new(), Vec::new());
                    while let Some(Escape::Byte(byte, length)) = escape(&self.chars[at..]) {
                        bytes.push(byte);
                        places.push(place(at, at + length));
                        at += length;
                    }
                    is_changed = true;
                    let mut from = 0;
                    for chunk in bytes.utf8_chunks() {
                        let latin = chunk.invalid().iter().map(|byte| (char::from(*byte), 1));
                        for (c, length) in chunk.valid().chars().map(|c| (c, c.len_utf8())).chain(latin) {
                            chars.push((c, places[from].start..places[from + length - 1].end));
                            from += length;
                        }
                    }
                }
            }
        }
        is_changed.then(|| Self::of(chars.into_iter()))
    }
}

/// The escape with which the text begins: of JSON and of programs' literals, of HTML, of URLs and forms.
fn escape(text: &[char]) -> Option<Escape> {
    let hex = |range: Range<usize>| u32::from_str_radix(&text.get(range)?.iter().collect::<String>(), 16).ok();
    let byte = |range: Range<usize>| u8::try_from(hex(range)?).ok();
    match (text.first()?, text.get(1)) {
        ('%', _) => Some(Escape::Byte(byte(1..3)?, 3)),
        ('\\', Some('x')) => Some(Escape::Byte(byte(2..4)?, 4)),
        ('\\', Some('u')) if text.get(2) == Some(&'{') => {
            let end = text.iter().take(10).position(|c| *c == '}')?;
            Some(Escape::Char(char::from_u32(hex(3..end)?)?, end + 1))
        }
        ('\\', Some('u')) => {
            let first = hex(2..6)?;
            let pair = || Some([u16::try_from(first).ok()?, u16::try_from(hex(8..12)?).ok()?]);
            let follows = text.get(6..8) == Some(&['\\', 'u']);
            match pair().filter(|_| follows).and_then(|pair| char::decode_utf16(pair).next()?.ok()) {
                Some(c) if u32::from(c) > 0xffff => Some(Escape::Char(c, 12)),
                _ => Some(Escape::Char(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)),
            }
        }
        ('\\', Some('n' | 'r' | 't')) => Some(Escape::Char(' ', 2)),
        ('\\', Some('b' | 'f')) => Some(Escape::Char('\u{8}', 2)),
        ('\\', Some(c @ ('"' | '\'' | '\\' | '/'))) => Some(Escape::Char(*c, 2)),
        ('&', _) => {
            let end = text.iter().take(10).position(|c| *c == ';')?;
            let name: String = text[1..end].iter().collect();
            let c = match (name.as_str(), name.strip_prefix('#')) {
                (_, Some(number)) => {
                    let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16).ok());
                    char::from_u32(hex.unwrap_or_else(|| number.parse().ok())?)?
                }
                ("amp", _) => '&',
                ("lt", _) => '<',
                ("gt", _) => '>',
                ("quot", _) => '"',
                ("apos", _) => '\'',
                ("nbsp", _) => ' ',
                (name, _) => NAMED.iter().find(|(known, _)| *known == name)?.1,
            };
            Some(Escape::Char(c, end + 1))
        }
        _ => None,
    }
}
