//! Whether a JPEG is whole: its entropy-coded data are walked, and have to describe every block and then end.
//!
//! Decoders fill what is missing with grey and say nothing, so a file that was cut short or overwritten passes for a
//! picture. Here nothing is drawn: codes are read and counted, which is why this costs a fraction of decoding.
//!
//! Source: ITU-T Recommendation T.81 (1992), "Digital compression and coding of continuous-tone still images", annexes B,
//! F and G.

use super::huffman::{Bits, Codes, Wrong};

/// Whole bytes that may follow the last block: some cameras pad.
const PADDING: usize = 2;

/// A DC coefficient of 8-bit samples, times its quantiser, is at most 1,024; encoders that round overshoot a little.
const MOST_DC: i64 = 2048;

/// Scans of a picture: encoders write about ten. Each costs a look at every block, however short it is.
const MOST_SCANS: usize = 100;

/// Checks that `file`, whose size in pixels has been bounded before, has data for all of its picture. Kinds of JPEG that are not
/// decoded anyway (lossless, arithmetic) are left to the decoder.
pub(crate) fn whole(file: &[u8]) -> Result<(), String> {
    if !file.starts_with(&[0xff, 0xd8]) {
        return Ok(());
    }
    Walk { file, at: 2, ..Walk::default() }.all()
}

fn cut_short() -> String {
    "the JPEG is cut short: the file ends before the picture does".into()
}

fn damaged(what: &str) -> String {
    format!("the JPEG is damaged: {what}")
}

struct Component {
    id: u8,
    across: usize,
    down: usize,
    quantiser: u8,
    /// Blocks in a row, and rows, that lie in the picture; a row of blocks as it is kept, with those beyond its edge.
    columns: usize,
    rows: usize,
    stride: usize,
    /// For progressive pictures: which coefficients of each block are other than 0, a bit for each.
    set: Vec<u64>,
    /// Bits of each coefficient that are still to come; none if no scan has had it.
    to_come: [Option<u8>; 64],
}

#[derive(Default)]
struct Walk<'a> {
    file: &'a [u8],
    at: usize,
    dc: [Option<Codes>; 4],
    ac: [Option<Codes>; 4],
    /// The first value of each quantisation table.
    quantisers: [i64; 4],
    restart: usize,
    progressive: bool,
    eight_bits: bool,
    /// Units of interleaved data in a row, and rows of them.
    units: (usize, usize),
    components: Vec<Component>,
    scans: usize,
}

/// One component of a scan, and its tables.
struct Part {
    component: usize,
    dc: usize,
    ac: usize,
}

/// What a scan codes: from the first to the last coefficient, which bits of them.
#[derive(Clone, Copy)]
struct Band {
    first: usize,
    last: usize,
    high: u8,
    low: u8,
}

