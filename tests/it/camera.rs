//! Cameras and films that come and go.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use havatar_api::{CameraTest, DeviceState, DeviceTestSource, ProcessState};
use havatar_tests::{BOTH, CAMERA, Daemon, Plan, figure, proc, tools};
use nix::sys::signal::Signal;

#[tokio::test]
async fn a_film_that_is_not_there_is_waited_for_and_then_shown_with_its_picture_moving() {
    let plan = Plan::new();
    let film = plan.place("film.mp4");
    let daemon =
        plan.set("media.camera.source", "file").set("media.camera.file", film.to_str()).launch().await;
    let words = daemon.missing(Duration::from_secs(10), "camera_away").await;
    assert!(words.contains("film.mp4") && words.contains("as soon as it appears"), "{words}");
    let camera = daemon.status().await.devices.camera;
    assert_eq!(camera.state, DeviceState::Away);
    assert!(camera.why.is_some_and(|why| why.contains("film.mp4")));

    let viewer = daemon.viewer(CAMERA);
    make_film(&film).await;
    let there = SystemTime::now();
    daemon.ready().await;
    viewer.moves(there, Duration::from_secs(10)).await;
    let stream = daemon.stream(CAMERA).await;
    assert_eq!((stream.codecs, stream.width, stream.height), (vec!["H264".to_owned()], Some(320), Some(180)));
    assert_eq!(daemon.process("camera").await.restarts, 0, "waiting is no failing");
}

#[tokio::test]
async fn a_film_plays_on_after_its_end() {
    let plan = Plan::new();
    let film = plan.place("film.mp4");
    make_film(&film).await;
    let daemon =
        plan.set("media.camera.source", "file").set("media.camera.file", film.to_str()).launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(BOTH);
    let begun = SystemTime::now();
    viewer.moves(begun, Duration::from_secs(10)).await;
    // The film is three seconds long.
    viewer.moves(begun + Duration::from_secs(4), Duration::from_secs(12)).await;
    assert_eq!(daemon.process("camera").await.restarts, 0);
}

#[tokio::test]
async fn a_camera_that_is_plugged_in_late_unplugged_and_plugged_in_again_is_used_each_time() {
    let (plan, device) = fake_camera();
    let daemon = plan.launch().await;
    let words = daemon.missing(Duration::from_secs(10), "camera_away").await;
    assert!(words.contains("video0") && words.contains("as soon as it appears"), "{words}");

    fs::write(&device, "").expect("plugged in");
    let plugged = SystemTime::now();
    let viewer = daemon.viewer(CAMERA);
    let frame = viewer.painted_after(plugged, Duration::from_secs(15)).await;
    figure("plugged_in_to_frame_ms", since(plugged, frame.at));
    daemon.ready().await;
    let sessions = viewer.sessions();

    fs::remove_file(&device).expect("unplugged");
    let unplugged = SystemTime::now();
    let words = daemon.missing(Duration::from_secs(10), "camera_away").await;
    assert!(words.contains("video0"), "{words}");
    assert_eq!(daemon.status().await.devices.camera.state, DeviceState::Away);
    // The connection lives on: something is shown in the camera's place, and it is not a picture of the camera's.
    viewer
        .arrives(unplugged + Duration::from_millis(1500), Duration::from_secs(10), |frame| {
            frame.painted.is_none()
        })
        .await;

    fs::write(&device, "").expect("plugged in again");
    let plugged = SystemTime::now();
    let frame = viewer.painted_after(plugged, Duration::from_secs(10)).await;
    figure("plugged_in_again_to_frame_ms", since(plugged, frame.at));
    assert!(frame.at < plugged + Duration::from_secs(4), "{:?}", frame.at.duration_since(plugged));
    assert_eq!(viewer.sessions(), sessions, "the viewer was never thrown out");
    daemon.ready().await;
}

#[tokio::test]
async fn of_what_a_camera_offers_the_best_is_taken_unless_told_otherwise() {
    for (format, taken, encoder) in
        [("auto", "h264", "copy"), ("mjpeg", "mjpeg", "libx264"), ("raw", "yuyv422", "libx264")]
    {
        let (plan, device) = fake_camera();
        fs::write(&device, "").expect("plugged in");
        let daemon = plan.set("media.camera.format", format).launch().await;
        daemon.ready().await;
        let args = daemon.child("camera", "sh").args;
        let asked = args.iter().skip_while(|arg| *arg != "-input_format").nth(1).expect("a format");
        assert_eq!(asked, taken, "{format}");
        assert_eq!(daemon.status().await.encoder.expect("an encoder").name, encoder, "{format}");
        let viewer = daemon.viewer(CAMERA);
        viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    }
}

#[tokio::test]
async fn a_camera_that_does_not_stream_is_tested_in_the_format_that_it_would_stream_in() {
    let (plan, device) = fake_camera();
    fs::write(&device, "").expect("plugged in");
    let daemon = plan.set("media.camera.format", "mjpeg").launch().await;
    daemon.ready().await;
    assert_eq!(daemon.post("/api/v1/processes/camera/stop").await.status, 200);
    daemon.process_is(Duration::from_secs(10), "camera", ProcessState::Stopped).await;
    let answer = daemon.post("/api/v1/devices/tests/camera").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let test: CameraTest = answer.json();
    assert!(test.passed && test.source == DeviceTestSource::Device, "{test:?}");
    assert_eq!((test.width, test.height, test.format.as_deref()), (Some(320), Some(180), Some("mjpeg")));
    assert_eq!(Some(test.device.as_str()), device.to_str());
    figure("camera_test_first_frame_ms", test.first_frame_ms);

    fs::remove_file(&device).expect("unplugged");
    let answer = daemon.post("/api/v1/devices/tests/camera").await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "no_such_device"), "{}", answer.text());
    assert!(answer.text().contains("video0 is not there"), "{}", answer.text());
}

