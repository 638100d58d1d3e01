//! The real program on small data: what it writes, what it says, and how it ends.

mod every_setting;
mod interruption;
mod left_out;
mod mistaken;
mod model_files;
mod output;
mod resume;
mod robustness;
mod setting;
mod splits;
mod streams;
mod support;
mod sweep;
mod whose;
mod workflow;
