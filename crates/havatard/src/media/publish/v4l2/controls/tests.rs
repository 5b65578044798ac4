//! Controls are set by a program in the place of the one that asks a camera, which answers as a test wants it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::media::fake;

use super::*;

/// Takes what it is asked for, and notes it beside the device.
const WILLING: &str =
    r#"printf '%s' "$4" >"$2.asked"; echo '{"Done":{"controls":[],"faults":{},"refused":false}}'"#;
const HANGING: &str = "exec sleep 100";
/// Says what a device says that does not speak the interface.
const WITHOUT: &str = r#"echo '"NoDevice"'"#;

/// A file in the place of a camera, and a program in the place of the one that asks it.
struct Bench {
    dir: TempDir,
    ctx: Arc<Context>,
    device: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (state, device) = (dir.path().join("state"), dir.path().join("video0"));
        fs::create_dir(&state).unwrap();
        fs::write(&device, "").unwrap();
        let bench = Self { ctx: fake::away(&state).ctx, device, dir };
        bench.configure("{brightness: 1}");
        bench
    }

    fn configure(&self, controls: &str) {
        let device = self.device.display();
        let text = format!(
            "confinement: {{enabled: false}}\nmedia: {{camera: {{device: {device}, controls: {controls}}}}}"
        );
        let loaded = Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap();
        self.ctx.config.send_replace(Arc::new(loaded.config));
    }

    fn helper(&self, script: &str) -> PathBuf {
        let file = self.dir.path().join("helper");
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o700)).unwrap();
        file
    }

    async fn prepare(&self, script: &str) {
        prepare_by(&self.ctx, &self.helper(script), &self.device).await;
    }

    async fn change(&self, script: &str, name: &str) -> Result<api::CameraControls, ControlError> {
        let changes = BTreeMap::from([(name.to_owned(), Some(api::ControlValue::Number(2)))]);
        change_by(&self.ctx, &self.helper(script), changes).await
    }

    /// What the device was asked for last.
    fn asked(&self) -> Option<String> {
        let file = self.dir.path().join("video0.asked");
        let asked = fs::read_to_string(&file).ok();
        let _ = fs::remove_file(file);
        asked
    }

    fn told(&self) -> Option<String> {
        self.ctx.controls.told()
    }
}

#[test]
fn what_is_no_camera_and_what_is_not_there_is_told_apart() {
    let null = Path::new("/dev/null");
    assert_eq!(answer(null, None), r#""NoDevice""#);
    assert_eq!(answer(null, Some(r#"{"values":{"brightness":1},"required":[]}"#)), r#""NoDevice""#);
    assert!(answer(Path::new("/dev/nowhere"), None).starts_with(r#"{"Failed":"#));
    assert!(answer(null, Some("[]")).contains("no request"));
}

#[tokio::test]
async fn only_a_v4l2_camera_that_is_there_has_controls() {
    let bench = Bench::new();
    let found = |text: &str| {
        let loaded = Config::from_bytes(text.as_bytes(), Path::new("x"), false).unwrap();
        in_use(&bench.ctx, &loaded.config)
    };
    assert!(matches!(
        found("media: {camera: {source: test}}"),
        Err(ControlError::NoControls(why)) if why.starts_with("media.camera.source is test,")
    ));
    let away = found("media: {camera: {device: /dev/v4l/by-id/nowhere}}");
    assert!(matches!(away, Err(ControlError::Away)));
    let there = found("media: {camera: {device: /dev/null}}").unwrap();
    assert_eq!(there, Path::new("/dev/null"));
    let without = bench.change(WITHOUT, "brightness").await;
    assert!(matches!(without, Err(ControlError::NoControls(why)) if why.ends_with("video0 has no controls")));
}

#[tokio::test]
async fn a_driver_that_hangs_delays_one_picture_and_is_tried_again_when_it_is_plugged_in_again() {
    let bench = Bench::new();
    bench.prepare(HANGING).await;
    assert_eq!(bench.told().as_deref(), Some(TOO_SLOW));
    bench.ctx.controls.set_faults(BTreeMap::new());
    bench.prepare(WILLING).await;
    assert_eq!((bench.asked(), bench.told().as_deref()), (None, Some(TOO_SLOW)), "it is left alone");
    fs::remove_file(&bench.device).unwrap();
    fs::write(&bench.device, "").unwrap();
    bench.prepare(WILLING).await;
    assert!(bench.asked().is_some());
    assert_eq!(bench.told(), None);
}

#[tokio::test]
async fn what_a_client_sets_ends_what_was_said_of_all_of_them() {
    let bench = Bench::new();
    bench.prepare("exit 1").await;
    assert!(bench.told().is_some_and(|told| told.starts_with("no control of the camera is set: ")));
    bench.change(WILLING, "gain").await.unwrap();
    assert_eq!(bench.told(), None);
}

#[tokio::test]
async fn one_that_has_waited_for_its_turn_sets_what_the_config_says_then() {
    let bench = Bench::new();
    let turn = bench.ctx.controls.setting.lock().await;
    let meanwhile = async {
        assert!(matches!(bench.change(WILLING, "gain").await, Err(ControlError::Busy)));
        bench.configure("{brightness: 2}");
        drop(turn);
    };
    // In this order: the first waits for its turn when the second begins.
    tokio::join!(bench.prepare(WILLING), meanwhile);
    assert!(bench.asked().is_some_and(|asked| asked.contains(r#""brightness":2"#)));
}

#[tokio::test]
async fn one_that_may_have_been_set_is_set_back_when_nobody_wants_it() {
    let bench = Bench::new();
    bench.prepare("exit 1").await;
    bench.configure("{}");
    bench.prepare(WILLING).await;
    assert!(bench.asked().is_some_and(|asked| asked.contains(r#""brightness":null"#)));
    bench.prepare(WILLING).await;
    assert_eq!(bench.asked(), None, "nothing is left to do");
}
