//! [`Width`]: which register width runs, found at run time or asked for.

use std::fmt;
use std::str::FromStr;

#[cfg(target_arch = "x86_64")]
use crate::simd::{avx2::Avx2, avx512::Avx512};

/// The register width that kernels run with. All give the same bits; they differ in speed alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// Plain Rust with an exact software fused multiply-add: runs anywhere, slowly.
    Portable,
    /// Eight lanes in a register: AVX2 and FMA (x86-64 since 2013).
    Avx2,
    /// Sixteen lanes in a register: AVX-512F.
    Avx512,
    /// Eight lanes in a pair of registers: 64-bit ARM.
    Neon,
}

/// A register width was asked for that does not exist, or that this CPU does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownWidth {
    /// No such name.
    #[error("`{0}` is no register width; expected one of: portable, avx2, avx512, neon")]
    Name(String),
    /// The CPU lacks it.
    #[error("this CPU cannot run `{asked}` kernels; the widest it has is `{best}`")]
    Absent {
        /// What was asked for.
        asked: Width,
        /// What [`Width::detect`] gives.
        best: Width,
    },
}

impl Width {
    /// The widest this CPU has.
    #[must_use]
    pub fn detect() -> Self {
        [Self::Avx512, Self::Avx2, Self::Neon]
            .into_iter()
            .find(|w| w.is_available())
            .unwrap_or(Self::Portable)
    }

    /// Whether this CPU can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::is_available(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// This width, if the CPU has it.
    ///
    /// # Errors
    /// [`UnknownWidth::Absent`].
    pub fn checked(self) -> Result<Self, UnknownWidth> {
        if self.is_available() {
            Ok(self)
        } else {
            Err(UnknownWidth::Absent { asked: self, best: Self::detect() })
        }
    }

    /// All that this CPU can run: for tests that compare their bits, and benchmarks.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512, Self::Neon]
            .into_iter()
            .filter(|w| w.is_available())
            .collect()
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        })
    }
}

impl FromStr for Width {
    type Err = UnknownWidth;

    fn from_str(name: &str) -> Result<Self, UnknownWidth> {
        match name {
            "portable" => Ok(Self::Portable),
            "avx2" => Ok(Self::Avx2),
            "avx512" => Ok(Self::Avx512),
            "neon" => Ok(Self::Neon),
            _ => Err(UnknownWidth::Name(name.to_owned())),
        }
    }
}
