//! The entropy-coded data of a JPEG, bit by bit: codes that are looked up, not decoded to anything.
//!
//! Source: ITU-T Recommendation T.81 (1992), annexes C and F.

/// A Huffman table.
#[derive(Clone)]
pub(crate) struct Codes {
    /// By the next 9 bits: length and symbol of the code that they begin with; length 0 if it is longer.
    short: Vec<(u8, u8)>,
    /// For each length, one more than the largest code, as 16 bits from the left; and what to add to a code to find its
    /// symbol.
    longest: [(u32, i32); 17],
    symbols: Vec<u8>,
}

const SHORT: u32 = 9;

impl Codes {
    pub(crate) fn new(counts: &[u8], symbols: &[u8]) -> Option<Self> {
        let mut codes =
            Self { short: vec![(0, 0); 1 << SHORT], longest: [(0, 0); 17], symbols: symbols.to_vec() };
        let (mut code, mut next) = (0_u32, 0_usize);
        for length in 1..=16_u32 {
            let count = u32::from(counts[length as usize - 1]);
            if code + count > 1 << length {
                return None;
            }
            codes.longest[length as usize] = ((code + count) << (16 - length), next as i32 - code as i32);
            for _ in 0..count {
                if length <= SHORT {
                    let start = (code << (SHORT - length)) as usize;
                    codes.short[start..start + (1 << (SHORT - length))]
                        .fill((length as u8, *symbols.get(next)?));
                }
                code += 1;
                next += 1;
            }
            code <<= 1;
        }
        Some(codes)
    }
}

/// The bits of entropy-coded data, up to a marker or the end of the file.
pub(crate) struct Bits<'a> {
    file: &'a [u8],
    at: usize,
    /// The next bits, from the left.
    next: u64,
    count: u32,
}

/// There are fewer bits than the picture needs, or no code begins like this.
pub(crate) enum Wrong {
    Ended,
    NoCode,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(file: &'a [u8], at: usize) -> Self {
        Self { file, at, next: 0, count: 0 }
    }

    pub(crate) fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match (self.file.get(self.at), self.file.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(0xff), _) | (None, _) => return,
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.next |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    pub(crate) fn take(&mut self, bits: u32) -> Result<u32, Wrong> {
        if bits == 0 {
            return Ok(0);
        }
        if self.count < bits {
            self.fill();
        }
        if self.count < bits {
            return Err(Wrong::Ended);
        }
        let taken = (self.next >> (64 - bits)) as u32;
        self.next <<= bits;
        self.count -= bits;
        Ok(taken)
    }

    pub(crate) fn symbol(&mut self, codes: &Codes) -> Result<u8, Wrong> {
        if self.count < 16 {
            self.fill();
        }
        let (length, symbol) = codes.short[(self.next >> (64 - SHORT)) as usize];
        if length > 0 {
            self.take(u32::from(length))?;
            return Ok(symbol);
        }
        let left = (self.next >> 48) as u32;
        for length in SHORT + 1..=16 {
            let (end, offset) = codes.longest[length as usize];
            if left < end {
                let code = self.take(length)? as i32;
                return codes.symbols.get((code + offset) as usize).copied().ok_or(Wrong::NoCode);
            }
        }
        Err(if self.count < 16 { Wrong::Ended } else { Wrong::NoCode })
    }

    /// A number of `size` bits, whose first says its sign.
    pub(crate) fn number(&mut self, size: u8) -> Result<i64, Wrong> {
        let bits = i64::from(self.take(u32::from(size))?);
        Ok(if size > 0 && bits < 1 << (size - 1) { bits + 1 - (1 << size) } else { bits })
    }

    /// Where the next marker stands, and how many bytes before it have not been read.
    pub(crate) fn marker(&self) -> (usize, usize) {
        let rest = self.file.get(self.at..).unwrap_or_default();
        let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7 | 0xff);
        let unread = rest.windows(2).position(is_marker).unwrap_or(rest.len());
        (self.at + unread, unread + self.count as usize / 8)
    }

    /// Passes the restart marker of this number.
    pub(crate) fn restart(&mut self, number: u8, padding: usize) -> bool {
        self.fill();
        while self.file.get(self.at) == Some(&0xff) && self.file.get(self.at + 1) == Some(&0xff) {
            self.at += 1;
        }
        let whole_bytes = self.count as usize / 8;
        if whole_bytes > padding || self.file.get(self.at..self.at + 2) != Some(&[0xff, 0xd0 + number]) {
            return false;
        }
        (self.at, self.next, self.count) = (self.at + 2, 0, 0);
        true
    }
}
