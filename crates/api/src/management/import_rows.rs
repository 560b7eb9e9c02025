//! The rows of an import: what a CSV file says of each subscriber.

use std::io::{self, BufRead, BufReader, Chain, Read};

use releasepage_domain::{
    consent::{ConfirmWay, Confirmation, Consent, consent_source_check, consent_time_check},
    csv_cell::cell_text,
    environment::Environment,
    fault::{Fault, Faults},
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    text::{UnknownName, names_expected},
    time::{UtcTime, time_parse},
};
use releasepage_storage::{page_releases::PageComponent, subscriber_additions::SubscriberNew};

use super::{
    import_body::body_fault,
    subscriber_fields::{TIME_EXPECTED, following_of},
};
use crate::body::BodyFault;

/// Most rows of one import.
pub(super) const IMPORT_ROWS_MAX: u64 = 100_000;

/// Longest row, in bytes without line breaks; the header's as well. Where nobody closes a quotation mark, the rest of the
/// file is one row: no more of it than this is in memory.
pub(super) const ROW_BYTES_MAX: usize = 64 * 1024;

/// The columns that an import knows.
const COLUMNS: [&str; 8] =
    ["email", "state", "environment", "preferences", "components", "consent_source", "consent_time", "unsubscribed_at"];

/// What holds for all rows of an import.
#[derive(Clone, Debug)]
pub(super) struct ImportRules {
    /// How everybody's yes comes to be known.
    pub(super) confirm: ConfirmWay,
    /// Which environment the rows are for.
    pub(super) environment: Environment,
    /// Where those agreed whose row does not say.
    pub(super) consent_source: Option<String>,
    /// When those agreed whose row does not say.
    pub(super) consent_time: Option<UtcTime>,
    /// The components of the page.
    pub(super) components: Vec<PageComponent>,
    /// The present.
    pub(super) now: UtcTime,
}

/// Why a file cannot be read on.
#[derive(Debug)]
pub(super) enum SheetFault {
    /// The body ended otherwise than it should.
    Body(BodyFault),
    /// The header does not say what the columns are.
    Header(Fault),
    /// The row that begins in this line has more bytes than one may have.
    RowTooLong(u64),
    /// There are more rows than one import takes.
    RowsTooMany,
}

impl From<io::Error> for SheetFault {
    fn from(error: io::Error) -> Self {
        Self::Body(body_fault(&error))
    }
}

/// What a row says.
#[derive(Debug)]
pub(super) enum RowMeaning {
    /// Somebody to subscribe.
    New(SubscriberNew),
    /// Somebody who is not to be subscribed, and why: the row itself says so.
    Unwanted(Fault),
    /// Nothing that can be understood.
    Faulty(Faults),
}

/// A row of a file.
#[derive(Debug)]
pub(super) struct Row {
    /// The line that it begins in, from 1.
    pub(super) line: u64,
    /// What it says.
    pub(super) meaning: RowMeaning,
}

/// A CSV file, row by row.
pub(super) struct Sheet<R> {
    rows: csv::Reader<RowBound<Chain<BufReader<R>, &'static [u8]>>>,
    rules: ImportRules,
    columns: Vec<Option<usize>>,
    /// The columns that nobody asks for.
    pub(super) ignored: Vec<String>,
    width: usize,
    count: u64,
}

