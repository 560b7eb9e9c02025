//! The `releasepage` binary: settings, commands, wiring. The other crates do the work.

mod arguments;
mod commands;
mod failure;
mod logging;
mod secret;
mod settings;
mod shutdown;
mod wiring;

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    match commands::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // libpq writes several lines, but a failure is one sentence on one line. If standard error is closed,
            // nobody can read the message.
            let sentence = failure.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(std::io::stderr(), "releasepage: {sentence}");
            ExitCode::FAILURE
        }
    }
}
