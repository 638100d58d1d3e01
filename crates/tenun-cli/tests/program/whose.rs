//! A run knows its images by their content: which it was trained on, which it held out, and which it has never seen.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tenun::data::{ImageRecord, Images};
use tenun::engine::Shape;
use tenun::picture::save_image;

use crate::support::{json, run, stderr, stdout};

const SHAPE: Shape = Shape { channels: 1, height: 12, width: 12 };

/// Picture number `index`: all are different.
fn picture(folder: &Path, name: &str, index: usize) {
    let pixel = |at: usize| ((at * (index % 13 + 2) + index * 17) % 256) as f32 / 255.0;
    let values: Vec<f32> = (0..SHAPE.len()).map(pixel).collect();
    save_image(&folder.join(name), SHAPE, &values).unwrap();
}

/// A run on forty pictures in `photos`, of which about a quarter is held out.
fn forty(folder: &Path) {
    for index in 0..40 {
        picture(&folder.join("photos"), &format!("{index:02}.png"), index);
    }
    run(folder, "train photos --val-fraction 0.25 --epochs 2 --batch-size 8 --out run --quiet", 0);
}

fn evaluated(folder: &Path, line: &str) -> (Value, String) {
    let output = run(folder, &format!("{line} --json"), 0);
    (json(stdout(&output).trim()), stderr(&output))
}

fn measures(scores: &Value) -> [&Value; 6] {
    let of = |key: &str, metric: &str| &scores[key][metric];
    [
        of("scores", "mse"),
        of("scores", "bce"),
        of("mean_image", "mse"),
        of("pca", "scores"),
        &scores["scores"]["images"],
        &scores["scores"]["measured_on"],
    ]
}

#[test]
fn one_image_more_changes_no_score() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    forty(folder);
    let (before, said) = evaluated(folder, "eval run");
    assert!(!said.contains("changed"), "{said}");
    assert_eq!(before["scores"]["measured_on"], "held-out");
    let held = before["images_of_run"]["held_out"].as_u64().unwrap();
    assert!((4..=16).contains(&held) && before["scores"]["images"] == held, "{before}");

    // In front of all, in the midst, and behind; and all others by other names.
    picture(&folder.join("photos"), "000.png", 100);
    picture(&folder.join("photos"), "20a.png", 101);
    picture(&folder.join("photos"), "99.png", 102);
    fs::rename(folder.join("photos/03.png"), folder.join("photos/zz.png")).unwrap();
    let (after, said) = evaluated(folder, "eval run");
    assert_eq!(measures(&after), measures(&before));
    assert_eq!(after["data_changed"], "3 images are new and not used");
    assert!(said.contains("the data changed since training: 3 images are new and not used"), "{said}");
    for command in ["doctor run", "report run"] {
        let said = stderr(&run(folder, command, 0));
        assert!(said.contains("the data changed since training: 3 images are new"), "{command}: {said}");
    }
    let report = fs::read_to_string(folder.join("run/report.html")).unwrap();
    assert!(report.contains("the data changed since training"));
    let said = stderr(&run(folder, "train --resume run --epochs 3", 1));
    assert!(said.contains("the training images changed"), "{said}");

    // A run on the larger folder holds out all that this one did.
    run(folder, "train photos --val-fraction 0.25 --epochs 1 --batch-size 8 --out more --quiet", 0);
    let (more, _) = evaluated(folder, "eval more");
    assert!(more["scores"]["images"].as_u64().unwrap() >= held);
    let whose = evaluated(folder, "eval more photos").0["images_of_run"].clone();
    assert_eq!(whose["trained_on"].as_u64().unwrap() + whose["held_out"].as_u64().unwrap(), 43);
}

