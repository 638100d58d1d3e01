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

use crate::Shape;
use crate::layer::{Conv2d, Crop, Layer, Mirror, Padding, Placed, Role, Sigmoid, Upsample, ZeroPad};

/// A layer of the mirrored way, before sizes are settled.
enum Mirrored {
    Convolution(Conv2d),
    /// An up-sampling that should arrive at `height`×`width`.
    Upsampling {
        factor: usize,
        height: usize,
        width: usize,
    },
    /// Any other layer.
    Other(Layer),
}

/// The decoder for an encoder in its places.
pub(super) fn decoder(input: Shape, encoder: &[Placed]) -> Vec<Layer> {
    let latent = encoder.last().map_or(input, |placed| placed.place.output);
    settle(latent, mirror(input, encoder))
}

/// The first activation of the encoder: the one its mirror uses throughout.
fn activation(encoder: &[Placed]) -> Option<Layer> {
    encoder.iter().map(|placed| &placed.layer).find(|layer| layer.role() == Role::Activation).cloned()
}

fn mirror(input: Shape, encoder: &[Placed]) -> Vec<Mirrored> {
    let activation = activation(encoder);
    let other = |layer: Option<Layer>| layer.map(Mirrored::Other);
    let mut mirrored = Vec::new();
    // What follows the next convolution: its normalisation, residual blocks, and the up-sampling.
    let mut norm: Option<Layer> = None;
    let mut blocks: Vec<Layer> = Vec::new();
    let mut up: Option<Mirrored> = None;
    for placed in encoder.iter().rev() {
        let Shape { height, width, .. } = placed.place.input;
        match placed.layer.mirror(placed.place.input, placed.place.output) {
            Mirror::Nothing => {}
            Mirror::Upsampling { factor } => {
                mirrored.extend(up.take());
                up = Some(Mirrored::Upsampling { factor, height, width });
            }
            Mirror::Convolution { conv, factor, pad } => {
                mirrored.push(Mirrored::Convolution(conv));
                mirrored.extend(other(norm.take()));
                mirrored.extend(other(activation.clone()));
                mirrored.extend(blocks.drain(..).map(Mirrored::Other));
                mirrored.extend(up.take());
                if factor > 1 {
                    mirrored.push(Mirrored::Upsampling { factor, height, width });
                }
                if pad > 0 {
                    let pad = ZeroPad { top: pad, bottom: pad, left: pad, right: pad };
                    mirrored.push(Mirrored::Other(pad.into()));
                }
            }
            Mirror::Dense { dense, reshape } => {
                mirrored.extend(up.take());
                mirrored.push(Mirrored::Other(dense));
                mirrored.extend(other(activation.clone()));
                mirrored.extend(other(reshape));
            }
            Mirror::Normalisation(layer) => norm = Some(layer),
            Mirror::Block(layer) => blocks.insert(0, layer),
            Mirror::Layers(layers) => {
                mirrored.extend(up.take());
                mirrored.extend(layers.into_iter().map(Mirrored::Other));
            }
        }
    }
    mirrored.extend(up.take());
    finish(input, activation.is_some(), &mut mirrored);
    mirrored
}

/// The way from the mirrored encoder to the images: a convolution with the kernel of the encoder's first, or for a
/// network of dense layers nothing but to leave out the last activation.
fn finish(input: Shape, has_activation: bool, mirrored: &mut Vec<Mirrored>) {
    let kernel = mirrored.iter().rev().find_map(|layer| match layer {
        Mirrored::Convolution(conv) => Some(conv.kernel),
        _ => None,
    });
    if let Some(kernel) = kernel {
        let conv = Conv2d { filters: input.channels, kernel, ..Conv2d::default() };
        mirrored.push(Mirrored::Convolution(conv));
    } else {
        let is_dense =
            |layer: &Mirrored| matches!(layer, Mirrored::Other(layer) if layer.role() == Role::Dense);
        if let Some(at) = mirrored.iter().rposition(is_dense)
            && has_activation
        {
            mirrored.remove(at + 1);
        }
    }
    mirrored.push(Mirrored::Other(Sigmoid {}.into()));
}

/// Decides for each up-sampling what becomes of the rows and columns it has too many or too few of.
fn settle(latent: Shape, mirrored: Vec<Mirrored>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut shape = latent;
    // Rows and columns that were left to stand and still have to go.
    let mut excess = (0, 0);
    let push = |layers: &mut Vec<Layer>, shape: &mut Shape, layer: Layer| {
        // What cannot be placed is left to the check of the whole network, which has the words for it.
        *shape = layer.infer(*shape).unwrap_or(*shape);
        layers.push(layer);
    };
    for (i, layer) in mirrored.iter().enumerate() {
        match layer {
            Mirrored::Convolution(conv) => {
                let shrink = conv.kernel - 1;
                let mut conv = conv.clone();
                if shrink > 0 && excess == (shrink, shrink) {
                    conv.padding = Padding::Valid;
                    excess = (0, 0);
                }
                push(&mut layers, &mut shape, conv.into());
            }
            Mirrored::Upsampling { factor, height, width } => {
                push(&mut layers, &mut shape, Upsample { factor: *factor }.into());
                let short = (height.saturating_sub(shape.height), width.saturating_sub(shape.width));
                if short != (0, 0) {
                    let pad = ZeroPad { bottom: short.0, right: short.1, ..ZeroPad::default() };
                    push(&mut layers, &mut shape, pad.into());
                }
                excess = (shape.height.saturating_sub(*height), shape.width.saturating_sub(*width));
                if excess != (0, 0) && !vanishes(excess, (*height, *width), &mirrored[i + 1..]) {
                    let crop = Crop { bottom: excess.0, right: excess.1, ..Crop::default() };
                    push(&mut layers, &mut shape, crop.into());
                    excess = (0, 0);
                }
            }
            Mirrored::Other(layer) => push(&mut layers, &mut shape, layer.clone()),
        }
    }
    layers
}

/// Whether a later convolution can take away exactly the rows and columns that are too many.
fn vanishes(mut excess: (usize, usize), mut wanted: (usize, usize), rest: &[Mirrored]) -> bool {
    for layer in rest {
        match layer {
            Mirrored::Convolution(conv) => {
                let shrink = conv.kernel - 1;
                if shrink > 0 && excess == (shrink, shrink) {
                    return true;
                }
            }
            Mirrored::Upsampling { factor, height, width } => {
                let grown = ((wanted.0 + excess.0) * factor, (wanted.1 + excess.1) * factor);
                let (Some(rows), Some(columns)) = (grown.0.checked_sub(*height), grown.1.checked_sub(*width))
                else {
                    return false;
                };
                excess = (rows, columns);
                wanted = (*height, *width);
            }
            Mirrored::Other(layer) if settles_size(layer) => return false,
            Mirrored::Other(_) => {}
        }
    }
    false
}

/// Whether rows and columns that are too many cannot pass a layer.
fn settles_size(layer: &Layer) -> bool {
    matches!(layer.role(), Role::Reshaping | Role::Dense | Role::Padding | Role::Pooling)
}
