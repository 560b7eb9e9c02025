//! The time when a forge may be asked again.
//!
//! GitHub sends `X-RateLimit-Remaining` and `X-RateLimit-Reset`. It answers with 403 or 429 once its limit or a
//! secondary limit is reached. GitLab sends `RateLimit-Remaining` and `RateLimit-Reset`, and answers with 429. All may
//! send `Retry-After` (RFC 9110, section 10.2.3).

use chrono::{DateTime, Duration};
use releasepage_domain::time::{UtcTime, time_cut};
use releasepage_egress::Response;

/// The wait if a forge names none. GitHub asks for at least this.
const PAUSE: Duration = Duration::minutes(1);

/// The longest wait. A forge may name a longer one, but its clock may be wrong.
const PAUSE_MAX: Duration = Duration::hours(24);

/// The least number that is a time, in seconds since 1970. A smaller number is a number of seconds from now.
const EARLIEST: i64 = 1_000_000_000;

/// The time when a forge that answered may be asked again. `None` if the answer names none.
pub(super) fn pause_until(answer: &Response, now: UtcTime) -> Option<UtcTime> {
    let until = retry_after(answer, now).or_else(|| reset(answer, now))?;
    Some(until.clamp(now, now + PAUSE_MAX))
}

/// The time when a forge that answered with 403 or 429 may be asked again. `None` if the answer is not about a limit.
pub(super) fn limited_until(answer: &Response, now: UtcTime) -> Option<UtcTime> {
    let is_limit = answer.status == 429 || says_limit(&answer.body);
    pause_until(answer, now).or_else(|| is_limit.then(|| now + PAUSE))
}

/// True if a body mentions a rate limit. GitHub's secondary limits need not have a header.
fn says_limit(body: &[u8]) -> bool {
    let beginning = &body[..body.len().min(4096)];
    String::from_utf8_lossy(beginning).to_ascii_lowercase().contains("rate limit")
}

fn retry_after(answer: &Response, now: UtcTime) -> Option<UtcTime> {
    let text = answer.header("retry-after")?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => now.checked_add_signed(Duration::seconds(seconds.into())),
        Err(_) => DateTime::parse_from_rfc2822(text).ok().map(|time| time_cut(time.to_utc())),
    }
}

/// The time when the limit starts anew, if it is used up.
fn reset(answer: &Response, now: UtcTime) -> Option<UtcTime> {
    let number = |name: &str| answer.header(name)?.trim().parse::<i64>().ok();
    let header = |end: &str| number(&format!("x-ratelimit-{end}")).or_else(|| number(&format!("ratelimit-{end}")));
    if header("remaining")? > 0 {
        return None;
    }
    match header("reset")? {
        seconds @ 0..EARLIEST => Some(now + Duration::seconds(seconds)),
        time => DateTime::from_timestamp(time, 0).map(time_cut),
    }
}
