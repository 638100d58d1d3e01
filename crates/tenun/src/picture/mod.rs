//! Pictures of what a model does: reconstructions, loss curves, codes, feature maps.
//!
//! Every function takes plain data and gives a [`Picture`], which gives a PNG. Charts come in a
//! [`Theme`], light or dark. Nothing is read from the system: the font is compiled in, because
//! servers have none. The same input makes the same bytes.

mod axis;
mod batch;
mod canvas;
mod chart;
mod colormap;
mod error;
mod error_bars;
mod features;
mod font;
mod grid;
mod histogram;
mod image_file;
mod legend;
mod mosaic;
mod palette;
mod plot;
mod raster;
mod scatter;
#[cfg(test)]
mod tests;
mod theme;
mod tile;

pub use batch::PictureBatch;
pub use chart::{LossCurves, loss_curves};
pub use error::PictureError;
pub use error_bars::{Callout, ErrorBars, Measured, Reference, error_bars};
pub use features::{FeatureLayer, feature_maps};
pub use grid::{ReconstructionGrid, reconstruction_grid};
pub use histogram::{Histogram, histogram};
pub use image_file::{ImageFileError, save_image, save_images, save_picture};
pub use mosaic::{Mosaic, mosaic};
pub use raster::Picture;
pub use scatter::{Scatter, scatter};
pub use theme::Theme;
