//! The panel's files over HTTP: which encoding is sent, what is cached, what is not sent again.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use rust_embed::{EmbeddedFile, Metadata};

use crate::http::panel::respond;

const SCRIPT: &str = "assets/index-abc123.js";

/// A page and a script with their compressed variants, and a picture without. A file holds its own name.
fn files() -> impl Fn(&str) -> Option<EmbeddedFile> {
    let names = [
        "index.html",
        "index.html.br",
        "index.html.gz",
        "assets/index-abc123.js",
        "assets/index-abc123.js.br",
        "assets/index-abc123.js.gz",
        "icon-192.png",
    ];
    let known: HashMap<&str, u8> = names.into_iter().zip(1..).collect();
    move |name| {
        let (name, hash) = known.get_key_value(name)?;
        Some(EmbeddedFile {
            data: Cow::Borrowed(name.as_bytes()),
            metadata: Metadata::__rust_embed_new([*hash; 32], None, None),
        })
    }
}

fn get(name: &str, headers: &[(header::HeaderName, &str)]) -> Option<Response> {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
    respond(name, &headers, files())
}

fn accepting(name: &str, accepted: &str) -> Response {
    get(name, &[(header::ACCEPT_ENCODING, accepted)]).unwrap()
}

fn text<'r>(response: &'r Response, name: &header::HeaderName) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn body(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn the_best_encoding_that_the_request_accepts_is_sent() {
    for (accepted, encoding) in [
        ("gzip, deflate, br, zstd", Some("br")),
        ("br", Some("br")),
        ("BR", Some("br")),
        ("gzip", Some("gzip")),
        ("gzip, deflate", Some("gzip")),
        ("*", Some("br")),
        ("br;q=0.5, gzip;q=0.8", Some("gzip")),
        ("br; q=0.001", Some("br")),
        // A weight of 0 refuses.
        ("br;q=0, gzip", Some("gzip")),
        ("br;q=0.000, gzip;q=0.0", None),
        ("br;q=0, *", Some("gzip")),
        ("gzip, *;q=0", Some("gzip")),
        ("*;q=0", None),
        ("br;q=much, gzip;q=", None),
        // Identity that is wanted more.
        ("identity, br;q=0.5", None),
        ("identity;q=0.2, gzip;q=0.5", Some("gzip")),
        ("identity;q=0, gzip", Some("gzip")),
        ("identity", None),
        ("deflate, zstd", None),
        ("", None),
    ] {
        let response = accepting(SCRIPT, accepted);
        assert_eq!(response.status(), StatusCode::OK, "{accepted}");
        assert_eq!(text(&response, &header::CONTENT_ENCODING), encoding, "{accepted}");
        let content_type = text(&response, &header::CONTENT_TYPE);
        assert_eq!(content_type, Some("text/javascript; charset=utf-8"), "{accepted}");
        assert_eq!(text(&response, &header::VARY), Some("accept-encoding"), "{accepted}");
        let sent = match encoding {
            None => SCRIPT.to_owned(),
            Some("br") => format!("{SCRIPT}.br"),
            Some(_) => format!("{SCRIPT}.gz"),
        };
        let length = text(&response, &header::CONTENT_LENGTH).unwrap().to_owned();
        assert_eq!(length, sent.len().to_string(), "{accepted}");
        assert_eq!(body(response).await, sent, "{accepted}");
    }
}

#[tokio::test]
async fn a_request_that_names_no_encoding_gets_the_file_itself() {
    let response = get(SCRIPT, &[]).unwrap();
    assert_eq!(text(&response, &header::CONTENT_ENCODING), None);
    assert_eq!(text(&response, &header::VARY), Some("accept-encoding"));
    assert_eq!(body(response).await, SCRIPT);
}

#[tokio::test]
async fn a_file_without_variants_is_sent_as_it_is() {
    let response = accepting("icon-192.png", "br, gzip");
    assert_eq!(text(&response, &header::CONTENT_ENCODING), None);
    assert_eq!(text(&response, &header::VARY), None);
    assert_eq!(text(&response, &header::CONTENT_TYPE), Some("image/png"));
    assert_eq!(body(response).await, "icon-192.png");
}

#[test]
fn a_variant_has_no_address_of_its_own() {
    assert!(get("assets/index-abc123.js.br", &[]).is_none());
    assert!(get("index.html.gz", &[]).is_none());
    assert!(get("assets/none.js", &[]).is_none());
}

#[test]
fn hashed_files_are_immutable_and_the_rest_is_asked_for_again() {
    for accepted in ["br", "gzip", "identity"] {
        let caching = |name| text(&accepting(name, accepted), &header::CACHE_CONTROL).unwrap().to_owned();
        assert_eq!(caching(SCRIPT), "public, max-age=31536000, immutable", "{accepted}");
        assert_eq!(caching("index.html"), "no-cache", "{accepted}");
        assert_eq!(caching("icon-192.png"), "no-cache", "{accepted}");
    }
}

#[test]
fn each_encoding_has_a_tag_of_its_own() {
    let tags = ["br", "gzip", "identity"]
        .map(|accepted| text(&accepting(SCRIPT, accepted), &header::ETAG).unwrap().to_owned());
    assert!(tags.iter().all(|tag| tag.starts_with('"') && tag.ends_with('"')), "{tags:?}");
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    for accepted in ["br", "gzip", "identity"] {
        let tag = text(&accepting(SCRIPT, accepted), &header::ETAG).unwrap().to_owned();
        for (sent, status) in [
            (tag.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"x\", W/{tag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"x\"".to_owned(), StatusCode::OK),
        ] {
            let asked = [(header::ACCEPT_ENCODING, accepted), (header::IF_NONE_MATCH, sent.as_str())];
            let response = get(SCRIPT, &asked).unwrap();
            assert_eq!(response.status(), status, "{accepted}, {sent}");
            assert_eq!(text(&response, &header::ETAG), Some(tag.as_str()));
            assert_eq!(text(&response, &header::VARY), Some("accept-encoding"));
            assert!(text(&response, &header::CACHE_CONTROL).unwrap().contains("immutable"));
            if status == StatusCode::NOT_MODIFIED {
                assert_eq!(text(&response, &header::CONTENT_ENCODING), None);
                assert_eq!(body(response).await, "");
            }
        }
    }
    // The tag of one encoding proves nothing about another.
    let brotli = text(&accepting(SCRIPT, "br"), &header::ETAG).unwrap().to_owned();
    let asked = [(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, brotli.as_str())];
    assert_eq!(get(SCRIPT, &asked).unwrap().status(), StatusCode::OK);
}
