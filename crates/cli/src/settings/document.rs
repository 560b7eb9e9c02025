//! The document of all settings, `docs/settings.toml`: a file that can be copied, with every key at its default.

use std::fmt::Write;

use super::declarations::{SECTIONS, Settings};
use super::setting::{Accepts, Entry, Fallback};

const HEAD: &str = "\
# Every setting of ReleasePage with its default. Copy what you change into a file of your own. The one that --config
# names is read, else the one that the environment variable RELEASEPAGE_CONFIG names, else
# /etc/releasepage/releasepage.toml where it is there. What the environment sets wins over the file: server.listen is
# RELEASEPAGE__SERVER__LISTEN there, data_dir is RELEASEPAGE__DATA_DIR; an empty variable counts as not set.
# Paths are relative to the directory in which the program is started.
#
# This file is generated from the program by script/generate.
";

/// The width of a comment, in columns.
const WIDTH: usize = 100;

/// The text of `docs/settings.toml`.
pub(crate) fn settings_document() -> String {
    let mut text = HEAD.to_owned();
    for section in SECTIONS {
        if !section.name.is_empty() {
            push(&mut text, format_args!("\n[{}]\n", section.name));
        }
        for entry in section.entries {
            entry_push(&mut text, entry);
        }
    }
    text
}

fn entry_push(text: &mut String, entry: &Entry<Settings>) {
    text.push('\n');
    comment(text, entry.about);
    if !matches!(entry.accepts, Accepts::Flag) {
        comment(text, &format!("Accepted: {}.", entry.accepts));
    }
    match entry.default {
        Fallback::Fixed(value) => push(text, format_args!("{} = {value}\n", entry.name())),
        Fallback::Derived(words, _) => {
            comment(text, &format!("Default: {words}."));
            push(text, format_args!("# {} = \"…\"\n", entry.name()));
        }
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}

/// Appends words as comment lines, wrapped.
fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            push(text, format_args!("{line}\n"));
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    push(text, format_args!("{line}\n"));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::SettingsSources;

    /// Compares the committed file with the text. `script/generate` sets the variable that renews the file.
    #[test]
    fn committed_document_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.toml");
        if std::env::var_os("RELEASEPAGE_GENERATE").is_some() {
            std::fs::write(&path, settings_document()).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == settings_document(), "docs/settings.toml is out of date: run script/generate");
    }

    #[test]
    fn document_is_a_settings_file_of_the_defaults() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.toml");
        std::fs::write(&path, settings_document()).unwrap();
        let documented = SettingsSources::new(Vec::new()).with_file(&path).load().unwrap();
        let built_in = SettingsSources::new(Vec::new()).load().unwrap();
        assert_eq!(without_origins(&documented), without_origins(&built_in));
    }

    fn without_origins(settings: &Settings) -> String {
        let mut settings = settings.clone();
        settings.origins = crate::settings::origin::Origins::default();
        format!("{settings:?}")
    }
}
