//! Forges: the events that their webhooks deliver, the listings that are fetched from them, and the releases that come
//! of both.

pub mod hook_deliveries;
pub mod hooks;
pub(crate) mod missing;
pub mod pages;
pub mod releases;
pub mod settings;
pub mod tokens;
pub mod walks;
