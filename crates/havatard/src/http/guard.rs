//! What a request must show before its handler runs: a host name of ours, an origin of ours, and the permission that the
//! table of routes requires. A route without a rule requires all three.

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, header};

use crate::auth::{Auth, Identity, Proof, cookie};
use crate::config::HostName;

use super::error::ApiError;
use super::extract::ClientAddress;
use super::forwarded::client_address;
use super::limits::Connection;
use super::permission::Permission;
use super::server::Listening;
use super::state::AppState;

/// The one route that answers under any host name: health probes use any address.
const ANY_HOST: &str = "/healthz";

/// The middleware.
pub(super) async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let connection = parts.extensions.get::<Connection>().cloned();
    let client = client_address(&state.handles.config.borrow().server.trusted_proxies, &parts);
    if let (Some(connection), Some(client)) = (&connection, client) {
        connection.speaks_for(client);
    }
    if let Some(client) = client {
        parts.extensions.insert(ClientAddress(client));
    }
    let admitted = admit(&state, &parts);
    if let Some(connection) = &connection {
        note_proof(connection, &admitted);
    }
    match admitted {
        Ok(identity) => {
            if let Some(identity) = identity {
                parts.extensions.insert(identity);
            }
            let _in_use = connection.as_ref().map(Connection::in_use);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => error.refuse(&parts),
    }
}

/// A request has proven its connection's sign-in, or that it has none any more. A public route shows nothing either way.
fn note_proof(connection: &Connection, admitted: &Result<Option<Identity>, ApiError>) {
    match admitted {
        Ok(Some(identity)) => connection.prove(Some(identity.owner())),
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => connection.prove(None),
        Ok(None) | Err(_) => {}
    }
}

fn admit(state: &AppState, parts: &Parts) -> Result<Option<Identity>, ApiError> {
    let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    let listening = state.listening;
    let host = allowed_host(state, parts);
    if host.is_none() && route != Some(ANY_HOST) {
        return Err(ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong_host",
            "this robot does not answer to that host name: add it to server.hosts if it should",
        ));
    }
    let changes = !parts.method.is_safe() || is_upgrade(&parts.headers);
    let source = match &host {
        Some(host) if changes => source(&parts.headers, listening.scheme(), host),
        _ => Source::Own,
    };
    if source == Source::Foreign {
        return Err(foreign_origin());
    }
    match state.permissions.required(route, &parts.method, parts.uri.path()) {
        Permission::Public => return Ok(None),
        Permission::SignedIn => {}
    }
    let identity =
        identify(&state.handles.auth, &parts.headers, listening.tls).ok_or_else(ApiError::not_signed_in)?;
    if matches!(identity.proof, Proof::Session { .. }) && source == Source::Unstated {
        return Err(foreign_origin());
    }
    Ok(Some(identity))
}

/// The host name that a request was sent to, if it is one of ours.
pub(super) fn allowed_host(state: &AppState, parts: &Parts) -> Option<Authority> {
    let mut named = parts.headers.get_all(header::HOST).iter();
    let in_header = named.next().map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    if named.next().is_some() {
        return None;
    }
    let in_target = parts.uri.authority().cloned();
    let host: Authority = match (in_header, in_target) {
        (Some(None), _) | (None, None) => return None,
        (Some(Some(header)), Some(target)) if header != target => return None,
        (Some(Some(host)), _) | (None, Some(host)) => host,
    };
    let config = state.handles.config.borrow();
    is_ours(&host, state.listening, config.server.hosts.iter().map(HostName::as_str)).then_some(host)
}

fn is_ours<'a>(
    host: &Authority,
    listening: Listening,
    mut configured: impl Iterator<Item = &'a str>,
) -> bool {
    if host.as_str().contains('@') {
        return false;
    }
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let default_port = if listening.tls { 443 } else { 80 };
    // A reverse proxy in front of the daemon passes a configured name without a port.
    let by_proxy = host.port().is_none();
    let at_our_port = host.port_u16().unwrap_or(default_port) == listening.address.port();
    if (at_our_port || by_proxy) && configured.any(|ours| ours.eq_ignore_ascii_case(name)) {
        return true;
    }
    if !at_our_port {
        return false;
    }
    match name.parse::<IpAddr>().ok() {
        // DNS rebinding needs a name, so on a wildcard listener every literal address is ours.
        Some(ip) => {
            ip.is_loopback() || ip == listening.address.ip() || listening.address.ip().is_unspecified()
        }
        None => name.eq_ignore_ascii_case("localhost"),
    }
}

/// The origin of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A page of ours.
    Own,
    /// Another page.
    Foreign,
    /// Not stated: a program, or a very old browser.
    Unstated,
}

