//! The questions of the V4L2 interface (`linux/videodev2.h`) that tell what a camera offers, and the one that sets a control.
//!
//! This is the only place that speaks to the device; what the answers mean is the affair of `enumerate` and `controls`.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::errno::Errno;

use super::controls::enumerate::{ControlDesc, Controllable};
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

#[repr(C)]
#[derive(Default)]
struct Queryctrl {
    id: u32,
    kind: u32,
    name: [u8; 32],
    minimum: i32,
    maximum: i32,
    step: i32,
    default_value: i32,
    flags: u32,
    reserved: [u32; 2],
}

/// The union of a name and a number of 64 bits, which the kernel packs.
#[repr(C)]
#[derive(Default)]
struct Querymenu {
    id: u32,
    index: u32,
    name: [u8; 32],
    reserved: u32,
}

#[repr(C)]
#[derive(Default)]
struct Control {
    id: u32,
    value: i32,
}

#[expect(
    unsafe_code,
    reason = "ioctl has no safe form; the structures above are those of the kernel's header"
)]
mod calls {
    use super::{Capability, Control, Fmtdesc, Frmsizeenum, Queryctrl, Querymenu};

    nix::ioctl_read!(querycap, b'V', 0, Capability);
    nix::ioctl_readwrite!(enum_fmt, b'V', 2, Fmtdesc);
    nix::ioctl_readwrite!(enum_framesizes, b'V', 74, Frmsizeenum);
    nix::ioctl_readwrite!(g_ctrl, b'V', 27, Control);
    nix::ioctl_readwrite!(s_ctrl, b'V', 28, Control);
    nix::ioctl_readwrite!(queryctrl, b'V', 36, Queryctrl);
    nix::ioctl_readwrite!(querymenu, b'V', 37, Querymenu);

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

    pub(super) fn ask_control(fd: i32, answer: &mut Queryctrl) -> nix::Result<()> {
        // SAFETY: as above.
        unsafe { queryctrl(fd, std::ptr::from_mut(answer)) }.map(drop)
    }

    pub(super) fn ask_entry(fd: i32, answer: &mut Querymenu) -> nix::Result<()> {
        // SAFETY: as above.
        unsafe { querymenu(fd, std::ptr::from_mut(answer)) }.map(drop)
    }

    pub(super) fn get_control(fd: i32, answer: &mut Control) -> nix::Result<()> {
        // SAFETY: as above.
        unsafe { g_ctrl(fd, std::ptr::from_mut(answer)) }.map(drop)
    }

    pub(super) fn set_control(fd: i32, wanted: &mut Control) -> nix::Result<()> {
        // SAFETY: as above.
        unsafe { s_ctrl(fd, std::ptr::from_mut(wanted)) }.map(drop)
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

impl Controllable for Device {
    fn control(&self, id: u32) -> io::Result<Option<ControlDesc>> {
        let mut answer = Queryctrl { id, ..Queryctrl::default() };
        Ok(until_the_end(calls::ask_control(self.fd(), &mut answer))?.map(|()| ControlDesc {
            id: answer.id,
            kind: answer.kind,
            name: text(&answer.name),
            min: answer.minimum,
            max: answer.maximum,
            step: answer.step,
            default: answer.default_value,
            flags: answer.flags,
        }))
    }

    fn entry(&self, id: u32, index: u32, is_number: bool) -> io::Result<Option<String>> {
        let mut answer = Querymenu { id, index, ..Querymenu::default() };
        let asked = until_the_end(calls::ask_entry(self.fd(), &mut answer))?;
        Ok(asked.map(|()| match answer.name.first_chunk() {
            Some(number) if is_number => i64::from_ne_bytes(*number).to_string(),
            _ => text(&answer.name),
        }))
    }

    fn get(&self, id: u32) -> io::Result<i32> {
        let mut answer = Control { id, value: 0 };
        calls::get_control(self.fd(), &mut answer)?;
        Ok(answer.value)
    }

    fn set(&self, id: u32, value: i32) -> io::Result<()> {
        Ok(calls::set_control(self.fd(), &mut Control { id, value })?)
    }
}

/// Why a device cannot be asked, in words; `None` for one that does not speak the interface.
pub(super) fn failure(error: &io::Error) -> Option<String> {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOTTY) => None,
        Some(Errno::EACCES) => {
            Some("may not be opened by havatard's user: put it into the group video".to_owned())
        }
        _ => Some(error.to_string()),
    }
}

/// A name of the driver's, up to the NUL that ends it.
fn text(name: &[u8]) -> String {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    String::from_utf8_lossy(&name[..end]).trim().to_owned()
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
        assert_eq!(size_of::<Queryctrl>(), 68);
        assert_eq!(size_of::<Querymenu>(), 44);
        assert_eq!(size_of::<Control>(), 8);
    }

    #[test]
    fn a_name_ends_with_its_nul() {
        assert_eq!(text(b"Focus, Absolute\0rest"), "Focus, Absolute");
        assert_eq!(text(b"full"), "full");
    }

    #[test]
    fn what_is_no_camera_says_so() {
        let device = Device::open(Path::new("/dev/null")).unwrap();
        assert_eq!(device.capabilities().unwrap_err().raw_os_error(), Some(Errno::ENOTTY as i32));
        assert_eq!(failure(&device.get(1).unwrap_err()), None);
    }
}