impl<R: Read> Sheet<R> {
    /// Reads the header: names of columns in whatever case and order, separated by commas or semicolons, perhaps after
    /// a byte order mark. Blocks.
    pub(super) fn open(reader: R, rules: ImportRules) -> Result<Self, SheetFault> {
        let mut reader = BufReader::new(reader);
        let mut header = Vec::new();
        let longest = u64::try_from(ROW_BYTES_MAX).unwrap_or(u64::MAX);
        Read::by_ref(&mut reader).take(longest).read_until(b'\n', &mut header)?;
        if header.len() == ROW_BYTES_MAX && !header.ends_with(b"\n") {
            return Err(SheetFault::RowTooLong(1));
        }
        // What other encodings make of text that is mostly ASCII has bytes of zero.
        let header = std::str::from_utf8(&header).ok().filter(|header| !header.contains('\0'));
        let not_text = || SheetFault::Header(Fault::invalid("header", "must be text in UTF-8, and line 1 is not"));
        let header = header.ok_or_else(not_text)?.trim_start_matches('\u{feff}');
        let expected = "must be a column of the first line: email, and perhaps others";
        let delimiter = if header.matches(';').count() > header.matches(',').count() { b';' } else { b',' };
        let mut builder = csv::ReaderBuilder::new();
        // A carriage return before it is one of the blanks around a cell.
        builder.delimiter(delimiter).terminator(csv::Terminator::Any(b'\n')).has_headers(false).flexible(true);
        let mut names = csv::StringRecord::new();
        // The header is text in memory: nothing of it can fail to be read.
        let is_there = builder.from_reader(header.as_bytes()).read_record(&mut names).unwrap_or(false);
        let names: Vec<String> =
            names.iter().filter(|_| is_there).map(|name| cell_text(name).trim().to_ascii_lowercase()).collect();
        let place = |column: &str| names.iter().position(|name| name == column);
        if place("email").is_none() {
            return Err(SheetFault::Header(Fault::missing("email", expected)));
        }
        if let Some(twice) = COLUMNS.iter().find(|column| names.iter().filter(|name| name == *column).count() > 1) {
            return Err(SheetFault::Header(Fault::invalid(*twice, "must be a column only once")));
        }
        Ok(Self {
            columns: COLUMNS.iter().map(|column| place(column)).collect(),
            ignored: names.iter().filter(|name| !COLUMNS.contains(&name.as_str())).cloned().collect(),
            width: names.len(),
            // So that the last row ends like the others.
            rows: builder.from_reader(RowBound { inner: reader.chain(&b"\n"[..]), spent: 0 }),
            rules,
            count: 0,
        })
    }

    /// The next row; `None` after the last one. Blocks.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, SheetFault> {
        let mut record = csv::ByteRecord::new();
        loop {
            self.rows.get_mut().spent = 0;
            // The reader counts from the line after the header.
            let begin = self.rows.position().line().saturating_add(1);
            let is_there = self.rows.read_byte_record(&mut record).map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) if is_row_bound(&error) => SheetFault::RowTooLong(begin),
                csv::ErrorKind::Io(error) => SheetFault::from(error),
                // Everything else can be read byte by byte.
                _ => SheetFault::Body(BodyFault::Broken),
            })?;
            if !is_there {
                return Ok(None);
            }
            let is_blank = record.len() <= 1 && record.as_slice().trim_ascii().is_empty();
            if !is_blank {
                break;
            }
        }
        self.count += 1;
        if self.count > IMPORT_ROWS_MAX {
            return Err(SheetFault::RowsTooMany);
        }
        // The reader stands at the line after the row, and counts from the one after the header.
        let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        let line = self.rows.position().line().saturating_sub(u64::try_from(within).unwrap_or(u64::MAX));
        Ok(Some(Row { line, meaning: self.meaning(record) }))
    }

    fn meaning(&self, record: csv::ByteRecord) -> RowMeaning {
        let faulty = |expected: &str| RowMeaning::Faulty(Fault::invalid("row", expected).into());
        let Ok(record) = csv::StringRecord::from_byte_record(record) else {
            return faulty("must be text in UTF-8, and is not");
        };
        if record.len() != self.width {
            return faulty("must have as many cells as the first line");
        }
        let cells = Cells { record: &record, columns: &self.columns };
        row_read(&cells, &self.rules)
    }
}

/// Ends reading where a row has more bytes than one may have.
struct RowBound<R> {
    inner: R,
    /// What was read since the row began, line breaks apart: blank lines are no part of a row.
    spent: usize,
}

/// Why [`RowBound`] reads no further.
#[derive(Debug, thiserror::Error)]
#[error("a row is too long")]
struct RowBoundReached;

fn is_row_bound(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<RowBoundReached>())
}

