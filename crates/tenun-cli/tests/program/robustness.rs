//! What nobody means to do and somebody does: outputs over inputs, files that are none, models and checkpoints with
//! impossible numbers. Each is refused in words, and leaves everything as it was.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tenun::engine::Shape;
use tenun::picture::save_image;

use crate::support::{photographs, run, small_run, stderr, tenun};

/// Every file below a folder, with its bytes.
fn all(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            files.extend(all(&path));
        } else if kind.is_file() {
            files.push((path.clone(), fs::read(&path).unwrap()));
        } else {
            files.push((path, Vec::new()));
        }
    }
    files.sort();
    files
}

/// A command is refused with this exit code and these words, and changes no file.
#[track_caller]
fn refused(folder: &Path, line: &str, code: i32, words: &str) {
    let before = all(folder);
    let output = run(folder, line, code);
    assert!(stderr(&output).contains(words), "tenun {line}\n{}", stderr(&output));
    let after = all(folder);
    let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after), "tenun {line}");
    assert!(before == after, "tenun {line} changed a file");
}

/// An array of `count` grey pictures of 12×12 pixels.
fn array(path: &Path, count: usize) {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, 12, 12), }}");
    let header = format!("{header:117}\n");
    let pixels = (0..count * 144).map(|at| (at * 7 % 256) as u8);
    let length = (header.len() as u16).to_le_bytes();
    fs::write(
        path,
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &pixels.collect::<Vec<u8>>()].concat(),
    )
    .unwrap();
}

