//! The rows of an import: the data of a CSV file about each subscriber.

use std::io::{self, BufRead, BufReader, Read};

use releasepage_domain::{
    consent::{ConfirmWay, Confirmation, Consent, consent_source_check},
    csv_cell::cell_text,
    csv_rows::{CsvRow, RowCutter, RowFault, delimiter_named, delimiter_of, rows_within},
    environment::Environment,
    fault::{Fault, Faults},
    subscriber::{ADDRESS_EXPECTED, Following, Preferences, SubscriberAddress},
    subscriber_import::{Column, ColumnMapping, Columns, Said, Standing, StateWords, Verdict},
    text::{UnknownName, names_expected},
    time::UtcTime,
};
use releasepage_http::body::BodyFault;
use releasepage_storage::{pages::row::PageComponent, subscribers::additions::SubscriberNew};

use super::{import_body::body_fault, subscriber_fields::following_of};

/// The most rows of one import.
pub(super) const IMPORT_ROWS_MAX: u64 = 100_000;

/// The longest row, in bytes without line breaks. It holds for the header too. With an unclosed quotation mark, the
/// rest of the file is one row. The limit keeps such a row out of memory.
pub(super) const ROW_BYTES_MAX: usize = 64 * 1024;

/// The rules for all rows of an import.
#[derive(Clone, Debug)]
pub(super) struct ImportRules {
    /// The way in which consent becomes known.
    pub(super) confirm: ConfirmWay,
    /// The environment of the rows.
    pub(super) environment: Environment,
    /// The source of the consent for rows that do not name one.
    pub(super) consent_source: Option<String>,
    /// The time of the consent for rows that do not name one.
    pub(super) consent_time: Option<UtcTime>,
    /// The caller's meaning of columns that the header does not make clear.
    pub(super) mapping: ColumnMapping,
    /// The caller's meaning of words for a state that are not known.
    pub(super) words: StateWords,
    /// The components of the page.
    pub(super) components: Vec<PageComponent>,
    /// The present.
    pub(super) now: UtcTime,
}

/// The reason why reading a file stopped.
#[derive(Debug)]
pub(super) enum SheetFault {
    /// The body ended with a fault.
    Body(BodyFault),
    /// The columns cannot be known from the header.
    Header(Fault),
    /// The end of a row cannot be found.
    Row(RowFault),
    /// There are more rows than one import takes.
    RowsTooMany,
}

impl From<io::Error> for SheetFault {
    fn from(error: io::Error) -> Self {
        Self::Body(body_fault(&error))
    }
}

impl From<RowFault> for SheetFault {
    fn from(fault: RowFault) -> Self {
        Self::Row(fault)
    }
}

/// The meaning of a row.
#[derive(Debug)]
pub(super) enum RowMeaning {
    /// A subscriber to add.
    New(SubscriberNew),
    /// A person who must not be subscribed according to the row itself, and the reason.
    Unwanted(Fault),
    /// A row that cannot be understood.
    Faulty(Faults),
}

/// A row of a file.
#[derive(Debug)]
pub(super) struct Row {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    /// The meaning of the row.
    pub(super) meaning: RowMeaning,
}

/// A CSV file, row by row.
pub(super) struct Sheet<R> {
    reader: BufReader<R>,
    cutter: RowCutter,
    delimiter: u8,
    rules: ImportRules,
    columns: Columns,
    count: u64,
}

impl<R: Read> Sheet<R> {
    /// Reads the header. Names of columns may have any case and order. A byte order mark and a line `sep=;` may precede
    /// them. Blocks.
    pub(super) fn open(reader: R, rules: ImportRules) -> Result<Self, SheetFault> {
        let mut reader = BufReader::new(reader);
        let mut header = header_line(&mut reader, 1)?;
        let named = delimiter_named(&header);
        let line = if named.is_some() { 2 } else { 1 };
        if named.is_some() {
            header = header_line(&mut reader, line)?;
        }
        let delimiter = named.unwrap_or_else(|| delimiter_of(&header));
        let columns = columns_read(&header, (delimiter, line), &rules)?;
        let cutter = RowCutter::new(delimiter, ROW_BYTES_MAX, line + 1);
        Ok(Self { reader, cutter, delimiter, rules, columns, count: 0 })
    }

    /// Returns the headers of columns that are not used.
    pub(super) fn ignored(&self) -> Vec<String> {
        self.columns.ignored()
    }

