//! The seal: the format of `age`, with a key that is derived from a passphrase by scrypt.

use std::io::{BufRead, Write};
use std::iter;
use std::path::Path;

use age::secrecy::SecretString;
use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, EncryptError, Encryptor, scrypt};

use super::error::ArchiveError;

/// Work to try one passphrase: 2^18 rounds, 256 MiB of memory and about a second; what the program `age` does.
pub(crate) const WORK: u8 = 18;
/// The most work that a file may ask of this machine: 1 GiB of memory.
const MOST_WORK: u8 = 20;

/// Seals all that is written into it. It must be finished: what is not is cut short, and refused.
pub(crate) fn seal<W: Write>(
    out: W,
    shown: &Path,
    passphrase: SecretString,
    work: u8,
) -> Result<StreamWriter<W>, ArchiveError> {
    let mut recipient = scrypt::Recipient::new(passphrase);
    recipient.set_work_factor(work);
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient)).map_err(
        |error| match error {
            EncryptError::Io(source) => ArchiveError::write(shown, source),
            other => ArchiveError::Seal { path: shown.to_owned(), why: other.to_string() },
        },
    )?;
    encryptor.wrap_output(out).map_err(|source| ArchiveError::write(shown, source))
}

/// Opens what [`seal`] or the program `age` has sealed by this passphrase.
pub(crate) fn open<R: BufRead>(
    source: R,
    shown: &Path,
    passphrase: SecretString,
) -> Result<StreamReader<R>, ArchiveError> {
    let not_a_backup = || ArchiveError::NotABackup(shown.to_owned());
    let decryptor = Decryptor::new_buffered(source).map_err(|_| not_a_backup())?;
    if !decryptor.is_scrypt() {
        return Err(not_a_backup());
    }
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MOST_WORK);
    decryptor.decrypt(iter::once(&identity as &dyn age::Identity)).map_err(|error| match error {
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::NoMatchingKeys
        | DecryptError::InvalidMac => ArchiveError::WrongPassphrase(shown.to_owned()),
        DecryptError::ExcessiveWork { .. } => ArchiveError::TooMuchWork(shown.to_owned()),
        DecryptError::Io(source) => ArchiveError::Damaged { path: shown.to_owned(), source },
        _ => not_a_backup(),
    })
}