#[test]
fn no_command_writes_over_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    small_run(folder);
    array(&at("x.npy"), 5);
    fs::copy(at("x.npy"), at("x.ids.csv")).unwrap();
    fs::hard_link(at("x.npy"), at("hard.npy")).unwrap();
    fs::create_dir(at("deep")).unwrap();
    for class in ["a", "b"] {
        let shape = Shape::new(1, 12, 12);
        save_image(&at("photos").join(class).join("1.png"), shape, &[0.5; 144]).unwrap();
    }
    let over = "this would write over what it reads";
    refused(folder, "encode run x.npy --out x.npy", 2, over);
    refused(folder, "encode run x.npy --out deep/../x.npy", 2, over);
    refused(folder, "encode run x.npy --out hard.npy", 2, over);
    refused(folder, "encode run hard.npy --out x.npy", 2, over);
    refused(folder, "reconstruct run photos --out photos --overwrite", 2, over);
    refused(folder, "reconstruct run photos --grid photos/a/1.png --overwrite", 2, over);
    refused(folder, "reconstruct run photos/a/1.png --out photos/a/1.png --overwrite", 2, over);
    refused(folder, "train data --init run/model.safetensors --out run --overwrite", 2, over);
    refused(folder, "train run/pictures --size 12x12 --fit crop --out run --overwrite", 2, over);
    refused(folder, "train . --size 12x12 --fit crop --out run --overwrite", 2, over);
    refused(folder, "sweep data --vary init=run/model.safetensors --out run --overwrite", 2, over);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(at("x.npy"), at("soft.npy")).unwrap();
        std::os::unix::fs::symlink(at("photos"), at("pictures")).unwrap();
        refused(folder, "encode run x.npy --out soft.npy", 2, over);
        refused(folder, "encode run soft.npy --out x.npy", 2, over);
        refused(folder, "reconstruct run photos --out pictures --overwrite", 2, over);
    }
    // What a list names is read, and labels beside an array are.
    fs::write(at("list.txt"), "x.npy\n").unwrap();
    refused(folder, "encode run @list.txt --out x.npy", 2, over);
    let output =
        tenun(folder).args(["encode", "run", "@-", "--out", "x.npy"]).write_stdin("x.npy\n").output();
    assert!(stderr(&output.unwrap()).contains(over));
    let output =
        tenun(folder).args(["encode", "run", "@-", "--out", "c.npy"]).write_stdin("x.npy\n").output();
    assert!(output.unwrap().status.success());
    fs::copy(at("x.npy"), at("images.npy")).unwrap();
    fs::copy(at("x.npy"), at("labels.npy")).unwrap();
    refused(folder, "encode run images.npy --out labels.npy", 2, over);
    refused(
        folder,
        "reconstruct run photos --train photos/a --test photos/b --out photos/b --overwrite",
        2,
        over,
    );
    // The same commands with other targets do their work.
    run(folder, "encode run x.npy --out deep/x.npy", 0);
    run(folder, "encode run x.npy --out deep/x.npy", 0);
    run(folder, "reconstruct run photos --out deep/photos", 0);
    run(folder, "reconstruct run photos --out deep/photos --overwrite", 0);
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    small_run(folder);
    photographs(&at("photos"), 4);
    for pipe in [
        "photos/cats/a.png",
        "pipe.npy",
        "pipe.safetensors",
        "pipe.toml",
        "pipe.csv",
        "pipe-idx3-ubyte",
        "pipe",
        "pipe.npz",
        "pipe.zip",
        "pipe.tar",
        "pipe.tar.gz",
        "pipe.parquet",
        "pipe.mat",
        "pipe.pkl",
        "data_batch_1.bin",
        "parts/a.npy",
        "cifar/batches.meta.txt",
    ] {
        fs::create_dir_all(at(pipe).parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at(pipe)).status().unwrap().success());
    }
    fs::write(at("list.txt"), "x.npy\npipe.npy\n").unwrap();
    array(&at("x.npy"), 5);
    let pipe = "named pipe";
    for line in [
        "summary pipe.safetensors",
        "eval pipe.safetensors data",
        "encode run pipe.npy --out c.csv",
        "encode run pipe-idx3-ubyte --out c.csv",
        "encode run pipe --out c.csv",
        "encode run pipe.npz --out c.csv",
        "encode run pipe.zip --out c.csv",
        "encode run pipe.tar --out c.csv",
        "encode run pipe.tar.gz --out c.csv",
        "encode run pipe.parquet --out c.csv",
        "encode run pipe.csv --out c.npy",
        "encode run pipe.mat --out c.csv",
        "encode run pipe.pkl --out c.csv",
        "encode run data_batch_1.bin --out c.csv",
        "encode run @pipe --out c.csv",
        "encode run @list.txt --out c.csv",
        "encode run parts --out c.csv",
        "train parts --out new",
        "data inspect pipe.mat",
        "encode run photos --size 12x12 --fit crop --out c.csv",
        "reconstruct run photos/cats/a.png --out new",
        "decode run pipe.csv --out new",
        "decode run pipe.npy --out new",
    ] {
        refused(folder, line, 1, pipe);
    }
    for line in ["train data --network pipe.toml --out new", "summary --network pipe.toml"] {
        let output = run(folder, line, 2);
        assert!(stderr(&output).contains(pipe), "{line}: {}", stderr(&output));
    }
    refused(folder, "summary /dev/zero", 1, "a device, not a regular file");
    refused(folder, "train data --init /dev/zero --out new", 1, "a device, not a regular file");
    // Names of classes that are none are done without.
    fs::write(at("cifar/data_batch_1.bin"), vec![3; 2 * 3073]).unwrap();
    run(folder, "data inspect cifar", 0);
    // It is an image that cannot be read, like any other.
    let output = run(folder, "data verify photos", 1);
    assert!(stderr(&output).contains("a.png: it is a named pipe"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn files_have_the_permissions_that_the_umask_leaves() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let program = assert_cmd::cargo::cargo_bin!("tenun");
    let line = "umask 027 && \"$0\" encode run data --out c.csv && \"$0\" reconstruct run data --limit 3 --out p && \
                \"$0\" train data --epochs 1 --out again --quiet && \"$0\" report run";
    let mut shell = std::process::Command::new("sh");
    let status = shell.args(["-c", line]).arg(program).current_dir(folder.path()).output().unwrap().status;
    assert!(status.success());
    for file in [
        "c.csv",
        "p/0.png",
        "again/model.safetensors",
        "again/config.toml",
        "again/pictures/curves.png",
        "run/report.html",
    ] {
        let mode = fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{file}");
    }
}

/// The model of a run with its JSON description or its numbers changed.
fn changed(folder: &Path, to: &str, change: impl Fn(&mut Value), numbers: impl Fn(f32) -> f32) {
    let bytes = fs::read(folder.join("run/model.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut description: Value =
        serde_json::from_str(header["__metadata__"]["tenun"].as_str().unwrap()).unwrap();
    change(&mut description);
    header["__metadata__"]["tenun"] = description.to_string().into();
    let header = serde_json::to_vec(&header).unwrap();
    let data = bytes[8 + length..].as_chunks::<4>().0.iter();
    let data: Vec<u8> = data.flat_map(|&bytes| numbers(f32::from_le_bytes(bytes)).to_le_bytes()).collect();
    fs::write(folder.join(to), [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()).unwrap();
}

#[test]
fn a_model_that_claims_what_no_memory_holds_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small_run(folder);
    let same = |number: f32| number;
    let layers = |description: &mut Value| description["network"]["encoder"].as_array().unwrap().len();
    let use_each = |words: &str| {
        for line in [
            "eval m.safetensors data",
            "encode m.safetensors data --out c.npy",
            "reconstruct m.safetensors data --out p",
        ] {
            refused(folder, line, 1, words);
        }
    };
    // As many filters in the first convolution as no file has.
    changed(folder, "m.safetensors", |d| d["network"]["encoder"][0]["filters"] = json!(1_000_000_000), same);
    use_each("`encoder.conv1.");
    refused(folder, "summary m.safetensors", 1, "`encoder.conv1.");
    // Layers without weights, so that the tensors fit: enlarged, and cropped to what it was.
    let enlarge = |by: u64| {
        move |d: &mut Value| {
            assert!(layers(d) > 0);
            let side = 12 * by - 12;
            let decoder = d["network"]["decoder"].as_array_mut().unwrap();
            decoder.push(json!({ "layer": "upsample", "factor": by }));
            decoder.push(json!({ "layer": "crop", "top": 0, "bottom": side, "left": 0, "right": side }));
        }
    };
    changed(folder, "m.safetensors", enlarge(100_000), same);
    use_each("of memory, and");
    changed(folder, "m.safetensors", enlarge(1 << 50), same);
    use_each("more than this computer can address");
    changed(
        folder,
        "m.safetensors",
        |d| {
            let decoder = d["network"]["decoder"].as_array_mut().unwrap();
            decoder.extend(std::iter::repeat_n(json!({ "layer": "relu" }), 10_000));
        },
        same,
    );
    use_each("at most 4096 layers");
}

#[test]
fn a_model_whose_numbers_overflow_is_refused_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small_run(folder);
    changed(folder, "m.safetensors", |_| (), |number| number.signum() * 1e30);
    for line in [
        "encode m.safetensors data --out c.npy",
        "encode m.safetensors data --out c.csv",
        "encode m.safetensors data --out c.parquet",
    ] {
        refused(folder, line, 1, "the latent code of image 0 (counted from 0) is not finite");
    }
    refused(folder, "reconstruct m.safetensors data --out p", 1, "is not finite");
    refused(folder, "reconstruct m.safetensors data --limit 3 --grid g.png", 1, "is not finite");
    refused(folder, "eval m.safetensors data", 1, "finite");
}

#[test]
fn a_decoding_that_fails_leaves_no_picture_and_restores_what_it_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    small_run(folder);
    run(folder, "encode run data --limit 1 --out c.csv", 0);
    let text = fs::read_to_string(at("c.csv")).unwrap();
    let (names, code) = text.trim_end().split_once('\n').unwrap();
    let (_, numbers) = code.split_once(',').unwrap();
    // The label is a name too; the codes of the last part overflow.
    let has_labels = names.starts_with("id,label,");
    let (label, numbers) = if has_labels { numbers.split_once(',').unwrap() } else { ("", numbers) };
    let overflowing = vec!["3e38"; numbers.split(',').count()].join(",");
    let row = |id: usize, numbers: &str| {
        if has_labels { format!("{id},{label},{numbers}\n") } else { format!("{id},{numbers}\n") }
    };
    let rows: String = (0..300).map(|id| row(id, if id == 299 { &overflowing } else { numbers })).collect();
    fs::write(at("bad.csv"), format!("{names}\n{rows}")).unwrap();
    changed(folder, "m.safetensors", |_| (), |number| number * 1e3);
    fs::create_dir(at("out")).unwrap();
    fs::write(at("out/5.png"), "mine").unwrap();
    refused(folder, "decode m.safetensors bad.csv --out out --overwrite", 1, "is not finite");
    refused(folder, "decode m.safetensors bad.csv --out new/deep", 1, "is not finite");
    assert!(!at("new").exists());
    run(folder, "decode run c.csv --out out --overwrite", 0);
}

#[test]
fn a_checkpoint_with_impossible_numbers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let path = folder.join("run/checkpoint.safetensors");
    small_run(folder);
    let bytes = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for (key, value) in [
        ("batch", json!(1_000_000_000_000_000_000_u64)),
        ("batch", json!(3)),
        ("epoch", json!(4_000_000_000_u32)),
        ("steps", json!(u64::MAX)),
        ("loss_sum", json!(f64::NAN.to_bits())),
        ("train_seconds", json!(-1.0)),
        ("best", json!([9, 0])),
        (
            "pulse",
            json!({ "recent": vec![1.0; 65], "steps": 0, "norm_sum": 0.0, "norm_max": 0.0, "spike": null, "compared": 0, "ratio_sum": 0.0 }),
        ),
    ] {
        let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        let mut description: Value =
            serde_json::from_str(header["__metadata__"]["tenun"].as_str().unwrap()).unwrap();
        description[key] = value;
        header["__metadata__"]["tenun"] = description.to_string().into();
        let header = serde_json::to_vec(&header).unwrap();
        fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], &header, &bytes[8 + length..]].concat())
            .unwrap();
        let output = run(folder, "train --resume run --epochs 3", 1);
        assert!(stderr(&output).contains(&format!("its `{key}` is")), "{key}: {}", stderr(&output));
    }
    fs::write(&path, &bytes).unwrap();
    run(folder, "train --resume run --epochs 3", 0);
}

