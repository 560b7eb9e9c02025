use super::*;

use Column::{Bounced, Confirmed, ConsentTime, Email, State, Subscribed, Unsubscribed};
use Meaning::{DetailOfNo, Other, Unclear};

/// Headers of exports, with the columns that they are.
const COLUMNS: &[(&str, Column)] = &[
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
];

/// Headers of exports that are no columns of ours.
const OTHERS: &[(&str, Meaning)] = &[
    ("UNSUB_REASON", DetailOfNo),
    ("CLEAN_CAMPAIGN_TITLE", DetailOfNo),
    ("consent", Unclear),
    ("GDPR permission", Unclear),
    ("global_unsubscribe", Unclear),
    ("active_subscription_status", Unclear),
    ("newsletter state", Unclear),
    ("Member opted out?", Unclear),
    ("IsOptInPending", Unclear),
    ("Opted out of email: One to One", Unclear),
    ("email_unsub_flag", Unclear),
    ("unsubscribedate", Unclear),
    ("newsletterSubscribed2", Unclear),
    ("leadstatus", Unclear),
    ("Please don't email", Unclear),
    ("On mailing list", Unclear),
    ("Mailing list", Unclear),
    ("Email marketing", Unclear),
    ("Email preferences", Unclear),
    ("notifications", Unclear),
    ("Product updates", Unclear),
    ("Paused", Unclear),
    ("expired_at", Unclear),
    ("subscription_end_date", Unclear),
    ("On hold", Unclear),
    ("Deliverable", Unclear),
    ("aktiv", Unclear),
    ("D\u{e9}sabonn\u{e9}", Unclear),
    ("UnsubscribedBy", DetailOfNo),
    ("Unsubscribed Mode", DetailOfNo),
    ("ExclusionFromCampaignsUpdatedAt", DetailOfNo),
    ("suspended_till", DetailOfNo),
    ("confirmation_sent_at", Other),
    ("confirmation_token", Other),
    ("consent_expires_at", Other),
    ("email_verified_at", Other),
    ("Last active", Other),
    ("LastActivityAt", Other),
    ("Days active (30d)", Other),
    ("Consent to track", Other),
    ("Accepts SMS Marketing", Other),
    ("Marital status", Other),
    ("State/Province", Other),
    ("Partner offers", Other),
    ("EMAIL_TYPE", Other),
    ("MEMBER_RATING", Other),
    ("DeliveredCount", Other),
    ("Email Lists", Other),
    ("OPTIN_IP", Other),
    ("name", Other),
    ("created_at", Other),
    ("LAST_CHANGED", Other),
    ("last_active_at", Other),
    ("SMS consent", Other),
    ("subscription_tier", Other),
    ("Bounces", Other),
    ("commenting_disabled", Other),
    ("complimentary_plan", Other),
    ("", Other),
];

#[test]
fn headers_of_many_programs() {
    for (header, column) in COLUMNS {
        assert_eq!(header_meaning(&header_key(header)), Meaning::Known(*column), "{header}");
    }
    for (header, meaning) in OTHERS {
        assert_eq!(header_meaning(&header_key(header)), *meaning, "{header}");
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
