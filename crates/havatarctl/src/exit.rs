//! The exit codes.

use std::process::{ExitCode, Termination};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// It is not; standard error or the answer says why.
    Failed = 1,
    /// The command line is invalid.
    WrongUsage = 2,
    /// No havatard answers.
    NotReachable = 3,
    /// havatard refused, or the token's file may not be read.
    NotAllowed = 4,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
