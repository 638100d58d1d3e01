//! [`Corrupt`]: images made worse while training, so that the network learns to make them good again.

use tenun_kernels::noise::Noise as PixelNoise;

use super::settings::{choices, settings};
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::patches::Patches;
use crate::ops::{blur, noise, patches};
use crate::program::{Builder, Port};
use crate::random::Purpose;
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

impl Corrupt {
    /// What happens to each number by itself, if that is all that happens.
    fn noise(&self) -> Option<PixelNoise> {
        match self.kind {
            Corruption::Gaussian => Some(PixelNoise::Gaussian { deviation: self.amount }),
            Corruption::Masking => Some(PixelNoise::Masking { share: self.amount }),
            Corruption::SaltAndPepper => Some(PixelNoise::SaltAndPepper { share: self.amount }),
            Corruption::Patches | Corruption::Blur => None,
        }
    }

    /// The patches of an image, if these are what is hidden.
    fn patches(&self, shape: Shape) -> Patches {
        Patches::new(shape, self.size, self.amount)
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
        if kind == Corruption::Patches && self.patches(input).hidden == 0 {
            return Err(format!(
                "`amount` {amount} hides none of the patches of {size}×{size} pixels; make it larger, or `size` smaller"
            ));
        }
        Ok(input)
    }

    #[allow(clippy::cast_possible_truncation)] // positions of one image fit 32 bits
    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], key: Option<RandomKey>) -> Vec<R> {
        let Some(key) = key else { return x.to_vec() };
        let Shape { height, width, .. } = at.place.input;
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
                let patches = self.patches(at.place.input);
                let mut keeps = vec![0.0; patches.count()];
                patches.draw(key, at.place.ordinal, &mut keeps, &mut vec![0.0; patches.count()]);
                let is_kept = |i: usize| keeps[patches.at(i / width % height, i % width)] > 0.0;
                x.iter().enumerate().map(|(i, &x)| if is_kept(i) { x } else { R::from(0.0) }).collect()
            }
            _ => {
                let own = self.noise().expect("every other kind is noise on single numbers");
                let line =
                    |i: usize| own.line(key.words(Purpose::Corrupt, at.place.ordinal, (i / 4) as u32)[i % 4]);
                let change = |(i, &x): (usize, &R)| {
                    let line = line(i);
                    x * R::from(f64::from(line.times)) + R::from(f64::from(line.plus))
                };
                x.iter().enumerate().map(change).collect()
            }
        }
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        if !builder.corrupts() {
            return x;
        }
        match self.noise() {
            Some(noise) => noise::lower(builder, noise, &at.place, x),
            None if self.kind == Corruption::Blur => blur::lower(builder, self.size, &at.place, x),
            None => patches::lower(builder, self.patches(at.place.input), &at.place, x),
        }
    }
}