#[test]
fn images_that_are_gone_are_counted_and_none_is_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    forty(folder);
    // All that the run held out, by its own record, go.
    let record = ImageRecord::read(&folder.join("run/images.safetensors")).unwrap().unwrap();
    let (mut held, mut trained) = (Vec::new(), Vec::new());
    for index in 0..40 {
        let path = folder.join(format!("photos/{index:02}.png"));
        let set =
            tenun::data::read_files("one", std::slice::from_ref(&path), &Default::default()).unwrap().train;
        if record.whose(&set).held_out == 1 { held.push(path) } else { trained.push(path) }
    }
    fs::remove_file(&held[0]).unwrap();
    fs::remove_file(&trained[0]).unwrap();
    let (scores, said) = evaluated(folder, "eval run");
    assert_eq!(scores["scores"]["images"], held.len() - 1);
    assert!(said.contains("1 training image is missing, 1 held-out image is missing"), "{said}");
    held[1..].iter().for_each(|path| fs::remove_file(path).unwrap());
    for command in ["eval run", "doctor run", "report run"] {
        let said = stderr(&run(folder, command, 1));
        assert!(
            said.contains(&format!("none of the run's {} held-out images are", held.len())),
            "{command}: {said}"
        );
    }
    // Other images altogether.
    fs::remove_dir_all(folder.join("photos")).unwrap();
    (50..60).for_each(|index| picture(&folder.join("photos"), &format!("{index}.png"), index));
    let said = stderr(&run(folder, "eval run", 1));
    assert!(
        said.contains("training images are in its data any more") && said.contains("eval RUN DATA"),
        "{said}"
    );
    // A run that keeps no record, and whose images are not those of its model.
    fs::remove_file(folder.join("run/images.safetensors")).unwrap();
    let said = stderr(&run(folder, "eval run", 1));
    assert!(said.contains("which images were held out is not known"), "{said}");
}

#[test]
fn it_is_said_whose_images_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    forty(folder);
    let own = evaluated(folder, "eval run").0;
    let held = own["scores"]["images"].as_u64().unwrap();
    let (all, said) = evaluated(folder, "eval run photos");
    assert!(said.contains(&format!("of 40 images: {} trained on, {held} held out", 40 - held)), "{said}");
    assert!(said.contains("the model was trained on some of these images"), "{said}");
    assert_eq!(all["scores"]["measured_on"], "mixed");

    (50..58).for_each(|index| picture(&folder.join("new"), &format!("{index}.png"), index));
    let (new, said) = evaluated(folder, "eval run new");
    assert!(said.contains("of 8 images: 8 new"), "{said}");
    assert_eq!(
        (&new["scores"]["measured_on"], &new["images_of_run"]["new"]),
        (&Value::from("new"), &Value::from(8))
    );
    // The mean image is that of the run: of the images it was trained on, by hand.
    let of = |path: &str| {
        let images =
            tenun::data::read_folder(&folder.join(path), &Default::default()).unwrap().train.images().clone();
        (0..images.len()).map(|at| images.image(at).to_vec()).collect::<Vec<_>>()
    };
    let record = ImageRecord::read(&folder.join("run/images.safetensors")).unwrap().unwrap();
    let trained: Vec<Vec<u8>> = of("photos")
        .into_iter()
        .filter(|image| {
            let one = tenun::data::Dataset::new("one", Images::new(SHAPE, image.clone()).unwrap());
            record.whose(&one).trained_on == 1
        })
        .collect();
    let mean =
        |at: usize| trained.iter().map(|image| f64::from(image[at])).sum::<f64>() / trained.len() as f64;
    let new_images = of("new");
    let squares = new_images.iter().flat_map(|image| {
        image
            .iter()
            .enumerate()
            .map(|(at, &byte)| ((f64::from(byte) - mean(at)) / 255.0).powi(2))
            .collect::<Vec<_>>()
    });
    let expected = squares.sum::<f64>() / (new_images.len() * SHAPE.len()) as f64;
    let got = new["mean_image"]["mse"].as_f64().unwrap();
    assert!((got - expected).abs() < 1e-6, "{got} instead of {expected}");

    // The mean image needs nothing but the run.
    fs::rename(folder.join("photos"), folder.join("away")).unwrap();
    let (alone, said) = evaluated(folder, "eval run new");
    assert!(said.contains("no PCA baseline"), "{said}");
    assert_eq!((&alone["mean_image"], alone["pca"].is_null()), (&new["mean_image"], true));
}

#[test]
fn duplicates_across_splits_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    (0..12).for_each(|index| picture(&folder.join("set/train"), &format!("{index}.png"), index));
    (10..16).for_each(|index| picture(&folder.join("set/test"), &format!("{index}.png"), index));
    let said = stderr(&run(folder, "train set --epochs 1 --batch-size 4 --out run", 0));
    assert!(said.contains("2 test images are also among the training images"), "{said}");
    let text = stdout(&run(folder, "data inspect set", 0));
    assert!(
        text.contains("2 test images also in the training images: 10.png = 10.png, 11.png = 11.png"),
        "{text}"
    );
}
