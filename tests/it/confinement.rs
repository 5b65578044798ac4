//! What a helper program that was taken over could do: none of it reaches the daemon's secrets or its recordings.

use std::fs;
use std::time::Duration;

use havatar_api::{Confinement, ProcessState};
use havatar_tests::sound::SoundCard;
use havatar_tests::{BOTH, Daemon, Plan, not_shown, proc, tools};
use serde_json::json;

const SOON: Duration = Duration::from_secs(20);

/// Tries what a program that was taken over would, and writes down what came of it. Before its own work, in the folder of the
/// story, where it may write.
fn intruder(plan: &Plan) -> String {
    let (state, run) = (plan.state().display(), plan.runtime().display());
    format!(
        "for it in {state}/admin-token {state}/watch-token {state}/sessions.json {run}/mediamtx.yml {config} \
           {state}/recordings/{BOTH}/*; do cat $it >/dev/null 2>&1 && echo \"read $it\" >>{out}; done\n\
         for it in {state}/new {state}/recordings/new {run}/new {state}/recordings/{BOTH}/new; do \
           echo x 2>/dev/null >$it && echo \"wrote $it\" >>{out}; done\n\
         ls {state} {state}/recordings {run} >/dev/null 2>&1 && echo listed >>{out}\n\
         kill -0 $PPID 2>/dev/null && echo signalled >>{out}\n\
         cat /proc/$PPID/environ >/dev/null 2>&1 && echo looked >>{out}\n\
         unshare -Ur true 2>/dev/null && echo unshared >>{out}\n\
         echo tried >>{out}\n",
        config = plan.config_file().display(),
        out = plan.place("out").display(),
    )
}

fn whole(all: &[Confinement]) -> bool {
    !all.is_empty()
        && all.iter().all(|it| it.no_new_privileges && it.landlock && it.seccomp && it.missing.is_none())
}

/// Whether this kernel can hold a program at all.
async fn can_confine(daemon: &Daemon) -> bool {
    let confinement = daemon.process("mediamtx").await.confinement;
    if whole(&confinement) {
        return true;
    }
    not_shown("that helper programs are held back", &format!("{confinement:?}"));
    false
}

#[tokio::test]
async fn the_status_says_of_each_helper_what_it_runs_under_and_the_real_ones_work_so() {
    let card = SoundCard::new().await;
    let daemon = card.as_loudspeaker(Plan::new()).launch().await;
    daemon.ready().await;
    for name in ["mediamtx", "camera", "microphone", "muxer", "speaker", "talk"] {
        let process = daemon.process_is(SOON, name, ProcessState::Running).await;
        let programs: Vec<&str> = process.confinement.iter().map(|it| it.program.as_str()).collect();
        assert!(!programs.is_empty(), "{name}");
        assert!(
            process.confinement.iter().all(|it| it.no_new_privileges),
            "{name}: {:?}",
            process.confinement
        );
        if can_confine(&daemon).await {
            assert!(whole(&process.confinement), "{name}: {:?}", process.confinement);
        }
    }
    // It records, and it speaks.
    let started = daemon.post("/api/v1/recordings/start").await;
    assert!(started.text().contains("\"recording\":true"), "{}", started.text());
    assert_eq!(daemon.post("/api/v1/recordings/stop").await.status, 200);
    let body = json!({ "text": "Bună ziua!" });
    let said = daemon.try_ask(reqwest::Method::POST, "/api/v1/robot/speak", |it| it.json(&body)).await;
    assert_eq!(said.expect("an answer").status, 202);
    let speech = daemon
        .eventually(SOON, "it has been said", async || {
            let speech = daemon.status().await.voice.speech;
            (speech.speaking.is_none() && speech.waiting.is_empty()).then_some(speech)
        })
        .await;
    assert_eq!(speech.failed, None);
    let programs: Vec<&str> = speech.confinement.iter().map(|it| it.program.as_str()).collect();
    assert_eq!(programs, ["espeak-ng", "ffmpeg"]);
    if can_confine(&daemon).await {
        assert!(whole(&speech.confinement), "{:?}", speech.confinement);
    }
    // The kernel's own word on it.
    for process in daemon.processes().into_iter().filter(|it| !["", "robot"].contains(&&*it.belongs_to)) {
        let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
        assert!(status.is_empty() || status.contains("NoNewPrivs:\t1"), "{process:?}");
    }
}

#[tokio::test]
async fn a_helper_that_was_taken_over_reads_no_secret_and_no_recording() {
    let plan = Plan::new();
    let (ffmpeg, mediamtx) = (plan.place("ffmpeg"), plan.place("mediamtx"));
    tools::ffmpeg_wrapper(&ffmpeg, &format!("{}exec ffmpeg \"$@\"", intruder(&plan)));
    // MediaMTX writes recordings and reads its settings: what it may not is the rest.
    let state = plan.state().display().to_string();
    let out = plan.place("mediamtx-out");
    tools::mediamtx_wrapper(
        &mediamtx,
        &format!(
            "for it in {state}/admin-token {state}/sessions.json {config}; do \
             cat $it >/dev/null 2>&1 && echo \"read $it\" >>{out}; done\n\
             for it in {state}/new {run}/new; do echo x 2>/dev/null >$it && echo \"wrote $it\" >>{out}; done\n\
             echo x >{state}/recordings/own 2>/dev/null && echo recordings >>{out}; echo tried >>{out}\n\
             exec \"$mediamtx\" \"$@\"",
            config = plan.config_file().display(),
            run = plan.runtime().display(),
            out = out.display(),
        ),
    );
    let daemon = plan
        .set("media.ffmpeg", ffmpeg.to_str())
        .set("media.mediamtx.binary", mediamtx.to_str())
        .launch()
        .await;
    daemon.ready().await;
    if !can_confine(&daemon).await {
        return;
    }
    daemon.post("/api/v1/recordings/start").await;
    // Now that there is something to read.
    for name in ["camera", "microphone", "muxer"] {
        assert_eq!(daemon.post(&format!("/api/v1/processes/{name}/restart")).await.status, 200);
    }
    daemon.ready().await;
    let said = |name: &str| fs::read_to_string(daemon.plan().place(name)).unwrap_or_default();
    let tried = daemon
        .eventually(SOON, "all have tried", async || {
            Some(said("out")).filter(|text| text.lines().filter(|line| *line == "tried").count() >= 6)
        })
        .await;
    assert!(tried.lines().all(|line| line == "tried"), "{tried}");
    assert_eq!(said("mediamtx-out"), "recordings\ntried\n");
    assert!(proc::alive(daemon.pid()));
}

#[tokio::test]
async fn switched_off_it_is_told_and_nothing_is_held_back() {
    let plan = Plan::new();
    let ffmpeg = plan.place("ffmpeg");
    tools::ffmpeg_wrapper(&ffmpeg, &format!("{}exec ffmpeg \"$@\"", intruder(&plan)));
    let daemon = plan.set("media.ffmpeg", ffmpeg.to_str()).set("confinement.enabled", false).launch().await;
    daemon.ready().await;
    let confinement = daemon.process("camera").await.confinement;
    assert!(
        confinement.iter().all(|it| it.missing.as_deref() == Some("it is switched off") && !it.landlock),
        "{confinement:?}"
    );
    let text = fs::read_to_string(daemon.plan().place("out")).expect("what it tried");
    assert!(text.contains("admin-token") && text.contains("wrote"), "the story's tries do work: {text}");
}
