//! One suite, run with every register width that this CPU has: against plain arithmetic, and to the same bits.

use proptest::prelude::*;

use super::*;
use crate::correlate::Correlation;
use crate::linear::{Linear, Strided};
use crate::outer::Outer;
use crate::simd::{Simd, Vector, sum_of_eight};

/// Something to do with vectors of any width.
trait WithSimd {
    type Output;
    fn run<S: Simd>(self, s: S) -> Self::Output;
}

/// Runs `work` with the instructions of `width`.
fn dispatch<W: WithSimd>(width: Width, work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2<W: WithSimd>(work: W) -> W::Output {
        // SAFETY: this is called where they are available.
        work.run(unsafe { simd::avx2::Avx2::assume() })
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
    fn avx512<W: WithSimd>(work: W) -> W::Output {
        // SAFETY: this is called where they are available.
        work.run(unsafe { simd::avx512::Avx512::assume() })
    }
    assert!(width.is_available());
    // SAFETY: it is available, and portable code is everywhere.
    unsafe {
        match width {
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => avx2(work),
            #[cfg(target_arch = "x86_64")]
            Width::Avx512 => avx512(work),
            #[cfg(target_arch = "aarch64")]
            Width::Neon => work.run(simd::neon::Neon::assume()),
            _ => work.run(simd::portable::Portable::assume()),
        }
    }
}

/// So many cases, unless `PROPTEST_CASES` asks for another number: an emulated processor is fifty times slower.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(usual), ..ProptestConfig::default() }
}

/// Runs `f` on the vectors of `x` and returns the lanes it gives.
struct Map<'a, F>(&'a [f32], F);

/// A function of vectors, generic over the width.
trait VectorFn {
    fn call<S: Simd>(&self, s: S, x: S::V) -> S::V;
}

impl<F: VectorFn> WithSimd for Map<'_, F> {
    type Output = Vec<f32>;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Vec<f32> {
        assert_eq!(self.0.len() % 16, 0);
        let mut out = vec![0.0; self.0.len()];
        for (x, y) in self.0.chunks_exact(S::LANES).zip(out.chunks_exact_mut(S::LANES)) {
            self.1.call(s, s.load(x)).store(y);
        }
        out
    }
}

/// Distance between two floats in units in the last place of `exact`.
fn ulps(ours: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    let ulp = f64::from(f32::from_bits(rounded.abs().to_bits() + 1)) - f64::from(rounded.abs());
    (f64::from(ours) - exact).abs() / ulp
}

/// Every bit of the function must agree between widths, and every value with libm's double within `bound` ulp.
fn check(f: impl VectorFn + Copy, exact: impl Fn(f64) -> f64, from: f32, to: f32, bound: f64) {
    let n = 1 << 16;
    let x: Vec<f32> = (0..n).map(|i| from + (to - from) * (i as f32 / (n - 1) as f32)).collect();
    let reference = dispatch(Width::Portable, Map(&x, f));
    for width in Width::available() {
        let ours = dispatch(width, Map(&x, f));
        for ((&x, &y), &z) in x.iter().zip(&ours).zip(&reference) {
            assert_eq!(y.to_bits(), z.to_bits(), "{width} differs from portable at {x:e}: {y:e}, {z:e}");
            let far = ulps(y, exact(f64::from(x)));
            assert!(far <= bound, "{width} at {x:e}: {y:e} is {far} ulp from {:e}", exact(f64::from(x)));
        }
    }
}

macro_rules! vector_fn {
    ($name:ident, |$s:ident, $x:ident| $e:expr) => {
        #[derive(Clone, Copy)]
        struct $name;
        impl VectorFn for $name {
            #[inline(always)]
            fn call<S: Simd>(&self, $s: S, $x: S::V) -> S::V {
                $e
            }
        }
    };
}

vector_fn!(Exp, |s, x| math::exp(s, x));
vector_fn!(Sigmoid, |s, x| math::sigmoid(s, x));
vector_fn!(Tail, |s, x| math::sigmoid_and_tail(s, x).1);
vector_fn!(Tanh, |s, x| math::tanh(s, x));
vector_fn!(Normal, |s, x| math::normal_distribution(s, x).0);
vector_fn!(Relu, |s, x| s.zero().max(x));