    /// Returns the next row; `None` after the last one. Blocks.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, SheetFault> {
        let Some(row) = self.row_cut()? else { return Ok(None) };
        self.count += 1;
        if self.count > IMPORT_ROWS_MAX {
            return Err(SheetFault::RowsTooMany);
        }
        Ok(Some(Row { line: row.line, meaning: self.meaning(&row)? }))
    }

    fn row_cut(&mut self) -> Result<Option<CsvRow>, SheetFault> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(self.cutter.finish()?);
            }
            for (index, byte) in buffer.iter().enumerate() {
                if let Some(row) = self.cutter.push(*byte)? {
                    self.reader.consume(index + 1);
                    return Ok(Some(row));
                }
            }
            let length = buffer.len();
            self.reader.consume(length);
        }
    }

    fn meaning(&self, row: &CsvRow) -> Result<RowMeaning, SheetFault> {
        let faulty = |expected: &str| Ok(RowMeaning::Faulty(Fault::invalid("row", expected).into()));
        let Some(cells) = row.cells() else {
            return faulty("must be text in UTF-8, and is not: save the file as CSV in UTF-8");
        };
        let width = self.columns.width();
        let is_row = |cells: &[&str]| {
            let address = self.columns.place(Column::Email).and_then(|place| cells.get(place));
            address.is_some_and(|cell| SubscriberAddress::parse("email", cell.trim().trim_matches('"')).is_ok())
        };
        if cells.iter().any(|cell| rows_within(cell, self.delimiter, width, is_row)) {
            return Err(RowFault::QuoteOpen(row.line).into());
        }
        if row.is_malformed {
            return faulty("must have a comma behind each closing quotation mark, and two marks for one inside a cell");
        }
        if cells.len() != width {
            return faulty("must have as many cells as the first line");
        }
        let cells: Vec<&str> = cells.into_iter().map(|cell| cell_text(cell).trim()).collect();
        Ok(row_read(&Cells { cells: &cells, columns: &self.columns }, &self.rules))
    }
}

/// Reads a line before the rows and returns it without its line break.
fn header_line<R: Read>(reader: &mut BufReader<R>, number: u64) -> Result<String, SheetFault> {
    let mut line = Vec::new();
    while let Some(&byte) = reader.fill_buf()?.first() {
        reader.consume(1);
        if byte == b'\n' {
            break;
        }
        if byte == b'\r' {
            if reader.fill_buf()?.first() == Some(&b'\n') {
                reader.consume(1);
            }
            break;
        }
        line.push(byte);
        if line.len() > ROW_BYTES_MAX {
            return Err(RowFault::TooLong(number).into());
        }
    }
    // Text that is mostly ASCII has zero bytes in UTF-16 and UTF-32.
    let is_wide = line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") || line.contains(&0);
    let expected = if is_wide {
        format!("must be text in UTF-8, and line {number} is UTF-16: save the file as CSV in UTF-8")
    } else {
        format!("must be text in UTF-8, and line {number} is not: save the file as CSV in UTF-8")
    };
    let line = String::from_utf8(line).ok().filter(|_| !is_wide);
    let line = line.ok_or_else(|| SheetFault::Header(Fault::invalid("header", expected)))?;
    Ok(line.trim_start_matches('\u{feff}').to_owned())
}

fn columns_read(header: &str, (delimiter, line): (u8, u64), rules: &ImportRules) -> Result<Columns, SheetFault> {
    let mut cutter = RowCutter::new(delimiter, ROW_BYTES_MAX, line);
    for byte in header.bytes() {
        cutter.push(byte)?;
    }
    let row = cutter.finish()?;
    let cells = row.as_ref().and_then(CsvRow::cells).unwrap_or_default();
    let names: Vec<&str> = cells.into_iter().map(cell_text).collect();
    Columns::of(&names, &rules.mapping, rules.words.clone()).map_err(SheetFault::Header)
}

/// The cells of a row by their columns, without surrounding blanks.
struct Cells<'a> {
    cells: &'a [&'a str],
    columns: &'a Columns,
}

