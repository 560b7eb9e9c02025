//! Rows of CSV files (RFC 4180 and common variants), read byte by byte.
//!
//! Lines end in LF, CR LF or CR. Quotation marks are not guessed. A quotation mark that is never closed, or is closed
//! some lines later in the middle of a text, has put rows into one cell. That is a fault of the file.

/// A fault that ends the reading of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// The row that begins in this line has a quotation mark that is never closed.
    QuoteOpen(u64),
    /// The row that begins in this line has too many bytes.
    TooLong(u64),
}

/// A row: its cells, without the quotation marks around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvRow {
    /// The line in which it begins, counted from 1.
    pub line: u64,
    /// True if text follows the closing quotation mark of a cell.
    pub is_malformed: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvRow {
    /// Returns the cells. `None` if they are not UTF-8.
    pub fn cells(&self) -> Option<Vec<&str>> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        let cells = begins.zip(&self.ends).map(|(begin, end)| std::str::from_utf8(self.text.get(begin..*end)?).ok());
        cells.collect()
    }
}

/// The place of the next byte in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    CellBegin,
    Bare,
    Quoted,
    /// After a quotation mark in a quoted cell. It ends the cell, or is the first of two.
    QuoteMet,
    /// After the blanks that follow a quoted cell.
    Behind,
}

/// Cuts bytes into rows.
#[derive(Debug)]
pub struct RowCutter {
    delimiter: u8,
    longest: usize,
    place: Place,
    line: u64,
    is_after_return: bool,
    spent: usize,
    row: CsvRow,
}

impl RowCutter {
    /// Starts at a line of a file. A row has at most `longest` bytes, without its line breaks.
    pub fn new(delimiter: u8, longest: usize, line: u64) -> Self {
        let row = CsvRow { line, is_malformed: false, text: Vec::new(), ends: Vec::new() };
        Self { delimiter, longest, place: Place::CellBegin, line, is_after_return: false, spent: 0, row }
    }

    /// Takes the next byte and returns the row that ends with it, if one does. Blank lines are skipped.
    ///
    /// # Errors
    ///
    /// [`RowFault`] if the row is too long, or its quotation marks do not match.
    pub fn push(&mut self, byte: u8) -> Result<Option<CsvRow>, RowFault> {
        let is_after_return = std::mem::replace(&mut self.is_after_return, byte == b'\r');
        if matches!(byte, b'\n' | b'\r') {
            let is_same_break = byte == b'\n' && is_after_return;
            self.line += u64::from(!is_same_break);
            if self.place == Place::Quoted {
                self.row.text.push(byte);
                return Ok(None);
            }
            return if is_same_break { Ok(None) } else { self.row_end() };
        }
        self.spent += 1;
        if self.spent > self.longest {
            return Err(RowFault::TooLong(self.row.line));
        }
        self.place = match (self.place, byte) {
            (Place::CellBegin, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::QuoteMet,
            (Place::QuoteMet, b'"') => self.taken(byte, Place::Quoted),
            (Place::Quoted, _) => self.taken(byte, Place::Quoted),
            (_, delimiter) if delimiter == self.delimiter => {
                self.row.ends.push(self.row.text.len());
                Place::CellBegin
            }
            (Place::QuoteMet | Place::Behind, b' ' | b'\t') => Place::Behind,
            (Place::QuoteMet | Place::Behind, _) => {
                self.row.is_malformed = true;
                self.taken(byte, Place::Bare)
            }
            (Place::CellBegin | Place::Bare, _) => self.taken(byte, Place::Bare),
        };
        Ok(None)
    }

    /// Ends the file and returns its last row, if no line break ended it.
    ///
    /// # Errors
    ///
    /// [`RowFault`] if a quotation mark is still open.
    pub fn finish(&mut self) -> Result<Option<CsvRow>, RowFault> {
        if self.place == Place::Quoted {
            return Err(RowFault::QuoteOpen(self.row.line));
        }
        self.line += 1;
        self.row_end()
    }

    fn taken(&mut self, byte: u8, place: Place) -> Place {
        self.row.text.push(byte);
        place
    }

    fn row_end(&mut self) -> Result<Option<CsvRow>, RowFault> {
        self.row.ends.push(self.row.text.len());
        let next = CsvRow { line: self.line, is_malformed: false, text: Vec::new(), ends: Vec::new() };
        let row = std::mem::replace(&mut self.row, next);
        self.place = Place::CellBegin;
        self.spent = 0;
        if row.is_malformed && self.line > row.line + 1 {
            return Err(RowFault::QuoteOpen(row.line));
        }
        let is_blank = row.ends.len() == 1 && row.text.trim_ascii().is_empty();
        Ok(Some(row).filter(|_| !is_blank))
    }
}

/// Returns the delimiter of a file, from its first line: comma, semicolon, tab or bar. It is the one that occurs most
/// often outside quotation marks.
pub fn delimiter_of(header: &str) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in header.bytes() {
        is_quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte && !is_quoted) {
            *count += 1;
        }
    }
    // If two are equally frequent, the first one is taken.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// Returns the delimiter in a line such as `sep=;`, which spreadsheets write and read before the header.
