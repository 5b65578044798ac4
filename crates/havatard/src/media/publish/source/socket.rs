//! Opens a source that a plain TCP connection carries, so that the probe and the encoder share one connection: many
//! cameras (an ESP32-CAM, `rpicam-vid --listen`) serve one client at a time, or one in all.
//!
//! The probe looks at the first bytes with MSG_PEEK, which leaves them for ffmpeg to read. A web server's answer is taken
//! so only if its body is the stream itself; one in chunks, behind a login, or of a known length is
//! ffmpeg's to ask for.

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout};

use crate::config::SourceUrl;

/// An open connection, at the first byte of the source.
#[derive(Debug)]
pub(crate) struct Opened(TcpStream);

/// How a source is to be read.
#[derive(Debug)]
pub(crate) enum Opening {
    /// Over this connection.
    Here(Opened),
    /// By ffmpeg, which makes its own. `finite`: a web server gives its size.
    ByFfmpeg {
        /// It is a file on a web server.
        finite: bool,
    },
}

/// How long a camera may take to accept, to answer and to send its first bytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long each of its addresses may take to accept, before the next is tried.
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
/// Bytes that the kernel is asked to hold, and that the probe may look at.
const LOOK_AT: u32 = 1 << 20;
/// An answer's header may be this long.
const LONGEST_HEADER: usize = 16 << 10;

/// Opens the source if a plain connection carries it.
///
/// # Errors
/// Why there is nothing to be had from it, as a sentence without its subject.
pub(crate) async fn open(url: &SourceUrl) -> Result<Opening, String> {
    let web = match url.scheme() {
        // A login is ffmpeg's to send: only if it is asked for, and not in clear where the camera knows better.
        "http" if url.login().is_none() => true,
        // With a query, it is ffmpeg that is to listen, or to wait otherwise.
        "tcp" if !url.path().contains('?') => false,
        _ => return Ok(Opening::ByFfmpeg { finite: false }),
    };
    let mut stream =
        timeout(ANSWER_WITHIN, connect(url, if web { Some(80) } else { None })).await.map_err(|_| {
            "does not answer: check that the camera is on, and the URL's host and port".to_owned()
        })??;
    if web && let Some(finite) = ask(&mut stream, url).await? {
        return Ok(Opening::ByFfmpeg { finite });
    }
    Ok(Opening::Here(Opened(stream)))
}

impl Opened {
    /// The first bytes, as many as have come `after` the first of them, at most a mebibyte. They stay to be read.
    pub(crate) async fn head(&self, after: Duration) -> Result<Arc<[u8]>, String> {
        let mut bytes = vec![0; LOOK_AT as usize];
        let first = timeout(ANSWER_WITHIN, self.0.peek(&mut bytes)).await;
        match first {
            Err(_) => {
                return Err("accepts the connection and then sends nothing: look at the camera".to_owned());
            }
            Ok(Err(error)) => return Err(format!("broke off: {error}")),
            Ok(Ok(0)) => {
                return Err("closed the connection without sending anything: look at the camera".to_owned());
            }
            Ok(Ok(_)) => {}
        }
        let until = Instant::now() + after;
        let mut length = 0;
        // More bytes are no event of their own for a socket that is readable already.
        while Instant::now() < until && length < bytes.len() / 2 {
            sleep(Duration::from_millis(20)).await;
            length = self.0.peek(&mut bytes).await.map_err(|error| format!("broke off: {error}"))?;
        }
        bytes.truncate(length);
        Ok(bytes.into())
    }

    /// For a child, which reads it blocking.
    pub(crate) fn into_fd(self) -> std::io::Result<Arc<OwnedFd>> {
        let stream = self.0.into_std()?;
        stream.set_nonblocking(false)?;
        Ok(Arc::new(stream.into()))
    }
}

