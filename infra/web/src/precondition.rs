//! Entity tags: `ETag: "<version>"` on what is read and written, `If-Match` on what is commanded.
//! A command goes on only if its aggregate still has the version that the client saw.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::problem::Problem;

/// What `If-Match` demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// The resource exists (`*`).
    Exists,
    /// The resource has this version.
    Version(u64),
}

impl IfMatch {
    /// The demand in these headers, if there is one.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(header::IF_MATCH).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        if values.next().is_some() || text.contains(',') {
            return Err(invalid(
                "If-Match with several entity tags is not supported; send the one last seen",
            ));
        }
        if text == "*" {
            return Ok(Some(Self::Exists));
        }
        if text.starts_with("W/") {
            return Err(failed(
                "a weak entity tag never matches; send the tag as it was received",
            ));
        }
        let tag = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        match tag.map(str::parse) {
            Some(Ok(version)) => Ok(Some(Self::Version(version))),
            Some(Err(_)) => Err(failed("no version has this entity tag")),
            None => Err(invalid(
                "If-Match is an entity tag in quotes, such as \"7\", or *",
            )),
        }
    }
}

/// The entity tag of a version.
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The resource is not at the version demanded.
pub fn version_mismatch(expected: u64, actual: u64) -> Problem {
    failed(&format!(
        "If-Match demands version {expected}, the resource has {actual}"
    ))
    .with("expected_version", expected)
    .with("actual_version", actual)
    .header(header::ETAG, etag(actual))
}

/// The resource does not exist, but `If-Match: *` demands it.
pub fn does_not_exist() -> Problem {
    failed("If-Match demands that the resource exists; it does not")
}

fn failed(detail: &str) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition.failed").detail(detail)
}

fn invalid(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "precondition.invalid").detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<Option<IfMatch>, u16> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().expect("a header value"));
        }
        IfMatch::from_headers(&headers).map_err(|problem| problem.document().status)
    }

    #[test]
    fn a_version_in_quotes_or_a_star_is_a_demand() {
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["\"7\""]), Ok(Some(IfMatch::Version(7))));
        assert_eq!(of(&["*"]), Ok(Some(IfMatch::Exists)));
    }

    #[test]
    fn weak_and_foreign_tags_never_match_and_malformed_ones_are_refused() {
        for (sent, status) in [
            ("W/\"7\"", 412),
            ("\"abc\"", 412),
            ("\"-1\"", 412),
            ("7", 400),
            ("\"7", 400),
            ("", 400),
            ("\"7\", \"8\"", 400),
        ] {
            assert_eq!(of(&[sent]), Err(status), "{sent}");
        }
        assert_eq!(of(&["\"7\"", "\"8\""]), Err(400));
    }
}
