//! Winograd's minimal filtering F(2×2, 3×3): the kernels of 3×3 convolutions of stride 1 with 2¼ times fewer products.
//!
//! Along one axis, two neighbouring outputs y of a kernel g of three over four inputs d are
//!
//! ```text
//! y = Aᵀ [(G g) ⊙ (Bᵀ d)]        four products, where the definition has six
//!
//!      ⎡1  0 −1  0⎤        ⎡1  0  0⎤
//! Bᵀ = ⎢0  1  1  0⎥    G = ⎢½  ½  ½⎥    Aᵀ = ⎡1  1  1  0⎤
//!      ⎢0 −1  1  0⎥        ⎢½ −½  ½⎥         ⎣0  1 −1  1⎦
//!      ⎣0 −1  0  1⎦        ⎣0  0  1⎦
//! ```
//!
//! and nested along both axes, for a block of 2×2 outputs, Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A: sixteen products for
//! 36. The sum over channels is taken before Aᵀ, and G g Gᵀ once a batch, so the transforms cost little beside
//! the products: [`correlate`]. The weight's gradient is the same bilinear form read for its other factor:
//! dW = Gᵀ [Σ (A dY Aᵀ) ⊙ (Bᵀ d B)] G with the sum over blocks and images: [`outer`].
//!
//! Source: A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", 2016, arXiv:1509.09308. The last
//! rows of Bᵀ and of Aᵀ have the other sign here, so that A dY Aᵀ needs no negation.
//!
//! **Exact zeros stay exact.** The first row of Aᵀ takes the products 0, 1 and 2, whose rows of Bᵀ read d₀, d₁ and d₂
//! alone; the second takes 1, 2 and 3, which read d₁, d₂ and d₃ alone. Each output thus depends, in floating point as in
//! exact arithmetic, on nothing outside its own receptive field: where that is all zero (the black background of an
//! image) every product is zero and the output is exactly the bias, as by definition. Larger Winograd transforms, such
//! as F(4×4, 3×3), lack this: there an output is a difference of numbers that its neighbours' inputs enter, which leaves
//! ±10⁻⁷ where zero should be, and a ReLU that follows passes a gradient where none belongs.

pub mod correlate;
pub mod outer;

use crate::simd::Simd;

/// The rows of the input, and whether they are added or subtracted, that make one row of Bᵀ d.
const INPUT_ROWS: [(usize, usize, bool); 4] = [(0, 2, false), (1, 2, true), (2, 1, false), (3, 1, false)];

/// G g along one axis.
fn spread([a, b, c]: [f32; 3]) -> [f32; 4] {
    [a, 0.5 * ((a + c) + b), 0.5 * ((a + c) - b), c]
}

/// G g Gᵀ of a kernel `[row][column]`.
fn kernel_transform(g: [[f32; 3]; 3]) -> [[f32; 4]; 4] {
    let rows = g.map(spread);
    let mut u = [[0.0; 4]; 4];
    for column in 0..4 {
        let along = spread([rows[0][column], rows[1][column], rows[2][column]]);
        for (u, along) in u.iter_mut().zip(along) {
            u[column] = along;
        }
    }
    u
}

/// Gᵀ u along one axis, for vectors of numbers.
#[inline(always)]
fn gather<S: Simd>(s: S, [a, b, c, d]: [S::V; 4]) -> [S::V; 3] {
    let half = s.splat(0.5);
    let even = half * (b + c);
    [a + even, half * (b - c), even + d]
}
