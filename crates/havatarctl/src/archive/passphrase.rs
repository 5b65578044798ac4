//! The passphrase of a backup: typed at a terminal, unseen, or read from a file. It never stands in an argument or in the environment,
//! where other programs could read it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;

/// Characters that a passphrase has at least.
const SHORTEST: usize = 12;
/// Bytes that are read of a file at most.
const LONGEST: u64 = 4096;

/// Where the passphrase comes from.
#[derive(clap::Args)]
pub(crate) struct PassphraseSource {
    /// File with the passphrase in its one line, or - for standard input [default: it is asked for at the terminal]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PassphraseError {
    #[error("the passphrase is too short: use at least {SHORTEST} characters")]
    TooShort,
    #[error("the passphrase was typed differently the second time: nothing was written")]
    Differs,
    #[error("there is no terminal to ask for the passphrase at: name a file with --passphrase-file")]
    NoTerminal(#[source] io::Error),
    #[error("cannot read the passphrase from {}", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("{} can be read by others (mode {mode:04o}): chmod 600 {}", file.display(), file.display())]
    Exposed { file: PathBuf, mode: u32 },
    #[error("{} does not hold a passphrase: write it as one line of UTF-8", _0.display())]
    NotOneLine(PathBuf),
}

impl PassphraseSource {
    /// A passphrase for a new backup: long enough, and typed twice.
    pub(crate) fn choose(&self) -> Result<SecretString, PassphraseError> {
        if let Some(file) = &self.passphrase_file {
            return long_enough(read(file)?).map(SecretString::from);
        }
        let first = long_enough(typed("Passphrase for the backup, at least 12 characters: ")?)?;
        if typed("The same once more: ")? == first {
            Ok(SecretString::from(first))
        } else {
            Err(PassphraseError::Differs)
        }
    }

    /// The passphrase of a backup that is there.
    pub(crate) fn recall(&self) -> Result<SecretString, PassphraseError> {
        let text = match &self.passphrase_file {
            Some(file) => read(file)?,
            None => typed("Passphrase of the backup: ")?,
        };
        Ok(SecretString::from(text))
    }
}

fn typed(prompt: &str) -> Result<String, PassphraseError> {
    rpassword::prompt_password(prompt).map_err(PassphraseError::NoTerminal)
}

fn long_enough(text: String) -> Result<String, PassphraseError> {
    if text.chars().count() < SHORTEST { Err(PassphraseError::TooShort) } else { Ok(text) }
}

/// The one line of `file`. A pipe is as good as a file; a file that others can read is not.
fn read(file: &Path) -> Result<String, PassphraseError> {
    let failed = |source| PassphraseError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let open = File::open(file).map_err(failed)?;
        let meta = open.metadata().map_err(failed)?;
        let mode = meta.mode() & 0o7777;
        if meta.is_file() && mode & 0o077 != 0 {
            return Err(PassphraseError::Exposed { file: file.to_owned(), mode });
        }
        open.take(LONGEST).read_to_end(&mut bytes).map_err(failed)?;
    }
    let refused = || PassphraseError::NotOneLine(file.to_owned());
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains(['\n', '\r', '\0']) { Err(refused()) } else { Ok(line.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use age::secrecy::ExposeSecret as _;

    use super::*;

    fn from(content: &[u8], mode: u32) -> Result<String, PassphraseError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("passphrase");
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let source = PassphraseSource { passphrase_file: Some(file) };
        source.choose().map(|passphrase| passphrase.expose_secret().to_owned())
    }

    #[test]
    fn one_private_line_of_twelve_characters() {
        assert_eq!(from(b"correct horse\n", 0o600).unwrap(), "correct horse");
        assert_eq!(from(b" spaces stay \r\n", 0o400).unwrap(), " spaces stay ");
        assert_eq!(from("ăâîșțăâîșțăâ".as_bytes(), 0o600).unwrap(), "ăâîșțăâîșțăâ");
        assert!(matches!(from(b"eleven char\n", 0o600), Err(PassphraseError::TooShort)));
        for content in [&b""[..], b"\n", b"two lines of it\nand more", b"\xff\xfe of twelve bytes"] {
            assert!(matches!(from(content, 0o600), Err(PassphraseError::NotOneLine(_))), "{content:?}");
        }
        for mode in [0o640, 0o604, 0o644] {
            assert!(
                matches!(from(b"correct horse\n", mode), Err(PassphraseError::Exposed { .. })),
                "{mode:o}"
            );
        }
    }
}
