//! A webcam in a test: it answers as drivers do, and its automatic modes govern other controls.

use std::cell::RefCell;
use std::io;

use super::enumerate::{
    BOOLEAN, ControlDesc, Controllable, DISABLED, EXECUTE_ON_WRITE, INACTIVE, INTEGER, INTEGER_MENU, MENU,
    NEXT, PRIVACY, READ_ONLY, UPDATE,
};

/// Controls by their ids, in order.
#[derive(Default)]
pub(super) struct Camera {
    pub(super) all: RefCell<Vec<Entry>>,
    /// Those whose setting fails.
    pub(super) broken: Vec<u32>,
    /// Those that are not changed by it.
    pub(super) deaf: Vec<u32>,
    /// What was set, in order.
    pub(super) orders: RefCell<Vec<(u32, i32)>>,
}

pub(super) struct Entry {
    desc: ControlDesc,
    words: Vec<(u32, &'static str)>,
    value: i32,
}

pub(super) const BRIGHTNESS: u32 = 0x0098_0900;
pub(super) const WHITE_AUTO: u32 = 0x0098_090c;
pub(super) const FREQUENCY: u32 = 0x0098_0918;
pub(super) const WHITE: u32 = 0x0098_091a;
pub(super) const EXPOSURE_AUTO: u32 = 0x009a_0901;
pub(super) const EXPOSURE: u32 = 0x009a_0902;

impl Camera {
    fn with(
        self,
        (id, kind, name): (u32, u32, &str),
        (min, max, step, default): (i32, i32, i32, i32),
        (flags, value): (u32, i32),
        words: &[(u32, &'static str)],
    ) -> Self {
        let desc = ControlDesc { id, kind, name: name.to_owned(), min, max, step, default, flags };
        self.all.borrow_mut().push(Entry { desc, words: words.to_vec(), value });
        self
    }

    /// What a control is set to.
    pub(super) fn value(&self, id: u32) -> i32 {
        self.all.borrow().iter().find(|entry| entry.desc.id == id).unwrap().value
    }
}

/// With the controls, and the oddities, of usual ones.
pub(super) fn webcam() -> Camera {
    let range = (0, 1, 1, 0);
    Camera::default()
        .with((0x0098_0001, 6, "User Controls"), (0, 0, 0, 0), (READ_ONLY, 0), &[])
        .with((BRIGHTNESS, INTEGER, "Brightness"), (-64, 64, 4, 0), (0, 8), &[])
        .with((WHITE_AUTO, BOOLEAN, "White Balance, Automatic"), (0, 1, 1, 1), (UPDATE, 1), &[])
        .with(
            (FREQUENCY, MENU, "Power Line Frequency"),
            (0, 2, 1, 1),
            (0, 2),
            &[(0, "Disabled"), (1, "50 Hz"), (2, "60 Hz")],
        )
        .with((WHITE, INTEGER, "White Balance Temperature"), (2800, 6500, 10, 4600), (INACTIVE, 4600), &[])
        .with((0x0098_0920, INTEGER, "BRIGHTNESS"), (0, 9, 1, 0), (0, 0), &[])
        .with((0x009a_0001, 6, "Camera Controls"), (0, 0, 0, 0), (READ_ONLY, 0), &[])
        .with(
            (EXPOSURE_AUTO, MENU, "Auto Exposure"),
            (0, 3, 1, 3),
            (0, 3),
            &[(1, "Manual Mode"), (3, "Aperture Priority Mode")],
        )
        .with((EXPOSURE, INTEGER, "Exposure Time, Absolute"), (1, 5000, 1, 157), (INACTIVE, 157), &[])
        .with((0x009a_0903, 4, "Reset"), (0, 0, 0, 0), (0, 0), &[])
        .with((0x009a_0904, INTEGER, "Pan, Relative"), (-1, 1, 1, 0), (0, 0), &[])
        .with((0x009a_090c, BOOLEAN, "Broken Since"), range, (DISABLED, 0), &[])
        .with((PRIVACY, BOOLEAN, "Privacy"), range, (0, 1), &[])
        .with((0x009a_0920, INTEGER, "Pan, Speed"), (-3, 3, 1, 0), (0, 0), &[])
        .with(
            (0x009f_0901, INTEGER_MENU, "Link Frequency"),
            (0, 1, 1, 0),
            (0, 1),
            &[(0, "450000000"), (1, "900000000")],
        )
        .with((0x0a04_6d00, INTEGER, "Lens Temperature"), (0, 90, 1, 0), (READ_ONLY, 31), &[])
        .with(
            (0x0a04_6d05, MENU, "LED1 Mode"),
            (0, 3, 1, 3),
            (0, 1),
            &[(0, "Off"), (1, "On"), (2, "Blinking"), (3, "Auto")],
        )
        .with((0x0a04_6d06, INTEGER, "Shake"), (0, 9, 1, 0), (EXECUTE_ON_WRITE, 0), &[])
}

impl Controllable for Camera {
    fn control(&self, id: u32) -> io::Result<Option<ControlDesc>> {
        let (next, id) = (id & NEXT != 0, id & !NEXT);
        let all = self.all.borrow();
        Ok(all
            .iter()
            .find(|entry| if next { entry.desc.id > id } else { entry.desc.id == id })
            .map(|entry| entry.desc.clone()))
    }

    fn entry(&self, id: u32, index: u32, _: bool) -> io::Result<Option<String>> {
        let all = self.all.borrow();
        let words = all.iter().find(|entry| entry.desc.id == id).map(|entry| &entry.words);
        Ok(words
            .and_then(|words| words.iter().find(|(number, _)| *number == index))
            .map(|(_, word)| (*word).to_owned()))
    }

    fn get(&self, id: u32) -> io::Result<i32> {
        Ok(self.value(id))
    }

    fn set(&self, id: u32, value: i32) -> io::Result<()> {
        self.orders.borrow_mut().push((id, value));
        let mut all = self.all.borrow_mut();
        let entry = all.iter_mut().find(|entry| entry.desc.id == id).unwrap();
        if self.broken.contains(&id) || entry.desc.flags & INACTIVE != 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if self.deaf.contains(&id) {
            return Ok(());
        }
        entry.value = value;
        let (governed, is_free) = match id {
            WHITE_AUTO => (WHITE, value == 0),
            EXPOSURE_AUTO => (EXPOSURE, value == 1),
            _ => return Ok(()),
        };
        let governed = all.iter_mut().find(|entry| entry.desc.id == governed).unwrap();
        governed.desc.flags = if is_free { 0 } else { INACTIVE };
        Ok(())
    }
}
