//! How ffmpeg and ffprobe reach a source: without a secret in an argument, and without a way to anywhere else.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use havatar_supervisor::Input;

use crate::config::SourceUrl;

/// Where a source is.
#[derive(Debug, Clone)]
pub(crate) enum Address {
    /// A file on this machine.
    File(std::path::PathBuf),
    /// A network address.
    Url(SourceUrl),
    /// A connection that is open already, at the first byte of the source.
    Socket(Arc<OwnedFd>),
    /// The first bytes of such a connection, for the probe.
    Head(Arc<[u8]>),
}

/// An input's part of a command line, and what belongs on standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputArgs {
    pub(crate) args: Vec<OsString>,
    pub(crate) stdin: Input,
}

/// Containers that hold their streams themselves. What is missing names other files or addresses, which a camera must
/// not make this machine fetch: HLS, DASH, SDP, concatenations, numbered pictures.
const CONTAINERS: &str = "mov,mp4,matroska,webm,mpegts,mpegtsraw,mpeg,mpegvideo,mpjpeg,mjpeg,mjpeg_2000,avi,flv,live_flv,\
    kux,ogg,asf,asf_o,nut,mxf,gif,apng,ivf,obu,av1,h261,h263,h264,hevc,m4v,vc1,vc1test,cavsvideo,dirac,dv,rm,swf,wtv,\
    yuv4mpegpipe,fits,nsv,nuv,ffm,gxf,lmlm4,mtv,mvi,smk,bink,roq,viv,mp3,wav,w64,flac,aac,ac3,eac3,dts,caf,aiff,amr,au,\
    ape,tta,tak,wv,jpeg_pipe,jpegls_pipe,png_pipe,webp_pipe,bmp_pipe,tiff_pipe,gif_pipe,pgm_pipe,ppm_pipe";

/// How long an analysis of a live source may wait for what does not come, in microseconds. The default is 5 s, all of them spent on
/// a source with rare key frames. What the analysis has read is kept: the first key frame may be in it.
pub(crate) const LIVE_ANALYSIS: &str = "500000";
/// The same, where that was not enough to find a video.
pub(crate) const LONG_ANALYSIS: &str = "8000000";
/// A network source that gives nothing for this long is gone, in microseconds.
const SILENT_AFTER: &str = "10000000";

impl Address {
    /// The arguments up to and with `-i`. `live` is for sources that cannot be read faster than they happen.
    pub(crate) fn input(&self, live: bool, analysis: &str) -> InputArgs {
        let mut options: Vec<(&str, &str)> = Vec::new();
        if live {
            options.extend([("analyzeduration", analysis), ("fpsprobesize", "0")]);
        }
        match self {
            Self::File(path) => {
                options.extend([("protocol_whitelist", "file"), ("format_whitelist", CONTAINERS)]);
                // Protocol written out: a file called `http:x` or `-x` stays a file.
                let mut url = OsString::from("file:");
                url.push(path);
                plain(&options, url, Input::Null)
            }
            Self::Socket(socket) => piped(options, Input::File(socket.clone())),
            Self::Head(bytes) => piped(options, Input::Bytes(bytes.clone())),
            Self::Url(url) => {
                options.extend(of_scheme(url.scheme()));
                if url.is_secret() {
                    scripted(url, &options)
                } else {
                    plain(&options, url.as_str().into(), Input::Null)
                }
            }
        }
    }
}

/// A file on this machine.
pub(crate) fn file(path: &Path) -> Address {
    Address::File(path.to_owned())
}

/// Protocols, containers and limits of a kind of source.
fn of_scheme(scheme: &str) -> Vec<(&'static str, &'static str)> {
    match scheme {
        "rtsp" | "rtsps" => vec![
            ("protocol_whitelist", "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto"),
            // Some cameras have UDP alone.
            ("rtsp_flags", "prefer_tcp"),
            ("timeout", SILENT_AFTER),
        ],
        "http" | "https" => vec![
            ("protocol_whitelist", "http,https,tcp,tls,crypto"),
            // A camera must not make this machine ask another one, or itself.
            ("max_redirects", "0"),
            ("format_whitelist", CONTAINERS),
            ("rw_timeout", SILENT_AFTER),
        ],
        "srt" => vec![
            ("protocol_whitelist", "srt"),
            ("format_whitelist", CONTAINERS),
            ("rw_timeout", SILENT_AFTER),
        ],
        "udp" => {
            vec![("protocol_whitelist", "udp"), ("format_whitelist", CONTAINERS), ("timeout", SILENT_AFTER)]
        }
        _ => vec![
            ("protocol_whitelist", "tcp"),
            ("format_whitelist", CONTAINERS),
            ("rw_timeout", SILENT_AFTER),
        ],
    }
}

