//! The headers that describe a rate limit.

use actix_web::{
    http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    web::Bytes,
};

use crate::limits::RateLimitStatus;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The most bytes that all values together can take: five numbers of ten digits, two of twenty, two names.
const VALUES: usize = 128;

/// Writes the status of a caller's limit: the usual headers and those of the IETF's draft
/// (`draft-ietf-httpapi-ratelimit-headers`), such as `RateLimit-Policy: "read";q=60;w=60` and
/// `RateLimit: "read";r=59;t=42`.
///
/// Every answer has them, with different values each time. They are written into one buffer, without the formatter.
/// This takes a third of the time.
pub(crate) fn rate_limit_write(headers: &mut HeaderMap, status: RateLimitStatus) {
    let RateLimitStatus { bucket, limit, remaining, reset, seconds, refused } = status;
    let name = bucket.as_str();
    let [limit, remaining, seconds, window] = [limit, remaining, seconds, bucket.seconds()].map(u64::from);
    let mut values = Values { text: Vec::with_capacity(VALUES), ends: [0; 5] };
    values.number(limit).end(0);
    values.number(remaining).end(1);
    values.number(u64::try_from(reset).unwrap_or_default()).end(2);
    values.text("\"").text(name).text("\";q=").number(limit).text(";w=").number(window).end(3);
    values.text("\"").text(name).text("\";r=").number(remaining).text(";t=").number(seconds).end(4);
    let text = Bytes::from(values.text);
    let mut start = 0;
    for (name, end) in [LIMIT, REMAINING, RESET, RATE_LIMIT_POLICY, RATE_LIMIT].into_iter().zip(values.ends) {
        // Digits and our own names are always valid in a header.
        if let Ok(value) = HeaderValue::from_maybe_shared(text.slice(start..end)) {
            headers.insert(name, value);
        }
        start = end;
    }
    if refused {
        headers.insert(RETRY_AFTER, seconds.into());
    }
}

/// The values of the headers, one after the other, and the end of each.
struct Values {
    text: Vec<u8>,
    ends: [usize; 5],
}

impl Values {
    fn text(&mut self, text: &str) -> &mut Self {
        self.text.extend_from_slice(text.as_bytes());
        self
    }

    fn number(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [0; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.text.extend_from_slice(&digits[first..]);
        self
    }

    fn end(&mut self, index: usize) {
        self.ends[index] = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::Bucket;

    use super::*;

    fn written(status: RateLimitStatus) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        rate_limit_write(&mut headers, status);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let mut written: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        written.sort();
        written
    }

    #[test]
    fn both_forms_say_the_same() {
        let status = RateLimitStatus {
            bucket: Bucket::Subscribe,
            limit: 60,
            remaining: 0,
            reset: 1_715_342_460,
            seconds: 42,
            refused: true,
        };
        let expected = [
            ("ratelimit", "\"subscribe\";r=0;t=42"),
            ("ratelimit-policy", "\"subscribe\";q=60;w=60"),
            ("retry-after", "42"),
            ("x-ratelimit-limit", "60"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1715342460"),
        ];
        assert_eq!(written(status), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn the_largest_numbers_have_room() {
        let status = RateLimitStatus {
            bucket: Bucket::SubscribeHourly,
            limit: u32::MAX,
            remaining: u32::MAX,
            reset: i64::MAX,
            seconds: u32::MAX,
            refused: false,
        };
        let length: usize = written(status).iter().map(|(_, value)| value.len()).sum();
        assert!((100..=VALUES).contains(&length), "{length}");
    }
}
