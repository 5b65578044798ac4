//! The user that the service runs as: what root asks about the service's config is judged with that user's eyes.
//!
//! Root can read every file and write in every folder, so its own look at the config says nothing about the service, which then ends at a
//! key that it cannot read.

use std::ffi::CString;
use std::path::Path;

use nix::unistd::{User, geteuid, initgroups, setgid, setuid};

use crate::options::Options;

const NAME: &str = "havatar";
/// Where the service's config lies.
const CONFIG_FOLDER: &str = "/etc/havatar";

/// Becomes the service's user for good, if root asks about the service's config and there is such a user. Whether it did.
///
/// # Errors
/// The kernel refuses.
pub fn become_for(options: &Options) -> nix::Result<bool> {
    if !geteuid().is_root() || !is_services(options.config.as_deref()) {
        return Ok(false);
    }
    let Some(user) = User::from_name(NAME)? else { return Ok(false) };
    let name = CString::new(NAME).map_err(|_| nix::errno::Errno::EINVAL)?;
    // Groups first: without root's rights they could not be changed any more.
    initgroups(&name, user.gid)?;
    setgid(user.gid)?;
    setuid(user.uid)?;
    Ok(true)
}

fn is_services(config: Option<&Path>) -> bool {
    config.is_none_or(|path| std::path::absolute(path).is_ok_and(|path| path.starts_with(CONFIG_FOLDER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_services_own_config_is_judged_so() {
        assert!(is_services(None));
        assert!(is_services(Some(Path::new("/etc/havatar/havatar.yaml"))));
        for other in ["/etc/havatar.yaml", "havatar.yaml", "/etc/havatarx/havatar.yaml"] {
            assert!(!is_services(Some(Path::new(other))), "{other}");
        }
    }
}
