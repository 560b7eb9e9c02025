//! Subscriber files that other tools export, and the meaning of their columns and cells.
//!
//! A person who left must not get email again. So a column that looks like a state is read, or the file is refused with
//! a message that says how to map it. An unknown word or time is a fault of its row.

mod headers;
mod pairs;
mod states;
mod times;

pub use headers::Column;
pub use states::{Standing, StateWords};
pub use times::{TIMES_EXPECTED, time_given};

use headers::{Meaning, column_proposed, header_key, header_meaning};
use pairs::{name_written, pairs_read};
use states::{flag_given, is_nothing, is_null, no_expected, state_expected};

use crate::{
    consent::consent_time_check,
    fault::{Fault, Faults},
    text::names_joined,
    time::UtcTime,
};

/// The longest part of a header in a fault, in characters. A mapping must give the header as a whole.
const HEADER_SHOWN: usize = 200;

/// The mark for a column to ignore.
const LEFT_OUT: &str = "-";

/// The meanings of columns that are given with the import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMapping(Vec<(String, Option<Column>)>);

impl ColumnMapping {
    /// Reads pairs such as `Mail:email,Member:subscribed,"Notes, old":-`.
    ///
    /// # Errors
    ///
    /// A fault of `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Fault> {
        let pair = |(header, column): (String, &str)| {
            let column = match column {
                LEFT_OUT => None,
                "unsubscribed_at" => Some(Column::Unsubscribed),
                name => Some(name.parse().ok()?),
            };
            Some((header_key(&header), column)).filter(|(header, _)| !header.is_empty())
        };
        let pairs: Option<Vec<_>> = pairs_read(text).and_then(|pairs| pairs.into_iter().map(pair).collect());
        pairs.map(Self).ok_or_else(|| {
            let columns = names_joined::<Column>("or");
            let expected = format!(
                "must be headers with meanings, such as Member:subscribed,\"Notes, old\":{LEFT_OUT}, where a header \
                 with a comma or a colon is in quotation marks; a meaning is {columns}, or {LEFT_OUT} to leave the \
                 column out"
            );
            Fault::invalid(field, expected)
        })
    }
}

/// The columns of a file.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The headers, in lower case.
    names: Vec<String>,
    /// The meaning of each of them.
    told: Vec<Option<Column>>,
    /// The columns with the time of an agreement.
    agreed: Vec<usize>,
    words: StateWords,
    /// True if only people with a time of agreement agreed. One tool exports those who agreed and those who never did
    /// in the same format.
    needs_time: bool,
}

/// The state of a person in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The standing, from a word.
    pub standing: Option<Standing>,
    /// The column with that word.
    pub field: String,
    /// The time when they left, if the row has it.
    pub left_at: Option<UtcTime>,
}

/// The decision on the state in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They left at this time.
    Left(UtcTime),
    /// Their address refuses mail.
    Unreachable,
    /// They did not agree.
    Pending,
    /// They agreed, or the row has no state.
    Agreed,
}

impl Said {
    /// Decides if a person agreed or left. A word for having left decides, and otherwise the later of the two times.
    /// `agreed_at` is the time of agreement in the row. A person who left at an unknown time counts as having left now.
    pub fn verdict(&self, agreed_at: Option<UtcTime>, now: UtcTime) -> Verdict {
        let has_come_back = |left_at| agreed_at.is_some_and(|agreed_at| agreed_at > left_at);
        match (self.standing, self.left_at) {
            (Some(Standing::Left), left_at) => Verdict::Left(left_at.unwrap_or(now)),
            (_, Some(left_at)) if !has_come_back(left_at) => Verdict::Left(left_at),
            (Some(Standing::Unreachable), _) => Verdict::Unreachable,
            (Some(Standing::Pending), _) => Verdict::Pending,
            (Some(Standing::Confirmed) | None, _) => Verdict::Agreed,
        }
    }

    fn add(&mut self, standing: Standing, field: &str) {
        if self.standing < Some(standing) {
            self.standing = Some(standing);
            field.clone_into(&mut self.field);
        }
    }
}

/// The header of the time of consent, as our own exports write it.
const CONSENT_TIME: &str = "consent_time";

