//! [`Control`]: the flags of programs that the library's advice names, and that are no settings: they decide how a run
//! or a sweep is made and not what comes out of it.

use std::fmt;

/// Such a flag, without its dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control(pub &'static str);

/// The folder of a new run or sweep.
pub const OUT: Control = Control("out");
/// Replaces what is in the folder.
pub const OVERWRITE: Control = Control("overwrite");
/// Goes on with the run or the sweep in a folder.
pub const RESUME: Control = Control("resume");
/// How many threads compute.
pub const THREADS: Control = Control("threads");
/// What a sweep varies.
pub const VARY: Control = Control("vary");
/// A number of draws instead of all combinations.
pub const RANDOM: Control = Control("random");
/// A number of seeds for every combination.
pub const SEEDS: Control = Control("seeds");
/// The rule by which trials are given up.
pub const MEDIAN_STOP: Control = Control("median-stop");
/// Whether the best of a sweep is measured on the test images.
pub const TEST_BEST: Control = Control("test-best");

/// As it is spelt on a command line.
impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}", self.0)
    }
}
