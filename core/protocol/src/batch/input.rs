//! Reading and writing the small numbers and strings that columns are made of.

use super::BatchError;

/// What is left to read of one column.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], BatchError> {
        let (head, rest) = self
            .0
            .split_at_checked(n)
            .ok_or(BatchError::Malformed("a column ends early"))?;
        self.0 = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BatchError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BatchError> {
        Ok(self.array::<1>()?[0])
    }

    /// Unsigned LEB128; only the shortest form is taken.
    pub(super) fn number(&mut self) -> Result<u64, BatchError> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return Ok(n);
            }
        }
        Err(BatchError::Malformed(
            "a number is not in its shortest form",
        ))
    }

    /// A number that must not exceed `limit`.
    pub(super) fn count(&mut self, limit: usize) -> Result<usize, BatchError> {
        match usize::try_from(self.number()?) {
            Ok(n) if n <= limit => Ok(n),
            _ => Err(BatchError::TooLarge("a count")),
        }
    }

    /// As [`put_signed`] wrote it.
    pub(super) fn signed(&mut self) -> Result<i64, BatchError> {
        let n = self.number()?;
        Ok((n >> 1).cast_signed() ^ -((n & 1).cast_signed()))
    }
}

/// Unsigned LEB128.
pub(super) fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Zigzag, then [`put`].
pub(super) fn put_signed(out: &mut Vec<u8>, n: i64) {
    put(out, ((n << 1) ^ (n >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_with_a_byte_too_many_is_refused() {
        assert_eq!(Input(&[0x00]).number().unwrap(), 0);
        for longer in [&[0x80, 0x00][..], &[0xff, 0x80, 0x00]] {
            assert!(Input(longer).number().is_err(), "{longer:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_comes_back(n: u64, i: i64) {
            let mut out = Vec::new();
            put(&mut out, n);
            put_signed(&mut out, i);
            let mut input = Input(&out);
            prop_assert_eq!(input.number().unwrap(), n);
            prop_assert_eq!(input.signed().unwrap(), i);
            prop_assert!(input.0.is_empty());
        }
    }
}
