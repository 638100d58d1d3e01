//! The metrics, each in a file of its own.

pub mod bce;
mod mae;
mod mse;
mod psnr;
mod ssim;

pub use mae::mae;
pub use mse::mse;
pub use psnr::psnr;
pub use ssim::Ssim;
