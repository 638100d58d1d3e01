//! [`MemoryLayout`]: where in one block of memory each tensor is, and from when to when it is needed.
//!
//! A tile goes through the operations forwards, to the loss, and backwards through them: each of these is a moment.
//! A tensor is needed from the first moment at which an operation uses it to the last, and tensors that are needed at
//! different moments stand in the same place. What a tile has in hand is then a fraction of all its tensors, and stays
//! in the cache.
//!
//! What begins as zeros, borders above all, is cleared when a tensor's time begins, unless it has its place for itself.
//! Nothing else may be read before it is written; in builds with assertions it is not a number until then.

use std::ops::Range;

use super::{TensorId, Uses};
use crate::TILE;

/// The floats of a tensor.
#[derive(Clone, Debug, Default)]
pub(super) struct Floats {
    pub(super) length: usize,
    /// Those that begin as zeros.
    pub(super) zeros: Vec<Range<usize>>,
}

/// Where each tensor is, in floats, and when.
#[derive(Debug)]
pub(super) struct MemoryLayout {
    tensors: Vec<Slot>,
    /// For each moment, what is cleared before it.
    cleared: Vec<Vec<Range<usize>>>,
    /// For each moment, the tensors that nothing was written to yet; only in builds with assertions.
    unwritten: Vec<Vec<Range<usize>>>,
    /// Floats of the whole block.
    length: usize,
}

/// A tensor's floats and moments.
#[derive(Clone, Debug, Default)]
struct Slot {
    floats: Range<usize>,
    moments: Range<usize>,
}

/// Whether two ranges have something in common.
fn meet(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

impl MemoryLayout {
    /// Of the tensors that are `wanted`, with what each operation uses of them, in the order of the way forwards; those
    /// that are `kept` are needed all the time.
    pub(super) fn new(wanted: &[Floats], uses: &[Uses], kept: &[TensorId]) -> Self {
        let operations = uses.len();
        let mut tensors = vec![Slot::default(); wanted.len()];
        let mut use_at = |id: TensorId, moment: usize| {
            let moments = &mut tensors[id.0].moments;
            let first = if *moments == (0..0) { moment } else { moments.start.min(moment) };
            *moments = first..moments.end.max(moment + 1);
        };
        for (i, uses) in uses.iter().enumerate() {
            uses.forward.iter().for_each(|&id| use_at(id, Self::forward(i)));
            uses.backward.iter().for_each(|&id| use_at(id, Self::backward(operations, i)));
        }
        for &id in kept {
            use_at(id, 0);
            use_at(id, Self::backward(operations, 0));
        }
        // The largest first, each as low as those placed before leave room at its time.
        let mut order: Vec<usize> = (0..wanted.len()).filter(|&i| tensors[i].moments != (0..0)).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(wanted[i].length));
        let mut placed: Vec<usize> = Vec::new();
        for i in order {
            let length = wanted[i].length.next_multiple_of(TILE);
            let mut taken: Vec<Range<usize>> = placed
                .iter()
                .filter(|&&other| meet(&tensors[other].moments, &tensors[i].moments))
                .map(|&other| tensors[other].floats.clone())
                .collect();
            taken.sort_by_key(|range| range.start);
            let mut start = 0;
            for range in taken {
                if range.start >= start + length {
                    break;
                }
                start = start.max(range.end.next_multiple_of(TILE));
            }
            // What is empty stands at the beginning, where it is inside no other.
            tensors[i].floats = if length == 0 { 0..0 } else { start..start + wanted[i].length };
            placed.push(i);
        }
        let moments = Self::backward(operations, 0) + 1;
        let (mut cleared, mut unwritten) = (vec![Vec::new(); moments], vec![Vec::new(); moments]);
        for (i, (own, wanted)) in tensors.iter().zip(wanted).enumerate() {
            let shares = |(other, place): (usize, &Slot)| other != i && meet(&place.floats, &own.floats);
            let start = own.moments.start;
            // What is kept was written before the first moment; what nobody uses has no place.
            if own.moments.len() == moments || own.moments == (0..0) {
                continue;
            }
            if cfg!(debug_assertions) {
                unwritten[start].push(own.floats.clone());
            }
            if cfg!(debug_assertions) || tensors.iter().enumerate().any(shares) {
                let zeros = wanted.zeros.iter();
                cleared[start]
                    .extend(zeros.map(|zeros| own.floats.start + zeros.start..own.floats.start + zeros.end));
            }
        }
        let length = tensors.iter().map(|place| place.floats.end).max().unwrap_or(0);
        Self { tensors, cleared, unwritten, length }
    }

    /// The moment of an operation on the way forwards.
    pub(super) fn forward(operation: usize) -> usize {
        operation
    }

    /// The moment of the loss, between the two ways.
    pub(super) fn between(operations: usize) -> usize {
        operations
    }

    /// The moment of an operation on the way back.
    pub(super) fn backward(operations: usize, operation: usize) -> usize {
        2 * operations - operation
    }

    /// Where a tensor is.
    ///
    /// # Panics
    /// If it is not needed at this moment: an operation uses what it did not say.
    #[inline]
    pub(super) fn place(&self, id: TensorId, moment: usize) -> Range<usize> {
        let Slot { floats, moments } = &self.tensors[id.0];
        assert!(moments.contains(&moment), "an operation says what it uses");
        floats.clone()
    }

    /// What is cleared before a moment.
    pub(super) fn cleared(&self, moment: usize) -> &[Range<usize>] {
        &self.cleared[moment]
    }

    /// What nothing was written to before a moment.
    pub(super) fn unwritten(&self, moment: usize) -> &[Range<usize>] {
        &self.unwritten[moment]
    }

    /// Floats of the whole block.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_of_different_times_share_a_place_and_those_of_one_time_do_not() {
        let id = TensorId;
        // Three operations in a row, 0 → 1 → 2 → 3, of which the second needs its input on the way back.
        let uses = [
            Uses::forward([id(0), id(1)]),
            Uses::forward([id(1), id(2)]).backward([id(1), id(4)]),
            Uses::forward([id(2), id(3)]),
        ];
        let wanted =
            [16, 100, 64, 32, 64, 48].map(|length| Floats { length, zeros: vec![0..8, length - 1..length] });
        let layout = MemoryLayout::new(&wanted, &uses, &[id(0), id(3)]);
        for (a, b) in (0..5).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let (a, b) = (&layout.tensors[a], &layout.tensors[b]);
            assert!(!(meet(&a.floats, &b.floats) && meet(&a.moments, &b.moments)), "{layout:?}");
        }
        assert_eq!(layout.tensors[2].floats, layout.tensors[4].floats);
        assert_eq!(layout.length(), 112 + 64 + 32 + 16);
        assert!(layout.tensors.iter().all(|place| place.floats.start % TILE == 0));
        // What begins as zeros does so when it is first used: forwards by the second operation, backwards by the same.
        for (moment, tensor) in [(1, 2), (MemoryLayout::backward(3, 1), 4)] {
            let start = layout.tensors[tensor].floats.start;
            assert_eq!(layout.cleared(moment), [start..start + 8, start + 63..start + 64]);
        }
        assert_eq!(layout.place(id(1), 5), layout.tensors[1].floats);
    }

    #[test]
    #[should_panic(expected = "says what it uses")]
    fn what_was_not_said_is_not_given() {
        let wanted = [Floats { length: 16, zeros: Vec::new() }, Floats::default()];
        MemoryLayout::new(&wanted, &[Uses::forward([TensorId(0)])], &[]).place(TensorId(1), 0);
    }
}