impl<'a> Cells<'a> {
    /// Returns a cell; `None` if it is empty or its column is missing.
    fn get(&self, column: Column) -> Option<&'a str> {
        let cell = self.cells.get(self.columns.place(column)?)?;
        Some(*cell).filter(|text| !text.is_empty())
    }

    /// Returns the words of a cell.
    fn words(&self, column: Column) -> Option<Vec<&'a str>> {
        let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
        Some(self.get(column)?.split(is_between).filter(|word| !word.is_empty()).collect())
    }
}

fn row_read(cells: &Cells<'_>, rules: &ImportRules) -> RowMeaning {
    let mut faults = Faults::new();
    let address = match cells.get(Column::Email) {
        Some(text) => faults.take(SubscriberAddress::parse("email", text)),
        None => faults.take(Err(Fault::missing("email", ADDRESS_EXPECTED))),
    };
    let preferences = match cells.words(Column::Preferences) {
        Some(names) => faults.take(Preferences::parse("preferences", &names)),
        None => Some(Preferences::default()),
    };
    let following = match cells.words(Column::Components) {
        Some(repos) => faults.take(following_of("components", &repos, &rules.components)),
        None => Some(Following::All),
    };
    let environment = cells.get(Column::Environment).map(str::parse::<Environment>);
    if environment == Some(Err(UnknownName)) {
        faults.push(Fault::invalid("environment", names_expected::<Environment>()));
    }
    let said = cells.columns.said(&mut faults, cells.cells, rules.now);
    let confirmation = said.and_then(|said| confirmation_read(cells, rules, &mut faults, &said));
    let new = faults.finish(|| {
        let (address, preferences, following) = (address?, preferences?, following?);
        Some(confirmation?.map(|confirmation| SubscriberNew { address, preferences, following, confirmation }))
    });
    match (new, environment) {
        (Err(faults), _) => RowMeaning::Faulty(faults),
        (Ok(_), Some(Ok(environment))) if environment != rules.environment => {
            let other = format!("is {environment}: this import is for {} subscribers", rules.environment);
            RowMeaning::Unwanted(Fault::invalid("environment", other))
        }
        (Ok(Err(unwanted)), _) => RowMeaning::Unwanted(unwanted),
        (Ok(Ok(new)), _) => RowMeaning::New(new),
    }
}

/// Reads how consent is known, or why the person must not be subscribed. The outer `None` means that a fault was noted.
fn confirmation_read(
    cells: &Cells<'_>,
    rules: &ImportRules,
    faults: &mut Faults,
    said: &Said,
) -> Option<Result<Confirmation, Fault>> {
    let is_vouched = rules.confirm == ConfirmWay::Vouched;
    // The consent time does not matter if a word says that the person must not be mailed.
    let may_agree = said.standing.is_none_or(|standing| standing == Standing::Confirmed);
    let is_asked = may_agree && (is_vouched || said.left_at.is_some());
    let agreed = cells.columns.agreed_at(cells.cells, rules.now).filter(|_| is_asked);
    match said.verdict(agreed.as_ref().and_then(|agreed| agreed.as_ref().ok().copied()), rules.now) {
        // The times of consent and leaving cannot be compared, so leaving wins.
        Verdict::Left(at) => Some(Ok(Confirmation::Left(at))),
        Verdict::Unreachable => {
            Some(Err(Fault::invalid(&said.field, "is suppressed: mail to this address was refused")))
        }
        Verdict::Pending if is_vouched => Some(Err(Fault::invalid(&said.field, "is pending: they never agreed"))),
        Verdict::Pending | Verdict::Agreed if !is_vouched => Some(Ok(Confirmation::Mail { again: false })),
        Verdict::Pending | Verdict::Agreed => {
            let source = match (cells.get(Column::ConsentSource), &rules.consent_source) {
                (Some(text), _) => faults.take(consent_source_check("consent_source", text)),
                (None, Some(source)) => Some(source.clone()),
                (None, None) => {
                    let expected = "must be where they agreed, in a column or as a parameter";
                    faults.take(Err(Fault::missing("consent_source", expected)))
                }
            };
            let time = match (agreed, rules.consent_time) {
                (Some(agreed), _) => faults.take(agreed),
                (None, Some(time)) => Some(time),
                (None, None) => {
                    let expected = "must be when they agreed, in a column or as a parameter";
                    faults.take(Err(Fault::missing("consent_time", expected)))
                }
            };
            Some(Ok(Confirmation::Vouched(Consent { source: source?, time: time? })))
        }
    }
}

#[cfg(test)]
mod tests;
