//! How answers are printed: text, in columns for lists, or JSON. Colour repeats what a word says already, on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{
    Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The last column's least width, with its padding.
const NARROWEST: u16 = 16;

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// People
    Table,
    /// Programs: the bodies of the HTTP interface
    Json,
}

/// Standard output and its format.
pub(crate) struct Output {
    format: Format,
    colour: bool,
    terminal: bool,
    zone: TimeZone,
}

impl Output {
    pub(crate) fn of_this_process(format: Format) -> Self {
        let terminal = io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self { format, colour: terminal && !dumb && !set("NO_COLOR"), terminal, zone: TimeZone::system() }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The style at this moment.
    pub(crate) fn style(&self) -> Style {
        Style { colour: self.colour, terminal: self.terminal, zone: self.zone.clone(), now: Timestamp::now() }
    }

    /// Prints an answer: as JSON, or as the text that `words` returns.
    pub(crate) fn show<T: Serialize>(
        &self,
        answer: &T,
        words: impl FnOnce(&Style) -> String,
    ) -> io::Result<()> {
        self.answer(answer, serde_json::to_string_pretty, words)
    }

    /// Prints one of many answers: as JSON, each on one line.
    pub(crate) fn follow<T: Serialize>(
        &self,
        answer: &T,
        words: impl FnOnce(&Style) -> String,
    ) -> io::Result<()> {
        self.answer(answer, serde_json::to_string, words)
    }

    fn answer<T: Serialize>(
        &self,
        answer: &T,
        json: fn(&T) -> serde_json::Result<String>,
        words: impl FnOnce(&Style) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Table => print(&words(&self.style())),
            Format::Json => print(&json(answer)?),
        }
    }

    /// Prints a notice that is no answer: on standard output for people, on standard error beside JSON.
    pub(crate) fn notice(&self, words: impl FnOnce(&Style) -> String) -> io::Result<()> {
        let text = words(&self.style());
        if self.is_json() {
            note(&text);
            return Ok(());
        }
        print(&text)
    }
}

/// Writes `text` to standard output and ends its line; no text is no line.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !text.is_empty() {
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}

/// Prints a note for people beside the answer, on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emphasis {
    Ok,
    Warning,
    Error,
    Dim,
    None,
}

impl Emphasis {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Ok => Some("32"),
            Self::Warning => Some("33"),
            Self::Error => Some("31"),
            Self::Dim => Some("2"),
            Self::None => None,
        }
    }
}

/// How text is rendered.
pub(crate) struct Style {
    pub(crate) colour: bool,
    /// Lines are as wide as a terminal, not as long as they need.
    pub(crate) terminal: bool,
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
}

impl Style {
    pub(crate) fn paint(&self, emphasis: Emphasis, text: &str) -> String {
        match emphasis.code() {
            Some(code) if self.colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }

    /// Columns under `headers`; those named in `numbers` are aligned to the right.
    pub(crate) fn table(
        &self,
        headers: &[&str],
        numbers: &[usize],
        rows: Vec<Vec<(String, Emphasis)>>,
    ) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if !self.terminal {
            table.force_no_tty();
        }
        if self.colour {
            table.enforce_styling();
        }
        let head = |text: &&str| {
            let cell = Cell::new(text);
            if self.colour { cell.add_attribute(Attribute::Dim) } else { cell }
        };
        table.set_header(headers.iter().map(head));
        for row in rows {
            table.add_row(row.into_iter().map(|(text, emphasis)| self.cell(&text, emphasis)));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            // Only the last column is broken over lines, and never into single letters.
            column.set_constraint(if index + 1 < headers.len() {
                ColumnConstraint::ContentWidth
            } else {
                ColumnConstraint::LowerBoundary(Width::Fixed(NARROWEST))
            });
            if numbers.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }

    fn cell(&self, text: &str, emphasis: Emphasis) -> Cell {
        let cell = Cell::new(text);
        if !self.colour {
            return cell;
        }
        match emphasis {
            Emphasis::Ok => cell.fg(comfy_table::Color::DarkGreen),
            Emphasis::Warning => cell.fg(comfy_table::Color::DarkYellow),
            Emphasis::Error => cell.fg(comfy_table::Color::DarkRed),
            Emphasis::Dim => cell.add_attribute(Attribute::Dim),
            Emphasis::None => cell,
        }
    }
}

/// A cell without a colour.
pub(crate) fn plain(text: impl Into<String>) -> (String, Emphasis) {
    (text.into(), Emphasis::None)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The style of every snapshot: no terminal, 2026-11-23 09:00 in UTC.
    pub(crate) fn style() -> Style {
        Style {
            colour: false,
            terminal: false,
            zone: TimeZone::UTC,
            now: "2026-11-23T09:00:00Z".parse().unwrap(),
        }
    }

    pub(crate) fn coloured() -> Style {
        Style { colour: true, ..style() }
    }

    fn rows() -> Vec<Vec<(String, Emphasis)>> {
        vec![
            vec![plain("camera"), ("live".to_owned(), Emphasis::Ok), plain("7")],
            vec![plain("microphone"), ("away".to_owned(), Emphasis::Error), plain("1234")],
        ]
    }

    #[test]
    fn columns() {
        insta::assert_snapshot!(style().table(&["NAME", "STATE", "READERS"], &[2], rows()));
    }

    #[test]
    fn a_colour_moves_no_column_and_takes_no_word() {
        let output = coloured().table(&["NAME", "STATE", "READERS"], &[2], rows());
        assert!(output.contains('\u{1b}'));
        let mut bare = String::new();
        let mut inside = false;
        for c in output.chars() {
            match c {
                '\u{1b}' => inside = true,
                'm' if inside => inside = false,
                c if !inside => bare.push(c),
                _ => {}
            }
        }
        let trimmed: Vec<&str> = bare.lines().map(str::trim_end).collect();
        assert_eq!(trimmed.join("\n"), style().table(&["NAME", "STATE", "READERS"], &[2], rows()));
    }

    #[test]
    fn paint_is_for_terminals() {
        assert_eq!(style().paint(Emphasis::Error, "away"), "away");
        assert_eq!(coloured().paint(Emphasis::Error, "away"), "\u{1b}[31maway\u{1b}[0m");
        assert_eq!(coloured().paint(Emphasis::None, "away"), "away");
    }
}