impl Walk<'_> {
    fn all(mut self) -> Result<(), String> {
        loop {
            let marker = self.marker()?;
            match marker {
                0xd9 => break,
                0x01 | 0xd0..=0xd8 => continue,
                _ => {}
            }
            let length = self.file.get(self.at..self.at + 2).ok_or_else(cut_short)?;
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            let segment = self.file.get(self.at + 2..self.at + length).ok_or_else(|| match length {
                0 | 1 => damaged("a segment has no length"),
                _ => cut_short(),
            })?;
            self.at += length;
            match marker {
                0xc4 => self.huffman(segment).ok_or_else(|| damaged("a Huffman table makes no sense"))?,
                0xdb => self.quantisation(segment),
                0xdd => self.restart = segment.first_chunk().map_or(0, |&two| u16::from_be_bytes(two).into()),
                0xc0..=0xc2 => {
                    self.progressive = marker == 0xc2;
                    // What the frame says wrong, the decoder says too.
                    if self.frame(segment).is_none() {
                        return Ok(());
                    }
                }
                0xc3 | 0xc5..=0xcf => return Ok(()),
                0xda => {
                    if self.components.is_empty() {
                        return Err(damaged("picture data come before their description"));
                    }
                    self.scan(segment)?;
                }
                _ => {}
            }
        }
        let is_complete = |component: &Component| {
            component.to_come[0] == Some(0)
                && component.to_come.iter().all(|left| left.is_none_or(|left| left == 0))
        };
        match self.components.iter().all(is_complete) && !self.components.is_empty() {
            true => Ok(()),
            false => Err(damaged("it ends before all colours and all their details have come")),
        }
    }

    /// The next marker, which has to be here.
    fn marker(&mut self) -> Result<u8, String> {
        match self.file.get(self.at) {
            Some(0xff) => {}
            Some(_) => return Err(damaged(&format!("no marker at byte {}", self.at))),
            None => return Err("the JPEG is cut short: its end mark is missing".into()),
        }
        while self.file.get(self.at) == Some(&0xff) {
            self.at += 1;
        }
        self.at += 1;
        self.file.get(self.at - 1).copied().ok_or_else(cut_short)
    }

    fn huffman(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [head, counts @ ..] = segment
            && counts.len() >= 16
        {
            let (counts, rest) = counts.split_at(16);
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let symbols = rest.get(..total)?;
            let codes = Codes::new(counts, symbols)?;
            let tables = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(head & 15))? = Some(codes);
            segment = &rest[total..];
        }
        Some(())
    }

    fn quantisation(&mut self, mut segment: &[u8]) {
        while let [head, values @ ..] = segment {
            let bytes = if head >> 4 == 0 { 1 } else { 2 };
            let Some(table) = values.get(..64 * bytes) else { return };
            let first =
                if bytes == 1 { table[0].into() } else { u16::from_be_bytes([table[0], table[1]]).into() };
            if let Some(quantiser) = self.quantisers.get_mut(usize::from(head & 15)) {
                *quantiser = first;
            }
            segment = &values[64 * bytes..];
        }
    }

    fn frame(&mut self, segment: &[u8]) -> Option<()> {
        let [bits, h1, h0, w1, w0, count, rest @ ..] = segment else { return None };
        let (height, width) =
            (usize::from(u16::from_be_bytes([*h1, *h0])), usize::from(u16::from_be_bytes([*w1, *w0])));
        let given = rest.chunks_exact(3).take(usize::from(*count));
        let factors: Vec<_> =
            given.map(|c| (c[0], usize::from(c[1] >> 4), usize::from(c[1] & 15), c[2])).collect();
        let sound = |&(_, across, down, quantiser): &(u8, usize, usize, u8)| {
            (1..=4).contains(&across) && (1..=4).contains(&down) && quantiser < 4
        };
        if height == 0 || width == 0 || factors.is_empty() || factors.len() > 4 || !factors.iter().all(sound)
        {
            return None;
        }
        let most_across = factors.iter().map(|c| c.1).max()?;
        let most_down = factors.iter().map(|c| c.2).max()?;
        self.eight_bits = *bits == 8;
        self.units = (width.div_ceil(8 * most_across), height.div_ceil(8 * most_down));
        let component = |(id, across, down, quantiser): (u8, usize, usize, u8)| {
            let stride = self.units.0 * across;
            Component {
                id,
                across,
                down,
                quantiser,
                columns: (width * across).div_ceil(most_across).div_ceil(8),
                rows: (height * down).div_ceil(most_down).div_ceil(8),
                stride,
                set: if self.progressive { vec![0; stride * self.units.1 * down] } else { Vec::new() },
                to_come: [None; 64],
            }
        };
        self.components = factors.into_iter().map(component).collect();
        Some(())
    }

    fn scan(&mut self, segment: &[u8]) -> Result<(), String> {
        let senseless = || damaged("the description of its data makes no sense");
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(damaged(&format!("it has more than {MOST_SCANS} scans")));
        }
        let count = usize::from(*segment.first().ok_or_else(senseless)?);
        let (Some(given), Some(&[first, last, bits])) =
            (segment.get(1..1 + 2 * count), segment.get(1 + 2 * count..).and_then(<[u8]>::first_chunk::<3>))
        else {
            return Err(senseless());
        };
        let mut parts = Vec::new();
        for pair in given.chunks_exact(2) {
            let component = self.components.iter().position(|component| component.id == pair[0]);
            let component = component.ok_or_else(senseless)?;
            parts.push(Part { component, dc: usize::from(pair[1] >> 4), ac: usize::from(pair[1] & 15) });
        }
        let band = match self.progressive {
            false => Band { first: 0, last: 63, high: 0, low: 0 },
            true => Band { first: first.into(), last: last.into(), high: bits >> 4, low: bits & 15 },
        };
        if parts.is_empty() || band.last > 63 || band.first > band.last || band.low > 13 {
            return Err(senseless());
        }
        for part in &parts {
            self.components[part.component].to_come[band.first..=band.last].fill(Some(band.low));
        }
        let mut bits = Bits::new(self.file, self.at);
        match self.blocks(&parts, band, &mut bits) {
            Ok(()) => {}
            Err(Wrong::Ended) if bits.marker().0 >= self.file.len() => return Err(cut_short()),
            Err(Wrong::Ended) => return Err(damaged("its data end before the picture does")),
            Err(Wrong::NoCode) => return Err(damaged("its data hold a code that does not exist")),
        }
        bits.fill();
        let (at, unread) = bits.marker();
        self.at = at;
        if unread > PADDING && at < self.file.len() {
            return Err(damaged(&format!("{unread} bytes of data are left over after the last row")));
        }
        Ok(())
    }

    fn blocks(&mut self, parts: &[Part], band: Band, bits: &mut Bits<'_>) -> Result<(), Wrong> {
        let Self { dc, ac, quantisers, restart, progressive, eight_bits, units, components, .. } = self;
        let table = |tables: &'_ [Option<Codes>; 4], at: usize| tables.get(at).cloned().flatten();
        let tables: Vec<_> = parts.iter().map(|part| (table(dc, part.dc), table(ac, part.ac))).collect();
        let single = match parts {
            [part] => Some(part.component),
            _ => None,
        };
        let (columns, rows) = single.map_or(*units, |at| (components[at].columns, components[at].rows));
        let mut state = Scan { band, progressive: *progressive, before: [0; 4], run: 0 };
        let mut number = 0;
        for unit in 0..columns * rows {
            if *restart > 0 && unit > 0 && unit % *restart == 0 {
                if !bits.restart(number, PADDING) {
                    return Err(Wrong::Ended);
                }
                number = (number + 1) % 8;
                (state.before, state.run) = ([0; 4], 0);
            }
            let (row, column) = (unit / columns, unit % columns);
            for (at, (part, tables)) in parts.iter().zip(&tables).enumerate() {
                let component = &mut components[part.component];
                let (across, down) =
                    if single.is_some() { (1, 1) } else { (component.across, component.down) };
                for inside in 0..across * down {
                    let block =
                        (row * down + inside / across) * component.stride + column * across + inside % across;
                    let mut unused = 0;
                    let set = component.set.get_mut(block).unwrap_or(&mut unused);
                    state.block(at, tables, bits, set)?;
                }
                let quantiser = quantisers[usize::from(component.quantiser)];
                let dc = (state.before[at] << band.low) * quantiser;
                if *eight_bits && dc.abs() > MOST_DC + quantiser {
                    return Err(Wrong::NoCode);
                }
            }
        }
        Ok(())
    }
}

