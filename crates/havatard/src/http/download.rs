//! A recording as an HTTP answer, whole or one byte range.

use std::fs::Metadata;
use std::io::SeekFrom;
use std::os::unix::fs::MetadataExt as _;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use havatar_api::{Recording, RecordingFormat};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::recordings::Following;

use super::error::ApiError;

/// Bytes per read, and so in memory per download.
const CHUNK: usize = 64 * 1024;

/// Responds with a recording's file: whole, or the requested range. Of a growing file, the length at its opening is served.
pub(super) async fn serve(
    recording: &Recording,
    file: std::fs::File,
    headers: &HeaderMap,
    following: Option<Following>,
) -> Result<Response, ApiError> {
    let mut file = tokio::fs::File::from_std(file);
    let meta = file.metadata().await.map_err(|error| unreadable(&error))?;
    let len = meta.len();
    let tag = (!recording.writing).then(|| tag(&meta));
    let wanted = match wanted(headers, tag.as_deref(), len) {
        Wanted::Nothing => {
            let mut response = ApiError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "no_such_range",
                format!("the file has {len} bytes"),
            )
            .into_response();
            put(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{len}"));
            return Ok(response);
        }
        Wanted::Whole => None,
        Wanted::Part { first, last } => Some((first, last)),
    };
    let (first, count) = wanted.map_or((0, len), |(first, last)| (first, last - first + 1));
    file.seek(SeekFrom::Start(first)).await.map_err(|error| unreadable(&error))?;
    // Held by the stream: it ends with the answer, however that ends.
    let chunks = ReaderStream::with_capacity(file.take(count), CHUNK).inspect(move |_| {
        let _held = &following;
    });
    let body = Body::from_stream(chunks);
    let mut response = Response::new(body);
    let out = response.headers_mut();
    put(out, header::CONTENT_TYPE, kind(recording.format));
    put(out, header::CONTENT_LENGTH, &count.to_string());
    put(out, header::ACCEPT_RANGES, "bytes");
    put(out, header::CONTENT_DISPOSITION, &disposition(&recording.file));
    if let Some(tag) = &tag {
        put(out, header::ETAG, tag);
    }
    if let Some((first, last)) = wanted {
        put(out, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{len}"));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part { first: u64, last: u64 },
    Nothing,
}

fn wanted(headers: &HeaderMap, tag: Option<&str>, len: u64) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE) else {
        return Wanted::Whole;
    };
    // A range of another version does not fit the part that the client has.
    if headers.contains_key(header::IF_RANGE) && (tag.is_none() || text(header::IF_RANGE) != tag) {
        return Wanted::Whole;
    }
    parse(range, len)
}

/// One byte range, as RFC 9110 has it. Several at once, another unit, or what is no range at all may be
/// ignored, and are: the whole file is the answer.
fn parse(range: &str, len: u64) -> Wanted {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|set| set.trim().split_once('-')) else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More digits than fit are a valid number beyond any file.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", suffix) => match number(suffix) {
            None => Wanted::Whole,
            Some(0) => Wanted::Nothing,
            Some(_) if len == 0 => Wanted::Nothing,
            Some(count) => Wanted::Part { first: len - count.min(len), last: len - 1 },
        },
        (first, last) => {
            let (Some(first), Some(last)) =
                (number(first), if last.is_empty() { Some(u64::MAX) } else { number(last) })
            else {
                return Wanted::Whole;
            };
            if first > last {
                Wanted::Whole
            } else if first >= len {
                Wanted::Nothing
            } else {
                Wanted::Part { first, last: last.min(len - 1) }
            }
        }
    }
}

fn kind(format: RecordingFormat) -> &'static str {
    match format {
        RecordingFormat::Fmp4 => "video/mp4",
        RecordingFormat::Mpegts => "video/mp2t",
    }
}

fn tag(meta: &Metadata) -> String {
    format!("\"{:x}-{:x}-{:x}\"", meta.ino(), meta.len(), meta.mtime_nsec() ^ (meta.mtime() << 30))
}

/// The file's name, with anything that could end the quoted string or the header left out.
fn disposition(name: &str) -> String {
    let safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{safe}\"")
}

fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn unreadable(error: &std::io::Error) -> ApiError {
    tracing::warn!(%error, "a recording could not be read");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "recording_unreadable",
        "the recording's file could not be read: the disk may be failing",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges() {
        let part = |first, last| Wanted::Part { first, last };
        let cases = [
            ("bytes=0-99", part(0, 99)),
            ("bytes=0-", part(0, 999)),
            ("bytes=990-2000", part(990, 999)),
            ("bytes=999-999", part(999, 999)),
            ("bytes=-1", part(999, 999)),
            ("bytes=-5000", part(0, 999)),
            ("bytes=0-99999999999999999999999", part(0, 999)),
            ("bytes=1000-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=--1", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(parse(range, 1000), expected, "{range}");
        }
        assert_eq!(parse("bytes=0-", 0), Wanted::Nothing);
        assert_eq!(parse("bytes=-1", 0), Wanted::Nothing);
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(
            disposition("a\"; x=\r\nSet-Cookie: y.mp4"),
            "attachment; filename=\"a__ x___Set-Cookie_ y.mp4\""
        );
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(range in "bytes=[0-9]{0,22}-?[0-9]{0,22}", len in 0_u64..5000) {
            if let Wanted::Part { first, last } = parse(&range, len) {
                prop_assert!(first <= last && last < len);
            }
        }
    }
}
