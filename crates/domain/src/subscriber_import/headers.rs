//! The headers of exports and the meaning of their columns.

mod key;
mod words;

pub(super) use key::header_key;
use key::unglued;
use words::{
    AGREED, AROUND_CHANNEL, AROUND_NO, CHANGED, CHANNEL, CONTACT_STEMS, COUNT, DETAIL, DETAIL_FIRST, ELSEWHERE, EMAIL,
    KNOWN, NO, NO_ALONE, NO_STEMS, NOT, NOT_AGREED, PERHAPS_NO, REFUSED, REFUSED_ALONE, STATE, STATE_STEMS, TIME,
    TIME_FIRST, TIME_LAST, TURNING, YES, YES_ALONE, YES_STEMS,
};

/// The meaning of a column for an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The email address.
    Email,
    /// The bumps that they want to be told of.
    Preferences,
    /// The components to follow.
    Components,
    /// The environment: live or test.
    Environment,
    /// The place where they agreed.
    ConsentSource,
    /// The time at which they agreed.
    ConsentTime,
    /// A word for their state.
    State,
    /// Yes, no or a time. A no means that they left.
    Subscribed,
    /// Yes, no or a time. A no means that they never agreed.
    Confirmed,
    /// Yes, no or a time. A yes or a time means that they left.
    Unsubscribed,
    /// Yes, no or a time. A yes or a time means that their address refuses mail.
    Bounced,
}

crate::text::named! {
    Column {
        Email => "email",
        Preferences => "preferences",
        Components => "components",
        Environment => "environment",
        ConsentSource => "consent_source",
        ConsentTime => "consent_time",
        State => "state",
        Subscribed => "subscribed",
        Confirmed => "confirmed",
        Unsubscribed => "unsubscribed",
        Bounced => "bounced",
    }
}

/// The meaning of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The header is known.
    Known(Column),
    /// The column has details about people who left. Another column must say that they left.
    DetailOfNo,
    /// The header looks like a state, but is unknown.
    Unclear,
    /// The column does not matter for an import.
    Other,
}

/// Returns the meaning of a header.
pub(super) fn header_meaning(key: &str) -> Meaning {
    if let Some(column) = known(key) {
        return Meaning::Known(column);
    }
    let words = Words::of(key);
    if words.has(ELSEWHERE) && !words.has(EMAIL) {
        return Meaning::Other;
    }
    let is_left = words.has(NO) || words.contain(NO_STEMS);
    let is_no = is_left || words.has(REFUSED) || words.has(PERHAPS_NO) || words.forbid();
    let is_time = words.has(TIME) || words.begin_in(TIME_FIRST) || words.end_in(TIME_LAST);
    let is_state = words.name_a_state();
    if words.end_in(DETAIL) || words.begin_in(DETAIL_FIRST) || words.has(COUNT) || is_time && words.has(CHANGED) {
        return match (is_no, is_state && !is_time) {
            (true, _) => Meaning::DetailOfNo,
            (false, true) => Meaning::Unclear,
            (false, false) => Meaning::Other,
        };
    }
    if is_time {
        return match () {
            () if is_left => Meaning::Known(Column::Unsubscribed),
            () if words.has(REFUSED) => Meaning::Known(Column::Bounced),
            () if is_no || words.has(AGREED) && words.has("end ends") => Meaning::Unclear,
            () if words.has(AGREED) && !words.has(NOT_AGREED) => Meaning::Known(Column::ConsentTime),
            () => Meaning::Other,
        };
    }
    if let Some(column) = words.plain() {
        return Meaning::Known(column);
    }
    // `Last active` is about a visit.
    let is_visit = words.has("last") && words.has("active");
    let is_yes = (words.has(YES) || words.contain(YES_STEMS)) && !is_visit;
    let is_unclear = is_no || is_yes || is_state || words.name_a_channel();
    if is_unclear { Meaning::Unclear } else { Meaning::Other }
}

