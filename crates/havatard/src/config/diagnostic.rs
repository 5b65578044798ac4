//! What is wrong with a config file, where, and what to do about it.

use std::fmt;

/// One error or warning: file, line, key, what is wrong, and the fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; `None` for a missing key and for the file as a whole.
    pub line: Option<u32>,
    /// Dotted key, `media.camera.fps`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, in plain words. Never holds a secret.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl fmt::Display for Diagnostic {
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

impl From<Diagnostic> for havatar_api::ConfigFault {
    fn from(diagnostic: Diagnostic) -> Self {
        let Diagnostic { file, line, key, message, fix } = diagnostic;
        Self { file, line, key, message, fix }
    }
}

/// Every error of a file, by line; at least one. Prints one after the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl From<Diagnostics> for Vec<havatar_api::ConfigFault> {
    fn from(diagnostics: Diagnostics) -> Self {
        diagnostics.0.into_iter().map(Into::into).collect()
    }
}
