//! Sweeps: what they leave behind, what they refuse, and that one killed or interrupted ends with the same table.

use std::fs;
use std::path::Path;

use crate::support::{idx_set, json, run, stderr, stdout};

/// A trial a moment long, so that there is time to stop between two of them.
const SWEEP: &str = "sweep data --vary lr=0.001,0.004 --vary training.loss=bce,mse --seeds 2 --epochs 12 \
                     --batch-size 16 --val-fraction 0.2";

/// `results.csv` without its last column, the seconds, which are never the same twice.
fn table(folder: &Path, sweep: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(sweep).join("results.csv")).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

#[test]
fn a_sweep_leaves_tables_a_picture_and_ordinary_runs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    idx_set(&folder.join("data"), 60, 12);
    let line =
        "sweep data --vary training.learning_rate=0.001,1e-30 --seeds 2 --epochs 2 --batch-size 16 --out s";
    let output = run(folder, &format!("{line} --test-best"), 0);
    let (text, notes) = (stdout(&output), stderr(&output));
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(rows[0].starts_with("| training.learning_rate |") && rows[1].starts_with("|--"), "{text}");
    assert!(rows[2].contains(" ± ") && rows[2].contains("| best"), "{text}");
    assert!(notes.contains("training.learning_rate=0.001: BCE") && notes.contains("over 2 seeds"), "{notes}");
    assert!(notes.contains("12 test images"), "{notes}");
    let csv = table(folder, "s");
    assert_eq!(csv.len(), 5);
    assert!(csv[0].starts_with("training.learning_rate,seed,state,epochs,bce"), "{}", csv[0]);
    let results = json(&fs::read_to_string(folder.join("s/results.json")).unwrap());
    assert_eq!((results["best"].as_u64(), results["held_out_images"].as_u64()), (Some(0), Some(5)));
    let picture = fs::read(folder.join("s/sweep.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    // The best is measured on test images as `tenun eval` measures it.
    let trial = "s/trials/001-learning_rate=0.001-seed1";
    let eval = json(&stdout(&run(folder, &format!("eval {trial} data --json"), 0)));
    let mean = results["test"]["bce"]["mean"].as_f64().unwrap();
    let other = json(&stdout(&run(folder, "eval s/trials/002-learning_rate=0.001-seed2 data --json", 0)));
    let bce = |eval: &serde_json::Value| eval["scores"]["bce"].as_f64().unwrap_or_else(|| panic!("{eval}"));
    assert!((mean - f64::midpoint(bce(&eval), bce(&other))).abs() < 1e-9);
    run(folder, &format!("report {trial}"), 0);
    assert!(folder.join(trial).join("report.html").is_file());

    // Nothing is replaced that nobody wants replaced.
    let again = run(folder, line, 1);
    assert!(stderr(&again).contains("s exists and holds a sweep"), "{}", stderr(&again));
    let resumed = run(folder, "sweep --resume s --quiet --json", 0);
    let lines = stdout(&resumed);
    assert!(lines.lines().all(|line| json(line)["kind"] != "trial"), "nothing is left to run: {lines}");
    assert_eq!(table(folder, "s"), csv);
    run(folder, &format!("{line} --overwrite --quiet"), 0);
    assert_eq!(table(folder, "s"), csv);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    idx_set(&folder.join("data"), 40, 10);
    for (flags, message, hint) in [
        (
            "--vary training.learning_rat=1",
            "there is no setting `training.learning_rat`",
            "training.learning_rate",
        ),
        ("--vary lr=1e-4..1e-2", "a range has no end", "--random N"),
        ("--vary lr=-1", "--lr: expected a number above 0", ""),
        ("--vary loss=bc", "`bc` cannot be its value", ""),
        ("--vary data.limit_train=5,6", "same held-out images", ""),
        ("--vary preset=cae,cea", "there is no preset `cea`", "did you mean `cae`?"),
        ("--vary lr=1 --seeds 0", "--seeds", ""),
        ("--vary lr", "there is no `=`", ""),
        ("--vary lr=1 --val-fraction 2", "--val-fraction", ""),
        ("--vary lr=1 --preset cea", "there is no preset `cea`", "did you mean `cae`?"),
        ("", "--vary", ""),
    ] {
        let output = run(folder, &format!("sweep data {flags} --out s"), 2);
        let said = stderr(&output);
        assert!(said.contains(message) && said.contains(hint), "{flags}: {said}");
        assert!(!folder.join("s").exists(), "{flags}");
    }
    fs::remove_file(folder.join("data/t10k-images-idx3-ubyte")).unwrap();
    fs::remove_file(folder.join("data/t10k-labels-idx1-ubyte")).unwrap();
    let output = run(folder, "sweep data --vary lr=1 --test-best --out s", 2);
    assert!(stderr(&output).contains("has no test images"), "{}", stderr(&output));
    run(folder, "sweep --resume data", 1);
    run(folder, "sweep data --vary lr=0.001 --epochs 1 --out s --quiet", 0);
    run(folder, "sweep --resume s --threads 1 --parallel 1 --test-best --quiet", 2);
    run(folder, "sweep --resume s --threads 1 --parallel 1 --quiet", 0);
    let output = run(folder, "sweep --resume s --lr 0.1", 2);
    assert!(stderr(&output).contains("--lr cannot be given with --resume"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn killed_or_interrupted_and_resumed_gives_the_same_table() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    idx_set(&folder.join("data"), 200, 10);
    run(folder, &format!("{SWEEP} --out straight --quiet --parallel 2"), 0);
    for signal in ["KILL", "INT"] {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tenun"));
        command.args(SWEEP.split_whitespace()).args(["--out", signal, "--json", "--parallel", "2"]);
        let mut child =
            command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // When the second trial is over others are running.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let over = lines.by_ref().map_while(Result::ok).filter(|line| json(line)["kind"] == "trial");
        assert_eq!(over.take(2).count(), 2);
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        let output = child.wait_with_output().unwrap();
        assert!(!folder.join(signal).join("results.csv").exists(), "it was done before it was stopped");
        if signal == "INT" {
            assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
            assert!(stderr(&output).contains("hint: go on with `tenun sweep --resume INT`"));
            assert_eq!(json(rest.last().unwrap())["kind"], "interrupted");
        }
        run(folder, &format!("sweep --resume {signal} --quiet --parallel 1"), 0);
        assert_eq!(table(folder, signal), table(folder, "straight"), "after SIG{signal}");
    }
}
