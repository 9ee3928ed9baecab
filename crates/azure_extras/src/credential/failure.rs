//! The reasons why a credential gave no token.

use crate::{
    error::{causes, find_cause},
    network::ConnectionError,
    redaction::Redactor,
    text::OutsideText,
};
use azure_core::{Error, http::StatusCode};
use std::{io, sync::Arc, time::Duration};

/// The reason why a credential gave no token, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFailure {
    /// These variables are not set.
    #[error("{}", not_set(.0))]
    NotSet(Vec<&'static str>),
    /// The tool is not installed.
    #[error("not installed")]
    NotInstalled,
    /// The tool is installed and does not run; with the words of the system.
    #[error("installed, but it does not run: {}", .0.in_a_line())]
    DoesNotRun(OutsideText),
    /// The tool is installed without this module of it.
    #[error("its module {0} is missing")]
    ModuleMissing(&'static str),
    /// No account is signed in, or a new sign-in is wanted.
    #[error("{}", said.as_ref().map_or_else(|| format!("not signed in; run `{command}`"), OutsideText::in_a_line))]
    NotSignedIn {
        /// The words, in a line; `None` where that is all.
        said: Option<OutsideText>,
        /// The command that signs in.
        command: String,
    },
    /// It gave no answer in that time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It gave only this status, for as long as it was asked.
    #[error("answered {status} {}, for {} s", StatusCode::from(*.status).canonical_reason(), .within.as_secs())]
    Answered {
        /// The HTTP status of the last response.
        status: u16,
        /// The time for which it was asked.
        within: Duration,
    },
    /// Something else answered in its place.
    #[error("something else answered in its place")]
    SomethingElse,
    /// Its host was not reached.
    #[error("{0}")]
    Connection(Arc<ConnectionError>),
    /// Its answer cannot be read.
    #[error("its answer cannot be read; is it up to date?")]
    Unreadable,
    /// It said this; of a tool's output, the line that tells the error.
    #[error("{}", if .0.is_empty() { "failed without a word".to_owned() } else { .0.in_a_line() })]
    Said(OutsideText),
}

fn not_set(variables: &[&str]) -> String {
    match variables {
        [] => "not set".to_owned(),
        [one] => format!("{one} is not set"),
        [others @ .., last] => format!("{} and {last} are not set", others.join(", ")),
    }
}

impl CredentialFailure {
    /// The words of a credential's error, without the SDK's around them.
    pub(super) fn of(error: &Error) -> Self {
        let given = causes(error).find_map(|cause| {
            cause.downcast_ref().or_else(|| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<Self>())
        });
        match (given, find_cause::<ConnectionError>(error)) {
            (Some(failure), _) => failure.clone(),
            (None, Some(connection)) => Self::Connection(Arc::new(connection.clone())),
            (None, None) => Self::Said(error.get_ref().map_or_else(|| error.to_string(), ToString::to_string).into()),
        }
    }

    /// The same without the secrets in it.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        match self {
            Self::DoesNotRun(said) => Self::DoesNotRun(OutsideText::redacted(&said, redactor)),
            Self::Said(said) => Self::Said(OutsideText::redacted(&said, redactor)),
            Self::NotSignedIn { said, command } => {
                let is_safe = redactor.redact(&command) == command;
                let login = || command.split(" --").next().unwrap_or_default().to_owned();
                let command = if is_safe { command.clone() } else { login() };
                Self::NotSignedIn { said: said.map(|said| OutsideText::redacted(&said, redactor)), command }
            }
            other => other,
        }
    }

    /// The words of a tool that failed, on stderr: its `ERROR:` line, or a traceback's last line, and never a warning.
    /// `login` is the command that signs in with it.
    pub(super) fn from_stderr(stderr: &str, login: &str) -> Self {
        let stderr = azd_message(stderr).unwrap_or_else(|| stderr.to_owned());
        let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let error = lines().find_map(|line| line.strip_prefix("ERROR:"));
        let traceback = lines().any(|line| line.starts_with("Traceback"));
        let is_warning = |line: &&str| line.starts_with("WARNING") || line.contains("Warning:");
        let line = match error {
            Some(error) => Some(error),
            None if traceback => lines().next_back(),
            None => lines().find(|line| !is_warning(line)),
        };
        let said = OutsideText::new(line.unwrap_or_default());
        let proposed = lines().find_map(|line| proposed(line, login));
        match proposed {
            Some(command) if command == login && !said.contains("AADSTS") => Self::NotSignedIn { said: None, command },
            Some(command) => Self::NotSignedIn { said: Some(said), command },
            None if said.contains("AADSTS") => Self::NotSignedIn { said: Some(said), command: login.to_owned() },
            None => Self::Said(said),
        }
    }
}

