//! The e-stop's file.
//!
//! A file that is unreadable, damaged, or was being written when the daemon ended counts as a latched e-stop: unknown means
//! stopped. Released means: the directory is readable and never held such a file, or the file says so.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use havatar_api::EstopSource;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::disk::{self, Existing, ReadError};

/// The file's name in the state directory.
const FILE: &str = "estop.json";

/// The persisted e-stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EstopRecord {
    /// Latched.
    pub(super) latched: bool,
    /// Who latched it.
    pub(super) source: Option<EstopSource>,
    /// The name of the person.
    pub(super) by: Option<String>,
    /// When it was latched, or released.
    pub(super) at: Option<Timestamp>,
}

/// What an earlier run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loaded {
    /// The e-stop to start with.
    pub(super) state: EstopRecord,
    /// The disk agrees, so a restart would find the same.
    pub(super) saved: bool,
    /// Why it starts latched although no latching is on record: a sentence for a person.
    pub(super) why: Option<String>,
}

/// The only writer of the file.
#[derive(Debug)]
pub(super) struct EstopFile {
    path: PathBuf,
    /// The newest generation whose writing has begun.
    newest: Mutex<u64>,
}

/// The outcome of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Save {
    /// Written and synced.
    Done,
    /// A newer state was saved or tried; this one must not replace it.
    Superseded,
}

impl EstopFile {
    /// Reads what an earlier run left in `state_dir`. Blocks on the disk.
    pub(super) fn load(state_dir: &Path) -> (Self, Loaded) {
        let latch = Self { path: state_dir.join(FILE), newest: Mutex::new(0) };
        let found = latch.read().unwrap_or_else(|why| Loaded {
            state: EstopRecord { latched: true, source: Some(EstopSource::Robot), by: None, at: None },
            saved: false,
            why: Some(why),
        });
        (latch, found)
    }

    /// Writes a state. Blocks on the disk.
    ///
    /// `generation` counts the changes of the e-stop, from 1; draw it under the lock under which the e-stop changes. Saves may
    /// then be called from anywhere in any order: an earlier state never replaces a later one, not even one that could not be
    /// written. After an error the same generation may be tried again.
    pub(super) fn save(&self, generation: u64, state: &EstopRecord) -> io::Result<Save> {
        // The lock guards a number only, which is never half changed.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if generation < *newest {
            return Ok(Save::Superseded);
        }
        *newest = generation;
        let mut text = serde_json::to_vec(state)?;
        text.push(b'\n');
        disk::write(&self.path, &text, Existing::Replace).inspect_err(|_| {
            // The old file means "released", or is missing, which means the same: neither may outlive this e-stop.
            if state.latched
                && let Err(error) = disk::doubt(&self.path)
            {
                tracing::debug!(%error, "that the e-stop could not be saved could not be noted either");
            }
        })?;
        Ok(Save::Done)
    }

    fn read(&self) -> Result<Loaded, String> {
        let file = self.path.display();
        let unfinished = disk::leftovers(&self.path).map_err(|error| {
            format!(
                "whether the e-stop was latched is not known: the folder of {file} cannot be read ({error})"
            )
        })?;
        if !unfinished.is_empty() {
            return Err(format!(
                "whether the e-stop was latched is not known: havatard ended while {file} was being written"
            ));
        }
        let text = match disk::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.is_absent() && self.never_written() => return Ok(Loaded::never()),
            Err(error) => {
                let cause = match &error {
                    ReadError::Io { source, .. } => format!(" ({source})"),
                    _ => String::new(),
                };
                return Err(format!("whether the e-stop was latched is not known: {error}{cause}"));
            }
        };
        let state = serde_json::from_str(&text)
            .map_err(|_| format!("whether the e-stop was latched is not known: {file} is damaged"))?;
        Ok(Loaded { state, saved: true, why: None })
    }

    /// Whether the directory exists and has no entry of this name, not even a dangling link.
    fn never_written(&self) -> bool {
        let Some(name) = self.path.file_name() else { return false };
        let entries = self.path.parent().map(fs::read_dir);
        let Some(Ok(mut entries)) = entries else { return false };
        entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() != name))
    }
}

