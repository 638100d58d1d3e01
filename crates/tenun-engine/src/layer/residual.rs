//! [`Residual`]: layers whose input is added to their output.

use super::settings::settings;
use super::{Elsewhere, Layer, LayerKind, Mirror, Placed, RandomKey, Role, sequence};
use crate::Shape;
use crate::ops::Skip;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Residual block: layers whose input is added to their output.
    ///
    /// y = x + body(x): He et al., "Deep residual learning for image recognition" (2015).
    ///
    /// # Shapes
    /// The body must give the shape it takes; the output has that shape.
    pub struct Residual {
        /// The layers around which the input is carried.
        pub body: Vec<Layer>,
    }
}

impl LayerKind for Residual {
    const STEM: &'static str = "residual";
    const ROLE: Role = Role::Residual;
    const INSTEAD_OF: Elsewhere =
        &[(&["resblock", "residualblock", "resnetblock", "skip", "shortcut"], "its layers are its `body`")];
    const NO_SETTING: Elsewhere = &[(&["layers", "filters"], "its layers are its `body`")];

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        Mirror::Block(self.clone().into())
    }

    fn widen(&mut self, factor: f64) {
        self.body.iter_mut().for_each(|layer| layer.widen(factor));
    }

    fn body(&self) -> &[Layer] {
        &self.body
    }

    fn settings(&self) -> String {
        let names: Vec<&str> = self.body.iter().map(Layer::name).collect();
        format!("x + {}", names.join(", "))
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.body.is_empty() {
            return Err("`body` is empty; it needs at least one layer".to_owned());
        }
        if let Some(layer) = self.body.iter().find(|layer| layer.adds_to_loss()) {
            return Err(format!(
                "`{}` adds to the loss, and cannot stand inside a residual block",
                layer.name()
            ));
        }
        let output = self.body.iter().try_fold(input, |shape, layer| {
            layer.infer(shape).map_err(|why| format!("in its body, {} on {shape}: {why}", layer.name()))
        })?;
        if output == input {
            Ok(input)
        } else {
            Err(format!("its body makes {output} of {input}; both have to be equal to be added"))
        }
    }

    fn multiply_adds(&self, input: Shape) -> u64 {
        let mut shape = input;
        let mut total = 0;
        for layer in &self.body {
            total = layer.multiply_adds(shape).saturating_add(total);
            shape = layer.infer(shape).unwrap_or(shape);
        }
        total
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], key: Option<RandomKey>) -> Vec<R> {
        let body = sequence::reference(&at.body, parameters, x.to_vec(), key);
        x.iter().zip(body).map(|(&x, y)| x + y).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        let branch = Skip::fork(builder, at.place.input, x);
        let body: Vec<&Placed> = at.body.iter().collect();
        let end = sequence::lower(builder, &body, branch);
        Skip::join(builder, at.place.input, x, end)
    }
}
