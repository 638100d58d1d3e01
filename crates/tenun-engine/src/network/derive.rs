//! The decoder that an encoder implies: its mirror image, ending at the size of the images whatever was rounded.
//!
//! Walking the encoder backwards, a convolution becomes one with as many filters as it has, a pooling layer or a
//! stride becomes an up-sampling after that convolution, a dense layer one that gives what it took. Dropout is
//! left out. A last convolution with as many filters as the images have channels, and a sigmoid, end it.
//!
//! Where a size was rounded on the way in, up-sampling gives too much or too little. Too much is left to stand if
//! a later convolution can take away exactly that by being *valid* instead of *same* (7 pixels pooled to 4 come
//! back as 8, then 16, which a *valid* 3×3 convolution makes 14: the decoder of the preset `cae`); else it is
//! cropped at once. Too little is filled with zeros.

use super::Placed;
use crate::Shape;
use crate::layer::{
    AveragePool, Conv2d, Crop, Dense, GroupNorm, Layer, Padding, Reshape, Rounding, Sigmoid, Upsample,
    ZeroPad,
};

/// A step of the mirrored way, before sizes are settled.
enum Step {
    Conv(Conv2d),
    /// An up-sampling that should arrive at `height`×`width`.
    Up {
        factor: usize,
        height: usize,
        width: usize,
    },
    /// A layer that does not change rows and columns, or sets them itself.
    Plain(Layer),
}

/// The decoder for an encoder in its places.
pub(super) fn decoder(input: Shape, encoder: &[Placed]) -> Vec<Layer> {
    let latent = encoder.last().map_or(input, |placed| placed.output);
    settle(latent, mirror(input, encoder))
}

/// The first activation of the encoder: the one its mirror uses throughout.
fn activation(encoder: &[Placed]) -> Option<Layer> {
    let is_activation = |layer: &&Layer| {
        matches!(
            layer,
            Layer::Relu(_) | Layer::LeakyRelu(_) | Layer::Silu(_) | Layer::Tanh(_) | Layer::Sigmoid(_)
        )
    };
    encoder.iter().map(|placed| &placed.layer).find(is_activation).cloned()
}

fn mirror(input: Shape, encoder: &[Placed]) -> Vec<Step> {
    let activation = activation(encoder);
    let mut steps = Vec::new();
    // What stands after the next convolution: its normalisation, residual blocks, and the way up.
    let mut norm: Option<GroupNorm> = None;
    let mut blocks: Vec<Layer> = Vec::new();
    let mut up: Option<Step> = None;
    for placed in encoder.iter().rev() {
        let Shape { height, width, .. } = placed.input;
        match &placed.layer {
            Layer::MaxPool(_) | Layer::AveragePool(_) => {
                steps.extend(up.take());
                let factor = pool_size(&placed.layer);
                up = Some(Step::Up { factor, height, width });
            }
            Layer::Conv2d(conv) => {
                let mirrored = Conv2d { stride: 1, padding: Padding::Same, ..conv.clone() };
                steps.push(Step::Conv(mirrored));
                steps.extend(norm.take().map(|norm| Step::Plain(norm.into())));
                steps.extend(activation.clone().map(Step::Plain));
                steps.extend(blocks.drain(..).map(Step::Plain));
                steps.extend(up.take());
                if conv.stride > 1 {
                    steps.push(Step::Up { factor: conv.stride, height, width });
                } else if conv.padding == Padding::Valid {
                    // Back to the size before: a *valid* convolution shrinks, so its mirror pads.
                    let around = (conv.kernel - 1) / 2;
                    let pad = ZeroPad { top: around, bottom: around, left: around, right: around };
                    steps.push(Step::Plain(pad.into()));
                }
            }
            Layer::Dense(dense) => {
                steps.extend(up.take());
                steps.push(Step::Plain(Dense { features: placed.input.len(), bias: dense.bias }.into()));
                steps.extend(activation.clone().map(Step::Plain));
                if !placed.input.is_vector() {
                    steps.push(Step::Plain(Reshape { shape: placed.input }.into()));
                }
            }
            Layer::Flatten(_) | Layer::Reshape(_) => {
                steps.extend(up.take());
                if placed.input != placed.output {
                    steps.push(Step::Plain(Reshape { shape: placed.input }.into()));
                }
            }
            Layer::Crop(Crop { top, bottom, left, right }) => {
                steps.extend(up.take());
                let pad = ZeroPad { top: *top, bottom: *bottom, left: *left, right: *right };
                steps.push(Step::Plain(pad.into()));
            }
            Layer::ZeroPad(ZeroPad { top, bottom, left, right }) => {
                steps.extend(up.take());
                let crop = Crop { top: *top, bottom: *bottom, left: *left, right: *right };
                steps.push(Step::Plain(crop.into()));
            }
            Layer::Upsample(Upsample { factor }) => {
                steps.extend(up.take());
                let pool = AveragePool { size: *factor, rounding: Rounding::Up };
                steps.push(Step::Plain(pool.into()));
            }
            Layer::GroupNorm(group_norm) => norm = Some(group_norm.clone()),
            Layer::Residual(_) => blocks.insert(0, placed.layer.clone()),
            Layer::Relu(_)
            | Layer::LeakyRelu(_)
            | Layer::Silu(_)
            | Layer::Tanh(_)
            | Layer::Sigmoid(_)
            | Layer::Standardise(_)
            | Layer::Variance(_)
            | Layer::Dropout(_)
            | Layer::Corrupt(_)
            | Layer::Penalty(_)
            | Layer::Sparsity(_)
            | Layer::Sampling(_)
            | Layer::Quantize(_) => {}
        }
    }
    steps.extend(up.take());
    finish(input, encoder, &mut steps);
    steps
}

