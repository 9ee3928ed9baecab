//! The rows of the screen that a question takes with its answer.

use crate::terminal::output::about;
use dialoguer::console::Term;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Returns a `*` for each character, as wide as the character, so that the cursor keeps its place.
pub(super) fn mask(line: &str) -> String {
    let star = |character: &str| match character {
        "\n" | "\r\n" => "\n".to_owned(),
        _ => format!("{:<1$}", "*", character.width().max(1)),
    };
    line.graphemes(true).map(star).collect()
}

/// Takes back the line break that the editor writes after an answer that fills the last row, where the terminal has
/// broken the line already.
pub(super) fn mend_full_row(shown: &str) {
    if rows(&format!("{shown} ")) > rows(shown) {
        about(format_args!("\x1b[A"));
    }
}

/// Erases a text that ends at the cursor, and what stands after it.
pub(super) fn erase(text: &str) {
    let up = match rows(text) - 1 {
        0 => String::new(),
        rows => format!("\x1b[{rows}A"),
    };
    about(format_args!("{up}\r\x1b[J"));
}

/// Counts the rows of the screen that a text takes.
fn rows(text: &str) -> usize {
    let columns = usize::from(Term::stderr().size().1).max(1);
    text.split('\n').map(|line| 1 + line.width().saturating_sub(1) / columns).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_as_wide_as_the_line_and_tells_nothing_else() {
        for (line, masked) in [("", ""), ("a b", "***"), ("密é", "* *"), ("a\nb", "*\n*"), ("e\u{301}", "*")] {
            assert_eq!(mask(line), masked, "{line:?}");
        }
    }
}
