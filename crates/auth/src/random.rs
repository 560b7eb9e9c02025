//! Random texts, from the operating system's generator.
//!
//! Every character is drawn with equal probability: bytes that would favour the first characters of an alphabet are
//! thrown away, not folded.

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8] = b"0123456789abcdef";

/// Characters of base62 that hold 160 bits: 27 × log₂ 62 ≈ 160.8.
pub(crate) const BASE62_160_BITS: usize = 27;

/// A new page's public id: 12 lower-case hexadecimal digits (48 bits).
///
/// Ids are names, not secrets, and short enough to collide one day: whoever stores one draws again if it is taken.
pub fn page_id_new() -> String {
    text_random(HEX, 12)
}

/// A new release's public id: 7 characters of `a-z0-9` (36 bits). As with [`page_id_new`], draw again if it is taken.
pub fn release_id_new() -> String {
    text_random(BASE36, 7)
}

/// `length` random characters of `0-9A-Za-z`.
pub(crate) fn base62_random(length: usize) -> String {
    text_random(BASE62, length)
}

/// Whether the text is `length` characters of `0-9A-Za-z`.
pub(crate) fn base62_check(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A number in base62, most significant digit first, zero-padded to `N` characters.
pub(crate) fn base62_number<const N: usize>(mut number: u32) -> [u8; N] {
    let mut digits = [BASE62[0]; N];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

/// `N` random bytes.
///
/// # Panics
///
/// Where the operating system has no randomness to give. No supported system fails here after boot, and nothing that
/// this crate makes may exist without it.
pub(crate) fn bytes_random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system's generator works on every supported system");
    bytes
}

fn text_random(alphabet: &[u8], length: usize) -> String {
    // Bytes from here up would make the alphabet's first characters likelier than the others.
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

    /// Folding bytes into 62 characters would make the first eight of them a quarter likelier (12,097 instead of 10,000
    /// times expected here); the bounds are ten standard deviations wide.
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
