//! [`SpecError`]: why a [`super::Spec`] is no network, with the chain of shapes that shows where.

use std::fmt;

use crate::Shape;
use crate::place::Part;

/// A network does not fit together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// The images have no pixels, or more than can be addressed.
    #[error("images of {0} have no pixels, or more than can be addressed")]
    Input(Shape),
    /// A part has no layers.
    #[error("the {0} has no layers")]
    Empty(Part),
    /// A layer cannot take what it is given.
    #[error("{layer} ({kind}) cannot take {input}: {reason}\n{chain}")]
    Layer {
        /// The layer's name in the network, such as `encoder.conv2`.
        layer: String,
        /// The kind of layer.
        kind: &'static str,
        /// What it is given.
        input: Shape,
        /// Why it cannot take that.
        reason: String,
        /// The layers before it.
        chain: Box<Chain>,
    },
    /// The decoder does not end where the encoder began.
    #[error("the decoder ends at {output}, but the images are {input}\n{chain}")]
    Output {
        /// The shape of the images.
        input: Shape,
        /// The shape at the end.
        output: Shape,
        /// All layers.
        chain: Box<Chain>,
    },
    /// More layers than any network has.
    #[error("expected at most {most} layers in encoder and decoder together, got more")]
    TooMany {
        /// How many there may be.
        most: u32,
    },
    /// More parameters than can be addressed.
    #[error("{layer} needs more parameters than this computer can address")]
    TooLarge {
        /// The layer's name in the network.
        layer: String,
    },
}

impl SpecError {
    /// What to do about it, where that is clear.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Output { input, output, .. } => {
                let (rows, columns) =
                    (signed(output.height, input.height), signed(output.width, input.width));
                let size = match (rows, columns) {
                    (0, 0) => {
                        format!(
                            "give the last convolution {} filters, as the images have channels",
                            input.channels
                        )
                    }
                    (r, c) if r >= 0 && c >= 0 => {
                        format!("crop {r} rows and {c} columns, or make a convolution `valid`")
                    }
                    _ => "up-sample more, or add `zero_pad`".to_owned(),
                };
                Some(format!("{size}; or leave the decoder out, and it is derived from the encoder"))
            }
            Self::Layer { .. } => {
                Some("the chain of shapes above shows what every layer before it gives".to_owned())
            }
            _ => None,
        }
    }
}

#[allow(clippy::cast_possible_wrap)] // sizes of images
fn signed(a: usize, b: usize) -> isize {
    a as isize - b as isize
}

/// Lines of a chain that are shown, at most, the input's among them: the last layers tell where it goes wrong.
const SHOWN: usize = 40;

/// The shapes through a network, layer by layer, up to where it goes wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// What stands on each line: the layer's name, its output shape and its settings.
    pub(crate) lines: Vec<(String, Shape, String)>,
    /// What is to be said of the last line.
    pub(crate) remark: String,
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.lines.iter().map(|line| line.0.len()).max().unwrap_or(0);
        let shape = self.lines.iter().map(|line| line.1.to_string().chars().count()).max().unwrap_or(0);
        for (i, (layer, output, settings)) in self.lines.iter().enumerate() {
            let hidden = self.lines.len().saturating_sub(SHOWN);
            if (1..=hidden).contains(&i) {
                if i == hidden {
                    writeln!(f, "  … {hidden} layers more")?;
                }
                continue;
            }
            let line = format!("  {layer:name$}  {:>shape$}  {settings}", output.to_string());
            write!(f, "{}", line.trim_end())?;
            if i + 1 == self.lines.len() {
                write!(f, "  ← {}", self.remark)?;
            } else {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
