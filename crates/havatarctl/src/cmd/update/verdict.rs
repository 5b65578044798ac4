//! What became of a version, by the marks that the package's way back leaves (`deploy/debian/check-upgrade`, `versions.sh`).

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{fs, io};

/// The unit that watches a first start.
const WATCHER: &str = "havatar-upgrade.service";
const SERVICE: &str = "havatard.service";

/// The marks, and how systemd sees the unit that watches a first start, and the service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The version that is being tried.
    pub(crate) pending: Option<String>,
    /// The version that was given up.
    pub(crate) failed: Option<String>,
    /// The newest version that was proven.
    pub(crate) good: Option<String>,
    pub(crate) watcher: String,
    pub(crate) service: String,
}

/// What the marks say of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is being watched.
    Watched,
    /// It has stayed up.
    Good,
    /// It did not, and was left for the version before.
    RolledBack,
    /// It did not, and there is no version to go back to.
    Stranded,
    /// The service does not run, so it was not tried.
    NotTried,
    /// It is to be tried, and nothing watches it.
    Unwatched,
}

impl Marks {
    pub(crate) fn read(versions: &Path) -> Self {
        let mark = |name: &str| {
            let text = fs::read_to_string(versions.join(name)).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        Self {
            // First: what ends a trial writes the other marks before this one goes.
            pending: mark("pending"),
            failed: mark("failed"),
            good: mark("good/version"),
            watcher: state_of(WATCHER),
            service: state_of(SERVICE),
        }
    }

    pub(crate) fn judge(&self, version: &str) -> Verdict {
        let is = |mark: &Option<String>| mark.as_deref() == Some(version);
        let is_watching = matches!(self.watcher.as_str(), "activating" | "active" | "reloading");
        if is(&self.pending) {
            return if is_watching { Verdict::Watched } else { Verdict::Unwatched };
        }
        if is(&self.failed) {
            return Verdict::RolledBack;
        }
        // A version that was proven before is not proven by that while it does not run.
        if is(&self.good) && self.service == "active" {
            return Verdict::Good;
        }
        // Its last steps: the mark is gone, and the unit not ended yet.
        if is_watching {
            return Verdict::Watched;
        }
        if self.watcher == "failed" && self.service != "inactive" {
            return Verdict::Stranded;
        }
        Verdict::NotTried
    }
}

/// Whether the version before runs again after a roll-back; nothing while that is not known. The watcher starts it once the marks are
/// there, and ends after that.
pub(crate) fn is_back() -> Option<bool> {
    if state_of(WATCHER) == "activating" {
        return None;
    }
    match state_of(SERVICE).as_str() {
        "active" => Some(true),
        "activating" | "reloading" => None,
        _ => Some(false),
    }
}

/// Lets systemd forget how the watcher ended: what it found of another version is no verdict on the next one.
pub(crate) fn forget() {
    // One that has not failed, or a machine without systemd: there is nothing to forget.
    let _ = systemctl(&["reset-failed", WATCHER]);
}

/// `active`, `activating`, `inactive`, `failed`; empty if systemd does not answer.
fn state_of(unit: &str) -> String {
    let output = systemctl(&["show", "--property", "ActiveState", "--value", unit]);
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn systemctl(args: &[&str]) -> io::Result<Output> {
    Command::new("systemctl").args(args).stdin(Stdio::null()).stderr(Stdio::null()).output()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(marks: [&str; 3], watcher: &str, service: &str) -> Marks {
        let [pending, failed, good] = marks.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
        Marks { pending, failed, good, watcher: watcher.to_owned(), service: service.to_owned() }
    }

    #[test]
    fn verdicts() {
        for (pending_failed_good, watcher, service, verdict) in [
            (["2", "", "1"], "activating", "active", Verdict::Watched),
            (["2", "", "1"], "activating", "failed", Verdict::Watched),
            (["2", "", "1"], "inactive", "inactive", Verdict::Unwatched),
            (["2", "", "1"], "", "", Verdict::Unwatched),
            (["", "", "2"], "inactive", "active", Verdict::Good),
            (["", "", "2"], "activating", "active", Verdict::Good),
            (["", "", "2"], "inactive", "inactive", Verdict::NotTried),
            (["", "2", "1"], "activating", "activating", Verdict::RolledBack),
            // One that was proven once, and has failed now.
            (["", "2", "2"], "inactive", "active", Verdict::RolledBack),
            (["", "", ""], "activating", "failed", Verdict::Watched),
            (["", "", ""], "failed", "failed", Verdict::Stranded),
            (["", "", ""], "failed", "activating", Verdict::Stranded),
            // What the watcher said of an older one is not this one's, if the owner has stopped the service.
            (["", "", "1"], "failed", "inactive", Verdict::NotTried),
            (["", "1", "0"], "inactive", "active", Verdict::NotTried),
        ] {
            let marks = marks(pending_failed_good, watcher, service);
            assert_eq!(marks.judge("2"), verdict, "{marks:?}");
        }
    }

    #[test]
    fn the_marks_are_the_files_of_the_way_back() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("good")).unwrap();
        fs::write(dir.path().join("good/version"), "1.0\n").unwrap();
        fs::write(dir.path().join("failed"), "2.0\n").unwrap();
        let read = Marks::read(dir.path());
        assert_eq!(read.pending, None);
        assert_eq!((read.failed.as_deref(), read.good.as_deref()), (Some("2.0"), Some("1.0")));
    }
}
