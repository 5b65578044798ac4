//! One verb, one file. Each sends a request, prints the answer and returns the exit code; `backup`, `restore` and `update` work on the
//! robot's own disk.

pub(crate) mod attention;
pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod devices;
pub(crate) mod hush;
pub(crate) mod link;
pub(crate) mod logs;
pub(crate) mod manuals;
pub(crate) mod process;
pub(crate) mod ps;
pub(crate) mod record;
pub(crate) mod restart;
pub(crate) mod restore;
pub(crate) mod robot;
pub(crate) mod speak;
pub(crate) mod start;
pub(crate) mod stats;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod stream;
pub(crate) mod update;
pub(crate) mod volume;
pub(crate) mod watch;

/// A name or an id as it may stand in an address: not empty, and none of the two that mean a folder.
pub(crate) fn name(text: &str) -> Result<String, String> {
    match text {
        "" | "." | ".." => Err("this cannot be a name".to_owned()),
        text => Ok(text.to_owned()),
    }
}
