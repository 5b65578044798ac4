//! What is wrong with a config file, where, and what to do about it.

use std::fmt;

/// One fault (or remark): file, line, key, what is wrong, and the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; `None` where the fault is an absence or the file as a whole.
    pub line: Option<u32>,
    /// Dotted key, `media.camera.fps`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, in plain words. Never holds a secret.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix: {fix}")?;
        }
        Ok(())
    }
}

impl From<Fault> for havatar_api::ConfigFault {
    fn from(fault: Fault) -> Self {
        Self { file: fault.file, line: fault.line, key: fault.key, message: fault.message, fix: fault.fix }
    }
}

/// Every fault of a file, by line; at least one. Prints one after the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl From<Faults> for Vec<havatar_api::ConfigFault> {
    fn from(faults: Faults) -> Self {
        faults.0.into_iter().map(Into::into).collect()
    }
}
