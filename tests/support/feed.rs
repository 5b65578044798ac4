//! Network cameras over HTTP and TCP, made for a story: each path of one small server gives what it was told to.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::tools;

/// What a path gives.
#[derive(Debug, Clone)]
pub enum Feed {
    /// JPEG pictures one after the other, as an ESP32-CAM gives them.
    Jpegs {
        /// A second.
        fps: f64,
        /// In chunks, as HTTP/1.1 knows them.
        chunked: bool,
    },
    /// A file of known length, with byte ranges.
    File(PathBuf),
    /// A film as an endless transport stream, at its own pace.
    Stream(PathBuf),
    /// This head and body.
    Answer(&'static str, String),
}

/// The server. It ends with the story.
#[derive(Debug)]
pub struct Feeds {
    port: u16,
    seen: Arc<Mutex<HashMap<String, Seen>>>,
    task: JoinHandle<()>,
}

/// What a path has been asked for.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Requests.
    pub requests: usize,
    /// Pictures sent on the newest connection, and since when.
    pub pictures: usize,
    begun: Option<Instant>,
}

impl Seen {
    /// Pictures a second that really were sent.
    pub fn fps(&self) -> f64 {
        let seconds = self.begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let pictures = self.pictures as f64;
        pictures / seconds
    }
}

impl Feeds {
    /// Serves these paths on a free port.
    ///
    /// # Panics
    /// If there is no port, or ffmpeg cannot make pictures.
    pub async fn serve(paths: Vec<(&'static str, Feed)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let pictures = Arc::new(jpegs().await);
        let paths: Arc<HashMap<&'static str, Feed>> = Arc::new(paths.into_iter().collect());
        let seen = Arc::new(Mutex::new(HashMap::new()));
        let task = tokio::spawn({
            let seen = seen.clone();
            async move {
                let mut clients = tokio::task::JoinSet::new();
                while let Ok((client, _)) = listener.accept().await {
                    let (paths, pictures, seen) = (paths.clone(), pictures.clone(), seen.clone());
                    clients.spawn(async move {
                        // A client that goes away is no fault of the server's.
                        let _ = answer(client, &paths, &pictures, &seen).await;
                    });
                }
            }
        });
        Self { port, seen, task }
    }

    /// `http://127.0.0.1:12345/path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What a path has been asked for.
    pub fn seen(&self, path: &str) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned().unwrap_or_default()
    }
}

impl Drop for Feeds {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An ffmpeg that offers a film as a transport stream on a port, to one client in all.
pub fn once_over_tcp(film: &Path, port: u16) -> tokio::process::Child {
    let mut command = stream(film);
    command.args(["-f", "mpegts", "-flush_packets", "1"]).arg(format!("tcp://127.0.0.1:{port}?listen=1"));
    command.stdout(Stdio::null()).spawn().expect("ffmpeg starts")
}

fn stream(film: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"]).arg(film);
    command
        .args(["-map", "0:v:0", "-c", "copy"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A second of moving pictures, full of detail.
async fn jpegs() -> Vec<Vec<u8>> {
    let args = "-nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=30,noise=alls=40:allf=t -t 1 -c:v mjpeg \
                -q:v 6 -pix_fmt yuvj420p -f mjpeg -";
    let args: Vec<&str> = args.split_ascii_whitespace().collect();
    let made = tools::run("ffmpeg", &args).await;
    assert!(made.status.success(), "{}", tools::complaints(&made));
    let mut pictures: Vec<Vec<u8>> = Vec::new();
    for (at, byte) in made.stdout.iter().enumerate() {
        if made.stdout[at..].starts_with(&[0xff, 0xd8, 0xff]) {
            pictures.push(Vec::new());
        }
        pictures.last_mut().expect("a picture begins").push(*byte);
    }
    pictures
}

async fn answer(
    mut client: TcpStream,
    paths: &HashMap<&'static str, Feed>,
    pictures: &[Vec<u8>],
    seen: &Mutex<HashMap<String, Seen>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(client.read_u8().await?);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let note = |change: &dyn Fn(&mut Seen)| {
        change(seen.lock().unwrap_or_else(PoisonError::into_inner).entry(target.clone()).or_default());
    };
    note(&|seen| seen.requests += 1);
    match paths.get(target.as_str()) {
        Some(Feed::Jpegs { fps, chunked }) => {
            note(&|seen| (seen.pictures, seen.begun) = (0, Some(Instant::now())));
            let more = if *chunked { "Transfer-Encoding: chunked\r\n" } else { "" };
            let head = format!(
                "HTTP/1.1 200 OK\r\n{more}Content-Type: multipart/x-mixed-replace;boundary=picture\r\n\r\n"
            );
            client.write_all(head.as_bytes()).await?;
            let begun = Instant::now();
            for (number, picture) in (1..).zip(pictures.iter().cycle()) {
                let head = format!(
                    "--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                    picture.len()
                );
                let part = [head.as_bytes(), picture, b"\r\n"].concat();
                let part = if *chunked {
                    [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat()
                } else {
                    part
                };
                client.write_all(&part).await?;
                note(&|seen| seen.pictures += 1);
                tokio::time::sleep_until(begun + Duration::from_secs_f64(f64::from(number) / fps)).await;
            }
            Ok(())
        }
        Some(Feed::File(path)) => {
            let bytes = std::fs::read(path)?;
            let asked = request.lines().find_map(|line| line.strip_prefix("Range: bytes=")).unwrap_or("0-");
            let from =
                asked.split('-').next().and_then(|from| from.parse().ok()).unwrap_or(0).min(bytes.len());
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nContent-Length: {}\r\n\
                 Content-Range: bytes {from}-{}/{}\r\n\r\n",
                bytes.len() - from,
                bytes.len().saturating_sub(1),
                bytes.len()
            );
            let head = if request.contains("Range: ") {
                head
            } else {
                head.replace("206 Partial Content", "200 OK")
            };
            client.write_all(head.as_bytes()).await?;
            client.write_all(&bytes[from..]).await
        }
        Some(Feed::Stream(film)) => {
            client.write_all(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n").await?;
            let mut command = stream(film);
            command.args(["-f", "mpegts", "-flush_packets", "1", "pipe:1"]).stdout(Stdio::piped());
            let mut ffmpeg = command.spawn()?;
            let mut output = ffmpeg.stdout.take().expect("a pipe");
            tokio::io::copy(&mut output, &mut client).await.map(drop)
        }
        Some(Feed::Answer(head, body)) => {
            let text = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            client.write_all(text.as_bytes()).await
        }
        None => client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await,
    }
}
