//! The reference autoencoder in Burn, on its processor back end `flex`: the same flags, turns and lines of JSON as the
//! scripts in `scripts/peers`.

use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::interpolate::{Interpolate2d, Interpolate2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Initializer, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{relu, softplus};
use burn::tensor::{Device, Tensor, TensorData};

const PIXELS: usize = 28 * 28;
/// Channels in and out of each convolution, and whether it is padded.
const CONVOLUTIONS: [(usize, usize, bool); 7] = [
    (1, 32, true),
    (32, 16, true),
    (16, 8, true),
    (8, 8, true),
    (8, 16, true),
    (16, 32, false),
    (32, 1, true),
];

#[derive(Module, Debug)]
struct Autoencoder {
    convolutions: Vec<Conv2d>,
    pool: MaxPool2d,
    up: Interpolate2d,
}

impl Autoencoder {
    fn new(device: &Device) -> Self {
        let convolution = |(inputs, outputs, padded)| {
            let padding = if padded { PaddingConfig2d::Same } else { PaddingConfig2d::Valid };
            Conv2dConfig::new([inputs, outputs], [3, 3])
                .with_padding(padding)
                .with_initializer(Initializer::XavierUniform { gain: 1.0 })
                .init(device)
        };
        Self {
            convolutions: CONVOLUTIONS.map(convolution).into(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).with_ceil_mode(true).init(),
            up: Interpolate2dConfig::new().with_scale_factor(Some([2.0, 2.0])).init(),
        }
    }

    /// Images to logits.
    fn forward(&self, mut x: Tensor<4>) -> Tensor<4> {
        for convolution in &self.convolutions[..3] {
            x = self.pool.forward(relu(convolution.forward(x)));
        }
        for convolution in &self.convolutions[3..6] {
            x = self.up.forward(relu(convolution.forward(x)));
        }
        self.convolutions[6].forward(x)
    }

    /// Binary cross-entropy on the logits, the mean over all pixels.
    fn loss(&self, x: Tensor<4>) -> Tensor<1> {
        let logits = self.forward(x.clone());
        (softplus(logits.clone(), 1.0) - logits * x).mean()
    }
}

struct Arguments {
    data: PathBuf,
    epochs: usize,
    batch_size: usize,
    limit_train: usize,
    limit_test: usize,
    turns: bool,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut given = Arguments {
        data: "/usr/share/datasets/fashion-mnist".into(),
        epochs: 3,
        batch_size: 128,
        limit_train: usize::MAX,
        limit_test: usize::MAX,
        turns: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--data" => given.data = value()?.into(),
            "--epochs" => given.epochs = value()?.parse()?,
            "--batch-size" => given.batch_size = value()?.parse()?,
            "--limit-train" => given.limit_train = value()?.parse()?,
            "--limit-test" => given.limit_test = value()?.parse()?,
            // Its thread pool has as many as the cores that the process may run on.
            "--threads" => drop(value()?),
            "--turns" => given.turns = true,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    Ok(given)
}

/// The first images of `train` or `t10k`, 0 to 1, one after the other.
fn read(folder: &Path, part: &str, limit: usize) -> io::Result<Vec<f32>> {
    let plain = folder.join(format!("{part}-images-idx3-ubyte"));
    let mut bytes = Vec::new();
    if plain.exists() {
        bytes = fs::read(plain)?;
    } else {
        let file = fs::File::open(folder.join(format!("{part}-images-idx3-ubyte.gz")))?;
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes)?;
    }
    let pixels = bytes.get(16..).unwrap_or_default().iter();
    Ok(pixels.take(limit.saturating_mul(PIXELS)).map(|&byte| f32::from(byte) / 255.0).collect())
}

/// A permutation, by splitmix64: which one does not matter here.
fn shuffled(count: usize, state: &mut u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        order.swap(i, ((z ^ (z >> 31)) % (i as u64 + 1)) as usize);
    }
    order
}

fn batch(images: &[f32], indices: &[usize], device: &Device) -> Tensor<4> {
    let pixels: Vec<f32> =
        indices.iter().flat_map(|&i| &images[i * PIXELS..(i + 1) * PIXELS]).copied().collect();
    Tensor::from_data(TensorData::new(pixels, [indices.len(), 1, 28, 28]), device)
}

fn main() -> Result<(), Box<dyn Error>> {
    let given = arguments()?;
    let train = read(&given.data, "train", given.limit_train)?;
    let test = read(&given.data, "t10k", given.limit_test)?;
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    device.seed(1);
    let mut model = Autoencoder::new(&device);
    let mut adam = AdamConfig::new().with_epsilon(1e-7).init();
    let mut state = 1;
    for epoch in 1..=given.epochs {
        if given.turns && io::stdin().read_line(&mut String::new())? == 0 {
            return Ok(());
        }
        let start = Instant::now();
        let (mut train_loss, mut val_loss) = (0.0, 0.0);
        for indices in shuffled(train.len() / PIXELS, &mut state).chunks(given.batch_size) {
            let loss = model.loss(batch(&train, indices, &device));
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = adam.step(1e-3, model, gradients);
            train_loss += f64::from(loss.into_scalar::<f32>()) * indices.len() as f64;
        }
        let (trained, evaluated) = (Instant::now(), model.valid());
        let order: Vec<usize> = (0..test.len() / PIXELS).collect();
        for indices in order.chunks(given.batch_size) {
            let loss = evaluated.loss(batch(&test, indices, &plain));
            val_loss += f64::from(loss.into_scalar::<f32>()) * indices.len() as f64;
        }
        let line = serde_json::json!({
            "epoch": epoch,
            "train_seconds": (trained - start).as_secs_f64(),
            "val_seconds": trained.elapsed().as_secs_f64(),
            "train_loss": train_loss * PIXELS as f64 / train.len() as f64,
            "val_loss": val_loss * PIXELS as f64 / test.len() as f64,
        });
        println!("{line}");
    }
    Ok(())
}