pub fn delimiter_named(line: &str) -> Option<u8> {
    let line = line.trim_matches(['"', '\r', '\n', ' ']);
    let (name, named) = line.split_at_checked(4)?;
    match (name.eq_ignore_ascii_case("sep="), named.as_bytes()) {
        (true, [delimiter @ (b',' | b';' | b'\t' | b'|')]) => Some(*delimiter),
        _ => None,
    }
}

/// True if the lines of a cell look like rows of the file. Then a quotation mark was left open, and a later one closed
/// it. `width` is the number of cells in a row. `is_row` is true for cells that can be a row.
pub fn rows_within(cell: &str, delimiter: u8, width: usize, is_row: impl Fn(&[&str]) -> bool) -> bool {
    cell.split(['\n', '\r']).skip(1).any(|line| {
        let cells: Vec<&str> = line.split(char::from(delimiter)).collect();
        cells.len() == width && is_row(&cells)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str, delimiter: u8) -> Result<Vec<(u64, Vec<String>)>, RowFault> {
        let mut cutter = RowCutter::new(delimiter, 100, 1);
        let mut rows = Vec::new();
        for byte in text.bytes() {
            rows.extend(cutter.push(byte)?);
        }
        rows.extend(cutter.finish()?);
        let texts = |row: &CsvRow| row.cells().expect("text").into_iter().map(str::to_owned).collect();
        Ok(rows.iter().map(|row| (row.line, texts(row))).collect())
    }

    #[test]
    fn rows() {
        for (text, expected) in [
            ("", vec![]),
            ("a,b\nc,d", vec![(1, vec!["a", "b"]), (2, vec!["c", "d"])]),
            ("a,b\r\nc,d\r\n", vec![(1, vec!["a", "b"]), (2, vec!["c", "d"])]),
            ("a,b\rc,d\r", vec![(1, vec!["a", "b"]), (2, vec!["c", "d"])]),
            ("a\n\n\r\n\r\rb", vec![(1, vec!["a"]), (6, vec!["b"])]),
            ("\"a,\"\"x\"\"\",b", vec![(1, vec!["a,\"x\"", "b"])]),
            ("\"a\nb\r\nc\rd\",e\nf", vec![(1, vec!["a\nb\r\nc\rd", "e"]), (5, vec!["f"])]),
            ("\"a\" ,b", vec![(1, vec!["a", "b"])]),
            ("5\" disk,b", vec![(1, vec!["5\" disk", "b"])]),
            ("\"\"\n,", vec![(2, vec!["", ""])]),
        ] {
            let expected: Vec<(u64, Vec<String>)> = expected
                .into_iter()
                .map(|(line, cells)| (line, cells.into_iter().map(str::to_owned).collect()))
                .collect();
            assert_eq!(cut(text, b','), Ok(expected), "{text:?}");
        }
        assert_eq!(cut("a\tb;c", b'\t'), Ok(vec![(1, vec!["a".into(), "b;c".into()])]));
    }

    #[test]
    fn quotation_marks_that_take_rows_along() {
        for (text, line) in [("a,\"Bob \"\"x\nb,c\nd,e\n", 1), ("a,b\n\"c\n", 2), ("a,\"b\nc,\"d\"\n", 1), ("\"", 1)] {
            assert_eq!(cut(text, b','), Err(RowFault::QuoteOpen(line)), "{text:?}");
        }
        assert_eq!(cut(&format!("a\n\"{}", "x".repeat(200)), b','), Err(RowFault::TooLong(2)));
        let is_row = |cells: &[&str]| cells[0].contains('@');
        assert!(rows_within("Bob\nr@x.test,N", b',', 2, is_row));
        assert!(!rows_within("r@x.test,N\nsays r@x.test\na,b", b',', 2, is_row));
    }

    #[test]
    fn delimiters() {
        for (header, delimiter) in [
            ("email", b','),
            ("email,name", b','),
            ("email;name", b';'),
            ("email\tname", b'\t'),
            ("email|name", b'|'),
            ("\"a;b;c\",email", b','),
        ] {
            assert_eq!(delimiter_of(header), delimiter, "{header}");
        }
        for (line, delimiter) in [
            ("sep=;\r", Some(b';')),
            ("\"SEP=,\"", Some(b',')),
            ("sep=\t", Some(b'\t')),
            ("sep=", None),
            ("separator", None),
            ("é=;x", None),
        ] {
            assert_eq!(delimiter_named(line), delimiter, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back(
            rows in proptest::collection::vec(proptest::collection::vec("[a-z\",;\r\n ]{0,6}", 2..4), 1..5),
            line_end in "\n|\r\n|\r",
        ) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let lines: Vec<String> =
                rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
            let cells: Vec<Vec<String>> =
                cut(&lines.join(&line_end), b',').expect("rows").into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(cells, rows);
        }
    }
}
