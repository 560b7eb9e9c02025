//! The choice of the settings file.

use std::{
    ffi::OsString,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The default path, which the systemd units use.
pub(crate) const DEFAULT_FILE: &str = "/etc/releasepage/releasepage.toml";

/// The environment variable that names another settings file.
const VARIABLE: &str = "RELEASEPAGE_CONFIG";

/// Returns the path of the settings file. `--config` comes first, then `RELEASEPAGE_CONFIG`, then the default path if a
/// file exists there. A file that is named must exist.
pub(crate) fn settings_file(
    named: Option<&Path>,
    variables: &[(OsString, OsString)],
    default: &Path,
) -> Option<PathBuf> {
    let variable = variables.iter().find(|(name, value)| name == VARIABLE && !value.is_empty());
    let named = named.map(Path::to_owned).or_else(|| variable.map(|(_, value)| PathBuf::from(value)));
    named.or_else(|| is_there(default).then(|| default.to_owned()))
}

/// True if the file exists. A file without permission counts as existing: reading it reports the error.
fn is_there(path: &Path) -> bool {
    path.metadata().map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_name_counts() {
        let directory = tempfile::tempdir().unwrap();
        let default = directory.path().join("releasepage.toml");
        let (named, variable) = (Path::new("/named.toml"), Path::new("/variable.toml"));
        let set = [(OsString::from(VARIABLE), OsString::from(variable))];
        let empty = [(OsString::from(VARIABLE), OsString::new())];
        assert_eq!(settings_file(None, &[], &default), None);
        assert_eq!(settings_file(None, &empty, &default), None);
        assert_eq!(settings_file(None, &set, &default).as_deref(), Some(variable));
        std::fs::write(&default, "").unwrap();
        for (file, variables, expected) in [
            (None, &[][..], default.as_path()),
            (None, &empty[..], &default),
            (None, &set[..], variable),
            (Some(named), &set[..], named),
            (Some(named), &[][..], named),
        ] {
            assert_eq!(settings_file(file, variables, &default).as_deref(), Some(expected));
        }
    }
}