#[tokio::test]
async fn a_size_that_a_camera_does_not_have_is_told_with_those_it_has() {
    let (plan, device) = fake_camera();
    fs::write(&device, "").expect("plugged in");
    let daemon = plan.set("media.camera.size", "1024x768").set("media.camera.format", "mjpeg").launch().await;
    let words = daemon.missing(Duration::from_secs(10), "camera_silent").await;
    let words = daemon
        .eventually(Duration::from_secs(5), &format!("the sizes are told, not {words}"), async || {
            Some(daemon.missing(Duration::from_secs(1), "camera_silent").await)
                .filter(|words| words.contains("320x180"))
        })
        .await;
    assert!(words.contains("media.camera.size"), "{words}");
}

#[tokio::test]
async fn a_control_that_a_camera_does_not_have_is_told_and_keeps_no_picture_away() {
    let (plan, device) = fake_camera();
    fs::write(&device, "").expect("plugged in");
    let daemon = plan.set("media.camera.controls.power_line_frequency", "50 Hz").launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(CAMERA);
    viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(10)).await;
    let camera = daemon.status().await.devices.camera;
    assert_eq!(camera.state, DeviceState::Live);
    let why = camera.why.expect("what is wrong");
    assert!(why.contains("no control of the camera is set") && why.contains("video0"), "{why}");
}

#[tokio::test]
async fn a_camera_that_is_mounted_sideways_is_turned_and_encoded_anew() {
    let (plan, device) = fake_camera();
    fs::write(&device, "").expect("plugged in");
    let daemon = plan.set("media.camera.rotate", 90).launch().await;
    daemon.ready().await;
    let viewer = daemon.viewer(CAMERA);
    viewer.moves(SystemTime::now(), Duration::from_secs(10)).await;
    let stream = daemon.stream(CAMERA).await;
    assert_eq!((stream.width, stream.height), (Some(180), Some(320)), "width and height changed places");
    assert_eq!(daemon.status().await.encoder.expect("an encoder").name, "libx264", "no copy can be turned");
}

#[tokio::test]
async fn a_network_camera_is_taken_from_its_url() {
    // Another robot's camera is a network camera; its test picture carries the clock through both.
    let far = Plan::new().launch().await;
    far.ready().await;
    let port = havatar_tests::free_port();
    let sender = relay(&far, port.port());
    let near = Plan::new()
        .set("media.camera.source", "url")
        .set("media.camera.url", format!("tcp://127.0.0.1:{}", port.port()))
        .launch()
        .await;
    near.ready().await;
    let viewer = near.viewer(CAMERA);
    let frame = viewer.painted_after(SystemTime::UNIX_EPOCH, Duration::from_secs(15)).await;
    figure("network_camera_frame_age_ms", frame.age().expect("a stamp").as_millis());
    // The camera goes away, and comes back at the same address.
    proc::signal(sender.id().expect("it runs").cast_signed(), Signal::SIGKILL);
    near.eventually(Duration::from_secs(10), "the camera is not running", async || {
        (near.process("camera").await.state != ProcessState::Running).then_some(())
    })
    .await;
    let back = SystemTime::now();
    let _again = relay(&far, port.port());
    viewer.painted_after(back, Duration::from_secs(20)).await;
}

/// An ffmpeg that offers the far robot's picture on a port, to one reader at a time.
fn relay(far: &Daemon, port: u16) -> tokio::process::Child {
    tokio::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", &far.rtsp(CAMERA)])
        .args(["-c", "copy", "-f", "mpegts", "-flush_packets", "1"])
        .arg(format!("tcp://127.0.0.1:{port}?listen=1"))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("ffmpeg starts")
}

fn since(begun: SystemTime, at: SystemTime) -> u128 {
    at.duration_since(begun).unwrap_or_default().as_millis()
}

/// Three seconds of moving content with sound, H.264 and AAC, made once for this story and put in place whole.
async fn make_film(place: &Path) {
    let draft = place.with_extension("draft.mp4");
    let args = "-nostdin -v error -y -f lavfi -i mandelbrot=size=640x360:rate=25 -f lavfi -i sine=frequency=330 -t 3 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
    let mut args: Vec<&str> = args.split(' ').collect();
    args.push(draft.to_str().expect("UTF-8"));
    let made = tools::run("ffmpeg", &args).await;
    assert!(made.status.success(), "{}", tools::complaints(&made));
    fs::rename(&draft, place).expect("the film is in place");
}

/// A plan whose ffmpeg believes in a camera for as long as the device's file is there: it lists formats as ffmpeg
/// does, fails as ffmpeg does, gives the frame clock in the format asked for, and ends when the file goes.
fn fake_camera() -> (Plan, PathBuf) {
    let plan = Plan::new();
    let (ffmpeg, dev) = (plan.place("ffmpeg"), plan.place("dev"));
    fs::create_dir(&dev).expect("a folder");
    let device = dev.join("video0");
    let text =
        include_str!("fake_v4l2.sh").replace("@SIM@", tools::built("havatar-sim").to_str().expect("UTF-8"));
    tools::script(&ffmpeg, &text);
    let plan = plan
        .set("media.ffmpeg", ffmpeg.to_str())
        .set("media.camera.source", "v4l2")
        .set("media.camera.device", device.to_str());
    (plan, device)
}