fn piped(mut options: Vec<(&str, &str)>, stdin: Input) -> InputArgs {
    options.extend([("protocol_whitelist", "pipe"), ("format_whitelist", CONTAINERS)]);
    plain(&options, "pipe:0".into(), stdin)
}

fn plain(options: &[(&str, &str)], url: OsString, stdin: Input) -> InputArgs {
    let mut args = Vec::new();
    for (name, value) in options {
        args.extend([format!("-{name}").into(), (*value).into()]);
    }
    args.extend(["-i".into(), url]);
    InputArgs { args, stdin }
}

/// The URL in a script on standard input, which nobody else can read. The script's own options are those of the source: it may
/// reach the source's protocols, and not the pipe that it came by.
fn scripted(url: &SourceUrl, options: &[(&str, &str)]) -> InputArgs {
    let mut script = format!("ffconcat version 1.0\nfile {}\n", quoted(url.as_str()));
    let mut outer = String::from("pipe");
    for (name, value) in options {
        if *name == "protocol_whitelist" {
            outer = format!("pipe,{value}");
        }
        let _ = writeln!(script, "option {name} {value}");
    }
    let args = ["-f", "concat", "-safe", "0", "-protocol_whitelist", &outer, "-i", "pipe:0"];
    InputArgs { args: args.map(OsString::from).into(), stdin: Input::Bytes(Arc::from(script.into_bytes())) }
}

/// As ffmpeg's scripts quote: a `'` ends the quotation, and is written outside of one.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(input: &InputArgs) -> String {
        match &input.stdin {
            Input::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_secret_url_stands_in_no_argument() {
        for url in ["rtsp://me:hunter2@cam/1", "http://cam/live?token=hunter2", "https://cam/hunter2"] {
            let input = Address::Url(SourceUrl::from_file(url).unwrap()).input(true, LIVE_ANALYSIS);
            assert!(!format!("{:?}", input.args).contains("hunter2"), "{input:?}");
            let script = script(&input);
            assert!(script.contains(&format!("file '{url}'")), "{script}");
            let protocols =
                script.lines().find(|line| line.starts_with("option protocol_whitelist ")).unwrap();
            assert!(
                !protocols.contains("pipe"),
                "the source may not read what the daemon hands over: {script}"
            );
        }
    }

    #[test]
    fn no_kind_of_source_reaches_further_than_itself() {
        for scheme in SourceUrl::SCHEMES {
            let options = of_scheme(scheme);
            let of = |name: &str| options.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            let protocols: Vec<&str> = of("protocol_whitelist").unwrap().split(',').collect();
            for other in ["file", "pipe", "concat", "subfile", "data", "unix", "fd", "gopher", "ftp"] {
                assert!(!protocols.contains(&other), "{scheme}: {other}");
            }
            assert!(!scheme.starts_with("http") || !protocols.contains(&"rtsp"));
            if !scheme.starts_with("rtsp") {
                assert_eq!(of("format_whitelist"), Some(CONTAINERS), "{scheme}");
            }
        }
        for playlist in ["hls", "applehttp", "dash", "concat", "sdp", "rtsp", "image2", "imf", "tty", "lavfi"]
        {
            assert!(!CONTAINERS.split(',').any(|name| name == playlist), "{playlist}");
        }
    }

    #[test]
    fn a_file_name_never_becomes_an_option_a_protocol_or_a_script() {
        let input = file(Path::new("-y http://x'y")).input(false, LIVE_ANALYSIS);
        assert_eq!(input.args.last().unwrap(), "file:-y http://x'y");
        assert_eq!(quoted("a'b\\c"), r"'a'\''b\c'");
    }
}
