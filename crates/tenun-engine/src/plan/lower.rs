//! Layers in a row to operations: each on its own, or several at once where that is cheaper.

use super::{Builder, Passes, Port, Upsampled, Winograd};
use crate::Layer;
use crate::lane::Simd;
use crate::network::Placed;

/// Adds layers that follow one another to a plan.
pub(crate) fn sequence<S: Simd>(builder: &mut Builder<S>, layers: &[&Placed], x: Port) -> Port {
    let mut port = x;
    let mut rest = layers;
    while let [first, after @ ..] = rest {
        (port, rest) = match (&first.layer, after) {
            (Layer::Upsample(up), [conv @ Placed { layer: Layer::Conv2d(conv2d), .. }, after @ ..])
                if conv2d.stride == 1 =>
            {
                let small = (first.input, up.factor);
                (Upsampled::lower(builder, small, conv2d.geometry(conv.input), conv, port), after)
            }
            (Layer::Conv2d(conv2d), _) => {
                let geometry = conv2d.geometry(first.input);
                match Passes::fastest(&geometry) {
                    Some(passes) => (Winograd::lower(builder, geometry, passes, first, port), after),
                    None => (first.layer.lower(first, builder, port), after),
                }
            }
            _ => (first.layer.lower(first, builder, port), after),
        };
    }
    port
}