/// Returns the column that an unclear header most likely is. `None` if that cannot be told: the opposite of a state
/// must never be proposed.
pub(super) fn column_proposed(key: &str) -> Option<Column> {
    let words = Words::of(key);
    let is_detail = words.end_in(DETAIL) || words.begin_in(DETAIL_FIRST) || words.has(COUNT);
    if is_detail || words.has(PERHAPS_NO) || words.has(TURNING) {
        return None;
    }
    let is_left = words.has(NO) || words.contain(NO_STEMS);
    let is_refused = words.has(REFUSED);
    let is_forbidden = words.forbid();
    if words.has(NOT) || is_forbidden {
        // `Do not unsubscribe` and `no consent` may mean anything.
        return (is_forbidden && !is_left && !is_refused).then_some(Column::Unsubscribed);
    }
    // One more word can turn a yes into its opposite.
    let is_yes = || words.has(YES_ALONE) && words.are_in(&[YES_ALONE, AROUND_NO, CHANNEL, AROUND_CHANNEL]);
    match () {
        () if is_left => Some(Column::Unsubscribed),
        () if is_refused => Some(Column::Bounced),
        () if words.name_a_state() => Some(Column::State),
        () => is_yes().then_some(Column::Subscribed),
    }
}

fn known(key: &str) -> Option<Column> {
    let glued = |key: &str| key.replace('_', "");
    let key = glued(key);
    KNOWN.iter().find(|(_, keys)| keys.split_whitespace().any(|known| glued(known) == key)).map(|(column, _)| *column)
}

/// True if a word is in a list.
fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

/// The words of a header.
struct Words<'a>(Vec<&'a str>);

impl Words<'_> {
    fn of(key: &str) -> Words<'_> {
        Words(unglued(key).unwrap_or_else(|| key.split('_').collect()))
    }

    fn has(&self, list: &str) -> bool {
        self.0.iter().any(|word| is_in(list, word))
    }

    fn begin_in(&self, list: &str) -> bool {
        self.0.first().is_some_and(|first| is_in(list, first))
    }

    fn end_in(&self, list: &str) -> bool {
        self.0.last().is_some_and(|last| is_in(list, last))
    }

    /// True if one of these texts is in a word.
    fn contain(&self, stems: &str) -> bool {
        self.0.iter().any(|word| stems.split_whitespace().any(|stem| word.contains(stem)))
    }

    /// True for `do not` and the like.
    fn forbid(&self) -> bool {
        let is_contact = |word: &str| CONTACT_STEMS.split_whitespace().any(|stem| word.starts_with(stem));
        self.0.windows(2).any(|pair| match pair {
            ["do", "not"] | ["don", "t"] => true,
            [first, second] => is_in(NOT, first) && is_contact(second),
            _ => false,
        }) || self.has("donot dont")
    }

    /// Returns the column of a plain word, such as `is_unsubscribed_from_emails`.
    fn plain(&self) -> Option<Column> {
        let mut others = self.0.iter().filter(|word| !is_in(AROUND_NO, word));
        match (others.next(), others.next()) {
            (Some(word), None) if is_in(NO_ALONE, word) => Some(Column::Unsubscribed),
            (Some(&"confirmed"), None) => Some(Column::Confirmed),
            (Some(word), None) if is_in(REFUSED_ALONE, word) => Some(Column::Bounced),
            _ => None,
        }
    }

    /// True if each word is in one of these lists.
    fn are_in(&self, lists: &[&str]) -> bool {
        self.0.iter().all(|word| lists.iter().any(|list| is_in(list, word)))
    }

    fn name_a_state(&self) -> bool {
        self.has(STATE) || self.contain(STATE_STEMS) || self.0.iter().any(|word| word.ends_with("status"))
    }

    /// True if the header names only what people receive, so that it holds a yes or no.
    fn name_a_channel(&self) -> bool {
        self.has(CHANNEL) && self.are_in(&[CHANNEL, AROUND_CHANNEL])
    }
}

#[cfg(test)]
mod tests;
