//! [`Corrupt`]: images made worse while training, so that the network learns to make them good again.

use super::settings::{choices, settings};
use super::{Elsewhere, LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, TILE, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Op, Port, Rows, TensorId, Tile, Uses};
use crate::random::{self, Philox, Purpose};
use crate::reference::Real;

choices! {
    /// How [`Corrupt`] corrupts images.
    pub enum Corruption {
        /// x + `amount` · ε, with ε from the standard normal distribution. The result is not cut to 0–1.
        Gaussian = "gaussian",
        /// With probability `amount` 0 or 1, as likely the one as the other.
        SaltAndPepper = "salt_and_pepper",
        /// With probability `amount` 0: Vincent et al., "Extracting and composing robust features with denoising
        /// autoencoders" (2008).
        Masking = "masking",
        /// The share `amount` of the squares of `size` × `size` pixels is 0 in all channels, the same number of squares in
        /// every image. As a network's first layer, the loss is then that of the hidden pixels alone: He et al., "Masked
        /// autoencoders are scalable vision learners" (2021).
        Patches = "patches",
        /// The mean with the neighbours, `size` times: the kernel 1 2 1 / 4 along rows and along columns, with zeros
        /// beyond the border. Nothing is random.
        Blur = "blur",
    }
}

settings! {
    /// Corruption of the input while training, for a denoising or masked autoencoder.
    ///
    /// The loss compares with the images as they were, and the stored data stay as they are; when not training the layer
    /// does nothing. What is drawn depends on the seed, the epoch, the image and the position alone.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    pub struct Corrupt {
        /// The kind of noise.
        pub kind: Corruption = Corruption::Gaussian,
        /// How much: a standard deviation of at least 0, or a share from 0 to 1.
        pub amount: f32 = 0.3,
        /// Pixels along the side of a patch, or how often a blur is applied: at least 1.
        pub size: usize = 4,
    }
}

/// Four random words for the positions 4 `block` … 4 `block` + 3 of the `layer`-th layer.
fn words(noise: Noise, layer: u32, block: u32) -> [u32; 4] {
    Philox::new(noise.seed, Purpose::Corrupt).words(noise.epoch, noise.image, layer, block)
}

impl Corrupt {
    /// What a number is multiplied by, and what is added, for one random word.
    #[inline]
    fn line(&self, word: u32) -> (f32, f32) {
        match self.kind {
            Corruption::Gaussian => (1.0, self.amount * random::normal(word)),
            Corruption::Masking if random::unit(word) < self.amount => (0.0, 0.0),
            // The lowest bit is not among those that decide whether.
            Corruption::SaltAndPepper if random::unit(word) < self.amount => {
                (0.0, if word & 1 == 0 { 0.0 } else { 1.0 })
            }
            _ => (1.0, 0.0),
        }
    }

    /// Squares in an image: rows and columns of them.
    fn squares(&self, shape: Shape) -> (usize, usize) {
        (shape.height.div_ceil(self.size), shape.width.div_ceil(self.size))
    }

    /// How many squares of an image are hidden.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn hidden_count(&self, shape: Shape) -> usize {
        let (rows, columns) = self.squares(shape);
        ((rows * columns) as f64 * f64::from(self.amount)).round() as usize
    }

    /// Writes 0 for each square that is hidden, those with the smallest uniform numbers and the first of equal ones,
    /// and 1 for the others; `sorted` is room for as many numbers.
    #[allow(clippy::cast_possible_truncation)] // squares of one image fit 32 bits
    fn keep(&self, shape: Shape, noise: Noise, layer: u32, keeps: &mut [f32], sorted: &mut [f32]) {
        for (block, four) in keeps.chunks_mut(4).enumerate() {
            let words = words(noise, layer, block as u32);
            four.iter_mut().zip(words).for_each(|(to, word)| *to = random::unit(word));
        }
        sorted.copy_from_slice(keeps);
        let count = self.hidden_count(shape);
        let last = *sorted.select_nth_unstable_by(count - 1, f32::total_cmp).1;
        let mut equal = count - keeps.iter().filter(|&&draw| draw < last).count();
        for keep in keeps {
            let is_hidden = *keep < last || *keep == last && equal > 0;
            equal -= usize::from(is_hidden && *keep == last);
            *keep = if is_hidden { 0.0 } else { 1.0 };
        }
    }

    /// One blur of one channel of any kind of number.
    fn blurred<R: Real>(plane: &[R], height: usize, width: usize) -> Vec<R> {
        let quarter = |centre: R, before: Option<R>, after: Option<R>| {
            let around = before.unwrap_or(R::from(0.0)) + after.unwrap_or(R::from(0.0));
            centre * R::from(0.5) + around * R::from(0.25)
        };
        let at = |x: &[R], r: Option<usize>, c: Option<usize>| match (r, c) {
            (Some(r), Some(c)) if r < height && c < width => Some(x[r * width + c]),
            _ => None,
        };
        let pass = |x: &[R], (down, right): (usize, usize)| -> Vec<R> {
            let pixels = (0..height).flat_map(|r| (0..width).map(move |c| (r, c)));
            pixels
                .map(|(r, c)| {
                    let before = at(x, r.checked_sub(down), c.checked_sub(right));
                    quarter(x[r * width + c], before, at(x, Some(r + down), Some(c + right)))
                })
                .collect()
        };
        pass(&pass(plane, (0, 1)), (1, 0))
    }
}

