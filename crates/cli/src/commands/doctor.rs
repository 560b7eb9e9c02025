//! `releasepage doctor`: reports what works, what does not, and how to fix it. It changes nothing and sends nothing.

mod database;
mod files;
mod mail;
mod site;

use super::{block_on, print};
use crate::{failure::Failure, settings::Settings};

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// It is as it should be.
    Well {
        /// The subject of the check.
        subject: &'static str,
        /// Its condition.
        what: String,
    },
    /// It works, but may not be intended.
    Note {
        /// The subject of the check.
        subject: &'static str,
        /// The unusual condition.
        what: String,
        /// The remedy, if the condition is not intended.
        cure: String,
    },
    /// It does not work, or will soon fail.
    Fault {
        /// The subject of the check.
        subject: &'static str,
        /// The fault.
        what: String,
        /// The remedy.
        cure: String,
    },
}

impl Finding {
    fn well(subject: &'static str, what: impl Into<String>) -> Self {
        Self::Well { subject, what: what.into() }
    }

    fn note(subject: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Note { subject, what: what.into(), cure: cure.into() }
    }

    fn fault(subject: &'static str, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Fault { subject, what: what.into(), cure: cure.into() }
    }

    /// One line, and the remedy below it.
    fn told(&self) -> String {
        let (mark, subject, what, cure) = match self {
            Self::Well { subject, what } => ("ok", subject, what, None),
            Self::Note { subject, what, cure } => ("note", subject, what, Some(cure)),
            Self::Fault { subject, what, cure } => ("FAULT", subject, what, Some(cure)),
        };
        // Text from elsewhere, such as libpq, may have several lines.
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let cure = cure.map(|cure| format!("{:23}-> {}\n", "", one_line(cure))).unwrap_or_default();
        format!("{mark:<7}{subject:<16}{}\n{cure}", one_line(what))
    }
}

/// Runs all checks, prints the findings, and fails if there is a fault.
pub(super) fn doctor(settings: &Settings) -> Result<(), Failure> {
    let mut findings = vec![Finding::well("settings", "every setting can be used; `releasepage config` shows them")];
    findings.extend(site::look(settings));
    findings.extend(files::look(settings));
    findings.extend(block_on(async { Ok(database::look(settings).await) })?);
    findings.push(mail::look(settings));
    print(&findings.iter().map(Finding::told).collect::<String>())?;
    match findings.iter().filter(|finding| matches!(finding, Finding::Fault { .. })).count() {
        0 => Ok(()),
        1 => Err(Failure::Said("1 fault was found".to_owned())),
        faults => Err(Failure::Said(format!("{faults} faults were found"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_told_with_their_cures() {
        assert_eq!(Finding::well("clock", "right").told(), "ok     clock           right\n");
        assert_eq!(
            Finding::fault("mail", "no\nanswer", "ask").told(),
            "FAULT  mail            no answer\n                       -> ask\n"
        );
    }
}
