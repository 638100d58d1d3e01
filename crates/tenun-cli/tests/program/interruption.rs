//! Killed or interrupted in the middle, and resumed: the same bits as straight through.

#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::{idx_set, json, run, stderr};

/// Long enough to be interrupted in, with all that a checkpoint has to keep.
const TRAIN: &str = "train data --epochs 60 --batch-size 16 --seed 5 --schedule cosine --warmup-steps 9 \
                     --val-fraction 0.2 --patience 60";

/// A program that runs, and the lines it prints.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

/// Begins a run, and comes back when its first epoch is done, at a minute at most.
fn begin(folder: &Path, out: &str) -> Running {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tenun"));
    command.args(TRAIN.split_whitespace()).args(["--out", out, "--json"]).current_dir(folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    while json(&lines.recv_timeout(Duration::from_secs(60)).unwrap())["kind"] != "epoch" {}
    assert!(fs::read_to_string(folder.join(out).join("metrics.jsonl")).unwrap().lines().count() >= 1);
    Running { child, lines }
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

fn model(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("model.safetensors")).unwrap()
}

/// The metrics without the times, which are not the same twice.
fn losses(folder: &Path, run: &str) -> Vec<[String; 4]> {
    let text = fs::read_to_string(folder.join(run).join("metrics.jsonl")).unwrap();
    let keys = ["epoch", "train_loss", "val_loss", "learning_rate"];
    text.lines().map(|line| keys.map(|key| json(line)[key].to_string())).collect()
}

#[test]
fn killed_or_interrupted_and_resumed_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    idx_set(&folder.join("data"), 400, 10);
    run(folder, &format!("{TRAIN} --out straight --quiet --threads 1"), 0);

    let mut running = begin(folder, "killed");
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert!(!folder.join("killed/model.safetensors").exists(), "it was done before it was killed");
    run(folder, "train --resume killed --quiet --threads 2", 0);
    assert!(model(folder, "killed") == model(folder, "straight"), "the weights differ after SIGKILL");
    assert_eq!(losses(folder, "killed"), losses(folder, "straight"));

    for signal in ["INT", "TERM"] {
        let Running { child, lines } = begin(folder, signal);
        send(signal, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        assert!(stderr(&output).contains(&format!("hint: go on with `tenun train --resume {signal}`")));
        assert_eq!(json(&lines.iter().last().unwrap())["kind"], "interrupted");
        assert!(!folder.join(signal).join("model.safetensors").exists());
        // The flags of the run may be said again.
        run(folder, &format!("{TRAIN} --resume {signal} --quiet"), 0);
        assert!(model(folder, signal) == model(folder, "straight"), "the weights differ after SIG{signal}");
        assert_eq!(losses(folder, signal), losses(folder, "straight"));
    }
}