#[test]
fn exp_is_exact_to_two_ulp() {
    check(Exp, f64::exp, -87.0, 88.0, 2.0);
    check(Exp, f64::exp, -1.0, 1.0, 2.0);
}

#[test]
fn sigmoid_is_exact_to_three_ulp() {
    check(Sigmoid, |z| 1.0 / (1.0 + (-z).exp()), -86.0, 86.0, 3.0);
    check(Sigmoid, |z| 1.0 / (1.0 + (-z).exp()), -2.0, 2.0, 3.0);
}

#[test]
fn softplus_tail_is_exact_to_four_ulp() {
    check(Tail, |z| (-z.abs()).exp().ln_1p(), -86.0, 86.0, 4.0);
    check(Tail, |z| (-z.abs()).exp().ln_1p(), -2.0, 2.0, 4.0);
}

#[test]
fn tanh_is_exact_to_four_ulp() {
    check(Tanh, f64::tanh, -12.0, 12.0, 4.0);
    check(Tanh, f64::tanh, -0.7, 0.7, 4.0);
}

/// Φ(−z) in double precision: a series that loses nothing near zero, and a continued fraction.
fn normal_tail(z: f64) -> f64 {
    let density = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if z < 2.0 {
        let terms = std::iter::successors(Some((z, 3.0)), |(term, n)| Some((term * z * z / n, n + 2.0)));
        0.5 - density * terms.take(60).map(|(term, _)| term).sum::<f64>()
    } else {
        density / (1..200).rev().fold(z, |below, level| z + f64::from(level) / below)
    }
}

#[test]
fn normal_distribution_is_exact_to_eight_ulp() {
    let exact = |x: f64| if x < 0.0 { normal_tail(-x) } else { 1.0 - normal_tail(x) };
    check(Normal, exact, -12.9, 12.9, 8.0);
    check(Normal, exact, -1.0, 1.0, 8.0);
    let x = [-13.0, -20.0, -1e30, f32::NEG_INFINITY, 13.0, 1e30, f32::INFINITY, 0.0].repeat(2);
    for width in Width::available() {
        let phi = dispatch(width, Map(&x, Normal));
        assert_eq!(phi[..7], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0], "{width}");
        assert!((phi[7] - 0.5).abs() < 1e-7, "{width}");
    }
}

#[test]
fn not_a_number_stays_visible() {
    let x = [f32::NAN; 16];
    for width in Width::available() {
        assert!(dispatch(width, Map(&x, Exp)).iter().all(|y| y.is_nan()), "exp on {width}");
        assert!(dispatch(width, Map(&x, Sigmoid)).iter().all(|y| y.is_nan()), "sigmoid on {width}");
        assert!(dispatch(width, Map(&x, Tanh)).iter().all(|y| y.is_nan()), "tanh on {width}");
        assert!(dispatch(width, Map(&x, Normal)).iter().all(|y| y.is_nan()), "normal on {width}");
        assert!(dispatch(width, Map(&x, Relu)).iter().all(|y| y.is_nan()), "relu on {width}");
    }
}

#[test]
fn sums_follow_the_tree() {
    // Magnitudes so different that any other order rounds differently.
    let x: Vec<f32> = (0..16).map(|i| (i as f32 - 7.3) * 10f32.powi((i * 5 % 9) - 4)).collect();
    let halves: Vec<f32> = x.chunks_exact(8).map(|h| sum_of_eight(h.try_into().unwrap())).collect();
    for width in Width::available() {
        struct Sums<'a>(&'a [f32]);
        impl WithSimd for Sums<'_> {
            type Output = Vec<f32>;
            #[inline(always)]
            fn run<S: Simd>(self, s: S) -> Vec<f32> {
                self.0.chunks_exact(S::LANES).map(|x| s.load(x).sum()).collect()
            }
        }
        let sum: f32 = dispatch(width, Sums(&x)).into_iter().reduce(|a, b| a + b).unwrap();
        assert_eq!(sum.to_bits(), (halves[0] + halves[1]).to_bits(), "{width}");
    }
}

/// A random small problem for both kernels: positions are scattered, so nothing relies on order or alignment.
#[derive(Clone, Debug)]
struct Problem {
    filters: usize,
    offsets: Vec<usize>,
    rows: usize,
    columns: usize,
    step: usize,
    x: Vec<f32>,
    dy: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
}

