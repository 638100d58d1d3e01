//! Optimisers against the same equations in double precision, and their edges.

use super::*;

/// A valley of different steepness: the gradient of ½ Σ k w².
fn slope(w: &[f64]) -> Vec<f64> {
    w.iter().enumerate().map(|(i, w)| (i + 1) as f64 * w).collect()
}

fn single(x: &[f64]) -> Vec<f32> {
    x.iter().map(|&x| x as f32).collect()
}

const START: [f64; 4] = [1.0, -2.0, 0.5, 3.0];

/// Runs `method` for ten steps next to `exact`, which makes the same step in double precision.
fn compare(method: Method, mut exact: impl FnMut(u64, &mut [f64], &[f64])) {
    let mut ours = single(&START);
    let mut theirs = START;
    let mut optimizer = Optimizer::new(method, START.len());
    for t in 1..=10 {
        let gradient = slope(&ours.iter().map(|&w| f64::from(w)).collect::<Vec<_>>());
        optimizer.step(&mut ours, &single(&gradient), 0.05);
        let gradient = slope(&theirs);
        exact(t, &mut theirs, &gradient);
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((f64::from(*a) - b).abs() < 1e-5, "{method:?}, step {t}: {a}, expected {b}");
        }
    }
    assert_eq!(optimizer.steps(), 10);
}

#[test]
fn adam_and_adamw_are_their_equations() {
    for weight_decay in [0.0f32, 0.1] {
        let adam = Adam { weight_decay, ..Adam::default() };
        let (mut m, mut v) = ([0.0; 4], [0.0; 4]);
        compare(Method::Adam(adam), |t, w, g| {
            for i in 0..4 {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                let (first, second) =
                    (m[i] / (1.0 - 0.9f64.powi(t as i32)), v[i] / (1.0 - 0.999f64.powi(t as i32)));
                w[i] -= 0.05 * f64::from(weight_decay) * w[i] + 0.05 * first / (second.sqrt() + 1e-7);
            }
        });
    }
}

#[test]
fn momentum_is_its_equation() {
    let sgd = Sgd { momentum: 0.8, weight_decay: 0.01 };
    let mut velocity = [0.0; 4];
    compare(Method::Sgd(sgd), |t, w, g| {
        for i in 0..4 {
            let g = g[i] + 0.01 * w[i];
            velocity[i] = if t == 1 { g } else { 0.8 * velocity[i] + g };
            w[i] -= 0.05 * velocity[i];
        }
    });
}

#[test]
fn a_resumed_optimiser_goes_on_to_the_bit() {
    for method in [Method::Adam(Adam::default()), Method::Sgd(Sgd::default())] {
        let gradient = |step: u64| vec![0.3 / (step + 1) as f32, -0.7, 1e-3];
        let (mut straight, mut parameters) = (Optimizer::new(method, 3), vec![1.0, 2.0, 3.0]);
        let mut saved = None;
        for step in 0..6 {
            if step == 3 {
                let state = straight.state().map(|(_, values)| values.to_vec()).collect();
                saved =
                    Some((Optimizer::resume(method, state, straight.steps()).unwrap(), parameters.clone()));
            }
            straight.step(&mut parameters, &gradient(step), 0.01);
        }
        let (mut resumed, mut others) = saved.unwrap();
        (3..6).for_each(|step| resumed.step(&mut others, &gradient(step), 0.01));
        assert_eq!((straight, parameters), (resumed, others));
    }
    assert_eq!(Optimizer::resume(Method::default(), vec![vec![0.0; 3]], 1), None);
    assert_eq!(Optimizer::resume(Method::default(), vec![vec![0.0; 3], vec![0.0; 2]], 1), None);
}

#[test]
fn moments_never_become_denormal() {
    let mut optimizer = Optimizer::new(Method::default(), 1);
    let mut parameters = [1.0];
    optimizer.step(&mut parameters, &[1e-30], 1e-3);
    for _ in 0..20_000 {
        optimizer.step(&mut parameters, &[0.0], 1e-3);
        assert!(optimizer.state().all(|(_, x)| x[0] == 0.0 || x[0].is_normal()));
    }
}

#[test]
fn clipping_keeps_the_direction() {
    let mut gradient: Vec<f32> = (1..=11).map(|i| i as f32).collect();
    let before = norm(&gradient);
    assert!((before - 506f64.sqrt()).abs() < 1e-12);
    assert_eq!(clip(&mut gradient, 100.0), before);
    assert_eq!(gradient[10], 11.0);
    clip(&mut gradient, 1.0);
    assert!((norm(&gradient) - 1.0).abs() < 1e-6);
    assert!((gradient[10] / gradient[0] - 11.0).abs() < 1e-5);
}

#[test]
fn numbers_out_of_range_are_refused() {
    let adam = |change: fn(&mut Adam)| {
        let mut adam = Adam::default();
        change(&mut adam);
        Method::Adam(adam).check()
    };
    assert!(adam(|_| ()).is_ok());
    let refused = |change: fn(&mut Adam)| adam(change).unwrap_err().to_string();
    assert!(refused(|a| a.beta1 = 1.0).contains("`beta1` is 1"));
    assert!(refused(|a| a.beta2 = f32::NAN).contains("`beta2` is NaN"));
    assert!(adam(|a| a.epsilon = 0.0).is_err());
    assert!(adam(|a| a.weight_decay = -1.0).is_err());
    assert!(Method::Sgd(Sgd { momentum: -0.1, weight_decay: 0.0 }).check().is_err());
}

#[test]
fn adam_with_a_weight_decay_is_called_adamw_in_files() {
    let json = |method: Method| serde_json::to_value(method).unwrap();
    let adamw = Method::Adam(Adam { weight_decay: 0.5, ..Adam::default() });
    assert_eq!(
        (json(adamw)["name"].as_str(), json(Method::default())["name"].as_str()),
        (Some("adamw"), Some("adam"))
    );
    assert_eq!(json(Method::default()).get("weight_decay"), None);
    let read = |text: &str| serde_json::from_str::<Method>(text).unwrap();
    for method in [adamw, Method::default(), Method::Sgd(Sgd::default())] {
        assert_eq!(read(&json(method).to_string()), method);
    }
    assert_eq!(read(r#"{"name": "adamw"}"#), Method::Adam(Adam { weight_decay: 0.01, ..Adam::default() }));
    assert_eq!(read(r#"{"name": "adam", "weight_decay": 0.5}"#), adamw);
}
