//! Reads `.env` of the working directory, which may be anybody's: takes harmless variables only, substitutes nothing,
//! and shows no text of the file, which may hold a client secret.

use crate::failure::InvalidDotenv;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read},
    path::Path,
};

/// The variables taken from `.env`. None says where a token or a secret goes, beyond the vault that the run shows.
const TAKEN: [&str; 8] = [
    "KEY_VAULT_NAME",
    "AZURE_TOKEN_CREDENTIALS",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "NO_COLOR",
];

/// The variables that the program, its libraries, or the tools that it runs read from the environment alone.
#[rustfmt::skip]
const NOT_TAKEN: [&str; 19] = [
    "ALL_PROXY", "AZURE_AUTHORITY_HOST", "AZURE_CONFIG_DIR", "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST", "HTTPS_PROXY", "HTTP_PROXY", "IDENTITY_ENDPOINT", "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "NO_PROXY", "PATH", "REQUEST_METHOD",
    "SSL_CERT_DIR", "SSL_CERT_FILE", "TERM",
];

/// The bytes of the largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// The variables in `.env` of the working directory, as far as they concern this program.
#[derive(Default)]
pub(crate) struct Dotenv {
    /// The values of the variables that are taken, by their names.
    pub(crate) taken: BTreeMap<&'static str, String>,
    /// The names, as written, of variables that the program reads elsewhere but does not take from here; each once in
    /// whatever case, in the order of the file.
    pub(crate) ignored: Vec<String>,
}

/// Shows names only: a value may be a client secret.
impl fmt::Debug for Dotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dotenv").field("taken", &self.taken.keys()).field("ignored", &self.ignored).finish()
    }
}

impl Dotenv {
    /// Reads the file at `path`. One that is missing, or no regular file (a virtual environment, a pipe), is empty.
    ///
    /// # Errors
    /// [`InvalidDotenv`] if it is unreadable, too large or in UTF-16, or the line of a variable in [`TAKEN`] is broken.
    pub(crate) fn read(path: &Path) -> Result<Self, InvalidDotenv> {
        match open(path).and_then(contents) {
            Ok(bytes) if bytes.len() as u64 > MAX_BYTES => Err(InvalidDotenv::TooLarge),
            Ok(bytes) => Self::parse(&bytes),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Self::default()),
            Err(error) => Err(InvalidDotenv::Unreadable(error)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, InvalidDotenv> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(InvalidDotenv::Utf16);
        }
        if has_name_in_utf16(bytes) {
            return Err(InvalidDotenv::PartlyUtf16);
        }
        let text = decode(bytes);
        let mut dotenv = Self::default();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            rest = dotenv.take_first(rest)?;
        }
        let mut seen = BTreeSet::new();
        dotenv.ignored.retain(|name| seen.insert(name.to_ascii_uppercase()));
        Ok(dotenv)
    }

    /// Takes the assignment at the beginning of `text`, if it is one and concerns the program; returns the lines after.
    fn take_first<'a>(&mut self, text: &'a str) -> Result<&'a str, InvalidDotenv> {
        let (line, next_lines) = split_line(text);
        if names_only(line) {
            return Ok(next_lines);
        }
        let (before, _) = line.split_once('=').unwrap_or((line, ""));
        let name = without_export(before);
        // A quoted value may go on in the next lines.
        let value = text[before.len()..].strip_prefix('=').and_then(read_value);
        if let Some(taken) =
            TAKEN.into_iter().find(|taken| !is_comment(name) && (begins_with(name, taken) || is_assigned(line, taken)))
        {
            // None of ours has several lines: a quote that is not closed on its own has been forgotten.
            let is_line = |after: &str| after.len() == next_lines.len();
            let value = value.filter(|(value, after)| name == taken && is_line(after) && !value.contains('\0'));
            let (value, next_lines) = value.ok_or(InvalidDotenv::Line(taken))?;
            self.taken.insert(taken, value);
            return Ok(next_lines);
        }
        if line.contains('=') && NOT_TAKEN.into_iter().any(|not_taken| name.eq_ignore_ascii_case(not_taken)) {
            self.ignored.push(name.to_owned());
        }
        // A quote that is never closed, or stands in a comment, must not hide the lines after it.
        Ok(value.filter(|_| !name.contains('#') && !is_comment(name)).map_or(next_lines, |(_, next_lines)| next_lines))
    }
}