impl LayerKind for Corrupt {
    const STEM: &'static str = "corrupt";
    const ROLE: Role = Role::Corruption;
    const INSTEAD_OF: Elsewhere = &[
        (&["gaussiannoise"], "with `kind = \"gaussian\"`, and the standard deviation as `amount`"),
        (&["noise"], "its `kind` is the kind of noise"),
        (&["masking"], "with `kind = \"masking\"`"),
        (&["mask"], "with `kind = \"masking\"` or `\"patches\"`"),
        (&["blur"], "with `kind = \"blur\"`"),
    ];
    const NO_SETTING: Elsewhere = &[
        (&["std", "stddev", "sigma"], "`amount` is the standard deviation"),
        (&["rate", "p"], "`amount` is the probability, or the share"),
        (&["ratio", "mask_ratio"], "`amount` is the share of hidden patches"),
        (&["patch_size"], "`size` is the side of a patch"),
        (&["noise"], "`kind` is the kind of noise"),
    ];

    fn has_no_effect(&self) -> bool {
        self.kind != Corruption::Blur && self.amount == 0.0
    }

    fn settings(&self) -> String {
        let Self { kind, amount, size } = self;
        match kind {
            Corruption::Patches => format!("{amount} of {size}×{size} patches"),
            Corruption::Blur => format!("blur, {size} times"),
            _ => format!("{kind} {amount}"),
        }
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        let Self { kind, amount, size } = *self;
        let is_share = kind != Corruption::Gaussian && kind != Corruption::Blur;
        if !(amount >= 0.0 && amount.is_finite()) || is_share && amount > 1.0 {
            let range = if is_share { "from 0 to 1" } else { "of at least 0" };
            return Err(format!("`amount` is {amount}; it has to be a number {range}"));
        }
        if size == 0 {
            return Err("`size` is 0; it has to be at least 1".to_owned());
        }
        if kind == Corruption::Patches && self.hidden_count(input) == 0 {
            return Err(format!(
                "`amount` {amount} hides none of the patches of {size}×{size} pixels; make it larger, or `size` smaller"
            ));
        }
        Ok(input)
    }

    #[allow(clippy::cast_possible_truncation)] // positions of one image fit 32 bits
    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], noise: Option<Noise>) -> Vec<R> {
        let Some(noise) = noise else { return x.to_vec() };
        let Shape { height, width, .. } = at.input;
        match self.kind {
            Corruption::Blur => {
                let planes = x.chunks_exact(height * width);
                planes
                    .flat_map(|plane| {
                        (0..self.size).fold(plane.to_vec(), |plane, _| Self::blurred(&plane, height, width))
                    })
                    .collect()
            }
            Corruption::Patches => {
                let (rows, columns) = self.squares(at.input);
                let mut keeps = vec![0.0; rows * columns];
                self.keep(at.input, noise, at.ordinal, &mut keeps, &mut vec![0.0; rows * columns]);
                let is_kept = |i: usize| {
                    let (r, c) = (i / width % height, i % width);
                    keeps[r / self.size * columns + c / self.size] > 0.0
                };
                x.iter().enumerate().map(|(i, &x)| if is_kept(i) { x } else { R::from(0.0) }).collect()
            }
            _ => x
                .iter()
                .enumerate()
                .map(|(i, &x)| {
                    let (times, plus) = self.line(words(noise, at.ordinal, (i / 4) as u32)[i % 4]);
                    x * R::from(f64::from(times)) + R::from(f64::from(plus))
                })
                .collect(),
        }
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        if !builder.corrupts() {
            return x;
        }
        let y = builder.output(x, at.output, false);
        let (corrupt, layer, shape) = (self.clone(), at.ordinal, at.input);
        match self.kind {
            Corruption::Blur => {
                let through = builder.tensor(shape);
                builder.push(move |grids| {
                    let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
                    let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| [rows(dy), rows(dx)]);
                    let (values, through) = ([rows(x.value), rows(y.value)], rows(through));
                    Box::new(Blur { times: corrupt.size, shape, through, values, gradients })
                });
            }
            Corruption::Patches => {
                // The image's first layer: what it hides is what is to be found again.
                let counts = (at.ordinal == 0).then(|| builder.loss_weights(shape));
                let mask = builder.tensor(Shape { channels: 1, ..shape });
                let (rows, columns) = corrupt.squares(shape);
                // A vector's number has a place for each lane, eight at least.
                let draws = builder.tensor(Shape::vector((2 * rows * columns).div_ceil(8)));
                builder.push(move |grids| {
                    let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
                    let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| [rows(dy), rows(dx)]);
                    let (values, counts) = ([rows(x.value), rows(y.value)], counts.map(rows));
                    Box::new(Hide {
                        corrupt,
                        layer,
                        shape,
                        values,
                        gradients,
                        mask: rows(mask),
                        draws,
                        counts,
                    })
                });
            }
            _ => builder.push(move |grids| {
                let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
                let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| [rows(dy), rows(dx)]);
                Box::new(Line { corrupt, layer, values: [rows(x.value), rows(y.value)], gradients })
            }),
        }
        // The way back needs no values.
        Port { exclusive: true, ..y }
    }
}

