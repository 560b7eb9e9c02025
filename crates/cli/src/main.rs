//! The `releasepage` binary: settings, commands, wiring. Everything that it does is done by the other crates.

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
            // One sentence on one line, though libpq speaks in several. Nobody is left to be told when standard error
            // is gone.
            let sentence = failure.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(std::io::stderr(), "releasepage: {sentence}");
            ExitCode::FAILURE
        }
    }
}
