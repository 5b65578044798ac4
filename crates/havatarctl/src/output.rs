//! Where answers go: words, in columns where there are many, or JSON. Colour only says again what a word
//! says already, and only on a terminal.

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

/// For whom an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// People
    Table,
    /// Programs: the bodies of the HTTP interface
    Json,
}

/// Standard output, and how things are put there.
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

    pub(crate) fn is_for_programs(&self) -> bool {
        self.format == Format::Json
    }

    /// How things are said at this moment.
    pub(crate) fn look(&self) -> Look {
        Look { colour: self.colour, terminal: self.terminal, zone: self.zone.clone(), now: Timestamp::now() }
    }

    /// Shows an answer: as it is to programs, in `words` to people.
    pub(crate) fn show<T: Serialize>(
        &self,
        answer: &T,
        words: impl FnOnce(&Look) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Table => say(&words(&self.look())),
            Format::Json => say(&serde_json::to_string_pretty(answer)?),
        }
    }

    /// Shows one of many answers, each on a line of its own to programs.
    pub(crate) fn follow<T: Serialize>(
        &self,
        answer: &T,
        words: impl FnOnce(&Look) -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Table => say(&words(&self.look())),
            Format::Json => say(&serde_json::to_string(answer)?),
        }
    }

    /// News that is no answer: among the words for people, beside the answers for programs.
    pub(crate) fn aside(&self, words: impl FnOnce(&Look) -> String) -> io::Result<()> {
        let text = words(&self.look());
        if self.is_for_programs() {
            remark(&text);
            return Ok(());
        }
        say(&text)
    }
}

/// Writes `text` to standard output and ends its line; no text is no line.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !text.is_empty() {
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}

/// A remark beside the answer, on standard error, for people.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tint {
    Good,
    Late,
    Bad,
    Quiet,
    Plain,
}

impl Tint {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Good => Some("32"),
            Self::Late => Some("33"),
            Self::Bad => Some("31"),
            Self::Quiet => Some("2"),
            Self::Plain => None,
        }
    }
}

/// How things are said.
pub(crate) struct Look {
    pub(crate) colour: bool,
    /// Lines are as wide as a terminal, not as long as they need.
    pub(crate) terminal: bool,
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
}

impl Look {
    pub(crate) fn paint(&self, tint: Tint, text: &str) -> String {
        match tint.code() {
            Some(code) if self.colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }

    /// Columns under `headers`; those named in `numbers` are aligned to the right.
    pub(crate) fn table(
        &self,
        headers: &[&str],
        numbers: &[usize],
        rows: Vec<Vec<(String, Tint)>>,
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
            table.add_row(row.into_iter().map(|(text, tint)| self.cell(&text, tint)));
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

    fn cell(&self, text: &str, tint: Tint) -> Cell {
        let cell = Cell::new(text);
        if !self.colour {
            return cell;
        }
        match tint {
            Tint::Good => cell.fg(comfy_table::Color::DarkGreen),
            Tint::Late => cell.fg(comfy_table::Color::DarkYellow),
            Tint::Bad => cell.fg(comfy_table::Color::DarkRed),
            Tint::Quiet => cell.add_attribute(Attribute::Dim),
            Tint::Plain => cell,
        }
    }
}

/// A cell without a colour.
pub(crate) fn plain(text: impl Into<String>) -> (String, Tint) {
    (text.into(), Tint::Plain)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The look of every snapshot: no terminal, 2026-11-23 09:00 in UTC.
    pub(crate) fn look() -> Look {
        Look {
            colour: false,
            terminal: false,
            zone: TimeZone::UTC,
            now: "2026-11-23T09:00:00Z".parse().unwrap(),
        }
    }

    pub(crate) fn colourful() -> Look {
        Look { colour: true, ..look() }
    }

    fn rows() -> Vec<Vec<(String, Tint)>> {
        vec![
            vec![plain("camera"), ("live".to_owned(), Tint::Good), plain("7")],
            vec![plain("microphone"), ("away".to_owned(), Tint::Bad), plain("1234")],
        ]
    }

    #[test]
    fn columns() {
        insta::assert_snapshot!(look().table(&["NAME", "STATE", "READERS"], &[2], rows()));
    }

    #[test]
    fn a_colour_moves_no_column_and_takes_no_word() {
        let coloured = colourful().table(&["NAME", "STATE", "READERS"], &[2], rows());
        assert!(coloured.contains('\u{1b}'));
        let mut bare = String::new();
        let mut inside = false;
        for c in coloured.chars() {
            match c {
                '\u{1b}' => inside = true,
                'm' if inside => inside = false,
                c if !inside => bare.push(c),
                _ => {}
            }
        }
        let trimmed: Vec<&str> = bare.lines().map(str::trim_end).collect();
        assert_eq!(trimmed.join("\n"), look().table(&["NAME", "STATE", "READERS"], &[2], rows()));
    }

    #[test]
    fn paint_is_for_terminals() {
        assert_eq!(look().paint(Tint::Bad, "away"), "away");
        assert_eq!(colourful().paint(Tint::Bad, "away"), "\u{1b}[31maway\u{1b}[0m");
        assert_eq!(colourful().paint(Tint::Plain, "away"), "away");
    }
}
