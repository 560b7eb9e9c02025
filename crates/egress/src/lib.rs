//! Requests to addresses that users typed.
//!
//! This crate owns the one client for them, [`Egress`]. A user may name any host, even one in the operator's own
//! network. So the client connects only to public addresses ([`address`]) and to hosts that the operator allowed
//! ([`AllowedHost`]). The check is part of the look-up for the connection. So the client connects to the same address
//! that it checked. A host cannot pass the check with one answer and be reached with another.
//!
//! The client also keeps these rules:
//! - A redirect is checked like an address that a user typed.
//! - A secret never goes to another host.
//! - A redirect never leads from https to http.
//! - No proxy is used, even if the environment names one.
//! - An answer that is too slow or too large is given up.
//!
//! The callers decide about requests and the meaning of answers.

pub mod address;
mod allowed;
mod client;
mod error;
mod host;
mod redirect;
mod request;
mod resolver;
mod settings;

pub use allowed::{AllowedHost, AllowedHostInvalid};
pub use client::Egress;
pub use error::EgressError;
pub use hyper::header;
pub use request::{Request, Response};
pub use resolver::{Lookup, Resolve, SystemResolver};
pub use settings::{BODY_BYTES_MAX, CONNECT_TIMEOUT, EgressSettings, REDIRECTS_MAX};
