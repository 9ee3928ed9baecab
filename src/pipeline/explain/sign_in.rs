//! Where the token came from, source by source.

use crate::{
    azure::credential::{Attempt, Attempts, Kind, Reason},
    terminal::{note, output},
};
use dialoguer::console::style;

/// Shows what came of each source that was tried, up to the one that gave the token.
pub(super) fn show(attempts: &Attempts) {
    let attempts = attempts.get();
    let width = attempts.iter().map(|attempt| attempt.source.to_string().len()).max().unwrap_or_default();
    for Attempt { source, why_not, took } in &attempts {
        let line = match why_not {
            None if *source == Kind::Other => {
                format!("    {}", style("the demo's own token, worth nothing").for_stderr())
            }
            None => {
                let token = style("token").for_stderr().green();
                format!("    {:<width$}  {token} in {}", source.to_string(), super::layout::time(*took))
            }
            Some(Reason::NotSet(_)) => format!("    {:<width$}  not set", source.to_string()),
            Some(reason) => format!("    {:<width$}  {reason}", source.to_string()),
        };
        note!("{}", output::cut(&line, output::columns()));
    }
}