fn problems() -> impl Strategy<Value = Problem> {
    (1usize..11, prop::collection::vec(0usize..40, 1..14), 1usize..4, 1usize..8, 1usize..3).prop_flat_map(
        |(filters, offsets, rows, columns, step)| {
            let number = -1f32..1.0;
            let reach = rows * columns * step + 41;
            (
                prop::collection::vec(number.clone(), reach * 16),
                prop::collection::vec(number.clone(), filters * rows * columns * 16),
                prop::collection::vec(number.clone(), filters * offsets.len()),
                prop::collection::vec(number, filters),
            )
                .prop_map(move |(x, dy, w, bias)| Problem {
                    filters,
                    offsets: offsets.clone(),
                    rows,
                    columns,
                    step,
                    x,
                    dy,
                    w,
                    bias,
                })
        },
    )
}

impl Problem {
    fn pixels(&self) -> Vec<(usize, usize)> {
        (0..self.rows * self.columns).map(|p| (p * self.step, p)).collect()
    }

    /// A tile of sixteen lanes as passes of `lanes`: `[pass][position][lane]`.
    fn passes(values: &[f32], lanes: usize) -> Vec<Vec<f32>> {
        (0..16 / lanes)
            .map(|pass| {
                values.chunks_exact(16).flat_map(|v| v[pass * lanes..(pass + 1) * lanes].to_vec()).collect()
            })
            .collect()
    }
}

/// Outputs `[filter][pixel][16 lanes]`, and the weight gradient.
fn both(width: Width, p: &Problem) -> (Vec<f32>, Vec<f32>) {
    let k = Kernels::of(width);
    let pixels = p.rows * p.columns;
    let taps = p.offsets.len();
    let forward = Correlation::new(&k.registers, &p.pixels(), p.offsets.clone(), p.filters, pixels);
    let mut packed = vec![f32::NAN; forward.packed_len()];
    forward.pack(&mut packed, Some(&p.bias), |f, j| p.w[f * taps + j]);
    let rows: Vec<_> = (0..p.rows).map(|r| (r * p.columns * p.step, r * p.columns)).collect();
    let outer = Outer::new(&rows, p.columns, p.step, p.offsets.clone(), p.filters, pixels);
    let mut y16 = vec![0.0; p.filters * pixels * 16];
    let mut total: Option<Vec<f32>> = None;
    let passes =
        Problem::passes(&p.x, k.registers.lanes).into_iter().zip(Problem::passes(&p.dy, k.registers.lanes));
    for (pass, (x, dy)) in passes.enumerate() {
        let mut y = vec![f32::NAN; p.filters * pixels * k.registers.lanes];
        let mut dw = vec![f32::NAN; p.w.len()];
        k.correlate(&forward, &x, &packed, &mut y);
        k.outer(&outer, &x, &dy, &mut dw);
        for (to, from) in y16.chunks_exact_mut(16).zip(y.chunks_exact(k.registers.lanes)) {
            to[pass * k.registers.lanes..(pass + 1) * k.registers.lanes].copy_from_slice(from);
        }
        total = Some(match total {
            None => dw,
            Some(first) => first.iter().zip(&dw).map(|(a, b)| a + b).collect(),
        });
    }
    (y16, total.unwrap())
}

/// Rounding of a chain of n fused multiply-adds of numbers below one in magnitude.
fn tolerance(n: usize) -> f64 {
    n as f64 * f64::from(f32::EPSILON) * (n as f64).sqrt().max(4.0)
}

proptest! {
    #![proptest_config(cases(48))]
    #[test]
    fn kernels_agree_with_plain_loops_and_to_the_bit(p in problems()) {
        let (pixels, taps) = (p.rows * p.columns, p.offsets.len());
        let (reference, reference_dw) = both(Width::Portable, &p);
        for f in 0..p.filters {
            for pixel in 0..pixels {
                for lane in 0..16 {
                    let exact = f64::from(p.bias[f]) + (0..taps).map(|j| {
                        f64::from(p.w[f * taps + j]) * f64::from(p.x[(pixel * p.step + p.offsets[j]) * 16 + lane])
                    }).sum::<f64>();
                    let ours = f64::from(reference[(f * pixels + pixel) * 16 + lane]);
                    prop_assert!((ours - exact).abs() <= tolerance(taps + 1), "y[{f}][{pixel}]: {ours}, {exact}");
                }
            }
            for j in 0..taps {
                let exact: f64 = (0..pixels * 16).map(|i| {
                    let (pixel, lane) = (i / 16, i % 16);
                    f64::from(p.dy[(f * pixels + pixel) * 16 + lane])
                        * f64::from(p.x[(pixel * p.step + p.offsets[j]) * 16 + lane])
                }).sum();
                let ours = f64::from(reference_dw[f * taps + j]);
                prop_assert!((ours - exact).abs() <= tolerance(pixels * 16), "dw[{f}][{j}]: {ours}, {exact}");
            }
        }
        for width in Width::available() {
            let (y, dw) = both(width, &p);
            prop_assert!(y.iter().zip(&reference).all(|(a, b)| a.to_bits() == b.to_bits()), "outputs on {width}");
            prop_assert!(dw.iter().zip(&reference_dw).all(|(a, b)| a.to_bits() == b.to_bits()), "gradients on {width}");
        }
    }
}

