//! Pictures of a terminal's screen as SVG, cell by cell: on a dark ground of its own, in solid colors that stand out on it,
//! so that it looks the same in light and dark pages and in any viewer.

use std::fmt::Write as _;
use vt100::{Color, Screen};

/// The same in GitHub's light and dark pages.
const GROUND: &str = "#0d1117";
const FRAME: &str = "#3d444d";
const TEXT: &str = "#d1d7e0";
const BRIGHT: &str = "#ffffff";
/// What is dim on a screen is darker here, and readable still.
const DIM: &str = "#9198a1";
/// Black, red, green, yellow, blue, magenta, cyan, white.
const COLORS: [&str; 8] = ["#9198a1", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#d1d7e0"];

const COLUMN: f32 = 8.4;
const ROW: usize = 19;
const MARGIN: usize = 16;
/// What is between two moments.
const PART: usize = 20;
pub const COLUMNS: u16 = 80;

/// A row of a screen: its characters, each with how it is shown.
#[derive(Clone, Debug, Default)]
pub struct Row(pub Vec<(char, Style)>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    color: Option<u8>,
    bold: bool,
    dim: bool,
}

impl Style {
    fn fill(self) -> &'static str {
        match self.color {
            Some(color) => COLORS[usize::from(color % 8)],
            None if self.dim => DIM,
            None if self.bold => BRIGHT,
            None => TEXT,
        }
    }
}

impl Row {
    pub fn plain(text: &str) -> Self {
        Self(text.chars().map(|c| (c, Style::default())).collect())
    }

    pub fn text(&self) -> String {
        self.0.iter().map(|(c, _)| c).collect()
    }

    /// Puts `text` in place of those characters, shown as the first of them.
    pub fn replace(&mut self, at: std::ops::Range<usize>, text: &str) {
        let style = self.0[at.start].1;
        self.0.splice(at, text.chars().map(|c| (c, style)));
    }
}

/// The rows of a screen, down to the last that is not empty.
pub fn rows(screen: &Screen) -> Vec<Row> {
    let (rows, columns) = screen.size();
    let cell = |row, column| {
        let cell = screen.cell(row, column).unwrap();
        let color = match cell.fgcolor() {
            Color::Idx(color) => Some(color),
            _ => None,
        };
        let style = Style { color, bold: cell.bold(), dim: cell.dim() };
        (cell.contents().chars().next().unwrap_or(' '), style)
    };
    let mut rows: Vec<_> = (0..rows).map(|row| Row((0..columns).map(|column| cell(row, column)).collect())).collect();
    for row in &mut rows {
        let end = row.0.iter().rposition(|(c, _)| *c != ' ').map_or(0, |last| last + 1);
        row.0.truncate(end);
    }
    rows.truncate(rows.iter().rposition(|row| !row.0.is_empty()).map_or(0, |last| last + 1));
    rows
}

/// The picture of a screen's rows, at one moment or at several, which a line parts.
pub fn svg(moments: &[Vec<Row>]) -> String {
    let width = f32::from(COLUMNS) * COLUMN + 2.0 * MARGIN as f32;
    let height = moments.concat().len() * ROW + (moments.len() - 1) * PART + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{GROUND}\" stroke=\"{FRAME}\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace\" \
         font-size=\"14\">\n",
        width - 1.0,
        height - 1
    );
    let mut top = MARGIN;
    for (at, rows) in moments.iter().enumerate() {
        if at > 0 {
            let y = top + PART / 2;
            let _ = writeln!(svg, "<path d=\"M0 {y}H{width}\" stroke=\"{FRAME}\" stroke-dasharray=\"4 4\"/>");
            top += PART;
        }
        for row in rows {
            svg.extend(words(row).into_iter().map(|word| element(word, top + 14)));
            top += ROW;
        }
    }
    svg + "</g>\n</svg>\n"
}

fn element((column, text, style): (usize, String, Style), y: usize) -> String {
    let x = MARGIN as f32 + column as f32 * COLUMN;
    let length = text.chars().count() as f32 * COLUMN;
    let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Whatever font a viewer takes, a word is as wide as its cells.
    format!(
        "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         fill=\"{}\"{weight}>{text}</text>\n",
        style.fill()
    )
}

/// The pieces of a row that are shown alike and have single spaces in them, each with its column.
fn words(row: &Row) -> Vec<(usize, String, Style)> {
    let mut words: Vec<(usize, String, Style)> = Vec::new();
    for (column, (c, style)) in row.0.iter().enumerate() {
        match words.last_mut() {
            Some((at, text, of)) if *of == *style && *at + text.chars().count() == column && !text.ends_with("  ") => {
                text.push(*c);
            }
            _ => words.push((column, c.to_string(), *style)),
        }
    }
    let trimmed = words.into_iter().map(|(column, text, style)| {
        let start = text.chars().take_while(|c| *c == ' ').count();
        (column + start, text.trim().to_owned(), style)
    });
    trimmed.filter(|(_, text, _)| !text.is_empty()).collect()
}