impl Columns {
    /// Reads the first line of a file.
    ///
    /// # Errors
    ///
    /// A fault that names the column: it is missing, it occurs twice, or it looks like a state but is unknown.
    pub fn of(headers: &[&str], mapping: &ColumnMapping, words: StateWords) -> Result<Self, Fault> {
        let names: Vec<String> = headers.iter().map(|header| header.trim().to_lowercase()).collect();
        let keys: Vec<String> = headers.iter().map(|header| header_key(header)).collect();
        let is_address =
            |word: &str| word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if names.iter().any(|name| name.split_whitespace().any(is_address)) {
            return Err(Fault::invalid("header", "must name the columns, but line 1 has an address in it"));
        }
        if let Some((unknown, _)) = mapping.0.iter().find(|(header, _)| !keys.contains(header)) {
            let expected = format!("must name headers of the first line; {} is not one of them", shown(unknown));
            return Err(Fault::invalid("columns", expected));
        }
        let meanings: Vec<Meaning> = keys.iter().map(|key| meaning_of(key, &keys, mapping)).collect();
        let told: Vec<Option<Column>> = meanings
            .iter()
            .map(|meaning| match meaning {
                Meaning::Known(column) => Some(*column),
                _ => None,
            })
            .collect();
        columns_check(&names, &keys, &told)?;
        let says_no = told.iter().any(|column| {
            matches!(column, Some(Column::State | Column::Subscribed | Column::Unsubscribed | Column::Bounced))
        });
        let is_unclear =
            |meaning: &Meaning| *meaning == Meaning::Unclear || (*meaning == Meaning::DetailOfNo && !says_no);
        if let Some(index) = meanings.iter().position(is_unclear) {
            return Err(unclear(headers[index]));
        }
        let agreed: Vec<usize> = (0..told.len()).filter(|index| told[*index] == Some(Column::ConsentTime)).collect();
        let has = |key: &str| keys.iter().any(|known| known == key);
        let needs_time = has("optin_time") && has("confirm_time") && (has("leid") || has("euid"));
        Ok(Self { names, told, agreed, words, needs_time })
    }

    /// Returns the number of cells in a row.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// Returns the headers of the ignored columns, in lower case.
    pub fn ignored(&self) -> Vec<String> {
        self.names.iter().zip(&self.told).filter(|(_, told)| told.is_none()).map(|(name, _)| name.clone()).collect()
    }

    /// Returns the index of a column.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.told.iter().position(|told| *told == Some(column))
    }

    /// Returns the time of agreement in a row: the one in the column `consent_time`, or the latest in any other column.
    /// `None` if the row has none. There are as many `cells` as columns.
    pub fn agreed_at(&self, cells: &[&str], now: UtcTime) -> Option<Result<UtcTime, Fault>> {
        // Beside a time of consent, the others may be times of the row: an export of ours has `confirmed_at` too.
        let said = self.agreed.iter().copied().find(|index| self.names[*index] == CONSENT_TIME);
        if let Some((index, cell)) = said.and_then(|index| Some((index, cells.get(index)?)))
            && is_yes(cell)
        {
            return Some(self.time_of(&self.names[index], cell, now));
        }
        let since = (0..cells.len())
            .filter(|index| matches!(self.told.get(*index), Some(Some(Column::Subscribed | Column::Confirmed))))
            .filter(|index| time_given(cells[*index]).is_some());
        let mut latest = None;
        for index in self.agreed.iter().copied().chain(since) {
            let Some(cell) = cells.get(index).filter(|cell| is_yes(cell)) else { continue };
            match self.time_of(&self.names[index], cell, now) {
                Ok(time) => latest = latest.max(Some(time)),
                Err(fault) => return Some(Err(fault)),
            }
        }
        latest.map(Ok)
    }

    /// Reads the state of a person in a row. `None` if a cell cannot be understood, unless another one says that they
    /// left: that counts. There are as many `cells` as columns, without blanks around them.
    pub fn said(&self, faults: &mut Faults, cells: &[&str], now: UtcTime) -> Option<Said> {
        let mut said = Said::default();
        let mut unclear = Vec::new();
        for (index, cell) in cells.iter().enumerate() {
            let Some(Some(column)) = self.told.get(index) else { continue };
            if let Err(fault) = self.cell_read(&mut said, (index, *column), cell, now) {
                unclear.push(fault);
            }
        }
        if !unclear.is_empty() {
            if said.standing != Some(Standing::Left) && said.left_at.is_none() {
                unclear.into_iter().for_each(|fault| faults.push(fault));
                return None;
            }
            // The unclear cell may be a no as well, so that a later time of agreement does not count.
            said.standing = Some(Standing::Left);
        }
        let has_time = self.agreed.iter().any(|index| cells.get(*index).is_some_and(|cell| !is_nothing(cell)));
        if let Some(&first) = self.agreed.first().filter(|_| self.needs_time && !has_time) {
            said.add(Standing::Pending, &self.names[first]);
        }
        Some(said)
    }

    fn cell_read(
        &self,
        said: &mut Said,
        (index, column): (usize, Column),
        cell: &str,
        now: UtcTime,
    ) -> Result<(), Fault> {
        let name = &self.names[index];
        let (yes, no) = match column {
            Column::State => (None, None),
            Column::Subscribed => (Some(Standing::Confirmed), Some(Standing::Left)),
            Column::Confirmed => (Some(Standing::Confirmed), Some(Standing::Pending)),
            Column::Unsubscribed => (Some(Standing::Left), None),
            Column::Bounced => (Some(Standing::Unreachable), None),
            _ => return Ok(()),
        };
        let says_no = matches!(column, Column::Unsubscribed | Column::Bounced);
        let is_empty = match column {
            Column::State => cell.is_empty(),
            Column::Unsubscribed | Column::Bounced => is_nothing(cell),
            _ => is_null(cell),
        };
        if is_empty && self.words.said(cell).is_none() {
            // A file of ours may leave a state empty. In a file of another tool, an empty state does not mean an
            // agreement.
            let may_be_empty = says_no || name == "state" || (column != Column::State && self.has_state());
            return if may_be_empty { Ok(()) } else { Err(Fault::missing(name, state_expected())) };
        }
        if column != Column::State && self.words.said(cell).is_none() {
            if let Some(flag) = flag_given(cell) {
                if let Some(standing) = if flag { yes } else { no } {
                    said.add(standing, name);
                }
                return Ok(());
            }
            if time_given(cell).is_some() {
                let time = self.time_of(name, cell, now)?;
                match column {
                    Column::Unsubscribed => said.left_at = said.left_at.max(Some(time)),
                    _ => yes.into_iter().for_each(|standing| said.add(standing, name)),
                }
                return Ok(());
            }
        }
        match self.words.standing(cell) {
            Some(standing) => said.add(standing, name),
            // The cell lists reasons not to send email, such as ["USER_SUPPRESSED"].
            None if says_no && cell.starts_with('[') => said.add(Standing::Left, name),
            None if says_no => return Err(Fault::invalid(name, no_expected())),
            None => return Err(Fault::invalid(name, state_expected())),
        }
        Ok(())
    }

    fn has_state(&self) -> bool {
        self.told.contains(&Some(Column::State))
    }

    fn time_of(&self, name: &str, cell: &str, now: UtcTime) -> Result<UtcTime, Fault> {
        let time = time_given(cell).ok_or_else(|| Fault::invalid(name, TIMES_EXPECTED))?;
        consent_time_check(name, time, now)
    }
}

