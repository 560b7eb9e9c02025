//! The headers of exports and the meaning of their columns.

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

/// Known headers, in the form of [`header_key`].
const KNOWN: &[(Column, &[&str])] = &[
    (
        Column::Email,
        &["email", "e_mail", "email_address", "e_mail_address", "emailaddress", "subscriber_email", "contact_email"],
    ),
    (Column::Preferences, &["preferences"]),
    (Column::Components, &["components"]),
    (Column::Environment, &["environment"]),
    (Column::ConsentSource, &["consent_source"]),
    (Column::ConsentTime, &["consent_time", "subscribed_at", "subscribed_on", "subscribed_date", "date_subscribed"]),
    (
        Column::State,
        &[
            "state",
            "status",
            "subscriber_state",
            "subscriber_status",
            "subscription_state",
            "subscription_status",
            "email_status",
            "member_status",
            "contact_status",
            "list_status",
            "marketing_status",
            "email_marketing_status",
            "email_subscription_status",
            "email_marketing_consent",
            "subscriber_type",
            "type",
        ],
    ),
    (
        Column::Subscribed,
        &[
            "subscribed",
            "is_subscribed",
            "subscribed_to_emails",
            "subscribed_to_newsletter",
            "email_subscribed",
            "accepts_marketing",
            "accepts_email_marketing",
            "active",
            "is_active",
            "enabled",
            "is_enabled",
            "email_enabled",
            "optin",
            "email_optin",
        ],
    ),
    (Column::Confirmed, &["confirmed", "is_confirmed", "email_confirmed", "optedin"]),
    (
        Column::Unsubscribed,
        &[
            "unsubscribed",
            "is_unsubscribed",
            "unsub",
            "isunsub",
            "is_unsub",
            "optout",
            "email_optout",
            "has_optedout",
            "email_optedout",
            "optedout",
            "blacklisted",
            "is_blacklisted",
            "email_blacklisted",
            "blocklisted",
            "is_blocklisted",
            "email_blocklisted",
            "blocked",
            "is_blocked",
            "disabled",
            "is_disabled",
            "email_disabled",
            "deleted",
            "is_deleted",
            "complained",
            "cancelled",
            "canceled",
            "removed",
            "archived",
            "do_not_email",
            "do_not_mail",
            "donotemail",
            "email_suppressions",
            "email_marketing_suppressions",
            "stop_time",
            "stop_status",
        ],
    ),
    (
        Column::Bounced,
        &["bounced", "is_bounced", "email_bounced", "hard_bounced", "cleaned", "suppressed", "is_suppressed"],
    ),
];

/// Words in headers that mean having left. The lists below are for refused mail, for an agreement, and for any state.
const NO: &[&str] = &[
    "unsub",
    "unsubscribe",
    "unsubscribed",
    "unsubscription",
    "unsubscribes",
    "optout",
    "optedout",
    "blacklist",
    "blacklisted",
    "blocklist",
    "blocklisted",
    "blocked",
    "disabled",
    "deleted",
    "removed",
    "cancelled",
    "canceled",
    "cancellation",
    "complained",
    "complaint",
    "complaints",
    "spam",
    "archived",
    "suppression",
    "suppressions",
    "left",
    "inactive",
    "abgemeldet",
    "ausgetragen",
];
const REFUSED: &[&str] = &[
    "bounce",
    "bounced",
    "clean",
    "cleaned",
    "suppressed",
    "unreachable",
    "undeliverable",
    "undelivered",
    "undeliverability",
];
const YES: &[&str] = &[
    "subscribed",
    "subscribe",
    "optin",
    "optedin",
    "confirm",
    "confirmed",
    "confirmation",
    "consent",
    "consented",
    "consents",
    "active",
    "activated",
    "enabled",
    "unconfirmed",
    "mailable",
    "permission",
    "gdpr",
    "angemeldet",
];
const STATE: &[&str] = &["state", "status", "statut", "estado", "stato"];

/// Words in headers that mean the time of an agreement, together with a word of [`TIME`].
const AGREED: &[&str] = &[
    "subscribed",
    "subscribe",
    "subscription",
    "optin",
    "optedin",
    "confirm",
    "confirmed",
    "confirmation",
    "consent",
    "consented",
];
const TIME: &[&str] = &["at", "time", "date", "on", "timestamp", "datetime"];

/// Last words of headers of details: a place, a reason or a means, but not a state.
const DETAIL: &[&str] = &[
    "ip", "reason", "reasons", "other", "title", "id", "source", "method", "url", "link", "campaign", "country",
    "count", "by", "referrer", "text", "details", "message", "page", "form", "rate",
];

/// Words in headers that are not about email.
const ELSEWHERE: &[&str] = &["sms", "phone", "whatsapp", "push", "mobile", "postal", "paid", "commenting", "comments"];

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
    if let Some((column, _)) = KNOWN.iter().find(|(_, keys)| keys.contains(&key)) {
        return Meaning::Known(*column);
    }
    let words: Vec<&str> = key.split('_').collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(ELSEWHERE) {
        return Meaning::Other;
    }
    let is_detail = words.last().is_some_and(|last| DETAIL.contains(last));
    let is_no = has(NO) || has(REFUSED);
    match (is_detail, has(TIME)) {
        (true, _) if is_no => Meaning::DetailOfNo,
        (true, _) if !has(STATE) => Meaning::Other,
        (false, true) if has(NO) => Meaning::Known(Column::Unsubscribed),
        (false, true) if has(REFUSED) => Meaning::Known(Column::Bounced),
        (false, true) if has(AGREED) => Meaning::Known(Column::ConsentTime),
        (false, true) => Meaning::Other,
        _ if is_no || has(YES) || has(STATE) => Meaning::Unclear,
        _ => Meaning::Other,
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
        let all: Vec<&str> = KNOWN.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
        for (index, key) in all.iter().enumerate() {
            assert_eq!(header_key(key), *key);
            assert!(!all[..index].contains(key), "{key} is listed twice");
        }
    }
}
