//! The source of the token, credential by credential.

use super::layout::time;
use crate::terminal::{note, output};
use azure_extras::credential::{CredentialFailure, CredentialOutcome};
use dialoguer::console::style;

/// Shows the outcome of each credential that was tried, up to the one that gave the token.
pub(super) fn show(outcomes: &[CredentialOutcome]) {
    let width = outcomes.iter().map(|outcome| outcome.credential.to_string().len()).max().unwrap_or_default();
    for CredentialOutcome { credential, failure, took } in outcomes {
        let came_of_it = match failure {
            None => format!("{} in {}", style("token").for_stderr().green(), time(*took)),
            Some(CredentialFailure::NotSet(missing)) if missing.len() > 2 => "not set".to_owned(),
            Some(failure) => failure.to_string(),
        };
        let line = format!("    {:<width$}  {came_of_it}", credential.to_string());
        note!("{}", output::cut(&line, output::columns()));
    }
}