/// True if a cell in a column for a time of agreement has anything but a no.
fn is_yes(cell: &str) -> bool {
    !is_nothing(cell) && flag_given(cell) != Some(false)
}

/// Returns the meaning of a column, with regard to the other columns.
fn meaning_of(key: &str, keys: &[String], mapping: &ColumnMapping) -> Meaning {
    let has = |wanted: &str| keys.iter().any(|key| key == wanted);
    if let Some((_, column)) = mapping.0.iter().find(|(header, _)| header == key) {
        return column.map_or(Meaning::Other, Meaning::Known);
    }
    let is_mapped = mapping.0.iter().any(|(_, column)| *column == Some(Column::Email));
    match header_meaning(key) {
        Meaning::Known(Column::Email) if is_mapped => Meaning::Other,
        // In an export of Substack, this column says who pays. `email_disabled` says who gets no email.
        Meaning::Unclear if key == "active_subscription" && has("email_disabled") => Meaning::Other,
        // So does this one.
        Meaning::Unclear if key == "cancel_date" && has("stripe_plan") => Meaning::Other,
        // In an export of PrestaShop, this column is about the offers of partners.
        Meaning::Known(Column::Subscribed) if key == "optin" && has("newsletter") => Meaning::Other,
        // MailerLite uses this name for the address.
        Meaning::Unclear if key == "subscriber" && !is_mapped && !keys.iter().any(|key| key.contains("mail")) => {
            Meaning::Known(Column::Email)
        }
        meaning => meaning,
    }
}

/// Checks that there is a column of addresses, and that no column occurs twice.
fn columns_check(names: &[String], keys: &[String], told: &[Option<Column>]) -> Result<(), Fault> {
    let places = |column: Column| told.iter().filter(move |told| **told == Some(column)).count();
    if places(Column::Email) == 0 {
        return Err(Fault::missing("email", "must be one of the columns that the first line names"));
    }
    let single = [Column::Email, Column::Preferences, Column::Components, Column::Environment, Column::ConsentSource];
    if let Some(twice) = single.into_iter().find(|column| places(*column) > 1) {
        let expected = "must be a column only once; the parameter columns says which one it is";
        return Err(Fault::invalid(twice.as_str(), expected));
    }
    for (index, key) in keys.iter().enumerate() {
        if told[index].is_some() && keys[..index].contains(key) {
            return Err(Fault::invalid(&names[index], "must be a column only once"));
        }
    }
    Ok(())
}

/// Returns the fault that says how to map a column that looks like a state.
fn unclear(header: &str) -> Fault {
    let header = shown(header.trim());
    let name = name_written(&header);
    let given = match column_proposed(&header_key(&header)) {
        Some(column) => format!("such as columns={name}:{}", column.as_str()),
        None => format!("as columns={name}: and one of these"),
    };
    let expected = format!(
        "looks like a state, but is not known, and people who left must not get email: give its meaning with the \
         parameter columns, {given} (subscribed if a yes means that they want email, unsubscribed if a yes means that \
         they left, bounced if a yes means that email is refused, confirmed if a no means that they never agreed, \
         state if it has words), or leave it out with columns={name}:{LEFT_OUT}"
    );
    Fault::invalid(header, expected)
}

/// Returns a header in the form for a fault.
fn shown(header: &str) -> String {
    header.chars().map(|c| if c.is_control() { ' ' } else { c }).take(HEADER_SHOWN).collect()
}

#[cfg(test)]
mod tests;
