//! Wrong use is found before any work, and is exit code 2; folders that cannot be used are exit code 1.

use std::fs;
use std::path::Path;

use crate::support::{idx_set, run, small_run, stderr, tenun};

#[test]
fn wrong_settings_are_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    for (flags, expected) in [
        ("--batch-size 0", "--batch-size: expected at least 1 image, got 0"),
        ("--batch-size -5", "'--batch-size <N>'"),
        ("--lr nan", "--lr: expected a number above 0, got NaN"),
        ("--lr inf", "--lr: expected a number above 0, got inf"),
        ("--lr -1", "--lr: expected a number above 0, got -1"),
        ("--lr fast", "invalid value 'fast' for '--lr <X>'"),
        ("--epochs 0", "--epochs: expected at least 1, got 0"),
        ("--threads 0", "expected 1 to 1024 threads"),
        ("--seed 18446744073709551615", "--seed: expected a number below 2^63"),
        ("--limit-train 0", "--limit-train: expected at least 1 image"),
        ("--limit-train 41", "which has 40 images"),
        ("--limit-test 11", "which has 10 images"),
        ("--val-fraction 1", "--val-fraction"),
        ("--val-fraction NaN", "--val-fraction"),
        ("--clip-norm 0", "--clip-norm"),
        ("--patience 0", "--patience"),
        ("--size 0x5", "expected height x width"),
        ("--preset cea", "hint: did you mean `cae`?"),
        ("--loss bc", "a similar value exists: 'bce'"),
        ("--optimizer adma", "a similar value exists: 'adam'"),
        ("--schedule cosin", "a similar value exists: 'cosine'"),
        ("--momentum 0.5", "--momentum is for `--optimizer sgd` only"),
        ("--optimizer sgd --momentum 1.5", "momentum"),
        ("--schedule step --step-epochs 0", "epochs"),
        ("--epoch 3", "a similar argument exists: '--epochs'"),
        ("--preset cae --network n.toml", "cannot be used with"),
        ("--size 20x20", "--size"),
    ] {
        let output = run(folder.path(), &format!("train data --out run {flags}"), 2);
        assert!(stderr(&output).contains(expected), "{flags}: {}", stderr(&output));
        assert!(!folder.path().join("run").exists(), "{flags}");
    }
    run(folder.path(), "trian data", 2);
    run(folder.path(), "train", 2);
    let output = run(folder.path(), "train fashon-mnist", 2);
    assert!(stderr(&output).contains("did you mean `fashion-mnist`?"), "{}", stderr(&output));
}

#[test]
fn training_that_diverges_ends_with_the_last_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let output = run(folder.path(), "train data --batch-size 16 --lr 1e30 --out run", 1);
    assert!(stderr(&output).contains("training has diverged"), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: lower the learning rate (`--lr`)"), "{}", stderr(&output));
    assert!(folder.path().join("run/checkpoint.safetensors").is_file());
    assert!(!folder.path().join("run/model.safetensors").exists());
}

#[test]
fn data_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), "train ./nowhere", 1);
    assert!(stderr(&output).contains("there is no file or folder ./nowhere"), "{}", stderr(&output));
    small_run(folder.path());
    run(folder.path(), "encode run data --out codes.csv --limit 2", 0);
    for (line, code, meant) in [
        ("train ./dta", 1, "./data"),
        ("train dta", 2, "data"),
        ("data inspect rnu/pictures", 1, "run/pictures"),
        ("eval rn", 1, "run"),
        ("summary rnu/model.safetensors", 1, "run/model.safetensors"),
        ("train --resume rum", 1, "run"),
        ("decode run code.csv --out pictures", 1, "codes.csv"),
        ("train data --network run/confg.toml", 2, "run/config.toml"),
    ] {
        let output = run(folder.path(), line, code);
        assert!(stderr(&output).contains(&format!("did you mean `{meant}`?")), "{line}: {}", stderr(&output));
    }
    fs::create_dir(folder.path().join("empty")).unwrap();
    let output = run(folder.path(), "train ./empty", 1);
    assert!(stderr(&output).contains("no image in ./empty"), "{}", stderr(&output));
}

#[test]
fn registers_are_chosen_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let train = |registers: &str, out: &str| {
        let mut command = tenun(folder.path());
        command.env("TENUN_SIMD", registers).args([
            "train",
            "data",
            "--epochs",
            "1",
            "--batch-size",
            "16",
            "--out",
            out,
        ]);
        command.output().unwrap()
    };
    let output = train("avx1024", "a");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`avx1024` is no register width"), "{}", stderr(&output));
    let output = train("portable", "b");
    assert!(stderr(&output).contains("portable registers"), "{}", stderr(&output));
    assert_eq!(train("", "c").status.code(), Some(0));
    let model = |run: &str| fs::read(folder.path().join(run).join("model.safetensors")).unwrap();
    assert!(model("b") == model("c"), "registers change the bits");
}