/// The message in `azd`'s error output, which is JSON.
fn azd_message(stderr: &str) -> Option<String> {
    let output: serde_json::Value = serde_json::from_str(stderr).ok()?;
    Some(output.pointer("/data/message")?.as_str()?.trim().to_owned())
}

/// The command that a tool proposes for signing in, if it is harmless: nothing else of what a program prints may go
/// where users paste it into a shell.
fn proposed(line: &str, login: &str) -> Option<String> {
    let (_, arguments) = line.split_once(login)?;
    let mut words = arguments.trim_end_matches(['.', '\'', '`']).split_whitespace().peekable();
    let mut command = login.to_owned();
    let harmless = |value: &str| {
        let value = value.trim_matches('"');
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:/=+".contains(c);
        (!value.is_empty() && !value.starts_with('-') && value.chars().all(allowed)).then(|| format!("\"{value}\""))
    };
    while let Some(option) = words.next_if(|word| word.starts_with("--")) {
        match option {
            "--use-device-code" => command += " --use-device-code",
            "--tenant" | "--claims-challenge" => command += &format!(" {option} {}", harmless(words.next()?)?),
            "--scope" => {
                command += &format!(" {option} {}", harmless(words.next()?)?);
                while let Some(another) = words.next_if(|word| word.trim_matches('"').starts_with("https://")) {
                    command += &format!(" {}", harmless(another)?);
                }
            }
            _ => return None,
        }
    }
    // Words may follow, as in "'az login' to setup account", but not what looks like a part of the command.
    let quoted = arguments.starts_with(['\'', '`']);
    let rest = words.collect::<Vec<_>>().join(" ");
    let ends = quoted
        || rest.is_empty()
        || command == login && rest.chars().all(|c| c.is_ascii_alphabetic() || " .,".contains(c));
    ends.then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stderr: &str) -> CredentialFailure {
        CredentialFailure::from_stderr(stderr, "az login")
    }

    #[test]
    fn the_error_line_counts_and_no_warning() {
        let signed_out = CredentialFailure::NotSignedIn { said: None, command: "az login".into() };
        assert_eq!(read("ERROR: Please run 'az login' to setup account.\n"), signed_out);
        let noise = "/usr/lib/x.py:1: UserWarning: old\n  import x\nWARNING: You have 2 update(s) available.\n";
        assert_eq!(read(&format!("{noise}ERROR: Please run 'az login' to setup account.")), signed_out);
        assert_eq!(read(&format!("{noise}ERROR: It rains.")), CredentialFailure::Said("It rains.".into()));
        let traceback = "Traceback (most recent call last):\n  File \"x\", line 1\nPermissionError: [Errno 13] Permission denied: '/home/a/.azure/x'\n";
        assert_eq!(
            read(traceback),
            CredentialFailure::Said("PermissionError: [Errno 13] Permission denied: '/home/a/.azure/x'".into())
        );
    }

    #[test]
    fn a_proposed_command_passes_if_it_is_harmless() {
        let under = |command: &str| {
            let text = format!(
                "ERROR: AADSTS50076: You must use multi-factor authentication.\nTrace ID: 1\nInteractive authentication is needed. Please run:\n{command}\n"
            );
            match read(&text) {
                CredentialFailure::NotSignedIn { said: Some(said), command } if said.starts_with("AADSTS50076") => {
                    command
                }
                other => panic!("{other:?}"),
            }
        };
        for harmless in [
            r#"az login --tenant "t-1.example" --scope "https://vault.azure.net/.default""#,
            r#"az login --use-device-code --tenant "T""#,
            r#"az login --claims-challenge "eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
        ] {
            assert_eq!(under(harmless), harmless);
        }
        assert_eq!(
            under("az login --tenant T --scope https://vault.azure.net/.default"),
            r#"az login --tenant "T" --scope "https://vault.azure.net/.default""#
        );
        for evil in [
            "az login; rm -rf ~",
            "az login --tenant $(id)",
            "az login --tenant \"a;b\"",
            "az login --tenant T | sh",
            "az login --tenant T && curl x",
            "az login --password x",
            "az login --tenant --scope",
            "az login --tenant `id`",
            "az login --scope \"a\" > /etc/passwd",
            "az login --tenant",
        ] {
            assert_eq!(under(evil), "az login", "{evil}");
        }
    }
}
