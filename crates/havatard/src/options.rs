//! The options of the command line, and the config they lead to.

use std::path::{Path, PathBuf};

use crate::config::{Config, Diagnostic, Diagnostics, Loaded, Recording};

/// Bytes that the path of a Unix socket may have, without the NUL at its end.
const LONGEST_SOCKET_PATH: usize = 107;
/// Bytes that the longest name of a socket in the runtime directory may have, with the slash before it.
const LONGEST_SOCKET_NAME: usize = 15;
/// Bytes that the runtime directory may have.
const LONGEST_RUNTIME_DIR: usize = LONGEST_SOCKET_PATH - LONGEST_SOCKET_NAME;

/// Options of `havatard run`, `check` and `render`.
#[derive(Debug, Clone)]
pub struct Options {
    /// The config file; `None` means the default path, if that file exists.
    pub config: Option<PathBuf>,
    /// Directory of persistent state.
    pub state_dir: PathBuf,
    /// Directory of files that belong to this run.
    pub runtime_dir: PathBuf,
    /// Test video, test audio and a simulated robot, unless the config says otherwise.
    pub demo: bool,
}

impl Options {
    /// Reads the config.
    ///
    /// # Errors
    /// All errors of the file.
    pub fn load(&self) -> Result<Loaded, Diagnostics> {
        let loaded = Config::load(self.config.as_deref(), self.demo)?;
        self.check(&loaded.config)?;
        Ok(loaded)
    }

    /// What neither the config nor an option shows alone.
    fn check(&self, config: &Config) -> Result<(), Diagnostics> {
        let mut errors = Vec::new();
        let mut error = |key: &str, message: String, fix: String| {
            let file = "command line".to_owned();
            errors.push(Diagnostic { file, line: None, key: key.to_owned(), message, fix: Some(fix) });
        };
        // As the daemon will use it: without symbolic links, if it is there.
        let absolute = |path: &Path| {
            path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
        };
        if config.recording.directory.is_none()
            && let Err((message, _)) = Recording::usable(&absolute(&self.state_dir))
        {
            let fix = "set recording.directory in the config to a directory without % in its path";
            error("--state-dir", message, fix.to_owned());
        }
        let runtime_dir = absolute(&self.runtime_dir);
        let length = runtime_dir.as_os_str().len();
        if length > LONGEST_RUNTIME_DIR {
            let message = format!(
                "{} is {length} bytes long, and the sockets in it would exceed the {LONGEST_SOCKET_PATH} that the kernel allows",
                runtime_dir.display()
            );
            let fix = format!(
                "name a directory whose path has at most {LONGEST_RUNTIME_DIR} bytes, like /run/havatar"
            );
            error("--runtime-dir", message, fix);
        }
        if errors.is_empty() { Ok(()) } else { Err(Diagnostics(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(state_dir: &str, runtime_dir: &str) -> Result<Loaded, Diagnostics> {
        // An empty file: the defaults of this machine's own config are not asked for.
        let config = tempfile::NamedTempFile::new().unwrap();
        Options {
            config: Some(config.path().to_owned()),
            state_dir: state_dir.into(),
            runtime_dir: runtime_dir.into(),
            demo: true,
        }
        .load()
    }

    #[test]
    fn directories_that_other_programs_could_not_use_are_refused_at_once() {
        assert!(with("/var/lib/havatar$~", "/run/havatar").is_ok());
        let percent = with("/srv/100%/havatar", "/run/havatar").unwrap_err().to_string();
        assert!(percent.contains("--state-dir") && percent.contains("recording.directory"), "{percent}");
        let long = format!("/{}", "x".repeat(LONGEST_RUNTIME_DIR));
        let refused = with("/var/lib/havatar", &long).unwrap_err().to_string();
        assert!(refused.contains("--runtime-dir") && refused.contains("at most 92 bytes"), "{refused}");
        assert!(with("/var/lib/havatar", &long[..LONGEST_RUNTIME_DIR]).is_ok());
    }

    #[test]
    fn every_socket_fits_into_the_longest_runtime_directory() {
        for name in ["talk.sock", "speech.sock", "sound.sock", "play.sock", "capture.sock", "monitor.sock"] {
            assert!(name.len() < LONGEST_SOCKET_NAME);
        }
    }
}
