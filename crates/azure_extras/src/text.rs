//! Text from a network or another program, made fit for a terminal.

/// Removes control characters except line breaks, trims the text, and cuts it after 8,000 characters.
pub fn clean(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(8_000).collect();
    text.trim().to_owned()
}

/// The first line of a text, [cleaned](clean), and cut after 200 characters.
pub fn first_line(text: &str) -> String {
    clean(text.trim().lines().next().unwrap_or_default()).chars().take(200).collect()
}

/// The text if it does nothing in a shell, so that it may stand in a command to be pasted.
pub fn pasteable(text: &str) -> Option<&str> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
    (!text.is_empty() && !text.starts_with('-') && text.chars().all(harmless)).then_some(text)
}

/// The text between `start` and `end`, or the end of `text`.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(found, _)| found))
}