async fn connect(url: &SourceUrl, default_port: Option<u16>) -> Result<TcpStream, String> {
    let (host, port) = host_and_port(url.host(), default_port)
        .ok_or_else(|| "has no port in its URL: write host:port".to_owned())?;
    let addresses = lookup_host((host.as_str(), port)).await.map_err(|_| {
        "has a host name that is not known here: correct it, or write the camera's IP address".to_owned()
    })?;
    let mut failed = None;
    for address in addresses {
        let socket = match address.ip() {
            IpAddr::V4(_) => TcpSocket::new_v4(),
            IpAddr::V6(_) => TcpSocket::new_v6(),
        };
        let connecting = async {
            let socket = socket?;
            // Best effort: with less, the probe sees less.
            let _ = socket.set_recv_buffer_size(LOOK_AT);
            socket.connect(address).await
        };
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failed = Some(error),
            Err(_) => failed = Some(std::io::ErrorKind::TimedOut.into()),
        }
    }
    Err(match failed.as_ref().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::ConnectionRefused) => {
            "refuses the connection: switch the camera on, and check the URL's host and port".to_owned()
        }
        _ => format!(
            "cannot be reached: check the network and the URL's host ({})",
            failed.map_or_else(|| "it has no address".to_owned(), |error| error.to_string())
        ),
    })
}

fn host_and_port(text: &str, default: Option<u16>) -> Option<(String, u16)> {
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = rest.strip_prefix(':').map_or(default, |port| port.parse().ok())?;
        return Some((host.to_owned(), port));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Some((host.to_owned(), port.parse().ok()?)),
        None => Some((text.to_owned(), default?)),
    }
}

