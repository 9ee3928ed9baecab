//! Keeps what is told of an error to a few rows of the terminal, so that it is read.

use super::remedy::Remedy;
use crate::terminal::output::cut;

/// The rows that an error takes at most, with its remedy and what is left in the vault.
const ROWS: usize = 16;

/// The remedy with the beginning of what others said: what came of each credential in a row, of the service's words
/// the codes and the first line. What is too much even so is left out, the least useful first: the link, the service's
/// message, its codes, the credentials that come first.
pub(super) fn shortened(mut remedy: Remedy, left: &str, columns: usize) -> Remedy {
    let within = |line: &str, columns: usize| cut(line, Some(columns));
    remedy.credentials = remedy.credentials.iter().map(|line| within(line, columns)).collect();
    let lines = remedy.details.lines().filter(|line| !line.trim().is_empty());
    let before = [DETAILS, QUOTE].map(|before| columns.saturating_sub(before.len()));
    let mut kept: Vec<_> = lines.zip(before).map(|(line, columns)| within(line, columns)).collect();
    remedy.details = kept.join("\n");
    while rows(&remedy, left, columns) > ROWS {
        if !remedy.link.is_empty() {
            remedy.link = "";
        } else if kept.pop().is_some() {
            remedy.details = kept.join("\n");
        } else if !remedy.credentials.is_empty() {
            remedy.credentials.remove(0);
        } else {
            break;
        }
    }
    remedy
}

const DETAILS: &str = "details: ";
/// Marks further lines as others' words, which no command of the program's own looks like.
const QUOTE: &str = "  | ";

/// The words of the service or the network, as they are shown.
pub(super) fn details(details: &str) -> String {
    if details.is_empty() { String::new() } else { DETAILS.to_owned() + &details.replace('\n', &format!("\n{QUOTE}")) }
}

/// The link, as it is shown.
pub(super) fn link(link: &str) -> String {
    if link.is_empty() { String::new() } else { format!("See {link}") }
}

/// The rows that all that takes.
fn rows(remedy: &Remedy, left: &str, columns: usize) -> usize {
    let Remedy { sentence, credentials, advice, details: said, link: to } = remedy;
    let rows = |text: &str| text.lines().map(|line| line.chars().count().div_ceil(columns).max(1)).sum::<usize>();
    let paragraphs = [credentials.join("\n"), advice.clone(), left.to_owned(), details(said), link(to)];
    let paragraphs = paragraphs.iter().filter(|paragraph| !paragraph.is_empty());
    rows(&format!("error: {sentence}")) + paragraphs.map(|paragraph| 1 + rows(paragraph)).sum::<usize>()
}

#[cfg(test)]
mod tests;
