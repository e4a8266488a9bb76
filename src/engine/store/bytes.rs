//! Writes and reads numbers and texts in as few bytes as they need.
//!
//! A number is written in groups of seven bits, the lowest first. Each but the last has its top bit set
//! (LEB128). Reading never panics; it returns nothing if the bytes end too early.

/// Appends a number.
pub(super) fn number(to: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        to.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Appends to a record.
#[derive(Debug, Default)]
pub(super) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub fn number(&mut self, value: u32) {
        number(&mut self.0, value);
    }

    /// Appends a difference from one place to the next, which may be negative.
    pub fn step(&mut self, from: u32, to: u32) {
        let step = to.wrapping_sub(from) as i32;
        self.number(((step << 1) ^ (step >> 31)) as u32);
    }

    /// Appends a text of at most 2 GiB, with a flag beside its length.
    pub fn text(&mut self, text: &str, flag: bool) {
        self.number((text.len() as u32) << 1 | u32::from(flag));
        self.0.extend_from_slice(text.as_bytes());
    }
}

/// Reads a record from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub fn step(&mut self, from: u32) -> Option<u32> {
        let number = self.number()?;
        let step = (number >> 1) as i32 ^ -((number & 1) as i32);
        Some(from.wrapping_add(step as u32))
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn text(&mut self) -> Option<(&'a str, bool)> {
        let number = self.number()?;
        let text = std::str::from_utf8(self.take((number >> 1) as usize)?).ok()?;
        Some((text, number & 1 == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 16_383, 16_384, 1 << 28, u32::MAX] {
            let mut writer = Writer::default();
            writer.number(number);
            let mut reader = Reader(&writer.0);
            assert_eq!(reader.number(), Some(number));
            assert!(reader.0.is_empty());
        }
    }

    #[test]
    fn steps_go_both_ways() {
        for (from, to) in [
            (0, 0),
            (7, 8),
            (8, 7),
            (0, u32::MAX),
            (u32::MAX, 0),
            (5, 1 << 31),
        ] {
            let mut writer = Writer::default();
            writer.step(from, to);
            assert_eq!(Reader(&writer.0).step(from), Some(to), "{from} {to}");
        }
    }

    #[test]
    fn reading_ends_with_the_bytes() {
        let mut writer = Writer::default();
        writer.text("jdoe", true);
        assert_eq!(Reader(&writer.0).text(), Some(("jdoe", true)));
        for end in 0..writer.0.len() {
            assert_eq!(Reader(&writer.0[..end]).text(), None);
        }
        assert_eq!(Reader(&[0xff; 8]).number(), None);
    }
}
