//! [`Conv2d`]: two-dimensional convolution.

use super::settings::{choices, settings};
use super::{Elsewhere, Initial, LayerKind, Mirror, ParameterSpec, Placed, RandomKey, Role, widened};
use crate::Shape;
use crate::ops::{self, ConvGeometry, Convolution};
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Two-dimensional convolution.
    ///
    /// y\[f\]\[r\]\[c\] = b\[f\] + Σ w\[f\]\[i\]\[u\]\[v\] · x\[i\]\[s·r + u − p\]\[s·c + v − p\], a cross-correlation, over
    /// input channels i and kernel positions u, v; outside the image x is zero.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, weight `[filters][channels][kernel][kernel]`, bias `[filters]`, output
    /// `[filters][⌊(height + 2p − kernel) / s⌋ + 1][⌊(width + 2p − kernel) / s⌋ + 1]`.
    ///
    /// ```
    /// use tenun_engine::{Layer, Shape, layer::Conv2d};
    ///
    /// let layer = Layer::from(Conv2d { filters: 32, ..Conv2d::default() });
    /// assert_eq!(layer.infer(Shape::new(1, 28, 28)), Ok(Shape::new(32, 28, 28)));
    /// ```
    #[derive(Eq)]
    pub struct Conv2d {
        /// Output channels: at least 1.
        #[also("out_channels")]
        pub filters: usize = 1,
        /// Rows and columns of the kernel: odd.
        #[also("kernel_size")]
        pub kernel: usize = 3,
        /// Pixels from one output position to the next: 1 or 2.
        #[also("strides")]
        pub stride: usize = 1,
        /// What happens at the border.
        pub padding: Padding = Padding::Same,
        /// Whether a bias is added to each output channel.
        #[also("use_bias")]
        pub bias: bool = true,
    }
}

choices! {
    /// What a convolution does at the border of the image.
    pub enum Padding {
        /// (kernel − 1) / 2 zeros on every side: with stride 1 the output is as large as the input.
        Same = "same",
        /// No zeros: the output is kernel − 1 smaller.
        Valid = "valid",
    }
}

impl Conv2d {
    /// Zeros on each side.
    fn pad(&self) -> usize {
        match self.padding {
            Padding::Same => (self.kernel - 1) / 2,
            Padding::Valid => 0,
        }
    }

    /// The numbers of this convolution on an image of shape `input`.
    pub(crate) fn geometry(&self, input: Shape) -> ConvGeometry {
        ConvGeometry {
            input,
            filters: self.filters,
            kernel: self.kernel,
            stride: self.stride,
            pad: self.pad(),
        }
    }
}

impl LayerKind for Conv2d {
    const STEM: &'static str = "conv";
    const ROLE: Role = Role::Convolution;
    const INSTEAD_OF: Elsewhere = &[(&["conv", "convolution", "convolution2d"], "")];
    const NO_SETTING: Elsewhere = &[
        (&["channels"], "`filters` is the number of output channels"),
        (&["in_channels", "input_shape"], "leave it out: it follows from the layer before"),
        (
            &["activation"],
            "an activation is a layer of its own, such as `{ layer = \"relu\" }` after this one",
        ),
        (&["dilation"], "there is no dilated convolution"),
        (&["groups"], "there is no grouped convolution"),
    ];

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        // A *valid* convolution shrinks, so its mirror pads; one with a stride is followed by an up-sampling.
        let pad = match self.padding {
            Padding::Valid if self.stride == 1 => (self.kernel - 1) / 2,
            _ => 0,
        };
        let conv = Self { stride: 1, padding: Padding::Same, ..self.clone() };
        Mirror::Convolution { conv, factor: self.stride, pad }
    }

    fn widen(&mut self, factor: f64) {
        self.filters = widened(self.filters, factor);
    }

    fn settings(&self) -> String {
        let Self { filters, kernel, stride, padding, .. } = self;
        let filters = if *filters == 1 { "1 filter".to_owned() } else { format!("{filters} filters") };
        let stride = if *stride == 1 { String::new() } else { format!(", stride {stride}") };
        let padding = if *padding == Padding::Same { "" } else { ", valid" };
        format!("{filters} {kernel}×{kernel}{stride}{padding}")
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        let Self { filters, kernel, stride, .. } = *self;
        if filters == 0 {
            return Err("`filters` is 0; a convolution needs at least 1".to_owned());
        }
        if kernel % 2 == 0 {
            return Err(format!("`kernel` is {kernel}; it has to be odd, such as {}", kernel | 1));
        }
        if !(1..=2).contains(&stride) {
            return Err(format!("`stride` is {stride}; it has to be 1 or 2"));
        }
        let across = |size: usize| Some(size.checked_add(2 * self.pad())?.checked_sub(kernel)? / stride + 1);
        match (across(input.height), across(input.width)) {
            (Some(height), Some(width)) => Ok(Shape::new(filters, height, width)),
            _ => Err(format!(
                "a {kernel}×{kernel} kernel does not fit into {}×{} pixels",
                input.height, input.width
            )),
        }
    }

    fn parameters(&self, input: Shape) -> Vec<ParameterSpec> {
        // What overflows has too many parameters, which is found by their axes.
        let area = self.kernel.saturating_mul(self.kernel);
        let (inputs, outputs) = (input.channels.saturating_mul(area), self.filters.saturating_mul(area));
        let initial = Initial::GlorotUniform { inputs, outputs };
        let axes = vec![self.filters, input.channels, self.kernel, self.kernel];
        let mut parameters = vec![ParameterSpec { name: "weight", axes, initial }];
        if self.bias {
            parameters.push(ParameterSpec {
                name: "bias",
                axes: vec![self.filters],
                initial: Initial::Zeros,
            });
        }
        parameters
    }

    fn multiply_adds(&self, input: Shape) -> u64 {
        let outputs = self.infer(input).map_or(0, |output| output.len());
        [input.channels, self.kernel, self.kernel]
            .iter()
            .fold(outputs as u64, |n, &m| n.saturating_mul(m as u64))
    }

    fn reference<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let (input, output, kernel) = (at.place.input, at.place.output, self.kernel);
        let w = at.place.parameter(parameters, 0);
        let bias = self.bias.then(|| at.place.parameter(parameters, 1));
        let mut y = Vec::with_capacity(output.len());
        for f in 0..output.channels {
            for row in 0..output.height {
                for column in 0..output.width {
                    let mut sum = bias.map_or(R::from(0.0), |b| b[f]);
                    for i in 0..input.channels {
                        for u in 0..kernel {
                            for v in 0..kernel {
                                let (r, c) = (row * self.stride + u, column * self.stride + v);
                                let (Some(r), Some(c)) =
                                    (r.checked_sub(self.pad()), c.checked_sub(self.pad()))
                                else {
                                    continue;
                                };
                                if r < input.height && c < input.width {
                                    let weight = w[((f * input.channels + i) * kernel + u) * kernel + v];
                                    sum = sum + weight * x[(i * input.height + r) * input.width + c];
                                }
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
        y
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        // A single pixel seen by a kernel of one: a linear map of its channels.
        if self.kernel == 1 && at.place.input.is_vector() {
            return ops::Dense::lower(builder, &at.place, x);
        }
        Convolution::lower(builder, self.geometry(at.place.input), &at.place, x)
    }
}
