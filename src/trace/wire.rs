//! Numbers and texts as a record has them: numbers in base 128, the low digits first, each but the last
//! with its highest bit set; texts with their length before them.

/// Appends a number: a byte if it is less than 128, ten at most.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// One that may be absent: 0, or one more than it is. `u64::MAX` can't be told from what is less by one.
pub(super) fn put_option(out: &mut Vec<u8>, number: Option<u64>) {
    put(out, number.map_or(0, |number| number.saturating_add(1)));
}

/// The difference of two numbers, a short one if they are close, whichever is larger.
pub(super) fn put_difference(out: &mut Vec<u8>, number: u64, from: u64) {
    let difference = number.wrapping_sub(from) as i64;
    put(out, ((difference << 1) ^ (difference >> 63)) as u64);
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// What is left to be read of a record. Nothing is taken for granted: what is not there is `None`.
#[derive(Clone, Debug)]
pub(super) struct Source<'a>(pub(super) &'a [u8]);

impl<'a> Source<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let digit = u64::from(byte & 0x7f);
            if digit << shift >> shift != digit {
                return None;
            }
            number |= digit << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn option(&mut self) -> Option<Option<u64>> {
        Some(self.number()?.checked_sub(1))
    }

    pub(super) fn difference(&mut self, from: u64) -> Option<u64> {
        let coded = self.number()?;
        let difference = (coded >> 1) as i64 ^ -((coded & 1) as i64);
        Some(from.wrapping_add(difference as u64))
    }

    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.number()?.try_into().ok()
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length: usize = self.small()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [u64; 8] = [0, 1, 127, 128, 16_383, 16_384, u64::MAX - 1, u64::MAX];

    #[test]
    fn what_is_put_is_read() {
        let mut out = Vec::new();
        NUMBERS.iter().for_each(|number| put(&mut out, *number));
        NUMBERS.iter().for_each(|number| put_difference(&mut out, *number, 1000));
        put_option(&mut out, None);
        put_option(&mut out, Some(7));
        put_text(&mut out, "straße");
        let mut source = Source(&out);
        NUMBERS.iter().for_each(|number| assert_eq!(source.number(), Some(*number)));
        NUMBERS.iter().for_each(|number| assert_eq!(source.difference(1000), Some(*number)));
        assert_eq!((source.option(), source.option()), (Some(None), Some(Some(7))));
        assert_eq!(source.text(), Some("straße"));
        assert_eq!((source.number(), source.text(), source.flag()), (None, None, None));
    }

    #[test]
    fn a_number_takes_as_little_as_it_can() {
        let length = |number| {
            let mut out = Vec::new();
            put(&mut out, number);
            out.len()
        };
        assert_eq!(NUMBERS.map(length), [1, 1, 1, 2, 2, 3, 10, 10]);
    }

    #[test]
    fn no_bytes_are_a_reason_to_panic() {
        for bytes in [&[0xff; 11][..], &[0xff; 9], &[0x80, 0x80], &[5, b'a'], &[1, 0xff], &[]] {
            let mut source = Source(bytes);
            let _ = (source.clone().number(), source.clone().text(), source.clone().flag());
            let _ = (source.clone().option(), source.difference(u64::MAX));
        }
        assert_eq!(Source(&[0xff; 10]).number(), None, "more than 64 bits");
    }
}
