//! Where words go: data to stdout, the rest to stderr, JSON for machines.

use std::process::{Command, Stdio};

use crate::support::{idx_set, json, photographs, run, small_run, stderr, stdout};

#[test]
fn every_line_of_json_is_an_object_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let output = run(folder.path(), "train data --epochs 2 --batch-size 16 --out run --json", 0);
    let all: Vec<_> = stdout(&output).lines().map(json).collect();
    // Two epochs on 40 images are not much, and the doctor says so.
    let (warnings, objects): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|object| object["kind"] == "warning");
    assert!(warnings.iter().any(|object| object["rule"] == "worse-than-pca"), "{warnings:?}");
    let kinds: Vec<_> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "epoch", "epoch", "finished"]);
    assert_eq!(objects[2]["epoch"], 2);
    assert!(objects[1]["images_per_second"].as_f64().unwrap() > 0.0);
    assert_eq!(objects[3]["report"], "run/report.html");
    for line in [
        "eval run",
        "summary run",
        "presets",
        "doctor run",
        "data inspect data",
        "data verify data",
        "report run",
        "encode run data --out c.csv",
        "decode run c.csv --out d",
        "reconstruct run d --out e",
    ] {
        let output = run(folder.path(), &format!("{line} --json"), 0);
        let object = json(&stdout(&output));
        assert_eq!(object["schema_version"], 2, "{line}");
        assert!(line.starts_with(object["kind"].as_str().unwrap()), "{line}");
        assert_eq!(stdout(&output).lines().count(), 1, "{line}");
    }
}

#[test]
fn quiet_is_quiet_and_errors_are_heard_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let output = run(folder.path(), "train data --epochs 1 --out run --quiet", 0);
    assert_eq!(stderr(&output), "");
    assert!(stdout(&output).contains("run/model.safetensors"));
    let output = run(folder.path(), "eval nowhere -q", 1);
    assert!(stderr(&output).starts_with("error: ") && stdout(&output).is_empty());
    run(folder.path(), "presets -q -v", 2);
}

#[test]
fn one_of_a_kind_is_no_plural() {
    let folder = tempfile::tempdir().unwrap();
    idx_set(&folder.path().join("data"), 40, 10);
    let line = "train data --epochs 1 --batch-size 1 --limit-train 1 --limit-test 1 --out run";
    let output = run(folder.path(), line, 0);
    let report = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(report.contains("trained for 1 epoch on 1 image of "), "the subtitle");
    let text = stdout(&output) + &stderr(&output);
    assert!(text.contains("data: 1 training image and 1 test image of 12×12×1"), "{text}");
    let plurals = ["image", "epoch", "step", "component", "number", "thread", "unit"];
    for text in [text, stdout(&run(folder.path(), "doctor run", 0)), report] {
        let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == '<' || c == '>').collect();
        for pair in words.windows(2).filter(|pair| pair[0] == "1") {
            let noun = pair[1].trim_end_matches([',', '.', ':']);
            assert!(plurals.iter().all(|word| noun != format!("{word}s")), "1 {noun}");
        }
    }
}

#[test]
fn there_is_no_colour_and_no_bar_off_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let output = run(folder.path(), "train --resume run --epochs 3", 0);
    let text = stderr(&output) + &stdout(&output);
    assert!(!text.contains('\x1b') && !text.contains('\r'), "{text:?}");
    assert_eq!(text.matches("epoch 3/3").count(), 1, "{text}");
}

#[test]
fn what_takes_a_while_says_so_off_a_terminal_too() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    photographs(&folder.path().join("photos"), 6);
    for (line, told) in [
        ("eval run", "evaluating the model\nfitting PCA"),
        ("doctor run", "evaluating the model\nfitting PCA"),
        ("report run", "writing pictures and report"),
        ("encode run data --out c.csv", "encoding 10 images"),
        ("decode run c.csv --out d", "decoding 10 codes"),
        ("reconstruct run d --out e", "reconstructing 10 images"),
        ("data inspect photos", "decoding images"),
    ] {
        let text = stderr(&run(folder.path(), line, 0));
        assert!(text.contains(told), "{line}: {text}");
        assert_eq!(
            stderr(&run(folder.path(), &format!("{line} --quiet{}", overwrite(line)), 0)),
            "",
            "{line}"
        );
    }
}

/// What has to be added to a command line to run it a second time.
fn overwrite(line: &str) -> &'static str {
    if line.starts_with("decode") || line.starts_with("reconstruct") { " --overwrite" } else { "" }
}

#[test]
fn details_are_words_each_line_with_its_time() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    photographs(&folder.path().join("photos"), 6);
    for line in [
        "train data --epochs 1 --out other",
        "eval run",
        "eval run data --limit 3",
        "reconstruct run photos --fit crop --out out",
        "data inspect photos",
        "sweep data --vary lr=0.001,0.002 --epochs 1 --out sweep",
        "man --out man",
    ] {
        let text = stderr(&run(folder.path(), &format!("{line} --verbose"), 0));
        assert!(!text.is_empty(), "{line}");
        for line in text.lines().filter(|line| !line.is_empty()) {
            assert!(line.starts_with('[') && line[..14].contains(" s] "), "{line}");
            let debug = ["Some(", "None", "{", "::", "true", "false", "()"];
            assert!(debug.iter().all(|debug| !line.contains(debug)), "{line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_reader_who_leaves_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("tenun"))
        .args(["completions", "bash"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("SKIPPED: there is no /dev/full here");
        return;
    };
    let output = Command::new(assert_cmd::cargo::cargo_bin!("tenun"))
        .arg("presets")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot write to standard output"), "{}", stderr(&output));
}

#[test]
fn manual_pages_and_completions_cover_every_command() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "man --out man", 0);
    for page in ["tenun", "tenun-train", "tenun-data-inspect", "tenun-reconstruct"] {
        let text = std::fs::read_to_string(folder.path().join(format!("man/{page}.1"))).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    assert!(stdout(&run(folder.path(), "man", 0)).contains("tenun"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&run(folder.path(), &format!("completions {shell}"), 0));
        assert!(script.contains("batch-size") && script.contains("reconstruct"), "{shell}");
    }
}