/// A tensor, and its rows.
type Place = (TensorId, Rows);

/// The tensors of a pair of places.
fn ids(places: &[Place; 2]) -> [TensorId; 2] {
    places.each_ref().map(|place| place.0)
}

/// Every number by itself: multiplied, and something added.
struct Line {
    corrupt: Corrupt,
    layer: u32,
    values: [Place; 2],
    gradients: Option<[Place; 2]>,
}

impl Line {
    /// Backwards nothing is added.
    fn apply<S: Simd>(&self, s: S, tile: &mut Tile<'_>, [from, to]: &[Place; 2], forward: bool) {
        let noise = tile.noise;
        let [x, y] = tile.tensors.many([from.0, to.0]);
        s.enter(
            #[inline(always)]
            || {
                let mut lines = [([0.0; TILE], [0.0; TILE]); 4];
                let mut position = 0;
                for (from, to) in from.1.iter().zip(to.1.iter()) {
                    for (x, y) in x[from].chunks_exact(S::LANES).zip(y[to].chunks_exact_mut(S::LANES)) {
                        if position % 4 == 0 {
                            for (lane, noise) in noise.iter().enumerate() {
                                let words = words(*noise, self.layer, position / 4);
                                for (line, word) in lines.iter_mut().zip(words) {
                                    let (times, plus) = self.corrupt.line(word);
                                    (line.0[lane], line.1[lane]) = (times, if forward { plus } else { 0.0 });
                                }
                            }
                        }
                        let (times, plus) = &lines[(position % 4) as usize];
                        s.load(x).mul_add(s.load(times), s.load(plus)).store(y);
                        position += 1;
                    }
                }
            },
        );
    }
}

impl<S: Simd> Op<S> for Line {
    fn uses(&self) -> Uses {
        Uses::forward(ids(&self.values)).backward(self.gradients.iter().flat_map(ids))
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        self.apply(s, tile, &self.values, true);
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.gradients {
            self.apply(s, tile, gradients, false);
        }
    }
}

/// Squares made black.
struct Hide {
    corrupt: Corrupt,
    layer: u32,
    shape: Shape,
    values: [Place; 2],
    gradients: Option<[Place; 2]>,
    /// 0 for each hidden pixel and 1 for the others, one plane for all channels.
    mask: Place,
    /// Room for the draws of one image, twice.
    draws: TensorId,
    /// What the loss of each number counts: nothing where it can be seen, and so much where it is hidden that the
    /// mean of them all is 1.
    counts: Option<Place>,
}

