//! `releasepage config`: the settings that count, and where each comes from.

use super::print;
use crate::{failure::Failure, settings::Settings};

/// Prints which file was read, and one line for each setting, as TOML has it; what is or may hold a secret is masked.
pub(super) fn config(settings: &Settings) -> Result<(), Failure> {
    let lines = settings.report();
    let width = lines.iter().map(|line| line.assignment().chars().count()).filter(|&width| width <= WIDTH_MAX).max();
    let width = width.unwrap_or_default();
    let text: String = lines.iter().map(|line| format!("{:<width$}  # {}\n", line.assignment(), line.origin)).collect();
    print(&format!("# {}\n{text}", settings.file_read()))
}

/// Longer assignments do not push the others' origins to the right.
const WIDTH_MAX: usize = 60;
