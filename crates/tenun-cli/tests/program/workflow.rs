//! From images to a model and back, as a user goes.

use std::fs;
use std::path::PathBuf;

use tenun::codes;
use tenun::data::{FolderOptions, read_files, read_folder};
use tenun::engine::Shape;

use crate::support::{idx_set, json, lines, photographs, run, small_run, stderr, stdout};

#[test]
fn a_run_has_everything_that_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let line = "train data --preset cae --epochs 2 --batch-size 16 --lr 0.01 --seed 3 --threads 2 --out run \
                --limit-train 30 --limit-test 9 --no-shuffle";
    let output = run(folder.path(), line, 0);
    assert!(stdout(&output).contains("run/report.html"), "{}", stdout(&output));
    assert!(stderr(&output).contains("epoch 2/2"), "{}", stderr(&output));
    let path = folder.path().join("run");
    for name in
        ["config.toml", "model.safetensors", "checkpoint.safetensors", "report.html", "pictures/sample.png"]
    {
        assert!(path.join(name).is_file(), "{name}");
    }
    let metrics = fs::read_to_string(path.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 2);
    for (line, epoch) in metrics.lines().zip(1..) {
        let line = json(line);
        assert_eq!(line["epoch"], epoch);
        for key in ["train_loss", "val_loss", "train_seconds", "val_seconds"] {
            assert!(line[key].is_f64(), "{key}: {line}");
        }
    }
    let summary = json(&fs::read_to_string(path.join("summary.json")).unwrap());
    for key in ["train_loss", "val_loss", "total_seconds"] {
        assert!(summary[key].is_f64(), "{key}: {summary}");
    }
    for key in ["bce", "bce_floor", "mse", "mae", "psnr", "ssim"] {
        assert!(summary["scores"][key].is_f64(), "{key}: {summary}");
    }
    assert_eq!((&summary["parameters"], &summary["epochs"]), (&12_785.into(), &2.into()));
    assert_eq!((&summary["best_epoch"], &summary["scores"]["images"]), (&2.into(), &9.into()));
}

#[test]
fn codes_go_out_and_come_back_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let mut pictures = Vec::new();
    for ending in ["npy", "csv", "parquet"] {
        let line = format!("encode run data --split train --limit 7 --out codes.{ending}");
        assert!(stdout(&run(folder.path(), &line, 0)).starts_with("7 codes of 32 dimensions"));
        let codes = codes::read(&folder.path().join(format!("codes.{ending}"))).unwrap();
        assert_eq!((codes.len(), codes.features()), (7, 2 * 2 * 8));
        assert_eq!(codes.labels().unwrap()[..4], ["0", "1", "2", "0"]);
        run(folder.path(), &format!("decode run codes.{ending} --out {ending}"), 0);
        pictures.push(fs::read(folder.path().join(ending).join("6.png")).unwrap());
    }
    assert!(pictures.windows(2).all(|pair| pair[0] == pair[1]));

    // What comes back from codes is what a reconstruction gives.
    run(folder.path(), "reconstruct run data --split train --limit 7 --out again", 0);
    assert_eq!(fs::read(folder.path().join("again/6.png")).unwrap(), pictures[0]);

    let output = run(folder.path(), "decode run codes.csv --out csv", 1);
    assert!(stderr(&output).contains("0.png exists") && stderr(&output).contains("hint: replace it"));
    run(folder.path(), "decode run codes.csv --out csv --overwrite", 0);
}

#[test]
fn codes_that_lead_astray_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    fs::write(folder.path().join("short.csv"), "id,z0\na,1\n").unwrap();
    let output = run(folder.path(), "decode run short.csv --out out", 1);
    assert!(stderr(&output).contains("have 1 dimension, the model expects 32"), "{}", stderr(&output));
    let heading: Vec<_> = (0..32).map(|i| format!("z{i}")).collect();
    let text = format!("id,{}\n../../escape,{}\n", heading.join(","), vec!["0"; 32].join(","));
    fs::write(folder.path().join("astray.csv"), text).unwrap();
    let output = run(folder.path(), "decode run astray.csv --out out", 1);
    assert!(stderr(&output).contains("identifier `../../escape`"), "{}", stderr(&output));
    assert!(!folder.path().join("out").exists());
    run(folder.path(), "encode run data --out codes.txt", 2);
}