#[test]
fn numbers_that_nobody_means_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    crate::support::idx_set(&at("data"), 40, 10);
    refused(folder, "sweep data --vary lr=0.001..0.1 --random 4000000000", 2, "1 to 100000 draws");
    refused(folder, "sweep data --vary lr=0.001,0.1 --seeds 4000000000", 2, "at most 100000");
    fs::write(at("many.toml"), format!("[network]\nstages = [{}]\n", vec!["8"; 1_000_000].join(",")))
        .unwrap();
    refused(folder, "summary --network many.toml", 2, "at most 4096");
    fs::write(at("deep.toml"), "[network]\nstages = [8]\nconvolutions = 1000000000000\n").unwrap();
    refused(folder, "train data --network deep.toml", 2, "at most 4096");
    fs::write(
        at("kernel.toml"),
        format!("[[encoder]]\nlayer = \"conv2d\"\nfilters = 1\nkernel = {}\n", i64::MAX),
    )
    .unwrap();
    run(folder, "summary --network kernel.toml", 2);
    refused(folder, "train data --latent 1000000000000 --out new", 1, "of memory, and");
    // What is described is not allocated.
    run(folder, "summary --preset sharp --input 20000x20000x3", 0);
}

#[cfg(unix)]
#[test]
fn the_report_is_not_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    small_run(folder);
    fs::rename(at("run/pictures"), at("elsewhere")).unwrap();
    fs::write(at("elsewhere/curves.png"), "mine").unwrap();
    std::os::unix::fs::symlink(at("elsewhere"), at("run/pictures")).unwrap();
    refused(folder, "report run", 1, "pictures is a link");
}

#[test]
fn the_longest_pictures_are_cropped_before_they_are_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    small_run(folder);
    for (name, height, width) in [("high.png", 100_000, 1), ("wide.png", 1, 3_000_000)] {
        save_image(&at("long").join(name), Shape::new(1, height, width), &vec![0.5; height * width]).unwrap();
    }
    run(folder, "encode run long --size 12x12 --fit crop --out c.csv", 0);
    run(folder, "encode run long --size 12x12 --fit resize --out c.csv", 0);
}

#[test]
fn identifiers_that_spreadsheets_take_for_formulas_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    small_run(folder);
    save_image(&at("p").join("=1+1.png"), Shape::new(1, 12, 12), &[0.5; 144]).unwrap();
    let output = run(folder, "encode run p --out c.csv", 0);
    assert!(stderr(&output).contains("spreadsheets take that for a formula"), "{}", stderr(&output));
    assert!(fs::read_to_string(at("c.csv")).unwrap().contains("\n=1+1.png,"), "they come back as they are");
    let output = run(folder, "encode run p --out c.parquet", 0);
    assert!(!stderr(&output).contains("formula"));
}
