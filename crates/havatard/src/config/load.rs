//! From a file on disk to a checked config.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::trust::{self, Distrust, Trust};
use super::{Config, checks, read, validate};

impl Config {
    /// Largest config file, in bytes.
    pub const LARGEST_FILE: usize = 256 * 1024;

    /// Reads and checks `file`, or [`Loaded::DEFAULT_FILE`] if none is given. A given file must be there;
    /// without the default file, defaults are in force. With `demo`, camera and microphone are test
    /// sources and the robot is a simulated one, unless the file sets them.
    ///
    /// # Errors
    /// Every error of the file, by line.
    pub fn load(file: Option<&Path>, demo: bool) -> Result<Loaded, Diagnostics> {
        let path = file.unwrap_or(Path::new(Loaded::DEFAULT_FILE));
        match contents(path) {
            Ok(bytes) => Self::from_bytes(&bytes, path, demo),
            Err(Distrust::Io(error)) if file.is_none() && error.kind() == io::ErrorKind::NotFound => {
                Self::from_bytes(b"", path, demo).map(|loaded| Loaded { file: None, ..loaded })
            }
            Err(Distrust::Io(error)) => {
                let fix = "name a file that is there and that havatard's user may read";
                Err(whole_file(path, None, checks::because(&error), fix))
            }
            // The config decides which programs are run.
            Err(Distrust::Exposed { why, fix }) => Err(whole_file(path, None, why, &fix)),
        }
    }

    /// Checks the contents of a config file; `file` is its name in messages. Reads the files that it names
    /// (certificate, password), but not the file itself.
    ///
    /// # Errors
    /// Every error of the contents, by line.
    pub fn from_bytes(bytes: &[u8], file: &Path, demo: bool) -> Result<Loaded, Diagnostics> {
        if bytes.len() > Self::LARGEST_FILE {
            let message = format!("is larger than {} KiB", Self::LARGEST_FILE / 1024);
            return Err(whole_file(file, None, message, "name Havatar's config file"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            whole_file(file, u32::try_from(line).ok(), "holds a byte that is not UTF-8", "save it as UTF-8")
        })?;
        let mut read = read::read(text.strip_prefix('\u{feff}').unwrap_or(text));
        read.fill(demo);
        let checks = validate::validate(&read.config, read.tree.as_ref(), &read.removed);
        let (mut errors, mut warnings) = (read.errors, checks.warnings);
        errors.extend(checks.errors);
        for list in [&mut errors, &mut warnings] {
            list.sort_by_key(|diagnostic| diagnostic.line.unwrap_or(u32::MAX));
            if list.len() > read::MAX_DIAGNOSTICS {
                list.truncate(read::MAX_DIAGNOSTICS);
                list.extend(whole_file(file, None, "there are more errors than these", "begin with these").0);
            }
            for diagnostic in list {
                diagnostic.file = file.display().to_string();
            }
        }
        if errors.is_empty() {
            Ok(Loaded { config: read.config, file: Some(file.to_owned()), warnings })
        } else {
            Err(Diagnostics(errors))
        }
    }
}

/// A config that has passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// Where it was read from; `None` if there is no file and defaults alone are in force.
    pub file: Option<PathBuf>,
    /// What does not keep the file from being used: a camera that is not plugged in, a key without effect.
    pub warnings: Vec<Diagnostic>,
}

impl Loaded {
    /// Where the config is looked for if no file is named.
    pub const DEFAULT_FILE: &'static str = "/etc/havatar/havatar.yaml";
}

/// A trusted file's bytes, no more than one beyond the limit.
fn contents(path: &Path) -> Result<Vec<u8>, Distrust> {
    let file = trust::open(path, Trust::Public)?;
    let mut bytes = Vec::new();
    file.take(Config::LARGEST_FILE as u64 + 1).read_to_end(&mut bytes).map_err(Distrust::Io)?;
    Ok(bytes)
}

fn whole_file(file: &Path, line: Option<u32>, message: impl Into<String>, fix: &str) -> Diagnostics {
    Diagnostics(vec![Diagnostic {
        file: file.display().to_string(),
        line,
        key: String::new(),
        message: message.into(),
        fix: Some(fix.to_owned()),
    }])
}
