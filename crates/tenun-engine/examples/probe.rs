use std::time::Instant;
use tenun_engine::{layer::*, optimizer::*, *};
fn main() {
    let encoder: Vec<Layer> = [32, 16, 8]
        .into_iter()
        .flat_map(|filters| {
            [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
        })
        .collect();
    let network = Network::new(&Spec { input: Shape::new(1, 28, 28), encoder, decoder: None }).unwrap();
    let images: Vec<u8> =
        Philox::new(5, Purpose::Sample).stream(0, 0).take(6400 * 784).map(|w| (w >> 24) as u8).collect();
    for threads in [1usize, 2] {
        for width in Width::available() {
            if width == Width::Portable {
                continue;
            }
            let cpu = Cpu::new(Some(threads), width).unwrap();
            let mut plan = TrainingPlan::new(&network, Loss::Bce, Scaling::unit(), &cpu).unwrap();
            let mut w = network.initialise(1);
            let mut opt = Optimizer::new(Method::default(), w.len());
            let (mut g, mut l) = (vec![0.0; w.len()], vec![0.0; 128]);
            let order: Vec<u32> = (0..6400).collect();
            let mut times = vec![];
            for _ in 0..3 {
                for b in order.chunks(128) {
                    let t = Instant::now();
                    plan.gradient(
                        &w,
                        &Batch { images: Images::Bytes(&images), indices: b, seed: 1, epoch: 0 },
                        &mut g,
                        &mut l,
                    );
                    opt.step(&mut w, &g, 1e-3);
                    times.push(t.elapsed().as_secs_f64());
                }
            }
            times.sort_by(f64::total_cmp);
            println!(
                "{threads} threads {width}: step median {:.3} ms -> epoch {:.2} s, memory {:.1} MB",
                times[times.len() / 2] * 1e3,
                times[times.len() / 2] * 469.,
                plan.memory() as f64 / 1e6
            );
        }
    }
}
