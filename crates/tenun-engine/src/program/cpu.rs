//! [`Cpu`]: the device that runs plans: a number of threads and a register width.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenun_kernels::Kernels;

use super::Rewrite;
use crate::{UnknownWidth, Width};

/// The processor: how many threads, and which registers. Neither changes a bit of any result.
#[derive(Clone, Debug)]
pub struct Cpu {
    threads: Arc<rayon::ThreadPool>,
    width: Width,
    /// Rewrites that its plans do not use.
    without: Vec<Rewrite>,
}

/// The processor cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum CpuError {
    /// The register width does not exist here.
    #[error(transparent)]
    Width(#[from] UnknownWidth),
    /// The operating system gave no threads.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the operating system said.
        reason: String,
    },
}

impl Cpu {
    /// The environment variable that asks for a register width.
    pub const WIDTH_VARIABLE: &'static str = "TENUN_SIMD";

    /// A processor with `threads` threads, or as many as it has cores if that is none, and registers of `width`.
    ///
    /// # Errors
    /// If the CPU has no such registers, or no threads can be started.
    pub fn new(threads: Option<usize>, width: Width) -> Result<Self, CpuError> {
        let width = width.checked()?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let count = threads.unwrap_or_else(cores).max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).thread_name(|i| format!("tenun-{i}"));
        let pool = pool.build().map_err(|e| CpuError::Threads { threads: count, reason: e.to_string() })?;
        Ok(Self { threads: Arc::new(pool), width, without: Vec::new() })
    }

    /// As [`Self::new`], with the width that `TENUN_SIMD` names, or the widest there is.
    ///
    /// # Errors
    /// As [`Self::new`], and if the variable names no width.
    pub fn from_environment(threads: Option<usize>) -> Result<Self, CpuError> {
        let width = match std::env::var(Self::WIDTH_VARIABLE) {
            Ok(name) if !name.is_empty() => name.parse()?,
            _ => Width::detect(),
        };
        Self::new(threads, width)
    }

    /// The same processor, whose plans leave out these rewrites too: to compare. Last bits of results change.
    #[must_use]
    pub fn without(&self, rewrites: &[Rewrite]) -> Self {
        let without = self.without.iter().chain(rewrites).copied().collect();
        Self { without, ..self.clone() }
    }

    /// Whether plans may use this rewrite.
    #[must_use]
    pub fn allows(&self, rewrite: Rewrite) -> bool {
        !self.without.contains(&rewrite)
    }

    /// The number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }

    /// The register width.
    #[must_use]
    pub fn width(&self) -> Width {
        self.width
    }

    /// Multiply-adds of single floats that one core does in a second, at most: see [`Kernels::multiply_add_peak`].
    #[must_use]
    pub fn multiply_add_peak(&self) -> f64 {
        Kernels::of(self.width).multiply_add_peak()
    }

    /// Runs `work` on this processor's threads.
    pub(crate) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.threads.install(work)
    }
}

/// Something for each thread of a pool: whichever thread asks, gets its own, so the locks are never waited for.
pub(crate) struct PerThread<T>(Vec<Mutex<T>>);

impl<T> PerThread<T> {
    pub(crate) fn new(cpu: &Cpu, make: impl Fn() -> T) -> Self {
        Self((0..cpu.threads()).map(|_| Mutex::new(make())).collect())
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, T> {
        let thread = rayon::current_thread_index().unwrap_or(0);
        // A thread that panicked left its buffers in some state; the next tile overwrites them all.
        self.0[thread].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