/// Opens the file at `path` if it is a regular one: to open a device may do something, and a FIFO waits for its writer.
fn open(path: &Path) -> io::Result<File> {
    expect_regular(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    // By now there may be another file, which must not make the run wait, nor become its terminal.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY);
    options.read(true).open(path)
}

/// Reads `file` if it is a regular one, and stops one byte after [`MAX_BYTES`].
fn contents(file: File) -> io::Result<Vec<u8>> {
    expect_regular(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Fails as if the file were missing, unless it is a regular one.
fn expect_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
}

/// The text of the file, its lines ended by LF. A NUL, which no variable can hold, stands for what is not UTF-8.
fn decode(bytes: &[u8]) -> String {
    let invalid = |chunk: &[u8]| if chunk.is_empty() { "" } else { "\0" };
    let text: String = bytes.utf8_chunks().flat_map(|chunk| [chunk.valid(), invalid(chunk.invalid())]).collect();
    // A lone CR ended a line on the first Macs, and does in files that were converted twice.
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Tells whether a variable of ours stands there in UTF-16, which editors write without a mark, and which Windows
/// PowerShell's `>>` adds to a file in another encoding.
fn has_name_in_utf16(bytes: &[u8]) -> bool {
    let is_in = |name: Vec<u8>| bytes.windows(name.len()).any(|window| window == name);
    let little = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let big = |name: &str| name.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    bytes.contains(&0) && TAKEN.into_iter().any(|name| is_in(little(name)) || is_in(big(name)))
}

/// The first line of `text`, and the lines after it.
fn split_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// Tells whether a line takes variables from the environment, as `NAME` does for Docker, and `export NAME ...` in a shell.
fn names_only(line: &str) -> bool {
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let line = line.split(" #").next().unwrap_or_default().trim_start_matches(is_invisible);
    let line = line.trim_end().trim_end_matches(';');
    match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["export", names @ ..] => names.iter().copied().all(is_name),
        [name] => is_name(name),
        _ => false,
    }
}

/// The name in `text`. A byte order mark may stand before any line, since files are put together from others.
fn without_export(text: &str) -> &str {
    // A NUL is left of a line's end in UTF-16.
    let name = text.trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c)).trim_end();
    name.strip_prefix("export").filter(|name| name.starts_with(char::is_whitespace)).map_or(name, str::trim_start)
}

/// Tells `KEY_VAULT_NAME: x`, which is a broken line of `name`, from `KEY_VAULT_NAME_OLD`, which is another variable.
fn begins_with(text: &str, name: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    text.strip_prefix(name).is_some_and(|rest| !rest.starts_with(in_name))
}

/// Tells whether another shell or format would assign to `name` by that line: `set KEY_VAULT_NAME=x`,
/// `$env:KEY_VAULT_NAME = x`, `- KEY_VAULT_NAME=x`. `X[KEY_VAULT_NAME]=x` and a sentence that mentions it do not.
fn is_assigned(line: &str, name: &str) -> bool {
    const BEFORE: [&str; 8] = ["set", "setx", "export", "declare", "local", "env", "$env:", "-"];
    let is_quote = |c: char| "\"'`".contains(c);
    let before =
        line.split_once('=').and_then(|(before, _)| before.trim().trim_end_matches(is_quote).strip_suffix(name));
    let Some(before) = before else { return false };
    let before = before.trim_end_matches(|c: char| is_quote(c) || c == '$' || is_invisible(c));
    let first = before.split_whitespace().next().map(str::to_ascii_lowercase);
    let ends = before.ends_with(char::is_whitespace) || before.ends_with(':');
    first.is_none_or(|first| BEFORE.contains(&first.as_str()) && ends)
}

/// Tells whether an editor shows nothing for that character, at the beginning of a line.
fn is_invisible(c: char) -> bool {
    "\u{feff}\u{200b}\u{200c}\u{200d}\u{2060}\0".contains(c)
}

/// Tells whether that begins a comment, of whatever language.
fn is_comment(line: &str) -> bool {
    line.starts_with(['#', ';']) || line.starts_with("//")
}

/// Reads the value at the beginning of `text`; returns it and the lines after it, or `None` if its quotes are broken.
fn read_value(text: &str) -> Option<(String, &str)> {
    let (line, next_lines) = split_line(text);
    let value = &text[line.len() - line.trim_start().len()..];
    let (value, after) = if let Some(value) = value.strip_prefix('\'') {
        value.split_once('\'').map(|(value, after)| (value.to_owned(), after))?
    } else if let Some(value) = value.strip_prefix('"') {
        read_double_quoted(value)?
    } else {
        let mut hashes = line.match_indices('#').map(|(at, _)| at);
        let comment = hashes.find(|at| line[..*at].ends_with(char::is_whitespace));
        return Some((line[..comment.unwrap_or(line.len())].trim().to_owned(), next_lines));
    };
    let (after, next_lines) = split_line(after);
    let after = after.trim_start();
    (after.is_empty() || after.starts_with('#')).then_some((value, next_lines))
}

/// Reads up to the closing quote; returns the value and the text after the quote, or `None` if there is no such quote.
fn read_double_quoted(text: &str) -> Option<(String, &str)> {
    const ESCAPES: [(char, char); 6] = [('n', '\n'), ('r', '\r'), ('t', '\t'), ('"', '"'), ('\\', '\\'), ('$', '$')];
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escape = ESCAPES.into_iter().find(|(written, _)| c == '\\' && chars.as_str().starts_with(*written));
        match escape {
            Some((_, meant)) => {
                value.push(meant);
                chars.next();
            }
            None if c == '"' => return Some((value, chars.as_str())),
            // A backslash that escapes nothing is itself, as in the paths of Windows.
            None => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests;
