//! When a forge may be asked again.
//!
//! GitHub: `X-RateLimit-Remaining` and `X-RateLimit-Reset`, and a status of 403 or 429 once they are used up or its
//! secondary limits are reached. GitLab: `RateLimit-Remaining` and `RateLimit-Reset`, and 429. All: `Retry-After` (RFC 9110,
//! section 10.2.3).

use chrono::{DateTime, Duration};
use releasepage_domain::time::{UtcTime, time_cut};
use releasepage_egress::Response;

/// How long to wait where a forge does not say it; what GitHub asks for at least.
const PAUSE: Duration = Duration::minutes(1);

/// The longest that is waited, whatever a forge says: its clock may be wrong.
const PAUSE_MAX: Duration = Duration::hours(24);

/// What lies below is a number of seconds from now, not a time: it would be in 2001.
const EARLIEST: i64 = 1_000_000_000;

/// When a forge that answered may be asked again; `None` where it does not say.
pub(super) fn pause_until(answer: &Response, now: UtcTime) -> Option<UtcTime> {
    let until = retry_after(answer, now).or_else(|| reset(answer, now))?;
    Some(until.clamp(now, now + PAUSE_MAX))
}

/// When a forge that answered with 403 or 429 may be asked again; `None` where that is for no limit.
pub(super) fn limited_until(answer: &Response, now: UtcTime) -> Option<UtcTime> {
    let is_limit = answer.status == 429 || says_limit(&answer.body);
    pause_until(answer, now).or_else(|| is_limit.then(|| now + PAUSE))
}

/// Whether a body speaks of a rate limit, as GitHub's does for its secondary limits, where no header need.
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

/// When the requests are counted anew, where they are used up.
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