#[test]
fn colour_pictures_of_an_odd_size_come_back_in_their_size_and_colour() {
    let folder = tempfile::tempdir().unwrap();
    photographs(&folder.path().join("photos"), 12);
    run(folder.path(), "train photos --epochs 1 --batch-size 8 --out run", 0);
    let output = run(folder.path(), "reconstruct run photos --out out --grid grid.png", 0);
    assert!(stdout(&output).contains("12 images of 45×37×3 in out"), "{}", stdout(&output));
    let back = read_folder(&folder.path().join("out"), &FolderOptions::default()).unwrap().train;
    assert_eq!((back.len(), back.id(0).as_ref()), (12, "cats/0.png"));
    assert_eq!(back.images().shape(), Shape::new(3, 45, 37));
    assert!(folder.path().join("grid.png").is_file());

    // One file in, one file out; and several by their names.
    run(folder.path(), "reconstruct run photos/cats/0.png --out one.png", 0);
    let one = fs::read(folder.path().join("one.png")).unwrap();
    assert_eq!(one, fs::read(folder.path().join("out/cats/0.png")).unwrap());
    run(folder.path(), "reconstruct run photos/cats/0.png photos/dogs/1.png --out two", 0);
    assert!(folder.path().join("two/1.png").is_file());
    run(folder.path(), "reconstruct run photos/cats/0.png photos/dogs/1.png --out two.png", 2);
    run(folder.path(), "reconstruct run photos/cats/none.png --out none", 1);
    // The originals are not replaced by accident.
    let before = fs::read(folder.path().join("photos/cats/0.png")).unwrap();
    run(folder.path(), "reconstruct run photos --out photos", 1);
    assert_eq!(fs::read(folder.path().join("photos/cats/0.png")).unwrap(), before);
}