/// A linear map with its weights `[output][term]`, or `[term][output]` where they are read across, and numbers that stand
/// apart; outputs `[output][16 lanes]`.
struct Mapped<'a> {
    map: Linear,
    w: &'a [f32],
    bias: Option<&'a [f32]>,
    /// `[term][16 lanes]`.
    x: &'a [f32],
}

impl Mapped<'_> {
    fn run(&self, width: Width) -> Vec<f32> {
        let k = Kernels::of(width);
        let Linear { outputs, x: from, y: to, .. } = self.map;
        let mut y16 = vec![0.0; outputs * 16];
        for (pass, x) in Problem::passes(self.x, k.registers.lanes).into_iter().enumerate() {
            let mut apart = vec![f32::NAN; (from.first + self.map.terms * from.step) * k.registers.lanes];
            for (term, lanes) in x.chunks_exact(k.registers.lanes).enumerate() {
                apart[from.at(term) * k.registers.lanes..][..k.registers.lanes].copy_from_slice(lanes);
            }
            let mut y = vec![f32::NAN; (to.first + outputs * to.step) * k.registers.lanes];
            k.linear(&self.map, self.w, self.bias, &apart, &mut y);
            for (output, lanes) in y16.chunks_exact_mut(16).enumerate() {
                let own = &y[to.at(output) * k.registers.lanes..][..k.registers.lanes];
                lanes[pass * k.registers.lanes..(pass + 1) * k.registers.lanes].copy_from_slice(own);
            }
        }
        y16
    }
}

proptest! {
    #![proptest_config(cases(32))]
    #[test]
    fn linear_maps_agree_with_plain_loops_and_to_the_bit(
        outputs in 1..20_usize,
        // Across the rows of weights terms are taken some at a time.
        terms in prop_oneof![1..40_usize, 120..300_usize],
        (across, biased) in (any::<bool>(), any::<bool>()),
        (first, step) in (0..3_usize, 1..3_usize),
        seed in any::<u64>(),
    ) {
        let numbers = |image| crate::Philox::new(seed, crate::Purpose::Sample).stream(0, image).map(|word| word as f32 / 2.0_f32.powi(31) - 1.0);
        let w: Vec<f32> = numbers(0).take(outputs * terms).collect();
        let x: Vec<f32> = numbers(1).take(terms * 16).collect();
        let bias: Vec<f32> = numbers(2).take(outputs).collect();
        let (output_step, term_step) = if across { (1, outputs) } else { (terms, 1) };
        let place = Strided { first, step };
        let map = Linear { outputs, terms, output_step, term_step, x: place, y: place };
        let bias = biased.then_some(&bias[..]);
        let run = |width| Mapped { map, w: &w, bias, x: &x }.run(width);
        let reference = run(Width::Portable);
        for (i, &ours) in reference.iter().enumerate() {
            let (output, lane) = (i / 16, i % 16);
            let exact = f64::from(bias.map_or(0.0, |bias| bias[output])) + (0..terms).map(|t| {
                f64::from(w[output * output_step + t * term_step]) * f64::from(x[t * 16 + lane])
            }).sum::<f64>();
            prop_assert!((f64::from(ours) - exact).abs() <= tolerance(terms + 1), "y[{output}]: {ours}, {exact}");
        }
        for width in Width::available() {
            let y = run(width);
            prop_assert!(y.iter().zip(&reference).all(|(a, b)| a.to_bits() == b.to_bits()), "outputs on {width}");
        }
    }
}
