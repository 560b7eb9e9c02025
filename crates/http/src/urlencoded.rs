//! Strict parsing of `application/x-www-form-urlencoded` (the URL standard, section 5.1) in bodies and in queries. Text
//! that is not UTF-8 is reported instead of replaced.

use percent_encoding::percent_decode;

/// Returns the names and values of a form, in their order. A text that is not UTF-8 is `None`. A name without `=` has
/// an empty value.
pub fn urlencoded_pairs(form: &[u8]) -> impl Iterator<Item = (Option<String>, Option<String>)> {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        (text_decode(name), text_decode(value))
    })
}

fn text_decode(encoded: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = encoded.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs() {
        let read: Vec<_> = urlencoded_pairs(b"a=1&b=x+y%2B%C3%BC&a=2&&c&=d&e=f=g&h=%").collect();
        let text = |text: &str| Some(text.to_owned());
        let expected = [("a", "1"), ("b", "x y+ü"), ("a", "2"), ("c", ""), ("", "d"), ("e", "f=g"), ("h", "%")];
        assert_eq!(read, expected.map(|(name, value)| (text(name), text(value))));
    }

    #[test]
    fn what_is_not_utf_8_is_told_apart() {
        for (form, name_is_text, value_is_text) in [
            (&b"a=%FF"[..], true, false),
            (b"a=%C3", true, false),
            (b"a=\xff", true, false),
            (b"%ff=a", false, true),
            (b"%FF", false, true),
        ] {
            let read: Vec<_> = urlencoded_pairs(form).map(|(name, value)| (name.is_some(), value.is_some())).collect();
            assert_eq!(read, [(name_is_text, value_is_text)], "{form:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(pairs: Vec<(String, String)>) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(&pairs);
            let read: Vec<_> = urlencoded_pairs(form.finish().as_bytes()).collect();
            let expected: Vec<_> = pairs.into_iter().map(|(name, value)| (Some(name), Some(value))).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
