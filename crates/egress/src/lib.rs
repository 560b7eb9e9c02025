//! Requests to addresses that users typed.
//!
//! This crate owns the one client for them, [`Egress`]. A user may name any host, also one that leads into the
//! operator's own network; so it connects to public addresses only ([`address`]), unless the operator allowed the host
//! ([`AllowedHost`]). The check is part of the look-up that the connection is made from: the address that was checked is
//! the one that is connected to, and a host that changes its answer between two look-ups gains nothing.
//!
//! It follows redirects as if a user had typed them, hands no secret to another host, never goes from https down to
//! http, uses no proxy, whatever the environment says, and ends what takes too long or is too large. What is asked for
//! and what an answer means is the callers' affair.

pub mod address;
mod allowed;
mod client;
mod error;
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
