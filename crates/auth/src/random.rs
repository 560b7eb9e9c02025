//! Random texts from the operating system's generator.
//!
//! Every character is drawn with equal probability. Some bytes would make the first characters of an alphabet more
//! likely. Those bytes are thrown away.

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8] = b"0123456789abcdef";

/// The number of base62 characters that hold 160 bits: 27 × log₂ 62 ≈ 160.8.
pub(crate) const BASE62_160_BITS: usize = 27;

/// Returns a new public id of a page: 12 lower-case hexadecimal digits (48 bits).
///
/// Ids are names, not secrets. They are short, so two may be equal one day. The caller draws again if an id is taken.
pub fn page_id_new() -> String {
    text_random(HEX, 12)
}

/// Returns a new public id of a release: 7 characters of `a-z0-9` (36 bits). The caller draws again if an id is taken.
pub fn release_id_new() -> String {
    text_random(BASE36, 7)
}

/// Returns `length` random characters of `0-9A-Za-z`.
pub(crate) fn base62_random(length: usize) -> String {
    text_random(BASE62, length)
}

/// True if the text is `length` characters of `0-9A-Za-z`.
pub(crate) fn base62_check(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Returns a number in base62, most significant digit first, zero-padded to `N` characters.
pub(crate) fn base62_number<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [BASE62[0]; N];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

/// Returns `N` random bytes.
///
/// # Panics
///
/// If the operating system has no randomness to give. No supported system fails here after boot. Nothing that this
/// crate makes may exist without randomness.
pub(crate) fn bytes_random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system's generator works on every supported system");
    bytes
}

fn text_random(alphabet: &[u8], length: usize) -> String {
    // Bytes from this value up would make the first characters of the alphabet more likely than the others.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let drawn = bytes_random::<64>().into_iter().map(usize::from).filter(|&byte| byte < fair);
        text.extend(drawn.take(length - text.len()).map(|byte| char::from(alphabet[byte % alphabet.len()])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashSet};

    #[test]
    fn ids_have_their_shape() {
        for _ in 0..200 {
            let page = page_id_new();
            assert!(page.len() == 12 && page.bytes().all(|byte| HEX.contains(&byte)), "{page}");
            let release = release_id_new();
            assert!(release.len() == 7 && release.bytes().all(|byte| BASE36.contains(&byte)), "{release}");
            assert!(base62_check(&base62_random(100), 100));
        }
    }

    #[test]
    fn texts_do_not_repeat() {
        let texts: HashSet<_> = (0..1_000).map(|_| base62_random(BASE62_160_BITS)).collect();
        assert_eq!(texts.len(), 1_000);
    }

    /// If bytes were folded into 62 characters, the first eight characters would be a quarter more likely: here, 12,097
    /// times instead of 10,000. The bounds are ten standard deviations wide.
    #[test]
    fn characters_are_equally_likely() {
        let mut counts = BTreeMap::new();
        for character in base62_random(620_000).chars() {
            *counts.entry(character).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 62);
        assert!(counts.values().all(|count| (9_000..11_000).contains(count)), "{counts:?}");
    }

    #[test]
    fn numbers_are_padded() {
        assert_eq!(&base62_number::<6>(0), b"000000");
        assert_eq!(&base62_number::<6>(61), b"00000z");
        assert_eq!(&base62_number::<6>(62), b"000010");
        assert_eq!(&base62_number::<6>(u32::MAX), b"4gfFC3");
    }
}
