//! The addresses of one mail transaction.

/// The addresses of one mail transaction, as the commands MAIL and RCPT wrote them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Our address.
    pub sender: Option<&'a str>,
    /// The reader's address.
    pub recipient: Option<&'a str>,
}
