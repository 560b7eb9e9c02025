//! `releasepage config`: prints the settings in effect and the origin of each.

use super::print;
use crate::{failure::Failure, settings::Settings};

/// Prints the name of the settings file and one line of TOML for each setting. Possible secrets are masked.
pub(super) fn config(settings: &Settings) -> Result<(), Failure> {
    let lines = settings.report();
    let width = lines.iter().map(|line| line.assignment().chars().count()).filter(|&width| width <= WIDTH_MAX).max();
    let width = width.unwrap_or_default();
    let text: String = lines.iter().map(|line| format!("{:<width$}  # {}\n", line.assignment(), line.origin)).collect();
    print(&format!("# {}\n{text}", settings.file_read()))
}

/// The greatest width of the first column. Longer assignments do not move the origins of the others.
const WIDTH_MAX: usize = 60;
