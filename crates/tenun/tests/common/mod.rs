//! Fashion-MNIST for tests that need the real thing: the Debian package `dataset-fashion-mnist`, or
//! a folder `fashion-mnist` in the one that `TENUN_DATA` names.

use std::io::Read;
use std::path::PathBuf;

use tenun::data::Images;
use tenun::engine::Shape;

/// Names of the ten classes.
#[allow(dead_code, reason = "not every test that has this module has labels")]
pub(crate) const CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

fn read(file: &str) -> Vec<u8> {
    let folder = std::env::var_os("TENUN_DATA").map_or_else(
        || PathBuf::from("/usr/share/datasets/fashion-mnist"),
        |data| PathBuf::from(data).join("fashion-mnist"),
    );
    let compressed = std::fs::File::open(folder.join(file)).expect("Fashion-MNIST is installed");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(compressed).read_to_end(&mut bytes).expect("whole gzip file");
    bytes
}

/// The images of `train` or `t10k`.
pub(crate) fn images(part: &str) -> Images {
    let pixels = read(&format!("{part}-images-idx3-ubyte.gz")).split_off(16);
    Images::new(Shape::new(1, 28, 28), pixels).expect("whole images")
}

/// The classes of `train` or `t10k`.
#[allow(dead_code, reason = "not every test that has this module has labels")]
pub(crate) fn labels(part: &str) -> Vec<u32> {
    read(&format!("{part}-labels-idx1-ubyte.gz"))[8..].iter().map(|&byte| byte.into()).collect()
}

/// The pixels of images divided by 255.
pub(crate) fn floats(images: &Images) -> Vec<f32> {
    images.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect()
}
