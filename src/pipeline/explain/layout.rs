//! The layout of a line of the story: on one row of the terminal where it fits, with colors that mean something.

use crate::terminal::output;
use azure_extras::secrets::Operation;
use dialoguer::console::style;
use std::{
    fmt::{self, Display},
    time::Duration,
};

/// The status of a response; `None` if none came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub Option<u16>);

impl Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(f, "{status}"),
            None => f.write_str("no answer"),
        }
    }
}

/// The tone in which a response is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// It is what was hoped for.
    Success,
    /// It is no success, but a part of the way: a challenge, "not yet".
    Expected,
    /// It is not.
    Failure,
}

/// A text in its tone's color.
pub(super) fn toned(text: impl Display, tone: Tone) -> String {
    let text = style(text).for_stderr();
    match tone {
        Tone::Success => text.green(),
        Tone::Expected => text.cyan(),
        Tone::Failure => text.red().bold(),
    }
    .to_string()
}

/// A time in words.
pub(super) fn time(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f32())
    }
}

/// A text with colors, and how many columns it takes.
pub(super) struct Colored {
    pub(super) text: String,
    pub(super) columns: usize,
}

impl Colored {
    /// A status in its color, with what stands after it, and before it the polls that were answered "not yet".
    pub(super) fn new(polls: Option<&str>, status: &str, tone: Tone, after: &str) -> Self {
        const THEN: &str = ", then ";
        let (before, columns) = match polls {
            Some(polls) => (toned(polls, Tone::Expected) + THEN, polls.len() + THEN.len()),
            None => (String::new(), 0),
        };
        let text = format!("{before}{}{after}", toned(status, tone));
        Self { text, columns: columns + status.len() + after.len() }
    }
}

/// A request.
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) path: String,
    /// The stand-in for its body, if it has one.
    pub(super) body: &'static str,
}

const INDENT: &str = "    ";
const ARROW: &str = "  ->  ";
const GAP: &str = "  ";

/// An exchange on one row of the terminal, in as many words as fit; on two where even the fewest are too many.
/// `meanings` says the same in more words, and in fewer.
pub(super) fn exchange(sent: &Sent, outcome: &Colored, meanings: [&str; 2]) -> String {
    within(output::columns(), sent, outcome, meanings)
}

fn within(columns: Option<usize>, sent: &Sent, outcome: &Colored, [more, fewer]: [&str; 2]) -> String {
    let Sent { method, path, body } = sent;
    let width = |text: &str| if text.is_empty() { 0 } else { GAP.len() + text.chars().count() };
    let least = INDENT.len() + method.len() + 1 + path.len() + ARROW.len() + outcome.columns;
    let fits = |(body, meaning): &(&str, &str)| columns.is_none_or(|it| least + width(body) + width(meaning) <= it);
    let choice = [(*body, more), (*body, fewer), ("", fewer)].into_iter().find(fits);
    let gap = |text: &str| if text.is_empty() { String::new() } else { format!("{GAP}{text}") };
    let (path, arrow) = (style(path).for_stderr().dim(), style(ARROW).for_stderr().dim());
    match choice {
        Some((body, meaning)) => {
            format!("{INDENT}{method} {path}{}{arrow}{}{}", gap(body), outcome.text, gap(meaning))
        }
        None => {
            let answer = output::cut(&format!("{INDENT}{arrow}{}{}", outcome.text, gap(fewer)), columns);
            format!("{INDENT}{method} {path}\n{answer}")
        }
    }
}

/// The call of an operation, and its request.
fn call_and_request(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::ListVersions => ("list_..._versions", "GET /secrets/NAME/versions"),
        Operation::Set => ("set_secret", "PUT /secrets/NAME"),
        Operation::Get => ("get_secret", "GET /secrets/NAME/"),
        Operation::Delete => ("begin_delete_secret", "DELETE /secrets/NAME"),
        Operation::GetDeleted => ("poller", "GET /deletedsecrets/NAME"),
        Operation::Purge => ("purge_deleted_secret", "DELETE /deletedsecrets/NAME"),
    }
}

/// The path of an operation's request.
pub(super) fn path(operation: Operation, secret_name: &str) -> String {
    let (_, request) = call_and_request(operation);
    request.split_once(' ').map(|(_method, path)| path.replace("NAME", secret_name)).unwrap_or_default()
}

/// A line of the recap: call, request, statuses, time.
pub(super) fn recap(operation: Operation, statuses: &[(Status, usize)], took: Duration) -> String {
    let (call, request) = call_and_request(operation);
    let counted = |(status, count): &(Status, usize)| {
        let tone = match (status.0, operation) {
            (Some(200..300), _) => Tone::Success,
            (Some(401), _) | (Some(403 | 404), Operation::GetDeleted) => Tone::Expected,
            _ => Tone::Failure,
        };
        (if *count == 1 { status.to_string() } else { format!("{status} x{count}") }, tone)
    };
    let all: Vec<_> = statuses.iter().map(counted).collect();
    let columns = all.iter().map(|(text, _)| text.len() + 2).sum::<usize>().saturating_sub(2);
    let all: Vec<_> = all.iter().map(|(text, tone)| toned(text, *tone)).collect();
    let request = style(format!("{request:<27}")).for_stderr().dim();
    let padding = " ".repeat("404 x19, 200".len().saturating_sub(columns));
    format!("  {call:<20}  {request}  {}{padding}  {}", all.join(", "), time(took))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialoguer::console::measure_text_width;

    #[test]
    fn an_exchange_fits_on_a_row_as_long_as_its_name_allows() {
        let outcome = Colored::new(None, "200", Tone::Success, " in 41 ms");
        for length in 1..=127 {
            let path = format!("/secrets/{}", "n".repeat(length));
            let sent = Sent { method: "PUT".into(), path, body: "{\"value\":\"********\"}" };
            let row = within(Some(80), &sent, &outcome, ["created, version 4387e9f3...", "created"]);
            assert_eq!(row.contains("{\"value\""), length <= 14, "{row}");
            assert!(!row.contains("version"), "{row}");
            assert_eq!(row.lines().count(), if length <= 36 { 1 } else { 2 }, "{row}");
            assert!(row.contains("200 in 41 ms  created"), "{row}");
            assert!(length > 60 || row.lines().all(|row| measure_text_width(row) <= 80), "{row}");
            let whole = within(None, &sent, &outcome, ["created, version 4387e9f3...", "created"]);
            assert!(whole.contains("{\"value\":\"********\"}") && whole.ends_with("version 4387e9f3..."), "{whole}");
        }
    }

    #[test]
    fn the_recap_is_narrow_whatever_happened() {
        use Operation::{Delete, Get, GetDeleted, ListVersions, Purge, Set};
        for operation in [ListVersions, Set, Get, Delete, GetDeleted, Purge] {
            let statuses = [(Status(Some(404)), 19), (Status(Some(200)), 1)];
            let row = recap(operation, &statuses, Duration::from_millis(9_600));
            assert!(measure_text_width(&row) <= 80 && row.ends_with("9.6 s"), "{row}");
        }
    }
}