impl Loaded {
    /// The e-stop was never latched here.
    fn never() -> Self {
        Self {
            state: EstopRecord { latched: false, source: None, by: None, at: None },
            saved: true,
            why: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::sync::Arc;

    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::sys::signal::{SigHandler, Signal, signal};
    use proptest::prelude::*;

    use super::*;

    fn latched(by: &str) -> EstopRecord {
        let at = Some("2026-05-04T03:02:01Z".parse().unwrap());
        EstopRecord { latched: true, source: Some(EstopSource::Person), by: Some(by.into()), at }
    }

    fn free() -> EstopRecord {
        EstopRecord { latched: false, source: None, by: Some("Ada".into()), at: None }
    }

    fn found(dir: &Path) -> Loaded {
        EstopFile::load(dir).1
    }

    /// It begins latched, and says why.
    fn unknown(found: &Loaded, part: &str) {
        assert!(found.state.latched && !found.saved, "{found:?}");
        assert_eq!(found.state.source, Some(EstopSource::Robot));
        assert!(found.why.as_deref().is_some_and(|why| why.contains(part)), "{found:?}");
    }

    #[test]
    fn a_new_robot_is_free_and_what_is_saved_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let (latch, first) = EstopFile::load(dir.path());
        assert_eq!(first, Loaded::never());
        for (generation, state) in [(1, latched("Ada")), (2, free()), (3, latched("Bo"))] {
            assert_eq!(latch.save(generation, &state).unwrap(), Save::Done);
            assert_eq!(found(dir.path()), Loaded { state, saved: true, why: None });
        }
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn what_is_not_known_is_latched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        unknown(&found(&dir.path().join("missing")), "cannot be read");
        symlink("nowhere", &path).unwrap();
        unknown(&found(dir.path()), "link");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        unknown(&found(dir.path()), "no regular file");
        fs::remove_dir(&path).unwrap();
        disk::write(&path, br#"{"latched":false}"#, Existing::Keep).unwrap();
        assert!(!found(dir.path()).state.latched, "the shortest file that says free");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        unknown(&found(dir.path()), "chmod 600");
        for text in ["", "\0\0\0\0", "{}", "null", r#"{"latched":0}"#, r#"{"latched":false"#, "[false]"] {
            disk::write(&path, text.as_bytes(), Existing::Replace).unwrap();
            unknown(&found(dir.path()), "damaged");
        }
    }

    /// The states of the folder that a kill at each step of a save leaves behind, the save's outcome unknown.
    #[test]
    fn a_kill_between_any_two_steps_never_frees_what_was_confirmed_latched() {
        let scratch = format!("{FILE}.0123456789ab.tmp");
        let whole = serde_json::to_vec(&latched("Bo")).unwrap();
        let released = serde_json::to_vec(&free()).unwrap();
        for (before, new) in
            [(Some(latched("Ada")), &released), (Some(latched("Ada")), &whole), (None, &whole)]
        {
            for written in 0..=new.len() {
                let dir = tempfile::tempdir().unwrap();
                if let Some(before) = &before {
                    EstopFile::load(dir.path()).0.save(1, before).unwrap();
                }
                // Created, partly or wholly written, not renamed: nobody was told that it is saved.
                fs::write(dir.path().join(&scratch), &new[..written]).unwrap();
                unknown(&found(dir.path()), "was being written");
                // The next run saves, and with that the doubt is gone.
                let (latch, _) = EstopFile::load(dir.path());
                latch.save(1, &latched("Cy")).unwrap();
                assert_eq!(found(dir.path()).state, latched("Cy"));
            }
        }
        // Renamed, and nobody told: the file says what it says.
        let dir = tempfile::tempdir().unwrap();
        EstopFile::load(dir.path()).0.save(1, &free()).unwrap();
        disk::write(&dir.path().join(FILE), &whole, Existing::Replace).unwrap();
        assert!(found(dir.path()).state.latched);
    }

    #[test]
    fn a_failed_save_is_an_error_holds_earlier_ones_back_and_can_be_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        fs::create_dir(&state_dir).unwrap();
        let (latch, _) = EstopFile::load(&state_dir);
        fs::remove_dir(&state_dir).unwrap();
        assert!(latch.save(2, &latched("Ada")).is_err());
        fs::create_dir(&state_dir).unwrap();
        assert_eq!(latch.save(1, &free()).unwrap(), Save::Superseded);
        assert_eq!(latch.save(2, &latched("Ada")).unwrap(), Save::Done);
        assert_eq!(found(&state_dir).state, latched("Ada"));
    }

    /// A disk that is full, as far as a file is concerned: its folder takes names, and no file takes a byte.
    #[test]
    fn an_e_stop_that_finds_the_disk_full_is_found_latched_by_the_next_run() {
        for before in [None, Some(free()), Some(latched("Ada"))] {
            let dir = tempfile::tempdir().unwrap();
            let (latch, _) = EstopFile::load(dir.path());
            if let Some(before) = &before {
                latch.save(1, before).unwrap();
            }
            // The signal that comes with it would end the process, of which this test has one to itself.
            #[expect(unsafe_code, reason = "ignoring a signal runs nothing of ours")]
            let ignored = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
            ignored.unwrap();
            let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
            setrlimit(Resource::RLIMIT_FSIZE, 0, hard).unwrap();
            let failed = latch.save(2, &latched("Bo"));
            setrlimit(Resource::RLIMIT_FSIZE, soft, hard).unwrap();
            assert!(failed.is_err());
            unknown(&found(dir.path()), "was being written");
            // With room again it is saved, and the doubt is gone.
            assert_eq!(latch.save(2, &latched("Bo")).unwrap(), Save::Done);
            assert_eq!(found(dir.path()), Loaded { state: latched("Bo"), saved: true, why: None });
            assert_eq!(latch.save(3, &free()).unwrap(), Save::Done);
            assert_eq!(found(dir.path()).state, free());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Concurrent saves end with the newest, in any order.
        #[test]
        fn the_newest_state_wins(generations in Just((1..=6_u64).collect::<Vec<_>>()).prop_shuffle()) {
            let dir = tempfile::tempdir().unwrap();
            let latch = Arc::new(EstopFile::load(dir.path()).0);
            std::thread::scope(|scope| {
                for generation in generations {
                    let latch = Arc::clone(&latch);
                    scope.spawn(move || latch.save(generation, &latched(&generation.to_string())).unwrap());
                }
            });
            prop_assert_eq!(found(dir.path()).state, latched("6"));
        }
    }
}
