//! The listener: TLS, limits, timeouts.

use std::io;
use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsConnector, rustls};

use crate::http::router::routers;
use crate::http::server::{LocalServer, Server, ServerError};

use super::*;

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn files(certificate: &Path, key: &Path) -> config::Tls {
    serde_json::from_value(serde_json::json!({ "certificate": certificate, "key": key })).unwrap()
}

/// A key that others can read is refused.
fn closed(key: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn make_certificate(dir: &Path) -> (config::Tls, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = files(&dir.join("cert.pem"), &dir.join("key.pem"));
    std::fs::write(tls.certificate.as_path(), made.cert.pem()).unwrap();
    std::fs::write(tls.key.as_path(), made.signing_key.serialize_pem()).unwrap();
    closed(tls.key.as_path());
    (tls, made.cert.der().clone())
}

/// One request over TLS to a person who shows exactly this certificate.
async fn https(
    address: SocketAddr,
    trusted: &rustls::pki_types::CertificateDer<'static>,
    request: &str,
) -> std::io::Result<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = "localhost".try_into().unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // An end without a TLS goodbye is an error, after all has been read.
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn tls_serves_and_takes_a_new_certificate_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (tls, first) = make_certificate(dir.path());
    let server = Server::bind(loopback(), Some(&tls)).unwrap();
    let (listening, certificates) = (server.listening(), server.certificates().unwrap());
    assert!(listening.tls);
    let robot = Robot::new();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(router(robot.app.clone(), listening), stop.clone()));
    let port = listening.address.port();
    let request = format!(
        "GET /api/v1/me HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        robot.token
    );
    let answer = https(listening.address, &first, &request).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security"), "{answer}");

    std::fs::write(tls.key.as_path(), "rubbish").unwrap();
    closed(tls.key.as_path());
    assert!(matches!(certificates.reload(&tls), Err(ServerError::Key { .. })));
    assert!(https(listening.address, &first, &request).await.is_ok(), "a bad pair changes nothing");
    let (tls, second) = make_certificate(dir.path());
    certificates.reload(&tls).unwrap();
    assert!(https(listening.address, &first, &request).await.is_err());
    assert!(https(listening.address, &second, &request).await.unwrap().starts_with("HTTP/1.1 200"));
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[test]
fn faults_of_certificates_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (good, _) = make_certificate(dir.path());
    let other = tempfile::tempdir().unwrap();
    let (second, _) = make_certificate(other.path());
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let missing = dir.path().join("missing.pem");
    let bind = |certificate: &Path, key: &Path| {
        Server::bind(loopback(), Some(&files(certificate, key))).err().unwrap().to_string()
    };
    let (certificate, key, other) = (good.certificate.as_path(), good.key.as_path(), second.key.as_path());
    for (error, named) in [
        (bind(&missing, key), missing.as_path()),
        (bind(&empty, key), &empty),
        (bind(certificate, &missing), &missing),
        (bind(certificate, &empty), &empty),
        (bind(certificate, other), other),
    ] {
        assert!(error.contains(&named.display().to_string()), "{error}");
    }
}

#[test]
fn plain_http_stays_on_loopback_and_a_taken_port_is_said() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = Server::bind(address.parse().unwrap(), None).err().unwrap();
        assert!(matches!(error, ServerError::PlainBeyondLoopback { .. }), "{error}");
    }
    let first = Server::bind(loopback(), None).unwrap();
    let address = first.listening().address;
    let error = Server::bind(address, None).err().unwrap();
    assert!(matches!(error, ServerError::Taken { .. }));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

/// A server of this robot's that answers.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Served {
    async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

/// Serves plain HTTP, with a connection to it.
async fn serve(robot: &Robot) -> (Served, TcpStream) {
    let server = Server::bind(loopback(), None).unwrap();
    let listening = server.listening();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(router(robot.app.clone(), listening), stop.clone()));
    let stream = TcpStream::connect(listening.address).await.unwrap();
    (Served { address: listening.address, stop, serving }, stream)
}

/// What the server sends, until it closes, to a person who sends this and then waits.
async fn sends_and_waits(sent: &[u8]) -> (String, Duration) {
    let robot = Robot::new();
    let (served, mut stream) = serve(&robot).await;
    let began = tokio::time::Instant::now();
    stream.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_mins(2), stream.read_to_end(&mut answer));
    let _ = read.await.expect("it was closed");
    let after = began.elapsed();
    served.end().await;
    (String::from_utf8_lossy(&answer).into_owned(), after)
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_no_whole_request_is_closed() {
    for sent in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: 1\r\n"] {
        let (_, after) = sends_and_waits(sent.as_bytes()).await;
        assert!(after <= Duration::from_secs(16), "{sent:?}: {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_and_then_idles_is_closed() {
    let (answer, after) = sends_and_waits(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(after <= Duration::from_secs(16), "{after:?}");
}

#[tokio::test]
async fn a_body_that_is_refused_is_heard_out_so_that_its_sender_can_read_why() {
    let robot = Robot::new();
    let (served, mut stream) = serve(&robot).await;
    let head = format!(
        "PUT /api/v1/phrases HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000\r\n\r\n",
        served.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..100 {
        stream.write_all(&[b'x'; 10_000]).await.expect("it is still taken");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an orderly end");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("\"code\""), "{answer}");
    served.end().await;
}

#[tokio::test]
async fn heads_are_bounded_and_http_2_is_not_spoken() {
    let long = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let (answer, after) = sends_and_waits(long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer:?} after {after:?}");
    let many = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(100));
    assert!(sends_and_waits(many.as_bytes()).await.0.starts_with("HTTP/1.1 431"));
    let preface = sends_and_waits(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.0;
    assert!(preface.is_empty() || preface.starts_with("HTTP/1.1 4"), "{preface}");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_download_that_nobody_reads() {
    let robot = Robot::new();
    let file = "2026-01-02_03-04-05-000006.mp4";
    let id = robot.record(file, b"x", Duration::from_mins(1)).await;
    let path = robot.dir.path().join("recordings/havatar").join(file);
    std::fs::File::options().write(true).open(path).unwrap().set_len(256 * 1024 * 1024).unwrap();
    let (served, mut stream) = serve(&robot).await;
    let request = format!(
        "GET /api/v1/recordings/{id}/download HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        served.address, robot.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    tokio::time::timeout(Duration::from_secs(4), served.end()).await.unwrap();
}

#[tokio::test]
async fn the_local_socket_serves_the_api_in_plain_http_beside_tls() {
    let robot = Robot::new();
    let public = Listening { address: "192.0.2.7:8443".parse().unwrap(), tls: true };
    let stop = CancellationToken::new();
    let runtime_dir = tempfile::tempdir().unwrap();
    let server = LocalServer::bind(runtime_dir.path()).unwrap();
    tokio::spawn(server.serve(routers(robot.app.clone(), public).1, stop.clone()));
    let ask = async |token: &str| {
        let mut stream = UnixStream::connect(runtime_dir.path().join(LocalServer::NAME)).await.unwrap();
        let request = format!(
            "POST /api/v1/login/link HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = ask(&robot.token).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"https://192.0.2.7:8443\""), "as browsers reach it: {answer}");
    let answer = ask("wrong").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "who opens the socket needs a token all the same: {answer}");
    stop.cancel();
}
