//! Reads `.env` in the working directory, which may be anybody's: only harmless variables are taken from it.

use crate::terminal::{note, shell::Shell};
use std::{env, fmt, fs, io};

/// What is taken from `.env`. None of these says where a token or a secret goes, beyond the vault that the run shows.
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

/// What the program, the libraries in it, or the tools that it runs read too, and is not taken from `.env`.
const NOT_TAKEN: [&str; 18] = [
    "ALL_PROXY",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CONFIG_DIR",
    "AZURE_FEDERATED_TOKEN_FILE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "NO_PROXY",
    "PATH",
    "REQUEST_METHOD",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
];

/// `.env` cannot be used.
#[derive(Debug)]
pub enum InvalidDotenv {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is in UTF-16.
    Utf16,
    /// The line of that variable is not `NAME=value`. The line itself is not told: it may hold a client secret.
    Line(&'static str),
}

impl fmt::Display for InvalidDotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "The file .env cannot be read: {error}."),
            Self::Utf16 => write!(f, "The file .env is in UTF-16."),
            Self::Line(name) => write!(f, "The file .env cannot be read: the line of {name} is not {name}=value."),
        }
    }
}

impl std::error::Error for InvalidDotenv {}

/// Takes the harmless variables from `.env`, if there is one; what the environment already has stays as it is. Says of
/// the others that the program reads that they are ignored.
///
/// # Errors
/// [`InvalidDotenv`] when the file cannot be read, or the line of a variable that is taken.
pub fn load() -> Result<(), InvalidDotenv> {
    let bytes = match fs::read(".env") {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(InvalidDotenv::Unreadable(error)),
    };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(InvalidDotenv::Utf16);
    }
    let text = String::from_utf8_lossy(&bytes);
    let (taken, ignored) = sorted_out(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
    // Setting a variable is unsafe in itself; here, before any thread runs, the library may.
    let _ = dotenvy::from_read(taken.as_bytes());
    for name in ignored.into_iter().filter(|name| env::var_os(name).is_none()) {
        let set = Shell::HERE.set(&name, "...");
        note!("Note: {name} in .env is ignored, since a .env may be anybody's. To set it: {set}");
    }
    Ok(())
}

/// The lines of the variables that are taken, and the names of those that are ignored.
fn sorted_out(text: &str) -> Result<(String, Vec<String>), InvalidDotenv> {
    let (mut taken, mut ignored) = (String::new(), Vec::new());
    let mut rest = Some(text.to_owned());
    while let Some(text) = rest.take() {
        for line in dotenvy::from_read_iter(text.as_bytes()) {
            match line {
                Ok((name, value)) if TAKEN.contains(&name.as_str()) => {
                    taken += &format!("{name}=\"{}\"\n", escaped(&value));
                }
                Ok((name, _)) if NOT_TAKEN.contains(&name.to_uppercase().as_str()) => ignored.push(name),
                Ok(_) => {}
                Err(dotenvy::Error::LineParse(line, _)) => {
                    if let Some(name) = TAKEN.into_iter().find(|name| is_of(&line, name)) {
                        return Err(InvalidDotenv::Line(name));
                    }
                    // A quote that nobody closes must not hide the lines after it.
                    if let Some((_, after)) = line.split_once('\n') {
                        rest = Some(after.to_owned());
                        break;
                    }
                }
                Err(error) => return Err(InvalidDotenv::Unreadable(io::Error::other(error.to_string()))),
            }
        }
    }
    Ok((taken, ignored))
}

/// A value as it stands between double quotes.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        if "\\\"$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn is_of(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    line.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_variables_are_taken_and_the_others_are_nobodys_business() {
        let text = "# mine\nexport KEY_VAULT_NAME=my-vault\nHTTPS_PROXY=http://evil\nhttps_proxy=x\nFOO=bar\nno line at all\nAZURE_CLIENT_SECRET='a$b\"c\\d'\n";
        let (taken, ignored) = sorted_out(text).unwrap();
        assert_eq!(taken, "KEY_VAULT_NAME=\"my-vault\"\nAZURE_CLIENT_SECRET=\"a\\$b\\\"c\\\\d\"\n");
        assert_eq!(ignored, ["HTTPS_PROXY", "https_proxy"]);
    }

    #[test]
    fn windows_line_endings_are_no_part_of_a_value() {
        let text = "KEY_VAULT_NAME=my-vault\r\nOTHER='never closed\r\nAZURE_CLIENT_ID=\"a b\"\r\nNO_COLOR=\r\n";
        let taken = "KEY_VAULT_NAME=\"my-vault\"\nAZURE_CLIENT_ID=\"a b\"\nNO_COLOR=\"\"\n";
        assert_eq!(sorted_out(text).unwrap().0, taken);
    }

    #[test]
    fn a_line_of_somebody_elses_stops_nothing() {
        let (taken, _) = sorted_out("OTHER='never closed\nKEY_VAULT_NAME=my-vault\n").unwrap();
        assert_eq!(taken, "KEY_VAULT_NAME=\"my-vault\"\n");
        let quoted = "KEY=\"-----BEGIN\nKEY_VAULT_NAME=evil\n-----END\"\nKEY_VAULT_NAME=mine\n";
        assert_eq!(sorted_out(quoted).unwrap().0, "KEY_VAULT_NAME=\"mine\"\n");
    }

    #[test]
    fn a_broken_line_of_ours_is_named_without_its_text() {
        for text in ["AZURE_CLIENT_SECRET='s3cr3t\n", " export AZURE_CLIENT_SECRET = 'x\n"] {
            let error = sorted_out(text).unwrap_err();
            assert!(error.to_string().contains("AZURE_CLIENT_SECRET"), "{error}");
            assert!(!error.to_string().contains("s3cr3t"), "{error}");
        }
    }
}
