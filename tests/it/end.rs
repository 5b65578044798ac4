//! The daemon ends: by request, by force, with children that do not want to.

use std::time::Duration;

use havatar_tests::{Plan, figure, goal, rounds, tools};

#[tokio::test]
async fn killed_it_leaves_nothing_behind() {
    let mut plan = Plan::new();
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds() {
        let daemon = plan.launch().await;
        daemon.ready().await;
        assert!(daemon.processes().len() >= 5, "MediaMTX, a camera of two stages, a microphone, a muxer");
        // Asserts that nothing is left after a second.
        let (gone, again) = daemon.kill();
        slowest = slowest.max(gone);
        plan = again;
    }
    figure("orphans_gone_after_daemon_kill_ms_max", slowest.as_millis());
}

#[tokio::test]
async fn killed_in_the_middle_of_its_start_it_leaves_nothing_behind() {
    let mut plan = Plan::new();
    for _ in 0..rounds() {
        // As soon as it serves: MediaMTX is just being born.
        plan = plan.launch().await.kill().1;
    }
}

#[tokio::test]
async fn asked_to_stop_it_ends_well_and_leaves_nothing_behind() {
    let daemon = Plan::new().launch().await;
    daemon.ready().await;
    let (status, took, _) = daemon.stop().await;
    assert_eq!(status.code(), Some(0));
    goal("orderly_stop", took, Duration::from_secs(3));
}

#[tokio::test]
async fn children_that_ignore_every_request_to_end_do_not_keep_it() {
    let plan = Plan::new();
    let (mediamtx, ffmpeg) = (plan.place("mediamtx"), plan.place("ffmpeg"));
    let stubborn = format!(
        "exec '{}' stubborn --ignore-int --ignore-term --grandchild",
        tools::built("havatar-sim").display()
    );
    tools::mediamtx_wrapper(&mediamtx, &format!("trap '' INT TERM\n\"$mediamtx\" \"$@\" &\n{stubborn}"));
    tools::ffmpeg_wrapper(&ffmpeg, &format!("trap '' INT TERM\nexec 3<&0\nffmpeg \"$@\" <&3 &\n{stubborn}"));
    let daemon = plan
        .set("media.mediamtx.binary", mediamtx.to_str())
        .set("media.ffmpeg", ffmpeg.to_str())
        .launch()
        .await;
    daemon.ready().await;
    let stubborn = daemon
        .processes()
        .iter()
        .filter(|process| process.args.iter().any(|arg| arg == "--ignore-int"))
        .count();
    assert_eq!(stubborn, 8, "four with a grandchild each: {:?}", daemon.processes());
    let (status, took, _) = daemon.stop().await;
    assert_eq!(status.code(), Some(0));
    // The goal is 5 s; a machine that runs other stories at the same time gets some room.
    goal("stop_with_stubborn_children", took, Duration::from_secs(8));
}
