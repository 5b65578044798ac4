//! The panel's files, built into the program: content negotiation, caching and content types.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::ApiError;
use super::guard::only_reads;

/// The panel as Vite built it, if it was built before this crate. The build puts compressed variants beside the files.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Panel;

const INDEX: &str = "index.html";
const NOT_BUILT: &str = "The panel was not built into this havatard: build web/ (npm ci && npm run build), \
    then havatard again. The API works without it.\n";

/// Whatever is no route: a file of the panel, or nothing.
pub(super) async fn fallback(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError::no_such_route().into_response();
    }
    if !only_reads(request.method()) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let name = match path.trim_start_matches('/') {
        "" => INDEX,
        name => name,
    };
    match respond(name, request.headers(), Panel::get) {
        Some(response) => response,
        None if name == INDEX => not_built(),
        None => ApiError::no_such_route().into_response(),
    }
}

/// The file `name` of `files` in the best encoding that the request accepts; none if there is no such file.
pub(super) fn respond(
    name: &str,
    request: &HeaderMap,
    files: impl Fn(&str) -> Option<EmbeddedFile>,
) -> Option<Response> {
    // A variant is reached by negotiation only: under its own name it would lack the encoding that it has.
    if Encoding::COMPRESSED.iter().any(|encoding| name.ends_with(encoding.suffix())) {
        return None;
    }
    let identity = files(name)?;
    let variants = Encoding::COMPRESSED
        .into_iter()
        .filter_map(|encoding| Some((encoding, files(&format!("{name}{}", encoding.suffix()))?)));
    let mut available = vec![(Encoding::Identity, identity)];
    available.extend(variants);
    let negotiated = available.len() > 1;
    let (encoding, file) = available
        .into_iter()
        .map(|(encoding, file)| (weight(request, encoding), encoding, file))
        .filter(|(weight, encoding, _)| *weight > 0 || *encoding == Encoding::Identity)
        .max_by_key(|(weight, encoding, _)| (*weight, *encoding))
        .map(|(_, encoding, file)| (encoding, file))?;

    let tag = tag(&file);
    let mut response = if is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let length = file.data.len();
        let mut response = Response::new(Body::from(file.data));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        headers.insert(header::CONTENT_LENGTH, length.into());
        if let Some(token) = encoding.token() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
        }
        response
    };
    let headers = response.headers_mut();
    // Vite puts a hash of the content into the name of everything under assets/, and of nothing else.
    let caching =
        if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if negotiated {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Some(response)
}

/// How a file is encoded on the wire; of equal weight the greatest is the smallest to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Encoding {
    const COMPRESSED: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// What the build appends to the file's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// The name in `Content-Encoding`; identity is never named there.
    fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// How much the request wants `encoding`, in thousandths (RFC 9110, 12.5.3); 0: not at all, and identity only for want of
/// another. Identity that no coding names is acceptable, after all that are named.
fn weight(request: &HeaderMap, encoding: Encoding) -> u16 {
    let mut any = None;
    let codings = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for coding in codings {
        let (name, weight) = coding_of(coding);
        if name.eq_ignore_ascii_case(encoding.token().unwrap_or("identity")) {
            return weight;
        }
        if name == "*" {
            any = Some(weight);
        }
    }
    match (encoding, any) {
        (Encoding::Identity, None) => 1,
        (_, any) => any.unwrap_or(0),
    }
}

/// One element of `Accept-Encoding`: name and weight. A weight that cannot be read counts as 0.
fn coding_of(text: &str) -> (&str, u16) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let thousandths = weight.map_or(1000, |weight| {
        let value = weight.parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        let thousandths = (value * 1000.0).round() as u16;
        thousandths
    });
    (name, thousandths)
}

fn is_known(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// A strong tag. Each encoding is a file of its own, so each has a tag of its own.
fn tag(file: &EmbeddedFile) -> String {
    use std::fmt::Write as _;
    let mut tag = "\"".to_owned();
    for byte in &file.metadata.sha256_hash()[..16] {
        // Writing into a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn not_built() -> Response {
    // Worded for a person in a browser, so it is no problem document; the type keeps it from being reworded.
    let page = format!("<!doctype html><title>Havatar</title><p>{NOT_BUILT}</p>\n");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page)
        .into_response()
}
