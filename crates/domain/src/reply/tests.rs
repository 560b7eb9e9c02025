use super::*;
use crate::time::time_parse;

use ReplyMeaning::{Address, Later, Message, Sender, Unclear};
use ReplyPhase::Recipient as Rcpt;

/// The addresses of the transaction in these tests.
const ENVELOPE: Envelope<'_> = Envelope { sender: Some("releases@example.com"), recipient: Some("a@example.com") };

fn meaning(phase: ReplyPhase, code: u16, text: &str) -> ReplyMeaning {
    reply_meaning(phase, code, text, &ENVELOPE)
}

/// Replies of providers with the same meaning at RCPT and at the end of the message.
const ALIKE: &[(u16, &str, ReplyMeaning)] = &[
    // About the moment.
    (421, "4.7.0 too many connections from you", Later),
    (450, "4.2.0 Greylisted, see http://greylist.example", Later),
    (451, "4.7.1 greylisted", Later),
    (452, "4.2.2 mailbox full", Later),
    (550, "Greylisting is in action, come back later", Later),
    (550, "5.2.1 mailbox temporarily disabled", Later),
    (550, "5.4.1 Connection refused", Later),
    // About the address.
    (550, "5.1.1 no such user", Address),
    (550, "5.1.1 no such user; check the address and try again later", Address),
    (550, "5.1.1 <a@example.com>: Recipient address rejected: User unknown in relay recipient table", Address),
    (
        550,
        "5.1.1 The email account that you tried to reach does not exist. Please try double-checking the \
      recipient's email address for typos or unnecessary spaces. 5.1.1 https://mail.example/?p=NoSuchUser",
        Address,
    ),
    (550, "5.2.1 The email account that you tried to reach is disabled", Address),
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", Address),
    (554, "5.1.2 mx.example: Recipient address rejected: Domain not found", Address),
    (556, "5.1.10 the domain takes no mail (null MX)", Address),
    (511, "sorry, no mailbox here by that name (#5.1.1 - chkuser)", Address),
    (550, "<a@relay.example.com>: no such user", Address),
    (554, "delivery error: dd This mailbox is disabled (554.30)", Address),
    (550, "User a (a@example.com) not listed in Domino Directory", Address),
    (550, "Invalid Recipient - https://community.example/docs/DOC-1369#550", Address),
    (550, "Unrouteable address", Address),
    (
        550,
        "5.1.1 <a@example.com>: Recipient address rejected: undeliverable address: host mailrelay.y.test[192.0.2.1] \
      said: 550 5.1.1 User unknown",
        Address,
    ),
    (550, "5.1.1 <a@example.com>: no such user; see our catalog in the portal", Address),
    (550, "5.1.1 mx-bl.y.test: user a@example.com unknown", Address),
    (550, "User a@example.com unknown", Address),
    (552, "1 Requested mail action aborted, mailbox not found", Address),
    (550, "5.2.1 The account is disabled", Address),
    (550, "5.1.1 Account closed", Address),
    (550, "<a@example.com>: account disabled", Address),
    (550, "<other@y.test>: Account has been disabled", Address),
    (550, "User is disabled (A@example.com)", Address),
    (
        554,
        "delivery error: dd Sorry your message to a@y.test cannot be delivered. This account has been disabled [#102].",
        Address,
    ),
    // About us.
    (550, "Account disabled", Sender),
    (550, "5.7.13 Account disabled", Sender),
    (550, "5.7.13 <a@example.com>: account disabled", Sender),
    (525, "5.7.13 User account disabled", Sender),
    (525, "no", Sender),
    (554, "5.7.10 Encryption needed", Sender),
    (554, "5.7.12 A password transition is needed", Sender),
    (554, "5.7.14 Trust relationship required", Sender),
    (550, "Account has been disabled for sending", Sender),
    (550, "<a@example.com>: account disabled for sending", Sender),
    (550, "Account suspended, write to support@relay.test", Sender),
    (550, "Account closed. Contact <billing@relay.test>", Sender),
    (550, "User is disabled", Sender),
    (550, "5.0.0 releases@example.com: account disabled", Sender),
    (550, "Verification failed for <releases@example.com>: No Such User Here", Sender),
    (550, "Verification failed for <other@y.test>: No Such User Here", Sender),
    (550, "5.1.0 <releases@example.com>: from user unknown", Sender),
    (550, "5.1.1 <Releases@Example.com>: User unknown", Sender),
    (550, "5.1.1 no such user: releases@example.com.", Sender),
    (550, "5.2.2 releases@example.com is over quota", Sender),
    (550, "192.0.2.1 is in zen.spamhaus.org", Sender),
    (550, "5.7.1 rejected, see https://www.spamhaus.org/query/ip/192.0.2.1", Sender),
    (550, "Account quota exceeded for outgoing mail", Sender),
    (550, "Recipient limit exceeded", Sender),
    (550, "Too many invalid recipients", Sender),
    (554, "too many unknown recipients", Sender),
    (554, "5.7.1 too many nonexistent mailboxes", Sender),
    (550, "High percentage of unknown users", Sender),
    (550, "5.1.1 excessive number of invalid recipients", Sender),
    (550, "5.7.1 Connection refused: excessive unknown recipients; possible dictionary attack", Sender),
    (550, "5.7.1 no such user: directory harvesting detected", Sender),
    (550, "You have exceeded your messaging limits", Sender),
    (550, "5.1.0 Sender denied", Sender),
    (550, "5.1.0 Address rejected: sender rejected", Sender),
    (553, "5.1.7 malformed", Sender),
    (550, "5.1.8 sender's domain not found", Sender),
    (
        550,
        "Verification failed for <us@example.com> Called: 192.0.2.1 Sent: RCPT TO Response: 550 5.1.1 User unknown \
      Sender verify failed",
        Sender,
    ),
    (550, "5.1.1 <a@example.com>: your domain is not known here", Sender),
    (530, "5.7.0 authentication required", Sender),
    (550, "SMTP AUTH is required for message submission", Sender),
    (550, "relay not permitted", Sender),
    (554, "5.7.1 <a@example.com>: Relay access denied", Sender),
    (554, "5.7.1 <client.example>: Client host rejected: Access denied", Sender),
    (554, "5.7.1 <a@example.com>: Recipient address rejected: Access denied", Sender),
    (553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Sender),
    (550, "5.7.1 <mail>: Helo command rejected: need fully-qualified hostname", Sender),
    (550, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example", Sender),
    (554, "5.7.1 listed at a block list", Sender),
    (550, "5.7.1 Mail from 192.0.2.1 rejected: see http://www.spamhaus.org/query", Sender),
    (550, "5.7.26 This mail has been blocked because the sender is unauthenticated", Sender),
    (550, "5.7.25 the address has no PTR record", Sender),
    (550, "5.7.1 Our system has detected an unusual rate of mail originating from your IP address", Sender),
    (550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", Sender),
    (550, "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", Sender),
    (554, "5.7.9 Message not accepted for policy reasons", Sender),
    (554, "5.2.252 SendAsDenied; a not allowed to send as b", Sender),
    (550, "SPF check failed", Sender),
    (550, "DMARC policy of the domain says reject", Sender),
    (
        550,
        "Domain acme.example has exceeded the max emails per hour (110/100 (110%)) allowed. Message discarded.",
        Sender,
    ),
    (550, "5.4.5 Daily sending quota exceeded", Sender),
    (550, "Maximum credits exceeded", Sender),
    (550, "The Sender Signature for this address was not found", Sender),
    (554, "Sending paused for this account", Sender),
    (550, "csi.example Poor Reputation Sender", Sender),
    (554, "IP=192.0.2.1 - A problem occurred (BL)", Sender),
    (503, "5.5.1 AUTH first", Sender),
    // About the message.
    (521, "5.2.1 : AOL will not accept delivery of this message.", Message),
    (550, "5.2.1 : AOL will not accept delivery of this message.", Message),
    (521, "a.test does not accept mail", Message),
    (550, "5.2.1 Mailbox has exceeded its quota", Message),
    (550, "5.2.1 Recipient has exceeded incoming message limit", Message),
    (550, "5.1.1 Recipient rejected - mailbox would exceed maximum allowed storage", Message),
    (550, "Mailbox a@example.com over quota", Message),
    (550, "user quota exceeded", Message),
    (550, "User mailbox exceeds allowed size", Message),
    (550, "5.2.1 <a@example.com>: the recipient's quota is used up", Message),
    (550, "5.1.1 the inbox of a@example.com exceeds its storage", Message),
    (552, "Requested mail action aborted", Message),
    (552, "5.2.2 mailbox full", Message),
    (552, "5.3.4 too large", Message),
    (550, "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery", Message),
    (550, "5.7.1 blocked by policy", Message),
    (550, "5.7.1 spam", Message),
    (554, "5.6.0 malformed message", Message),
    (550, "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", Message),
    (553, "5.6.7 internationalized address not supported", Message),
];

/// Refusals without a clear meaning. At RCPT, they may be about the reader.
const UNCLEAR: &[(u16, &str)] = &[
    (550, ""),
    (550, "5.0.0 rejected"),
    (550, "5.1.0 address rejected"),
    (550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
    (550, "Requested action not taken: mailbox unavailable"),
    (550, "5.5.0 Requested action not taken: mailbox unavailable"),
    (550, "5.5.0 Requested action not taken: mailbox unavailable (S2017062302)."),
    (550, "5.7.1 The mailbox is unavailable"),
    (550, "5.3.0 recipient unavailable"),
    (550, "Rejected"),
    (550, "4.1.1 user unknown"),
    (550, "4.1.1 <a@example.com>: no such user"),
    (550, "sorry, no mailbox here by that name (#4.1.1)"),
    (550, "mail to unknown users"),
    (550, "Empf\u{e4}nger nicht vorhanden"),
    (550, "Adresse d'au moins un destinataire invalide"),
    (554, "transaction failed"),
    (550, "5.0.0 message from releases@example.com to a@example.com refused"),
    (550, "<a@example.com>: account suspended"),
];

#[test]
fn replies_mean_the_same_at_the_recipient_and_at_the_end() {
    for &(code, text, expected) in ALIKE {
        for phase in [Rcpt, ReplyPhase::Message] {
            assert_eq!(meaning(phase, code, text), expected, "{phase:?} {code} {text}");
        }
    }
}

#[test]
fn what_is_unclear_is_never_about_the_reader() {
    for &(code, text) in UNCLEAR {
        assert_eq!(meaning(Rcpt, code, text), Unclear, "{code} {text}");
        assert_eq!(meaning(ReplyPhase::Message, code, text), Message, "{code} {text}");
    }
}

#[test]
fn a_refused_sender_is_the_sender_whatever_is_said() {
    for &(code, text, expected) in ALIKE {
        let expected = if matches!(expected, Address) { Sender } else { expected };
        let meant = meaning(ReplyPhase::Sender, code, text);
        assert!(meant == expected || meant == Sender, "{code} {text}: {meant:?}");
        assert_ne!(meant, Address);
    }
    for &(code, text) in UNCLEAR {
        assert_eq!(meaning(ReplyPhase::Sender, code, text), Sender, "{code} {text}");
    }
}

#[test]
fn addresses_and_links_in_a_reply_say_nothing() {
    for text in ["<relay.spf@blacklist.example>: gone", "5.0.0 see http://example.com/spf/sender-denied"] {
        assert_eq!(meaning(Rcpt, 550, text), Unclear, "{text}");
    }
}

#[test]
fn phrases_are_whole_words() {
    for (text, expected) in [
        ("relay denied", Sender),
        ("relaying denied", Sender),
        ("mailrelay denied", Unclear),
        ("please log in first", Sender),
        ("our blog in first place", Unclear),
        ("throttled", Sender),
        ("skip addresses", Unclear),
        ("bad IP addresses", Sender),
        ("the ehlo-name is wrong", Sender),
        ("user unknown", Address),
        ("superuser unknown", Unclear),
        ("user unknownst", Unclear),
        ("user doesn\u{2019}t exist", Address),
    ] {
        assert_eq!(meaning(Rcpt, 550, text), expected, "{text}");
    }
}

#[test]
fn a_reply_names_an_address_as_a_whole() {
    let envelope = Envelope { sender: Some("a@b.test"), recipient: Some("c@d.test") };
    for (text, expected) in [
        ("refused: a@b.test", Sender),
        ("refused: <a@b.test>.", Sender),
        ("refused: from=<A@B.test>", Sender),
        ("refused: aa@b.test", Unclear),
        ("refused: a@b.test.org", Unclear),
        ("refused: a@b.test-x.org", Unclear),
        ("refused: a@b.test to c@d.test", Unclear),
        ("user unknown: from a@b.test to c@d.test", Address),
    ] {
        assert_eq!(reply_meaning(Rcpt, 550, text, &envelope), expected, "{text}");
    }
    let own = Envelope { sender: Some("a@b.test"), recipient: Some("a@b.test") };
    assert_eq!(reply_meaning(Rcpt, 550, "5.1.1 <a@b.test>: user unknown", &own), Address);
    let unknown = Envelope::default();
    assert_eq!(reply_meaning(Rcpt, 550, "<a@b.test>: account disabled", &unknown), Sender);
}

#[test]
fn statuses_are_found_where_servers_put_them() {
    for (code, text, expected) in [
        (550, "5.1.1 no", Some("5.1.1")),
        (450, "5.1.1 no", None),
        (550, "(#5.1.1) no", Some("5.1.1")),
        (553, "sorry (#5.7.1)", Some("5.7.1")),
        (550, "version 5.1.1 of something", None),
        (550, "", None),
    ] {
        let found = EnhancedStatus::of_reply(code, text).map(|status| status.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }
}

#[test]
fn two_doubts_count_two_days_apart() {
    let time = |text| time_parse(text).expect("a time");
    let first = time("2026-03-01T12:00:00Z");
    for (now, counts) in [
        ("2026-03-01T12:00:00Z", false),
        ("2026-03-03T11:59:59Z", false),
        ("2026-03-03T12:00:00Z", true),
        ("2026-02-01T12:00:00Z", false),
    ] {
        assert_eq!(doubt_is_evidence(first, time(now)), counts, "{now}");
    }
}