impl<R: Read> Read for RowBound<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.spent > ROW_BYTES_MAX {
            return Err(io::Error::other(RowBoundReached));
        }
        let length = self.inner.read(buffer)?;
        self.spent += buffer[..length].iter().filter(|byte| **byte != b'\n').count();
        Ok(length)
    }
}

/// The cells of a row by their columns.
struct Cells<'a> {
    record: &'a csv::StringRecord,
    columns: &'a [Option<usize>],
}

impl<'a> Cells<'a> {
    /// A cell without blanks around it; `None` where it is empty or its column is not there.
    fn get(&self, column: &str) -> Option<&'a str> {
        let index = COLUMNS.iter().position(|name| *name == column)?;
        let cell = self.record.get((*self.columns.get(index)?)?)?;
        Some(cell_text(cell).trim()).filter(|text| !text.is_empty())
    }

    /// The words of a cell.
    fn words(&self, column: &str) -> Option<Vec<&'a str>> {
        let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
        Some(self.get(column)?.split(is_between).filter(|word| !word.is_empty()).collect())
    }

    fn time(&self, faults: &mut Faults, column: &str, now: UtcTime) -> Option<UtcTime> {
        let time = time_parse(self.get(column)?).ok_or_else(|| Fault::invalid(column, TIME_EXPECTED));
        faults.take(time.and_then(|time| consent_time_check(column, time, now)))
    }
}

fn row_read(cells: &Cells<'_>, rules: &ImportRules) -> RowMeaning {
    let mut faults = Faults::new();
    let address = match cells.get("email") {
        Some(text) => faults.take(SubscriberAddress::parse("email", text)),
        None => faults.take(Err(Fault::missing("email", "must be an e-mail address"))),
    };
    let preferences = match cells.words("preferences") {
        Some(names) => faults.take(Preferences::parse("preferences", &names)),
        None => Some(Preferences::default()),
    };
    let following = match cells.words("components") {
        Some(repos) => faults.take(following_of("components", &repos, &rules.components)),
        None => Some(Following::All),
    };
    let environment = cells.get("environment").map(str::parse::<Environment>);
    if environment == Some(Err(UnknownName)) {
        faults.push(Fault::invalid("environment", names_expected::<Environment>()));
    }
    let state = cells.get("state").map(|text| {
        text.parse::<SubscriberState>().map_err(|_| Fault::invalid("state", names_expected::<SubscriberState>()))
    });
    let state = faults.take(state.transpose());
    let confirmation = state.and_then(|state| confirmation_read(cells, rules, &mut faults, state));
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

/// How somebody's yes comes to be known, or why they are not to be subscribed; the outer `None` is a fault.
fn confirmation_read(
    cells: &Cells<'_>,
    rules: &ImportRules,
    faults: &mut Faults,
    state: Option<SubscriberState>,
) -> Option<Result<Confirmation, Fault>> {
    match (state, rules.confirm) {
        (Some(SubscriberState::Suppressed), _) => {
            Some(Err(Fault::invalid("state", "is suppressed: mail to this address was refused")))
        }
        (Some(SubscriberState::Unsubscribed), _) => {
            let left_at = match cells.get("unsubscribed_at") {
                Some(_) => cells.time(faults, "unsubscribed_at", rules.now)?,
                None => rules.now,
            };
            Some(Ok(Confirmation::Left(left_at)))
        }
        (Some(SubscriberState::Pending), ConfirmWay::Vouched) => {
            Some(Err(Fault::invalid("state", "is pending: they never agreed")))
        }
        (_, ConfirmWay::Mail) => Some(Ok(Confirmation::Mail { again: false })),
        (Some(SubscriberState::Confirmed) | None, ConfirmWay::Vouched) => {
            let source = match (cells.get("consent_source"), &rules.consent_source) {
                (Some(text), _) => faults.take(consent_source_check("consent_source", text)),
                (None, Some(source)) => Some(source.clone()),
                (None, None) => {
                    let expected = "must be where they agreed, in a column or as a parameter";
                    faults.take(Err(Fault::missing("consent_source", expected)))
                }
            };
            let time = match (cells.get("consent_time"), rules.consent_time) {
                (Some(_), _) => cells.time(faults, "consent_time", rules.now),
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
