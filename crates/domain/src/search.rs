//! Search tokens: the words by which releases are found. They are stored, so that every database searches alike.

use std::collections::BTreeSet;

use unicode_segmentation::UnicodeSegmentation;

/// The longest token, in characters. Only the beginning of a longer word counts, in texts and in queries.
pub const TOKEN_LENGTH_MAX: usize = 64;

/// The largest number of tokens of one text. Later words are not found.
pub const TOKENS_MAX: usize = 2_000;

/// The largest number of tokens of one query. Later words do not narrow the search.
pub const QUERY_TOKENS_MAX: usize = 16;

/// Returns the tokens by which a text is found:
///
/// - its words in lower case;
/// - the parts of compound words: `main.rs` is also found by `main`;
/// - for Chinese, Japanese and Korean, each character and each pair of neighbours, since search ignores word boundaries
///   there.
pub fn tokens(text: &str) -> BTreeSet<String> {
    let mut tokens = Collected::new(TOKENS_MAX);
    each_run(text, |run, script| match script {
        Script::Cjk => {
            tokens.add_pairs(run);
            run.chars().for_each(|character| tokens.add(character.encode_utf8(&mut [0; 4])));
        }
        Script::Other => run.unicode_words().for_each(|word| {
            let word = word_fold(word);
            // The parts of a version such as `1.4.2` are not words.
            if word.chars().any(char::is_alphabetic) {
                let parts = word.split(|c: char| !c.is_alphanumeric());
                parts.filter(|part| !part.is_empty()).for_each(|part| tokens.add(part));
            }
            tokens.add(&word);
        }),
    });
    tokens.found
}

/// Returns the tokens of a query. A text matches if it has all of them. A query without words has none.
pub fn query_tokens(query: &str) -> BTreeSet<String> {
    let mut tokens = Collected::new(QUERY_TOKENS_MAX);
    each_run(query, |run, script| match script {
        Script::Cjk if run.chars().nth(1).is_none() => tokens.add(run),
        Script::Cjk => tokens.add_pairs(run),
        Script::Other => run.unicode_words().for_each(|word| tokens.add(&word_fold(word))),
    });
    tokens.found
}

/// Tokens up to a limit. The first ones are kept.
struct Collected {
    found: BTreeSet<String>,
    most: usize,
}

impl Collected {
    fn new(most: usize) -> Self {
        Self { found: BTreeSet::new(), most }
    }

    fn add(&mut self, token: &str) {
        if self.found.len() < self.most {
            self.found.insert(token.chars().take(TOKEN_LENGTH_MAX).collect());
        }
    }

    fn add_pairs(&mut self, run: &str) {
        let neighbours = run.chars().zip(run.chars().skip(1));
        neighbours.for_each(|(one, other)| self.add(&String::from_iter([one, other])));
    }
}

/// Folds a word to lower case, character by character and with one form of sigma, so that all spellings are equal. A
/// version loses its `v`, so that `1.4.2` finds `v1.4.2`.
fn word_fold(word: &str) -> String {
    let folded: String = word.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect();
    match folded.strip_prefix('v') {
        Some(version) if version.starts_with(|c: char| c.is_ascii_digit()) => version.to_owned(),
        _ => folded,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Cjk,
    Other,
}

/// Cuts a text at each place where Chinese, Japanese or Korean begins or ends.
fn each_run(text: &str, mut visit: impl FnMut(&str, Script)) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let script = script_of(first);
        let end = rest.find(|c| script_of(c) != script).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        visit(run, script);
        rest = behind;
    }
}

/// Returns the script of a character, by Unicode block: ideographs, kana and Hangul with their marks, without
/// punctuation.
fn script_of(character: char) -> Script {
    match character {
        '\u{1100}'..='\u{11FF}' // Hangul Jamo
        | '\u{3005}'..='\u{3007}' // 々 〆 〇
        | '\u{3041}'..='\u{309F}' // Hiragana
        | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' // Katakana, without its middle dot
        | '\u{3105}'..='\u{318E}' // Bopomofo, Hangul compatibility Jamo
        | '\u{31A0}'..='\u{31BF}' | '\u{31F0}'..='\u{31FF}' // their extensions
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' // ideographs
        | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' // Hangul syllables
        | '\u{F900}'..='\u{FAFF}' // compatibility ideographs
        | '\u{FF66}'..='\u{FFDC}' // half-width kana and Hangul
        | '\u{20000}'..='\u{3FFFF}' => Script::Cjk, // further ideographs
        _ => Script::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str, query: &str) -> bool {
        query_tokens(query).is_subset(&tokens(text))
    }

    #[test]
    fn words() {
        let words = |text| tokens(text).into_iter().collect::<Vec<_>>();
        assert_eq!(words("Fixed: the PARSER, again!"), ["again", "fixed", "parser", "the"]);
        assert_eq!(words("v1.4.2 — Größe"), ["1.4.2", "größe"]);
        assert_eq!(words("src/main.rs"), ["main", "main.rs", "rs", "src"]);
        assert_eq!(words(" \n…🎉 --- "), [""; 0]);
        assert_eq!(words("版本"), ["本", "版", "版本"]);
    }

    #[test]
    fn what_finds_what() {
        let text = "v1.4.2: Datei-Upload für ΟΔΟΣ, 東京タワーの新しい版, 한국어 지원, snake_case in main.rs, it's done";
        for query in [
            "upload",
            "DATEI",
            "1.4.2",
            "v1.4.2",
            "οδος",
            "ΟΔΟΣ",
            "東京",
            "タワー",
            "新",
            "新しい版",
            "한국",
            "snake_case",
            "case",
            "main.rs",
            "main",
            "it's",
            "upload 東京",
            "",
            "!!",
        ] {
            assert!(found(text, query), "{query}");
        }
        for query in ["load", "京東", "2.0", "upload missing", "東京駅"] {
            assert!(!found(text, query), "{query}");
        }
    }

    #[test]
    fn caps() {
        let many: String = (0..10_000).map(|number| format!("word{number} ")).collect();
        assert_eq!(tokens(&many).len(), TOKENS_MAX);
        assert!(tokens(&many).contains("word0"));
        assert_eq!(query_tokens(&many).len(), QUERY_TOKENS_MAX);
        let long = "é".repeat(10_000);
        assert_eq!(tokens(&long).into_iter().collect::<Vec<_>>(), ["é".repeat(TOKEN_LENGTH_MAX)]);
        assert!(found(&long, &long));
    }

    proptest! {
        #[test]
        fn a_short_text_finds_itself(text in "\\PC{0,200}") {
            prop_assert!(found(&text, &text), "{text:?}");
        }

        #[test]
        fn tokens_are_short_and_not_empty(text in any::<String>()) {
            for token in tokens(&text) {
                prop_assert!(!token.is_empty() && token.chars().count() <= TOKEN_LENGTH_MAX, "{token:?}");
                prop_assert!(!token.contains('\0'), "{token:?}");
            }
        }
    }
}
