//! The commands, one file for each.

mod announcements;
mod backup;
mod config;
mod demo;
mod doctor;
mod groups;
mod health;
mod import;
mod jobs;
mod migrate;
mod owner;
mod publish;
mod restore;
mod serve;
mod suppressions;
mod token;
mod work;

use std::{ffi::OsString, future::Future, io::Write as _, path::Path};

use tokio::runtime::Builder;

use crate::{
    arguments::{Arguments, Command},
    failure::Failure,
    logging::logging_start,
    settings::{DEFAULT_FILE, Settings, SettingsSources, settings_document, settings_file},
};

/// Runs a command to its end.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    // A demo is no server of this machine. It reads only the sources that it is given.
    let default = if matches!(arguments.command, Command::Demo) { "" } else { DEFAULT_FILE };
    let file = settings_file(arguments.config.as_deref(), &variables, Path::new(default));
    let mut sources = SettingsSources::new(variables);
    if let Some(file) = &file {
        sources = sources.with_file(file);
    }
    match arguments.command {
        Command::SettingsDocument => print(&settings_document()),
        Command::Demo => demo::demo(sources),
        Command::Serve { no_worker } => serve::serve(load(sources)?, !no_worker),
        Command::Work => work::work(load(sources)?),
        Command::Migrate => migrate::migrate(&load(sources)?),
        Command::Owner(command) => owner::owner(load(sources)?, command),
        Command::Token(command) => token::token(&load(sources)?, command),
        Command::Publish(arguments) => publish::publish(arguments),
        Command::Import(command) => import::import(&load(sources)?, command),
        Command::Groups(command) => groups::groups(&load(sources)?, command),
        Command::Announcements(command) => announcements::announcements(&load(sources)?, command),
        Command::Suppressions(command) => suppressions::suppressions(&load(sources)?, command),
        Command::Jobs(command) => jobs::jobs(&load(sources)?, command),
        Command::Backup { file } => backup::backup(&load(sources)?, &file),
        Command::Restore { file } => restore::restore(&load(sources)?, &file),
        Command::Doctor => doctor::doctor(&load(sources)?),
        Command::Config => config::config(&load(sources)?),
        Command::Health { worker } => health::health(&load(sources)?, worker),
    }
}

/// Reads the settings and starts the log.
fn load(sources: SettingsSources) -> Result<Settings, Failure> {
    let settings = sources.load()?;
    logging_start(&settings.log);
    Ok(settings)
}

/// Runs a future on a runtime of its own.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::io("threads cannot be started"))?;
    let result = runtime.block_on(future);
    // A blocked thread must not hold the process: a mail server may never answer. The lease of its job ends, and
    // another worker does the job.
    runtime.shutdown_background();
    result
}

/// Writes a message for the operator to standard error, apart from the output. Errors are ignored: if standard error is
/// closed, nobody can read the message.
fn tell(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "releasepage: {sentence}");
}

/// Writes to standard output. A reader that closed the pipe early is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let written = std::io::stdout().write_all(text.as_bytes());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::io("standard output cannot be written")),
    }
}

/// Fails with all the refusals that a command collected, if there are any.
fn refused_say(refused: &[String]) -> Result<(), Failure> {
    if refused.is_empty() { Ok(()) } else { Err(Failure::Said(refused.join("; "))) }
}