/// Asks for the stream, and takes the header off the answer. `Some` if the body is not simply the stream; whether it is a file.
async fn ask(stream: &mut TcpStream, url: &SourceUrl) -> Result<Option<bool>, String> {
    let path = url.path().split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // HTTP/1.0: an endless answer then comes as it is, not in chunks.
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: havatard\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.host()
    );
    let broken = |error: std::io::Error| format!("broke off while it was asked for its stream: {error}");
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut bytes = vec![0; LONGEST_HEADER];
    let until = Instant::now() + ANSWER_WITHIN;
    loop {
        let wait = until.saturating_duration_since(Instant::now());
        let read = timeout(wait, stream.peek(&mut bytes)).await;
        let length = read
            .map_err(|_| "does not answer a request over HTTP: check the URL".to_owned())?
            .map_err(broken)?;
        match judge(&bytes[..length], url) {
            Judged::Incomplete if length == 0 || length == bytes.len() => return Ok(Some(false)),
            // What has arrived stays readable, so the time is not up by waiting for it.
            Judged::Incomplete if Instant::now() >= until => {
                return Err(
                    "does not finish its answer to a request over HTTP: look at the camera".to_owned()
                );
            }
            Judged::Incomplete => sleep(Duration::from_millis(10)).await,
            Judged::Refused(why) => return Err(why),
            Judged::NotPlain { finite } => return Ok(Some(finite)),
            Judged::Stream(header) => {
                use tokio::io::AsyncReadExt as _;
                stream.read_exact(&mut bytes[..header]).await.map_err(broken)?;
                return Ok(None);
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum Judged {
    Incomplete,
    /// The stream begins after so many bytes.
    Stream(usize),
    /// ffmpeg has to ask by itself.
    NotPlain {
        finite: bool,
    },
    Refused(String),
}

const NOT_PLAIN: Judged = Judged::NotPlain { finite: false };

fn judge(answer: &[u8], url: &SourceUrl) -> Judged {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(answer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Judged::Incomplete,
        Err(_) => return NOT_PLAIN,
    };
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    match response.code {
        Some(200) => {}
        Some(301 | 302 | 303 | 307 | 308) => {
            let to = header("location").unwrap_or_default();
            // Not quoted whole: it may hold a secret of the camera's.
            let to = SourceUrl::host_of(to).filter(|host| *host != url.host()).unwrap_or("on the same host");
            return Judged::Refused(format!(
                "sends to another address, {to}, which is not followed: write that address instead if it is right"
            ));
        }
        // A URL with a login is never asked from here.
        Some(401) => {
            return Judged::Refused(
                "asks for a login: write the URL with user name and password into media.camera.url_file"
                    .to_owned(),
            );
        }
        _ => return NOT_PLAIN,
    }
    if header("transfer-encoding").is_some() || header("content-encoding").is_some() {
        return NOT_PLAIN;
    }
    let kind = header("content-type").unwrap_or_default().to_ascii_lowercase();
    // Pictures one after the other never end, whatever length is told.
    if kind.contains("multipart/x-mixed-replace") {
        return Judged::Stream(length);
    }
    // A body of known length is a file, which ffmpeg reads in parts; one in chunks is to be put together.
    if header("content-length").is_some() {
        return Judged::NotPlain { finite: true };
    }
    let playlist = kind.contains("mpegurl") || kind.contains("dash+xml");
    if playlist { NOT_PLAIN } else { Judged::Stream(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_that_is_the_stream_is_taken_over() {
        let url = SourceUrl::from_file("http://cam:81/stream").unwrap();
        let of = |text: &str| judge(text.as_bytes(), &url);
        let plain = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=x\r\n\r\n";
        assert_eq!(of(&format!("{plain}--x\r\n")), Judged::Stream(plain.len()));
        assert_eq!(of("HTTP/1.1 200 OK\r\nContent-"), Judged::Incomplete);
        for other in [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegURL\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\n\r\n",
            "ICY 200 OK\r\n\r\n",
        ] {
            assert_eq!(of(other), NOT_PLAIN, "{other}");
        }
        let film = of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
        assert_eq!(film, Judged::NotPlain { finite: true });
        let endless = plain.replace("\r\n\r\n", "\r\nContent-Length: 99999999\r\n\r\n");
        assert_eq!(of(&endless), Judged::Stream(endless.len()));
        for to in ["/other", "//127.0.0.1:9997/x", "http://cam:81/other", "https:x", "\\\\x\\y", ""] {
            let moved = of(&format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\n\r\n"));
            assert!(
                matches!(&moved, Judged::Refused(why) if why.contains("not followed")),
                "{to}: {moved:?}"
            );
        }
        let elsewhere = of("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9997/v3?x=secret\r\n\r\n");
        assert!(
            matches!(&elsewhere, Judged::Refused(why) if why.contains("127.0.0.1:9997") && !why.contains("secret"))
        );
        assert!(matches!(of("HTTP/1.1 401 No\r\n\r\n"), Judged::Refused(why) if why.contains("url_file")));
    }

    #[test]
    fn hosts_and_ports() {
        let of = |text, default| host_and_port(text, default);
        assert_eq!(of("cam", Some(80)), Some(("cam".into(), 80)));
        assert_eq!(of("[::1]:81", Some(80)), Some(("::1".into(), 81)));
        assert_eq!(of("[::1]", Some(80)), Some(("::1".into(), 80)));
        assert_eq!(of("cam", None), None);
    }

    #[tokio::test]
    async fn what_was_peeked_at_is_still_to_be_read() {
        use std::io::Read as _;
        use tokio::io::AsyncReadExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            // Closed with something unread, a connection is reset.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(client.read_u8().await.unwrap());
            }
            client.write_all(b"HTTP/1.0 200 OK\r\nX: y\r\n\r\nstream").await.unwrap();
            client
        });
        let url = SourceUrl::from_file(&format!("http://127.0.0.1:{port}/")).unwrap();
        let Opening::Here(opened) = open(&url).await.unwrap() else { panic!("a plain stream") };
        assert_eq!(&*opened.head(Duration::from_millis(100)).await.unwrap(), b"stream");
        let mut file = std::fs::File::from(Arc::into_inner(opened.into_fd().unwrap()).unwrap());
        drop(serving.await.unwrap());
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "stream");
    }
}