#[test]
fn images_of_another_size_or_colour_are_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    photographs(&folder.path().join("photos"), 4);
    let output = run(folder.path(), "reconstruct run photos --out out", 1);
    assert!(stderr(&output).contains("takes images of 12×12×1, these are 45×37×3"), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: bring images of a folder to that size with `--size 12x12"));
    let output = run(folder.path(), "reconstruct run photos --out out --fit resize", 0);
    assert!(stderr(&output).contains("converted to greyscale"), "{}", stderr(&output));
    let files: Vec<PathBuf> = vec![folder.path().join("out/cats/0.png")];
    let back = read_files("back", &files, &FolderOptions::default()).unwrap().train;
    assert_eq!(back.images().shape(), Shape::new(1, 12, 12));
}

#[test]
fn a_model_is_measured_on_the_images_of_its_run() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let text = stdout(&run(folder.path(), "eval run", 0));
    assert!(text.starts_with("data: 10 test images\n") && text.contains("mean image"), "{text}");
    let measured = json(&stdout(&run(folder.path(), "eval run --json", 0)));
    let summary = json(&fs::read_to_string(folder.path().join("run/summary.json")).unwrap());
    assert_eq!(measured["scores"]["mse"], summary["scores"]["mse"]);
    for key in ["scores", "mean_image", "pca"] {
        assert!(measured[key].is_object() || key == "pca", "{key}: {measured}");
        assert_eq!(measured[key], summary[key], "{key}");
    }
    assert_eq!(measured["classes"].as_array().unwrap().len(), 3);
    let output = run(folder.path(), "eval run/model.safetensors", 2);
    assert!(stderr(&output).contains("hint: name them"), "{}", stderr(&output));
    run(folder.path(), "eval run/model.safetensors data --split train --limit 5", 0);
    run(folder.path(), "eval run data --limit 11", 2);
    run(folder.path(), "summary run", 0);
    run(folder.path(), "summary run --input 28x28x1", 2);
}

#[test]
fn codes_of_another_model_are_refused_where_the_file_knows() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    run(folder.path(), "train data --epochs 1 --batch-size 16 --seed 2 --out other --quiet", 0);
    for (ending, code) in [("parquet", 1), ("csv", 0), ("npy", 0)] {
        run(folder.path(), &format!("encode run data --out codes.{ending}"), 0);
        run(folder.path(), &format!("decode run/model.safetensors codes.{ending} --out {ending}"), 0);
        let line = format!("decode other codes.{ending} --out other-{ending}");
        let output = run(folder.path(), &line, code);
        if code == 1 {
            let text = stderr(&output);
            assert!(
                text.contains("the codes in codes.parquet were made by another model than other"),
                "{text}"
            );
            assert!(text.contains("--any-model"), "{text}");
            run(folder.path(), &format!("{line} --any-model"), 0);
        }
    }
}

#[test]
fn what_went_in_is_said_where_training_corrupts_it() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let line = "train data --preset denoising --epochs 1 --batch-size 8 --out run";
    let text = stdout(&run(folder.path(), line, 0));
    let rows = ["noisy inputs ", "model, on noisy inputs ", "model, on clean inputs "];
    let has_rows = |text: &str| rows.iter().all(|row| text.lines().any(|line| line.starts_with(row)));
    assert!(has_rows(&text), "{text}");
    let text = stdout(&run(folder.path(), "eval run", 0));
    assert!(text.starts_with("data: 10 test images\n") && has_rows(&text), "{text}");
    let report = fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    let [corrupted, clean] =
        ["noisy", "clean"].map(|what| report.find(&format!("<h3>On {what} inputs</h3>")));
    assert!(corrupted.unwrap() < clean.unwrap());
    // Of a network that takes images as they are nothing of the kind is said.
    small_run(folder.path().join("plain").as_path());
    let text = stdout(&run(folder.path(), "eval plain/run", 0));
    assert!(!text.contains(" inputs"), "{text}");
}

#[test]
fn summary_counts_what_training_counts() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 20, 10);
    for preset in ["cae", "variational", "variational-gaussian", "quantised"] {
        let line = format!("train data --preset {preset} --epochs 1 --out {preset} --quiet");
        run(folder.path(), &line, 0);
        let trained = json(&fs::read_to_string(folder.path().join(preset).join("summary.json")).unwrap());
        let summary = json(&stdout(&run(
            folder.path(),
            &format!("summary --preset {preset} --input 12x12x1 --json"),
            0,
        )));
        assert_eq!(summary["parameters"], trained["parameters"], "{preset}");
    }
    let text = stdout(&run(folder.path(), "summary --preset variational-gaussian", 0));
    let row = text.lines().find(|line| line.starts_with("decoder.variance1")).unwrap();
    assert!(row.ends_with(" 1") && text.contains("220,114"), "{text}");
}

#[test]
fn a_run_is_measured_on_the_images_that_it_kept_for_that() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    run(folder.path(), "train data --epochs 1 --limit-train 30 --limit-test 7 --out few --quiet", 0);
    fs::rename(folder.path().join("data/train-images-idx3-ubyte"), folder.path().join("one")).unwrap();
    run(folder.path(), "train one --epochs 1 --out held --quiet", 0);
    let text = stdout(&run(folder.path(), "eval held", 0));
    assert!(text.starts_with("one: 3 held-out images\n"), "{text}");
    fs::rename(folder.path().join("one"), folder.path().join("data/train-images-idx3-ubyte")).unwrap();
    let measured = json(&stdout(&run(folder.path(), "eval few --json", 0)));
    let summary = json(&fs::read_to_string(folder.path().join("few/summary.json")).unwrap());
    assert_eq!(
        (&measured["scores"]["images"], &measured["scores"]["measured_on"]),
        (&7.into(), &"test".into())
    );
    assert_eq!(measured["mean_image"]["mse"], summary["mean_image"]["mse"]);
    assert_eq!(measured["scores"]["ssim"], summary["scores"]["ssim"]);
    // The words that `train` has for it serve here too.
    let text = stdout(&run(folder.path(), "eval few --limit-test 3", 0));
    assert!(text.starts_with("data: 3 test images\n"), "{text}");
    // What is asked for goes before what the run did.
    let text = stdout(&run(folder.path(), "eval few --split train --limit 1", 0));
    assert!(text.starts_with("data: 1 training image\n"), "{text}");
}

#[test]
fn a_report_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let report = folder.path().join("run/report.html");
    fs::remove_file(&report).unwrap();
    fs::remove_file(folder.path().join("run/pictures/sample.png")).unwrap();
    assert_eq!(stdout(&run(folder.path(), "report run", 0)), "run/report.html\n");
    assert!(report.is_file() && folder.path().join("run/pictures/sample.png").is_file());
    assert_eq!(lines(&folder.path().join("run/metrics.jsonl")), 2);
    run(folder.path(), "report data", 1);
}

#[test]
fn a_folder_of_several_sizes_is_inspected_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    photographs(&folder.path().join("photos"), 4);
    for side in 3..16 {
        let shape = Shape::new(1, side, side);
        let path = folder.path().join(format!("photos/small/{side}.png"));
        tenun::picture::save_image(&path, shape, &vec![0.5; shape.len()]).unwrap();
    }
    fs::write(folder.path().join("photos/cats/bad.png"), "no picture").unwrap();
    let output = run(folder.path(), "data inspect photos", 0);
    let text = stdout(&output);
    assert!(text.contains("17 images of 14 sizes, 4 RGB and 13 grey"), "{text}");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let at = lines.iter().position(|line| line == &["height×width", "4", "45×37"]).unwrap();
    assert_eq!(
        (&lines[at + 1][..], &lines[at + 10][..]),
        (&["1", "3×3"][..], &["4", "of", "4", "more", "sizes"][..])
    );
    assert!(text.contains("`--size 45x37 --fit crop`") && stderr(&output).contains("bad.png"), "{text}");
    let object = json(&stdout(&run(folder.path(), "data inspect photos --json", 0)));
    assert_eq!((&object["images"], &object["sizes"][0]["width"]), (&17.into(), &37.into()));
    // What it says is so.
    let flags = object["one_set"].as_str().unwrap();
    let text = stdout(&run(folder.path(), &format!("data inspect photos {flags}"), 0));
    assert!(text.contains("17 images of 45×37 pixels, RGB"), "{text}");
    // To train on them as they are is an error still.
    run(folder.path(), "train photos --out run --skip-bad", 1);
}

#[test]
fn one_bad_image_is_named_and_left_out_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    photographs(&folder.path().join("photos"), 11);
    fs::write(folder.path().join("photos/cats/bad.png"), "no picture").unwrap();
    let output = run(folder.path(), "train photos --epochs 1 --out run", 1);
    assert!(
        stderr(&output).contains("bad.png") && stderr(&output).contains("--skip-bad"),
        "{}",
        stderr(&output)
    );
    assert!(!folder.path().join("run").exists(), "nothing is written before the data are right");
    let output = run(folder.path(), "data verify photos", 1);
    assert!(stderr(&output).contains("1 of 12 images cannot be read"), "{}", stderr(&output));
    let output = run(folder.path(), "data inspect photos --json", 0);
    assert_eq!(json(&stdout(&output))["unreadable"].as_array().unwrap().len(), 1);
    let output = run(folder.path(), "train photos --epochs 1 --out run --skip-bad", 0);
    assert!(stderr(&output).contains("skipped photos/cats/bad.png"), "{}", stderr(&output));
}