/// The way from the mirrored encoder to the images: a convolution, or for a network of dense layers nothing but
/// to leave out the last activation.
fn finish(input: Shape, encoder: &[Placed], steps: &mut Vec<Step>) {
    let kernel = encoder.iter().find_map(|placed| match &placed.layer {
        Layer::Conv2d(conv) => Some(conv.kernel),
        _ => None,
    });
    if let Some(kernel) = kernel {
        steps.push(Step::Conv(Conv2d { filters: input.channels, kernel, ..Conv2d::default() }));
    } else {
        let last_dense = steps.iter().rposition(|step| matches!(step, Step::Plain(Layer::Dense(_))));
        if let Some(at) = last_dense
            && activation(encoder).is_some()
        {
            steps.remove(at + 1);
        }
    }
    steps.push(Step::Plain(Sigmoid {}.into()));
}

fn pool_size(layer: &Layer) -> usize {
    match layer {
        Layer::MaxPool(pool) => pool.size,
        Layer::AveragePool(pool) => pool.size,
        _ => 1,
    }
}

/// Decides for each up-sampling what becomes of the rows and columns it has too many or too few of.
fn settle(latent: Shape, steps: Vec<Step>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut shape = latent;
    // Rows and columns that were left to stand and still have to go.
    let mut excess = (0, 0);
    let push = |layers: &mut Vec<Layer>, shape: &mut Shape, layer: Layer| {
        // What cannot be placed is left to the check of the whole network, which has the words for it.
        *shape = layer.infer(*shape).unwrap_or(*shape);
        layers.push(layer);
    };
    for (i, step) in steps.iter().enumerate() {
        match step {
            Step::Conv(conv) => {
                let shrink = conv.kernel - 1;
                let mut conv = conv.clone();
                if shrink > 0 && excess == (shrink, shrink) {
                    conv.padding = Padding::Valid;
                    excess = (0, 0);
                }
                push(&mut layers, &mut shape, conv.into());
            }
            Step::Up { factor, height, width } => {
                push(&mut layers, &mut shape, Upsample { factor: *factor }.into());
                let short = (height.saturating_sub(shape.height), width.saturating_sub(shape.width));
                if short != (0, 0) {
                    let pad = ZeroPad { bottom: short.0, right: short.1, ..ZeroPad::default() };
                    push(&mut layers, &mut shape, pad.into());
                }
                excess = (shape.height.saturating_sub(*height), shape.width.saturating_sub(*width));
                if excess != (0, 0) && !vanishes(excess, (*height, *width), &steps[i + 1..]) {
                    let crop = Crop { bottom: excess.0, right: excess.1, ..Crop::default() };
                    push(&mut layers, &mut shape, crop.into());
                    excess = (0, 0);
                }
            }
            Step::Plain(layer) => push(&mut layers, &mut shape, layer.clone()),
        }
    }
    layers
}

/// Whether a later convolution can take away exactly the rows and columns that are too many.
fn vanishes(mut excess: (usize, usize), mut wanted: (usize, usize), rest: &[Step]) -> bool {
    for step in rest {
        match step {
            Step::Conv(conv) => {
                let shrink = conv.kernel - 1;
                if shrink > 0 && excess == (shrink, shrink) {
                    return true;
                }
            }
            Step::Up { factor, height, width } => {
                let grown = ((wanted.0 + excess.0) * factor, (wanted.1 + excess.1) * factor);
                let (Some(rows), Some(columns)) = (grown.0.checked_sub(*height), grown.1.checked_sub(*width))
                else {
                    return false;
                };
                excess = (rows, columns);
                wanted = (*height, *width);
            }
            Step::Plain(
                Layer::Reshape(_)
                | Layer::Dense(_)
                | Layer::Crop(_)
                | Layer::ZeroPad(_)
                | Layer::AveragePool(_),
            ) => return false,
            Step::Plain(_) => {}
        }
    }
    false
}
