//! Layers one after the other: what they give by their equations, and the steps of a plan that they become, each layer on
//! its own or several at once where a rewrite knows a cheaper way.

use super::{Layer, Placed, RandomKey};
use crate::ops::pooled::{Pooled, Window};
use crate::ops::{Enlarged, Passes, Upsampled, Winograd};
use crate::program::{Builder, Port, Rewrite};
use crate::reference::Real;

/// The output by the equations. What is random in training is so if there is a `key` for it.
pub(crate) fn reference<'a, R: Real>(
    layers: impl IntoIterator<Item = &'a Placed>,
    parameters: &[R],
    mut x: Vec<R>,
    key: Option<RandomKey>,
) -> Vec<R> {
    for placed in layers {
        x = placed.layer.reference(placed, parameters, &x, key);
    }
    x
}

/// The output by the equations in training, and what the layers add to the sum of the loss over the image.
pub(crate) fn reference_and_penalty<'a, R: Real>(
    layers: impl IntoIterator<Item = &'a Placed>,
    parameters: &[R],
    mut x: Vec<R>,
    key: RandomKey,
) -> (Vec<R>, R) {
    let mut penalty = R::from(0.0);
    for placed in layers {
        penalty = penalty + placed.layer.penalty(placed, parameters, &x, key);
        x = placed.layer.reference(placed, parameters, &x, Some(key));
    }
    (x, penalty)
}

/// The names of layers, for the step of a plan that they become.
fn names(layers: &[&Placed]) -> Vec<String> {
    layers.iter().map(|layer| layer.place.name.clone()).collect()
}

/// Adds layers that follow one another to a plan.
pub(crate) fn lower(builder: &mut Builder, layers: &[&Placed], x: Port) -> Port {
    let mut port = x;
    let mut rest = layers;
    while !rest.is_empty() {
        let taken;
        (port, taken) = upsampled(builder, rest, port)
            .or_else(|| pooled(builder, rest, port))
            .or_else(|| winograd(builder, rest, port))
            .unwrap_or_else(|| as_written(builder, rest[0], port));
        rest = &rest[taken..];
    }
    port
}

/// The first layer by itself.
fn as_written(builder: &mut Builder, layer: &Placed, x: Port) -> (Port, usize) {
    (builder.step(names(&[layer]), &[], |builder| layer.layer.lower(layer, builder, x)), 1)
}

/// An up-sampling and a convolution of stride 1.
fn upsampled(builder: &mut Builder, layers: &[&Placed], x: Port) -> Option<(Port, usize)> {
    let [up, conv, ..] = layers else { return None };
    let (Layer::Upsample(upsample), Layer::Conv2d(conv2d)) = (&up.layer, &conv.layer) else { return None };
    if conv2d.stride != 1 || !builder.allows(Rewrite::Upsampled) {
        return None;
    }
    let small = Enlarged { input: up.place.input, factor: upsample.factor };
    let geometry = conv2d.geometry(conv.place.input);
    let lower = |builder: &mut Builder| Upsampled::lower(builder, small, geometry, &conv.place, x);
    Some((builder.step(names(&layers[..2]), &[Rewrite::Upsampled], lower), 2))
}

/// A convolution, a rectifier or none, and max-pooling in windows of 2×2.
fn pooled(builder: &mut Builder, layers: &[&Placed], x: Port) -> Option<(Port, usize)> {
    let [conv, after @ ..] = layers else { return None };
    let rectified = matches!(after, [relu, ..] if matches!(relu.layer, Layer::Relu(_)));
    let pool = after.get(usize::from(rectified))?;
    let (Layer::Conv2d(conv2d), Layer::MaxPool(max_pool)) = (&conv.layer, &pool.layer) else { return None };
    if max_pool.size != Pooled::WINDOW || !builder.allows(Rewrite::Pooled) {
        return None;
    }
    let taken = 2 + usize::from(rectified);
    let geometry = conv2d.geometry(conv.place.input);
    let passes = builder.allows(Rewrite::Winograd).then(|| Passes::fastest(&geometry)).flatten();
    let rewrites = [Rewrite::Pooled, Rewrite::Winograd];
    let rewrites = &rewrites[..if passes.is_some() { 2 } else { 1 }];
    let window = Window { rectified, pooled: pool.place.output };
    let lower = |builder: &mut Builder| Pooled::lower(builder, geometry, passes, &conv.place, window, x);
    Some((builder.step(names(&layers[..taken]), rewrites, lower), taken))
}

/// A 3×3 convolution of stride 1 whose shape pays for the transforms.
fn winograd(builder: &mut Builder, layers: &[&Placed], x: Port) -> Option<(Port, usize)> {
    let conv = *layers.first()?;
    let Layer::Conv2d(conv2d) = &conv.layer else { return None };
    let geometry = conv2d.geometry(conv.place.input);
    let passes = Passes::fastest(&geometry).filter(|_| builder.allows(Rewrite::Winograd))?;
    let lower = |builder: &mut Builder| Winograd::lower(builder, geometry, passes, &conv.place, x);
    Some((builder.step(names(&[conv]), &[Rewrite::Winograd], lower), 1))
}