#[test]
fn a_network_file_is_checked_layer_by_layer() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 20, 10);
    let write = |text: &str| fs::write(folder.path().join("net.toml"), text).unwrap();
    write("[[encoder]]\nlayer = \"conv2d\"\nfilters = 4\nstride = 2\n[[encoder]]\nlayer = \"relu\"\n");
    run(folder.path(), "train data --network net.toml --epochs 1 --out run", 0);
    run(folder.path(), "summary --network net.toml --input 45x37x3", 0);
    write("[[encoder]]\nlayer = \"conv2d\"\nfilter = 4\n");
    let output = run(folder.path(), "train data --network net.toml --out other", 2);
    assert!(stderr(&output).contains("did you mean `filters`?"), "{}", stderr(&output));
    write("[[encoder]]\nlayer = \"max_pool\"\n[[decoder]]\nlayer = \"upsample\"\nfactor = 3\n");
    let output = run(folder.path(), "train data --network net.toml --out other", 2);
    assert!(stderr(&output).contains("the decoder ends at"), "{}", stderr(&output));
    run(folder.path(), "train data --network none.toml --out other", 2);
}

#[test]
fn a_folder_that_holds_a_run_or_anything_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let model = || fs::read(folder.path().join("run/model.safetensors")).unwrap();
    let before = model();
    let output = run(folder.path(), "train data --epochs 1 --seed 2 --out run", 1);
    assert!(stderr(&output).contains("run exists and holds a run"), "{}", stderr(&output));
    assert!(stderr(&output).contains("--resume run"), "{}", stderr(&output));
    assert_eq!(model(), before);
    run(folder.path(), "train data --epochs 1 --batch-size 16 --seed 2 --out run --overwrite", 0);
    assert_ne!(model(), before);
    run(folder.path(), "train data --epochs 1 --out data --overwrite", 1);
    assert!(folder.path().join("data/train-images-idx3-ubyte").is_file());
}

#[test]
fn runs_without_a_folder_get_one_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 20, 10);
    run(folder.path(), "train data --epochs 1", 0);
    run(folder.path(), "train data --epochs 1", 0);
    assert!(folder.path().join("runs/data-cae/summary.json").is_file());
    assert!(folder.path().join("runs/data-cae-2/summary.json").is_file());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    fs::write(folder.path().join("file"), "").unwrap();
    for line in [
        "train data --epochs 1 --out file/run",
        "encode run data --out file/codes.csv",
        "reconstruct run data --out file/pictures",
        "reconstruct run data --grid file/grid.png",
        "man --out file/man",
    ] {
        let output = run(folder.path(), line, 1);
        assert!(
            stderr(&output).starts_with("error: cannot") || stderr(&output).contains("\nerror: cannot"),
            "{line}: {}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(" file"), "{line}: {}", stderr(&output));
    }
}

/// A small file system of its own, gone when dropped.
#[cfg(target_os = "linux")]
struct SmallDisk<'a>(&'a Path);

#[cfg(target_os = "linux")]
impl<'a> SmallDisk<'a> {
    fn mount(path: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let options = format!("size={size}");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path);
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(path))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_what_is_on_it_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let path = folder.path().join("disk");
    let Some(_disk) = SmallDisk::mount(&path, "100k") else {
        eprintln!("SKIPPED: a small file system cannot be mounted here (it takes root)");
        return;
    };
    // The checkpoint, 200 kB, has no room.
    let output = run(folder.path(), "train data --epochs 1 --out disk/run", 1);
    assert!(stderr(&output).contains("No space left"), "{}", stderr(&output));
    let left: Vec<_> =
        fs::read_dir(path.join("run")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let small = ["config.toml", "images.safetensors", "metrics.jsonl"];
    assert!(left.iter().all(|name| small.iter().any(|small| name == small)), "{left:?}");
    fs::remove_dir_all(path.join("run")).unwrap();

    fs::write(path.join("codes.csv"), "the old codes").unwrap();
    fs::write(path.join("filler"), vec![0; 90_000]).unwrap();
    let output = run(folder.path(), "encode run data --split train --out disk/codes.csv", 1);
    assert!(stderr(&output).contains("No space left"), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(path.join("codes.csv")).unwrap(), "the old codes");
    // The first few pictures have room, all of them have not.
    let output = run(folder.path(), "reconstruct run data --split train --out disk/pictures", 1);
    assert!(stderr(&output).contains("No space left"), "{}", stderr(&output));
    assert!(!path.join("pictures").exists());
}