fn source(headers: &HeaderMap, scheme: &str, host: &Authority) -> Source {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes() == b"same-origin");
    match (origins.next(), origins.next(), site) {
        (_, Some(_), _) | (_, _, Some(false)) => Source::Foreign,
        // The browser compares whole origins itself, which also holds behind a proxy that terminates TLS.
        (_, _, Some(true)) => Source::Own,
        (None, None, None) => Source::Unstated,
        (Some(origin), None, None) => {
            let same = origin.to_str().is_ok_and(|origin| is_origin_of(origin, scheme, host));
            if same { Source::Own } else { Source::Foreign }
        }
    }
}

fn is_origin_of(origin: &str, scheme: &str, host: &Authority) -> bool {
    let Some((origin_scheme, rest)) = origin.split_once("://") else {
        return false;
    };
    let Ok(authority) = rest.parse::<Authority>() else {
        return false;
    };
    let default = if scheme == "https" { 443 } else { 80 };
    origin_scheme.eq_ignore_ascii_case(scheme)
        && authority.host().eq_ignore_ascii_case(host.host())
        && authority.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default)
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
}

/// Whether a request to a public route carries valid credentials.
pub(super) fn is_signed_in(state: &AppState, headers: &HeaderMap) -> bool {
    identify(&state.handles.auth, headers, state.listening.tls).is_some()
}

fn identify(auth: &Auth, headers: &HeaderMap, tls: bool) -> Option<Identity> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| auth.by_token(token.trim()))?;
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookie::values(tls, cookies).find_map(|value| auth.by_session(value))
}

fn foreign_origin() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        "this was not asked from the robot's own page; programs use a bearer token",
    )
}

/// Whether a method only reads.
pub(super) fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(text: &str) -> Authority {
        text.parse().unwrap()
    }

    fn at(address: &str, tls: bool) -> Listening {
        Listening { address: address.parse().unwrap(), tls }
    }

    #[test]
    fn host_names() {
        let hosts = ["robot.example", "2001:db8::7"];
        let cases = [
            ("127.0.0.1:8080", "127.0.0.1:8080", false, true),
            ("127.0.0.1:8080", "localhost:8080", false, true),
            ("127.0.0.1:8080", "LocalHost:8080", false, true),
            ("127.0.0.1:8080", "[::1]:8080", false, true),
            ("127.0.0.1:8080", "localhost:8081", false, false),
            ("127.0.0.1:8080", "localhost", false, false),
            ("127.0.0.1:80", "localhost", false, true),
            ("127.0.0.1:443", "localhost", true, true),
            ("127.0.0.1:80", "localhost", true, false),
            ("127.0.0.1:8080", "evil.example:8080", false, false),
            ("127.0.0.1:8080", "localhost.evil.example:8080", false, false),
            ("127.0.0.1:8080", "192.0.2.7:8080", false, false),
            ("192.0.2.7:8443", "192.0.2.7:8443", true, true),
            ("192.0.2.7:8443", "192.0.2.8:8443", true, false),
            ("0.0.0.0:8443", "192.0.2.8:8443", true, true),
            ("[::]:8443", "[2001:db8::1]:8443", true, true),
            ("0.0.0.0:8443", "evil.example:8443", true, false),
            ("0.0.0.0:8443", "robot.example:8443", true, true),
            ("0.0.0.0:8443", "ROBOT.example:8443", true, true),
            ("127.0.0.1:8080", "robot.example", false, true),
            ("127.0.0.1:8080", "robot.example:9999", false, false),
            ("127.0.0.1:8080", "[2001:db8::7]:8080", false, true),
            ("127.0.0.1:8080", "[2001:db8::8]:8080", false, false),
            ("127.0.0.1:8080", "user@localhost:8080", false, false),
        ];
        for (listen, host, tls, ours) in cases {
            assert_eq!(
                is_ours(&authority(host), at(listen, tls), hosts.into_iter()),
                ours,
                "{host} at {listen}"
            );
        }
    }

    #[test]
    fn sources() {
        let cases: [(&[(&str, &str)], Source); 14] = [
            (&[], Source::Unstated),
            (&[("origin", "http://localhost:8080")], Source::Own),
            (&[("origin", "HTTP://LOCALHOST:8080")], Source::Own),
            (&[("origin", "http://localhost:3000")], Source::Foreign),
            (&[("origin", "https://localhost:8080")], Source::Foreign),
            (&[("origin", "http://localhost")], Source::Foreign),
            (&[("origin", "http://127.0.0.1:8080")], Source::Foreign),
            (&[("origin", "null")], Source::Foreign),
            (&[("origin", "")], Source::Foreign),
            (&[("sec-fetch-site", "same-origin")], Source::Own),
            (&[("sec-fetch-site", "same-site")], Source::Foreign),
            (&[("sec-fetch-site", "none")], Source::Foreign),
            (&[("origin", "http://localhost:8080"), ("sec-fetch-site", "cross-site")], Source::Foreign),
            (&[("origin", "http://localhost:8080"), ("origin", "http://localhost:8080")], Source::Foreign),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.append(*name, value.parse().unwrap());
            }
            assert_eq!(source(&headers, "http", &authority("localhost:8080")), expected, "{given:?}");
        }
    }
}