/// What a scan remembers from block to block.
struct Scan {
    band: Band,
    progressive: bool,
    /// The DC coefficient of each component's block before.
    before: [i64; 4],
    /// Blocks to come that end at once.
    run: u32,
}

impl Scan {
    fn block(
        &mut self,
        at: usize,
        (dc, ac): &(Option<Codes>, Option<Codes>),
        bits: &mut Bits<'_>,
        set: &mut u64,
    ) -> Result<(), Wrong> {
        let Band { first, last, high, .. } = self.band;
        if first == 0 {
            if high > 0 {
                bits.take(1)?;
            } else {
                let size = bits.symbol(dc.as_ref().ok_or(Wrong::NoCode)?)?;
                if size > 15 {
                    return Err(Wrong::NoCode);
                }
                self.before[at] += bits.number(size)?;
            }
        }
        if last == 0 {
            return Ok(());
        }
        let ac = ac.as_ref().ok_or(Wrong::NoCode)?;
        let from = first.max(1);
        if high > 0 { self.refine(from, ac, bits, set) } else { self.fresh(from, ac, bits, set) }
    }

    /// Coefficients of which nothing is known yet.
    fn fresh(&mut self, from: usize, ac: &Codes, bits: &mut Bits<'_>, set: &mut u64) -> Result<(), Wrong> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(());
        }
        let mut at = from;
        while at <= self.band.last {
            let symbol = bits.symbol(ac)?;
            let (zeros, size) = (usize::from(symbol >> 4), symbol & 15);
            match (zeros, size) {
                (15, 0) => at += 16,
                (_, 0) => {
                    if self.progressive {
                        self.run = (1 << zeros) - 1 + bits.take(zeros as u32)?;
                    }
                    return Ok(());
                }
                _ => {
                    at += zeros;
                    if at > self.band.last {
                        return Err(Wrong::NoCode);
                    }
                    bits.take(size.into())?;
                    *set |= 1 << at;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// One more bit of coefficients that are known, and some that become other than 0.
    fn refine(&mut self, from: usize, ac: &Codes, bits: &mut Bits<'_>, set: &mut u64) -> Result<(), Wrong> {
        let mut at = from;
        let known = *set;
        if self.run == 0 {
            while at <= self.band.last {
                let symbol = bits.symbol(ac)?;
                let (mut zeros, size) = (symbol >> 4, symbol & 15);
                match size {
                    0 if zeros < 15 => {
                        self.run = (1 << zeros) + bits.take(zeros.into())?;
                        break;
                    }
                    0 => {}
                    1 => drop(bits.take(1)?),
                    _ => return Err(Wrong::NoCode),
                }
                while at <= self.band.last {
                    if known >> at & 1 == 1 {
                        bits.take(1)?;
                    } else if zeros == 0 {
                        if size > 0 {
                            *set |= 1 << at;
                        }
                        at += 1;
                        break;
                    } else {
                        zeros -= 1;
                    }
                    at += 1;
                }
            }
        }
        if self.run > 0 {
            for at in at..=self.band.last {
                if known >> at & 1 == 1 {
                    bits.take(1)?;
                }
            }
            self.run -= 1;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "jpeg_tests.rs"]
mod tests;
