//! The four questions of the V4L2 interface (`linux/videodev2.h`) that tell what a camera offers.
//!
//! This is the only place that speaks to the device; what the answers mean is `enumerate`'s affair.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::errno::Errno;

use super::enumerate::{FormatDesc, Query, SizeDesc};

/// An open device.
pub(super) struct Device(File);

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`: ffmpeg captures from nothing else.
const VIDEO_CAPTURE: u32 = 1;
/// `V4L2_FMT_FLAG_COMPRESSED`.
const COMPRESSED: u32 = 1;
/// `V4L2_FRMSIZE_TYPE_DISCRETE`; the other two are ranges.
const DISCRETE: u32 = 1;

#[repr(C)]
#[derive(Default)]
struct Capability {
    driver: [u8; 16],
    card: [u8; 32],
    bus_info: [u8; 32],
    version: u32,
    capabilities: u32,
    device_caps: u32,
    reserved: [u32; 3],
}

#[repr(C)]
#[derive(Default)]
struct Fmtdesc {
    index: u32,
    kind: u32,
    flags: u32,
    description: [u8; 32],
    pixelformat: u32,
    mbus_code: u32,
    reserved: [u32; 3],
}

/// The union of the discrete and the stepwise answer: width and height, or least, most and step of each.
#[repr(C)]
#[derive(Default)]
struct Frmsizeenum {
    index: u32,
    pixel_format: u32,
    kind: u32,
    values: [u32; 6],
    reserved: [u32; 2],
}

#[expect(
    unsafe_code,
    reason = "ioctl has no safe form; the structures above are those of the kernel's header"
)]
mod calls {
    use super::{Capability, Fmtdesc, Frmsizeenum};

    nix::ioctl_read!(querycap, b'V', 0, Capability);
    nix::ioctl_readwrite!(enum_fmt, b'V', 2, Fmtdesc);
    nix::ioctl_readwrite!(enum_framesizes, b'V', 74, Frmsizeenum);

    pub(super) fn ask_capability(fd: i32, answer: &mut Capability) -> nix::Result<()> {
        // SAFETY: the kernel writes one structure of this size, which the call's number states, into memory that is ours.
        unsafe { querycap(fd, std::ptr::from_mut(answer)) }.map(drop)
    }

    pub(super) fn ask_format(fd: i32, answer: &mut Fmtdesc) -> nix::Result<()> {
        // SAFETY: as above.
        unsafe { enum_fmt(fd, std::ptr::from_mut(answer)) }.map(drop)
    }

    pub(super) fn ask_size(fd: i32, answer: &mut Frmsizeenum) -> nix::Result<()> {
        // SAFETY: as above.
        unsafe { enum_framesizes(fd, std::ptr::from_mut(answer)) }.map(drop)
    }
}

impl Device {
    /// Opens without waiting: a device that is busy can still be asked.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
        options.open(path).map(Self)
    }

    fn fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

impl Query for Device {
    fn capabilities(&self) -> io::Result<u32> {
        let mut answer = Capability::default();
        calls::ask_capability(self.fd(), &mut answer)?;
        Ok(answer.capabilities_of_this_node())
    }

    fn format(&self, index: u32) -> io::Result<Option<FormatDesc>> {
        let mut answer = Fmtdesc { index, kind: VIDEO_CAPTURE, ..Fmtdesc::default() };
        Ok(until_the_end(calls::ask_format(self.fd(), &mut answer))?.map(|()| FormatDesc {
            fourcc: answer.pixelformat.to_le_bytes(),
            compressed: answer.flags & COMPRESSED != 0,
        }))
    }

    fn size(&self, fourcc: [u8; 4], index: u32) -> io::Result<Option<SizeDesc>> {
        let pixel_format = u32::from_le_bytes(fourcc);
        let mut answer = Frmsizeenum { index, pixel_format, ..Frmsizeenum::default() };
        let asked = match calls::ask_size(self.fd(), &mut answer) {
            // A driver without this question takes any size.
            Err(Errno::ENOTTY) => Err(Errno::EINVAL),
            other => other,
        };
        let [first, second, third, fourth, fifth, sixth] = answer.values;
        Ok(until_the_end(asked)?.map(|()| match answer.kind {
            DISCRETE => SizeDesc::Discrete { width: first, height: second },
            _ => SizeDesc::Range { width: [first, second, third], height: [fourth, fifth, sixth] },
        }))
    }
}

impl Capability {
    fn capabilities_of_this_node(&self) -> u32 {
        /// `V4L2_CAP_DEVICE_CAPS`.
        const DEVICE_CAPS: u32 = 0x8000_0000;
        if self.capabilities & DEVICE_CAPS == 0 { self.capabilities } else { self.device_caps }
    }
}

/// Enumerations end with EINVAL.
fn until_the_end(answer: nix::Result<()>) -> io::Result<Option<()>> {
    match answer {
        Ok(()) => Ok(Some(())),
        Err(Errno::EINVAL) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structures_have_the_kernels_sizes() {
        assert_eq!(size_of::<Capability>(), 104);
        assert_eq!(size_of::<Fmtdesc>(), 64);
        assert_eq!(size_of::<Frmsizeenum>(), 44);
    }

    #[test]
    fn what_is_no_camera_says_so() {
        let device = Device::open(Path::new("/dev/null")).unwrap();
        assert_eq!(device.capabilities().unwrap_err().raw_os_error(), Some(Errno::ENOTTY as i32));
    }
}
