//! Black-box tests: they start the real program and speak HTTP and SMTP to it. `docs/testing.md` says how to write one.

mod bad_input;
mod badge;
mod caps;
mod commands;
mod crash;
mod delivering;
mod demo;
mod durability;
mod indistinguishable;
mod injection;
mod logging;
mod mails;
mod page_keys;
mod publishing;
mod racing;
mod rate_limits;
mod reading;
mod scheduling;
mod starting;
mod stopping;
mod subscribing;
#[expect(dead_code, reason = "the vocabulary of the tests, of which some words wait for their sentence")]
mod support;
mod tags;
mod warm;
