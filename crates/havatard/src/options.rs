//! The options of the command line, and the config they lead to.

use std::path::PathBuf;

use crate::config::{Config, Diagnostics, Loaded};

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
        Config::load(self.config.as_deref(), self.demo)
    }
}
