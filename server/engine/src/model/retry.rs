//! When to ask again, and how long to wait before.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often a request is sent before its failure is the user's to know.
pub(super) const ATTEMPTS: u32 = 4;
/// The longest wait that is made on an endpoint's word; a longer one is told to the user instead.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

const FIRST_STEP: Duration = Duration::from_millis(500);
const LONGEST_STEP: Duration = Duration::from_secs(20);
/// Anthropic's status for an overloaded service.
pub(super) const OVERLOADED: u16 = 529;

/// Whether a status says that the same request may succeed later.
pub(super) fn passes(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT)
        || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// Whether an endpoint says itself that the same request may succeed later.
pub(super) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    headers.get("x-should-retry")?.to_str().ok()?.trim().parse().ok()
}

/// How long an endpoint asks to be left alone: seconds, milliseconds or a date.
pub(super) fn asked_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(milliseconds / 1e3).ok();
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// The wait before attempt `attempt + 1` where the endpoint names none: twice as long each time, and somewhere in
/// its upper half, so that many clients do not come back at once. `draw` lies in 0..1.
pub(super) fn step(attempt: u32, draw: f64) -> Duration {
    let full = FIRST_STEP.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_STEP);
    full.mul_f64(0.5 + draw.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &'static str, value: &str) -> Option<Duration> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        asked_wait(&HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]), now)
    }

    #[test]
    fn every_form_of_the_wait_is_read() {
        assert_eq!(asked("retry-after", "3"), Some(Duration::from_secs(3)));
        assert_eq!(asked("retry-after", "1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(asked("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(asked("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(asked("retry-after", "Sat, 06 Nov 1993 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("retry-after", "soon"), None);
        assert_eq!(asked("retry-after", "-1"), None);
        assert_eq!(asked("retry-after", "1e300"), None);
    }

    #[test]
    fn waits_grow_and_stay_bounded() {
        assert_eq!(step(1, 0.0), Duration::from_millis(250));
        assert_eq!(step(2, 1.0), Duration::from_secs(1));
        assert_eq!(step(60, 1.0), LONGEST_STEP);
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let passing = [408, 409, 429, 500, 502, 503, OVERLOADED]
            .map(|code| passes(StatusCode::from_u16(code).unwrap()));
        assert_eq!(passing, [true; 7]);
        let lasting = [400, 401, 404, 422, 501].map(|code| passes(StatusCode::from_u16(code).unwrap()));
        assert_eq!(lasting, [false; 5]);
    }
}
