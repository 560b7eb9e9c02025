//! The ways for email to leave: SMTP, or a directory of files.
//!
//! `mail.url` can also name the captured mailbox. It is a table, and the sender of the message writes to it.

mod answer;
mod carrier;
mod connection;
mod directory;
mod error;
mod line;
mod lines;
mod pool;
mod session;
mod stream;

pub use carrier::Transport;
pub use error::{Accepted, OpenError, Phase, SendError};
pub use line::{Line, Unsent};
pub use lines::Errand;
