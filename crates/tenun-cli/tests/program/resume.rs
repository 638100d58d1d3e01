//! A run goes on as it began, or not at all.

use std::fs;

use crate::support::{idx_set, lines, run, small_run, stderr};

#[test]
fn a_finished_run_can_be_given_more_epochs() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    run(folder.path(), "train --resume run --epochs 3 --quiet", 0);
    assert_eq!(lines(&folder.path().join("run/metrics.jsonl")), 3);
    run(folder.path(), "train data --epochs 3 --batch-size 16 --out straight --quiet", 0);
    let model = |run: &str| fs::read(folder.path().join(run).join("model.safetensors")).unwrap();
    assert!(model("run") == model("straight"), "more epochs are not the same as as many from the start");
    // Nothing is left to do, and nothing changes.
    run(folder.path(), "train --resume run", 0);
    assert!(model("run") == model("straight"));
    let output = run(folder.path(), "train --resume run --epochs 2", 2);
    assert!(stderr(&output).contains("--epochs: expected at least 3"), "{}", stderr(&output));
}

#[test]
fn flags_that_differ_from_the_run_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    for (flags, expected) in [
        ("--lr 0.5", "--lr differs from the run in run: it has 0.001, given is 0.5"),
        ("--batch-size 17", "--batch-size differs"),
        ("--seed 7", "--seed differs"),
        ("--no-shuffle", "--no-shuffle differs"),
        ("--optimizer sgd", "--optimizer differs"),
        ("--limit-train 5", "--limit-train differs"),
        ("--out elsewhere", "--out is elsewhere"),
        ("--overwrite", "cannot be used with"),
        ("./data", "DATA differs"),
    ] {
        let output = run(folder.path(), &format!("train --resume run {flags}"), 2);
        assert!(stderr(&output).contains(expected), "{flags}: {}", stderr(&output));
    }
    run(folder.path(), "train data --resume run --batch-size 16 --lr 0.001 --out run", 0);
}

#[test]
fn a_run_whose_settings_were_changed_does_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let config = folder.path().join("run/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("batch_size = 16", "batch_size = 8")).unwrap();
    let output = run(folder.path(), "train --resume run --epochs 3", 1);
    assert!(stderr(&output).contains("batch_size"), "{}", stderr(&output));
    fs::write(&config, text.replace("batch_size", "batch_sise")).unwrap();
    let output = run(folder.path(), "train --resume run --epochs 3", 2);
    assert!(stderr(&output).contains("did you mean `batch_size`?"), "{}", stderr(&output));
}

#[test]
fn a_run_whose_data_were_changed_does_not_go_on() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let model = folder.path().join("run/model.safetensors");
    let before = fs::read(&model).unwrap();
    idx_set(&folder.path().join("data"), 41, 10);
    let output = run(folder.path(), "train --resume run --epochs 3", 1);
    assert!(stderr(&output).contains("the training images changed"), "{}", stderr(&output));
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    run(folder.path(), "train --resume run --epochs 3", 2);
    assert_eq!(fs::read(&model).unwrap(), before);
}

#[test]
fn a_checkpoint_that_is_cut_off_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let checkpoint = folder.path().join("run/checkpoint.safetensors");
    let bytes = fs::read(&checkpoint).unwrap();
    fs::write(&checkpoint, &bytes[..bytes.len() / 2]).unwrap();
    let output = run(folder.path(), "train --resume run --epochs 3", 1);
    assert!(stderr(&output).contains("checkpoint.safetensors"), "{}", stderr(&output));
    run(folder.path(), "train --resume data", 1);
}