impl Hide {
    /// Draws which squares are hidden, into the mask and into what each number counts.
    fn draw(&self, lanes: usize, tile: &mut Tile<'_>) {
        let Shape { height, width, .. } = self.shape;
        let (size, (rows, columns)) = (self.corrupt.size, self.corrupt.squares(self.shape));
        let [mask, draws] = tile.tensors.many([self.mask.0, self.draws]);
        let (keeps, sorted) = draws[..2 * rows * columns].split_at_mut(rows * columns);
        let mut shares = [0.0; TILE];
        for (lane, &noise) in tile.noise.iter().enumerate().take(lanes) {
            self.corrupt.keep(self.shape, noise, self.layer, keeps, sorted);
            // At the right and lower border squares are smaller, so pixels are counted for each image.
            let mut pixels = 0;
            for r in 0..height {
                let row = &mut mask[self.mask.1.start(0, r)..];
                for (c, to) in row.iter_mut().skip(lane).step_by(lanes).take(width).enumerate() {
                    *to = keeps[r / size * columns + c / size];
                    pixels += usize::from(*to == 0.0);
                }
            }
            #[allow(clippy::cast_precision_loss)]
            let share = (height * width) as f32 / pixels as f32;
            shares[lane] = share;
        }
        let Some(counts) = &self.counts else { return };
        let [mask, out] = tile.tensors.many([self.mask.0, counts.0]);
        for (r, row) in counts.1.iter().enumerate() {
            let from = &mask[self.mask.1.start(0, r % height)..];
            for (to, keeps) in out[row].chunks_exact_mut(lanes).zip(from.chunks_exact(lanes)) {
                for ((to, keep), share) in to.iter_mut().zip(keeps).zip(&shares) {
                    *to = (1.0 - keep) * share;
                }
            }
        }
    }

    /// What is not hidden: forwards and backwards are the same.
    fn apply<S: Simd>(&self, s: S, tile: &mut Tile<'_>, [from, to]: &[Place; 2]) {
        let [x, mask, y] = tile.tensors.many([from.0, self.mask.0, to.0]);
        s.enter(
            #[inline(always)]
            || {
                for (r, (from, to)) in from.1.iter().zip(to.1.iter()).enumerate() {
                    let keeps = mask[self.mask.1.start(0, r % self.shape.height)..].chunks_exact(S::LANES);
                    let numbers = x[from].chunks_exact(S::LANES).zip(y[to].chunks_exact_mut(S::LANES));
                    for ((x, y), keep) in numbers.zip(keeps) {
                        (s.load(x) * s.load(keep)).store(y);
                    }
                }
            },
        );
    }
}

impl<S: Simd> Op<S> for Hide {
    fn uses(&self) -> Uses {
        let own = [self.mask.0, self.draws].into_iter().chain(self.counts.iter().map(|counts| counts.0));
        let back = self.gradients.iter().flat_map(ids).chain([self.mask.0]);
        Uses::forward(own.chain(ids(&self.values))).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        self.draw(S::LANES, tile);
        self.apply(s, tile, &self.values);
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.gradients {
            self.apply(s, tile, gradients);
        }
    }
}

/// The mean with the neighbours; the kernel is symmetric, so forwards and backwards are the same.
struct Blur {
    times: usize,
    shape: Shape,
    through: Place,
    values: [Place; 2],
    gradients: Option<[Place; 2]>,
}

impl Blur {
    /// Each number of `from` with its neighbours along one axis, into `to`.
    #[inline(always)]
    fn pass<S: Simd>(&self, s: S, from: (&[f32], &Rows), to: (&mut [f32], &Rows), along_rows: bool) {
        let Shape { height, width, .. } = self.shape;
        for (r, to_row) in to.1.iter().enumerate() {
            let numbers = to.0[to_row].chunks_exact_mut(S::LANES).enumerate();
            for (column, to) in numbers {
                let at =
                    |row: usize, column: usize| s.load(&from.0[from.1.nth_start(row) + column * S::LANES..]);
                let (before, after) = if along_rows {
                    ((column > 0).then(|| at(r, column - 1)), (column + 1 < width).then(|| at(r, column + 1)))
                } else {
                    (
                        (r % height > 0).then(|| at(r - 1, column)),
                        (r % height + 1 < height).then(|| at(r + 1, column)),
                    )
                };
                let around = before.unwrap_or(s.zero()) + after.unwrap_or(s.zero());
                around.mul_add(s.splat(0.25), at(r, column) * s.splat(0.5)).store(to);
            }
        }
    }

    fn apply<S: Simd>(&self, s: S, tile: &mut Tile<'_>, [from, to]: &[Place; 2]) {
        let [x, through, y] = tile.tensors.many([from.0, self.through.0, to.0]);
        s.enter(
            #[inline(always)]
            || {
                for time in 0..self.times {
                    if time == 0 {
                        self.pass(s, (x, &from.1), (through, &self.through.1), true);
                    } else {
                        self.pass(s, (y, &to.1), (through, &self.through.1), true);
                    }
                    self.pass(s, (through, &self.through.1), (y, &to.1), false);
                }
            },
        );
    }
}

impl<S: Simd> Op<S> for Blur {
    fn uses(&self) -> Uses {
        let back = self.gradients.iter().flat_map(ids).chain([self.through.0]);
        Uses::forward(ids(&self.values).into_iter().chain([self.through.0])).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        self.apply(s, tile, &self.values);
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.gradients {
            self.apply(s, tile, gradients);
        }
    }
}
