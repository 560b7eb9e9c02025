//! Check of the mail server: everything up to the first message.

use releasepage_mailer::{
    mail_url::MailUrl,
    settings::{MailSettings, MailTimeouts},
    site::Site,
    transport::{Phase, SendError, Transport},
};

use super::Finding;
use crate::settings::Settings;

const SUBJECT: &str = "mail";

/// The longest time for each answer of the mail server, in milliseconds. It is short because the operator waits.
const PATIENCE: u64 = 10_000;

/// Connects, encrypts, says EHLO, logs in and asks whether the sender is allowed, like a worker.
pub(super) fn look(settings: &Settings) -> Finding {
    let url = &settings.mail.url;
    if *url == MailUrl::Mailbox {
        let what = "all mail stays in the captured mailbox, and no reader gets any";
        return Finding::note(SUBJECT, what, "where readers are to be mailed, set mail.url to an SMTP server");
    }
    let timeouts = MailTimeouts {
        connect_milliseconds: settings.mail.timeouts.connect_milliseconds.min(PATIENCE),
        command_milliseconds: settings.mail.timeouts.command_milliseconds.min(PATIENCE),
        ..settings.mail.timeouts
    };
    let mail = MailSettings { timeouts, ..settings.mail.clone() };
    let site = match Site::new(settings.server.public_url(settings.server.listen).as_url()) {
        Ok(site) => site,
        Err(error) => return Finding::fault(SUBJECT, error.to_string(), "set server.public_url"),
    };
    if let Err(error) = settings.sender_check() {
        return Finding::fault(SUBJECT, error.to_string(), "set mail.from");
    }
    let sender = match mail.sender(&site) {
        Ok(sender) => sender,
        Err(error) => return Finding::fault(SUBJECT, error.to_string(), "set mail.from"),
    };
    match Transport::open(&mail, &site) {
        Err(error) => Finding::fault(SUBJECT, error.to_string(), "check mail.url, and who may write there"),
        Ok(None) => Finding::well(SUBJECT, "captured"),
        Ok(Some(transport)) => match transport.probe(&sender) {
            Ok(()) => Finding::well(SUBJECT, format!("{url} is ready for mail; none was sent")),
            Err(error) => Finding::fault(SUBJECT, format!("{url}: {error}"), cure(&error)),
        },
    }
}

fn cure(error: &SendError) -> &'static str {
    match error.phase {
        Phase::Connect => {
            "check host and port in mail.url (smtps:// is TLS from the first byte, smtp:// is not), that the server \
             runs, and that no firewall stands between"
        }
        Phase::Tls => {
            "check that the server offers STARTTLS with a certificate for this host name; `?tls=none` in mail.url goes \
             without, for a server on the same machine"
        }
        Phase::Login => "check user and password in mail.url; what is special in a URL is percent-encoded: @ is %40",
        Phase::File => "check that the directory in mail.url can be written to",
        Phase::Sender => {
            "set mail.from to an address that the mail server takes mail from, or ask whoever runs it to let you send \
             from this one"
        }
        Phase::Recipient | Phase::Data | Phase::Message => "ask whoever runs the mail server",
    }
}
