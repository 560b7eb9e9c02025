//! The ids of releases, as they stand in paths.

/// Whether a text has the form of a release's id: 7 of `a-z0-9`. What has not names no release, and is not looked up.
pub(crate) fn release_id_is_valid(id: &str) -> bool {
    id.len() == 7 && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert!(release_id_is_valid("xbcehyc") && release_id_is_valid("0a1b2c3"));
        for bad in ["", "xbcehy", "xbcehycc", "Xbcehyc", "xbc-hyc", "xbcehy\0", "xbcehyé"] {
            assert!(!release_id_is_valid(bad), "{bad:?}");
        }
    }
}
