//! A disk that hangs on demand, under one daemon alone: calls of the C library that reach its folders block while it does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::plan::Plan;
use crate::wait;

const SOURCE: &str = include_str!("hanging_disk.c");

/// The disk of the daemon's state, recordings and log.
#[derive(Debug)]
pub struct HangingDisk {
    gate: PathBuf,
}

impl HangingDisk {
    /// Puts it under the daemon of this plan; `None` on a machine without a C compiler.
    ///
    /// # Panics
    /// If the compiler does not take the source.
    pub fn under(plan: Plan) -> Option<(Self, Plan)> {
        Command::new("cc").arg("--version").output().ok()?;
        let (source, library) = (plan.place("hanging_disk.c"), plan.place("hanging_disk.so"));
        fs::write(&source, SOURCE).expect("the source is written");
        let compiled =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).output();
        let compiled = compiled.expect("cc runs");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let gate = plan.place("the-disk-hangs");
        let places = [plan.state().to_owned(), plan.place("stderr")].map(|path| text(&path)).join(":");
        let plan =
            plan.env("LD_PRELOAD", text(&library)).env("HANG_IN", places).env("HANG_WHILE", text(&gate));
        Some((Self { gate }, plan))
    }

    /// From now on it hangs.
    ///
    /// # Panics
    /// If the file that says so cannot be made.
    pub fn hang(&self) {
        let _ = fs::remove_file(self.mark());
        fs::write(&self.gate, "").expect("the gate is shut");
    }

    /// Waits until a call hangs.
    pub async fn hangs(&self) {
        wait::eventually(Duration::from_mins(1), "a call to the disk hangs", async || {
            self.mark().exists().then_some(())
        })
        .await;
    }

    /// It answers again; all calls that hung go on.
    pub fn recover(&self) {
        let _ = fs::remove_file(&self.gate);
    }

    fn mark(&self) -> PathBuf {
        self.gate.with_extension("hung")
    }
}

impl Drop for HangingDisk {
    fn drop(&mut self) {
        self.recover();
    }
}
