//! The mail worker: it answers subscription requests, spreads announcements, and sends deliveries.

mod announcement;
mod batch;
mod delivery;
mod mail_worker;
mod outage;
mod post;
mod refusal;
mod request;
mod welcome;

pub use self::mail_worker::{MailWorker, WorkerError};
