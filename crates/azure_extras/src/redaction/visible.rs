//! The characters that show.

/// Tells whether the character is a line break, or shows and does nothing else: no control character, separator of lines,
/// or one that is [ignored by default](https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point), as are those
/// of no width and those that turn the direction of writing.
pub(crate) fn is_visible(c: char) -> bool {
    let is_ignored = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    c == '\n' || !c.is_control() && !is_ignored
}
