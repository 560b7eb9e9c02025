//! The headers of exports and the meaning of their columns.

mod words;

use words::{
    AGREED, AROUND_CHANNEL, AROUND_NO, CHANGED, CHANNEL, COUNT, DETAIL, ELSEWHERE, EMAIL, KNOWN, NO, NO_ALONE,
    NO_STEMS, NOT_AGREED, PERHAPS_NO, REFUSED, REFUSED_ALONE, STATE, TIME, TIME_LAST, YES, YES_STEMS,
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

/// Returns a header in the form for look-ups: words in lower case with `_` between them, and `Opt-Out` as `optout`.
pub(super) fn header_key(header: &str) -> String {
    let mut key = String::new();
    let mut before = None;
    for c in header.trim().chars() {
        // `isUnsubscribed` is two words, but `LEID` is one.
        if c.is_uppercase() && before.is_some_and(char::is_lowercase) {
            key.push('_');
        }
        if c.is_alphanumeric() {
            key.extend(c.to_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
        before = Some(c);
    }
    let mut key = key.trim_end_matches('_').to_owned();
    for (words, word) in [
        ("opt_in", "optin"),
        ("opted_in", "optedin"),
        ("opt_out", "optout"),
        ("opted_out", "optedout"),
        ("un_sub", "unsub"),
    ] {
        key = key.replace(words, word);
    }
    key
}

/// Returns the meaning of a header.
pub(super) fn header_meaning(key: &str) -> Meaning {
    if let Some(column) = known(key) {
        return Meaning::Known(column);
    }
    let words = Words(key.split('_').collect());
    if words.has(ELSEWHERE) && !words.has(EMAIL) {
        return Meaning::Other;
    }
    let is_left = words.has(NO) || words.contain(NO_STEMS);
    let is_no = is_left || words.has(REFUSED) || words.has(PERHAPS_NO) || words.forbid();
    let is_time = words.has(TIME) || words.end_in(TIME_LAST);
    let is_state = words.has(STATE) || words.0.iter().any(|word| word.ends_with("status"));
    if words.end_in(DETAIL) || words.has(COUNT) || is_time && words.has(CHANGED) {
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
    fn has(&self, list: &str) -> bool {
        self.0.iter().any(|word| is_in(list, word))
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
        self.0.windows(2).any(|pair| matches!(pair, ["do", "not"] | ["don", "t"])) || self.has("donot dont")
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

    /// True if the header names only what people receive, so that it holds a yes or no.
    fn name_a_channel(&self) -> bool {
        self.has(CHANNEL) && self.0.iter().all(|word| is_in(CHANNEL, word) || is_in(AROUND_CHANNEL, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_many_programs() {
        use Column::{Bounced, Confirmed, ConsentTime, Email, State, Subscribed, Unsubscribed};
        for (header, column) in [
            ("E-Mail Address", Email),
            ("EMAIL", Email),
            ("Status", State),
            ("subscriptionStatus", State),
            ("Email Marketing Consent", State),
            ("subscriber_type", State),
            ("subscribed_to_emails", Subscribed),
            ("Opt-In", Subscribed),
            ("confirmed", Confirmed),
            ("UNSUB_TIME", Unsubscribed),
            ("unsubscribed_at", Unsubscribed),
            ("Date unsubscribed", Unsubscribed),
            ("unsubscription_date", Unsubscribed),
            ("deleted_at", Unsubscribed),
            ("EMAIL_BLACKLISTED", Unsubscribed),
            ("isUnsubscribed", Unsubscribed),
            ("opt out", Unsubscribed),
            ("email_disabled", Unsubscribed),
            ("CLEAN_TIME", Bounced),
            ("bounced_at", Bounced),
            ("undeliverability_date", Bounced),
            ("Stop Status", Unsubscribed),
            ("OPTIN_TIME", ConsentTime),
            ("CONFIRM_TIME", ConsentTime),
            ("Email Marketing Consent Timestamp", ConsentTime),
            ("Confirmation date", ConsentTime),
            ("SubscribedOn", ConsentTime),
            ("last_subscribed_at", ConsentTime),
            ("Do Not Contact", Unsubscribed),
            ("doNotContact", Unsubscribed),
            ("donotemail", Unsubscribed),
            ("DoNotBulkEMail", Unsubscribed),
            ("IsExcludedFromCampaigns", Unsubscribed),
            ("IsSpamComplaining", Unsubscribed),
            ("Marked email as spam", Unsubscribed),
            ("HasOptedOutOfEmail", Unsubscribed),
            ("Unsubscribed from all email", Unsubscribed),
            ("Unsubscribed from Emails", Unsubscribed),
            ("Is this subscriber blacklisted", Unsubscribed),
            ("Blacklist", Unsubscribed),
            ("Opted out of email: Newsletter", Unsubscribed),
            ("Confirmed Opt-Out Date", Unsubscribed),
            ("suspended_at", Unsubscribed),
            ("deactivated_at", Unsubscribed),
            ("consent_withdrawn_at", Unsubscribed),
            ("Is Email Bounced", Bounced),
            ("Has Hard Bounced", Bounced),
            ("Invalid email address", Bounced),
            ("Newsletter", Subscribed),
            ("Subscription", Subscribed),
            ("Accepts Email Marketing", Subscribed),
            ("receive_admin_email", Subscribed),
            ("Is the email of this subscriber confirmed", Confirmed),
            ("email_verified", Confirmed),
            ("Email permission status", State),
            ("Global status", State),
            ("emailStatus", State),
            ("emailstatus", State),
        ] {
            assert_eq!(header_meaning(&header_key(header)), Meaning::Known(column), "{header}");
        }
        for (header, meaning) in [
            ("UNSUB_REASON", Meaning::DetailOfNo),
            ("CLEAN_CAMPAIGN_TITLE", Meaning::DetailOfNo),
            ("consent", Meaning::Unclear),
            ("GDPR permission", Meaning::Unclear),
            ("global_unsubscribe", Meaning::Unclear),
            ("active_subscription_status", Meaning::Unclear),
            ("newsletter state", Meaning::Unclear),
            ("Member opted out?", Meaning::Unclear),
            ("IsOptInPending", Meaning::Unclear),
            ("Opted out of email: One to One", Meaning::Unclear),
            ("email_unsub_flag", Meaning::Unclear),
            ("unsubscribedate", Meaning::Unclear),
            ("newsletterSubscribed2", Meaning::Unclear),
            ("leadstatus", Meaning::Unclear),
            ("Please don't email", Meaning::Unclear),
            ("On mailing list", Meaning::Unclear),
            ("Mailing list", Meaning::Unclear),
            ("Email marketing", Meaning::Unclear),
            ("Email preferences", Meaning::Unclear),
            ("notifications", Meaning::Unclear),
            ("Product updates", Meaning::Unclear),
            ("Paused", Meaning::Unclear),
            ("expired_at", Meaning::Unclear),
            ("subscription_end_date", Meaning::Unclear),
            ("On hold", Meaning::Unclear),
            ("Deliverable", Meaning::Unclear),
            ("aktiv", Meaning::Unclear),
            ("D\u{e9}sabonn\u{e9}", Meaning::Unclear),
            ("UnsubscribedBy", Meaning::DetailOfNo),
            ("Unsubscribed Mode", Meaning::DetailOfNo),
            ("ExclusionFromCampaignsUpdatedAt", Meaning::DetailOfNo),
            ("suspended_till", Meaning::DetailOfNo),
            ("confirmation_sent_at", Meaning::Other),
            ("confirmation_token", Meaning::Other),
            ("consent_expires_at", Meaning::Other),
            ("email_verified_at", Meaning::Other),
            ("Last active", Meaning::Other),
            ("LastActivityAt", Meaning::Other),
            ("Days active (30d)", Meaning::Other),
            ("Consent to track", Meaning::Other),
            ("Accepts SMS Marketing", Meaning::Other),
            ("Marital status", Meaning::Other),
            ("State/Province", Meaning::Other),
            ("Partner offers", Meaning::Other),
            ("EMAIL_TYPE", Meaning::Other),
            ("MEMBER_RATING", Meaning::Other),
            ("DeliveredCount", Meaning::Other),
            ("Email Lists", Meaning::Other),
            ("OPTIN_IP", Meaning::Other),
            ("name", Meaning::Other),
            ("created_at", Meaning::Other),
            ("LAST_CHANGED", Meaning::Other),
            ("last_active_at", Meaning::Other),
            ("SMS consent", Meaning::Other),
            ("subscription_tier", Meaning::Other),
            ("Bounces", Meaning::Other),
            ("commenting_disabled", Meaning::Other),
            ("complimentary_plan", Meaning::Other),
            ("", Meaning::Other),
        ] {
            assert_eq!(header_meaning(&header_key(header)), meaning, "{header}");
        }
    }

    #[test]
    fn every_known_header_is_its_own_key() {
        let all: Vec<&str> = KNOWN.iter().flat_map(|(_, keys)| keys.split_whitespace()).collect();
        let glued: Vec<String> = all.iter().map(|key| key.replace('_', "")).collect();
        for (index, key) in all.iter().enumerate() {
            assert_eq!(header_key(key), *key);
            assert!(!glued[..index].contains(&glued[index]), "{key} is listed twice");
        }
    }
}
