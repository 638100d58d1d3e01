//! [`Dense`]: a linear map of all numbers.

use super::settings::settings;
use super::{
    Elsewhere, Initial, LayerKind, Mirror, ParameterSpec, Placed, RandomKey, Reshape, Role, widened,
};
use crate::Shape;
use crate::ops::{self, Gather};
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Dense (fully connected) layer.
    ///
    /// A linear map of all numbers of the input: y\[f\] = b\[f\] + Σ w\[f\]\[i\] · x\[i\]. A feature map is flattened first.
    ///
    /// # Shapes
    /// Input any, taken in the order `[channel][row][column]`; weight `[features][inputs]`, bias `[features]`, output
    /// `[features]`.
    ///
    /// ```
    /// use tenun_engine::{Layer, Shape, layer::Dense};
    ///
    /// let layer = Layer::from(Dense { features: 10, ..Dense::default() });
    /// assert_eq!(layer.infer(Shape::new(8, 4, 4)), Ok(Shape::vector(10)));
    /// ```
    #[derive(Eq)]
    pub struct Dense {
        /// Output features: at least 1.
        #[also("units", "out_features")]
        pub features: usize = 1,
        /// Whether a bias is added to each.
        #[also("use_bias")]
        pub bias: bool = true,
    }
}

impl LayerKind for Dense {
    const STEM: &'static str = "dense";
    const ROLE: Role = Role::Dense;
    const INSTEAD_OF: Elsewhere = &[(&["linear", "fc", "fullyconnected"], "")];
    const NO_SETTING: Elsewhere = &[
        (&["in_features"], "leave it out: it follows from the layer before"),
        (
            &["activation"],
            "an activation is a layer of its own, such as `{ layer = \"relu\" }` after this one",
        ),
    ];

    fn mirror(&self, input: Shape, _: Shape) -> Mirror {
        let dense = Self { features: input.len(), bias: self.bias }.into();
        let reshape = (!input.is_vector()).then(|| Reshape { shape: input }.into());
        Mirror::Dense { dense, reshape }
    }

    fn widen(&mut self, factor: f64) {
        self.features = widened(self.features, factor);
    }

    fn settings(&self) -> String {
        format!("{} features", self.features)
    }

    fn infer(&self, _: Shape) -> Result<Shape, String> {
        if self.features == 0 {
            return Err("`features` is 0; a dense layer needs at least 1".to_owned());
        }
        Ok(Shape::vector(self.features))
    }

    fn parameters(&self, input: Shape) -> Vec<ParameterSpec> {
        let initial = Initial::GlorotUniform { inputs: input.len(), outputs: self.features };
        let mut parameters =
            vec![ParameterSpec { name: "weight", axes: vec![self.features, input.len()], initial }];
        if self.bias {
            parameters.push(ParameterSpec {
                name: "bias",
                axes: vec![self.features],
                initial: Initial::Zeros,
            });
        }
        parameters
    }

    fn multiply_adds(&self, input: Shape) -> u64 {
        (self.features as u64).saturating_mul(input.len() as u64)
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let w = at.place.parameter(parameters, 0);
        let bias = self.bias.then(|| at.place.parameter(parameters, 1));
        w.chunks_exact(x.len())
            .enumerate()
            .map(|(f, w)| {
                let start = bias.map_or(R::from(0.0), |b| b[f]);
                w.iter().zip(x).fold(start, |sum, (&w, &x)| sum + w * x)
            })
            .collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        let length = at.place.input.len();
        let x = if at.place.input.is_vector() {
            x
        } else {
            let all = (0..length).map(Some).collect();
            Gather::lower(builder, all, at.place.input, Shape::vector(length), x)
        };
        ops::Dense::lower(builder, &at.place, x)
    }
}
