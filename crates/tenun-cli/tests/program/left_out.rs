//! What is left out is named, counted, part of `--json`, and an exit code if it must not be.

use std::fs;

use crate::support::{json, photographs, run, stderr, stdout, tenun};

#[test]
fn every_command_says_which_images_were_left_out() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    photographs(&folder.join("photos"), 12);
    let whole = include_bytes!("../../../tenun/src/data/golden/progressive.jpg");
    for cut in 1..=7 {
        fs::write(folder.join(format!("photos/cats/cut{cut}.jpg")), &whole[..whole.len() * cut / 8]).unwrap();
    }
    for name in ["photos/a.txt", "photos/cats/b.TXT", "photos/c.mp4", "photos/.d"] {
        fs::write(folder.join(name), "").unwrap();
    }
    // What is passed over, by kind, and what to do with what is known.
    let passed_over = |output: &std::process::Output, line: &str| {
        let said = stderr(output);
        let told = "note: 4 files are not read: 2 .txt, 1 .mp4, 1 hidden\n  .mp4 is a video: save its frames";
        assert_eq!(said.matches(told).count(), 1, "{line}: {said}");
        assert_eq!(said.matches("skipped 7 images").count(), 1, "{line}: {said}");
        let object = stdout(output).lines().last().map(json).unwrap();
        let counts = serde_json::json!({ ".txt": 2, ".mp4": 1, "hidden": 1 });
        assert_eq!(object["ignored_files"], counts, "{line}: {object}");
        object
    };
    let trained = run(folder, "train photos --epochs 1 --out run --skip-bad --json", 0);
    passed_over(&trained, "train");
    let finished = stdout(&trained).lines().last().map(json).unwrap();
    assert_eq!(finished["skipped"].as_array().unwrap().len(), 7);
    let said = stderr(&trained);
    assert!(said.contains("skipped 7 images") && said.contains("cut5.jpg: the JPEG is"), "{said}");
    assert!(!said.contains("cut6.jpg") && said.contains("and 2 more"), "{said}");

    for line in [
        "encode run photos --out codes.csv",
        "reconstruct run photos --out pictures",
        "eval run photos",
        "report run",
        "eval run",
        "doctor run",
        "sweep photos --vary lr=0.001,0.002 --epochs 1 --out sweep",
        "sweep --resume sweep",
    ] {
        let flags = if line.contains("photos") { "--skip-bad" } else { "" };
        // What the doctor finds counts before what was left out.
        let code = if line.starts_with("doctor") { 1 } else { 4 };
        let output = run(folder, &format!("{line} {flags} --json --strict"), code);
        let object = passed_over(&output, line);
        let skipped = object["skipped"].as_array().unwrap();
        assert_eq!(skipped.len(), 7, "{line}");
        assert!(skipped[0]["reason"].as_str().unwrap().contains("cut short"), "{line}: {}", skipped[0]);
        assert_eq!(stderr(&output).contains("`--strict` does not allow"), code == 4, "{line}");
        let _ = fs::remove_dir_all(folder.join("pictures"));
    }
    let report = fs::read_to_string(folder.join("run/report.html")).unwrap();
    assert!(report.contains("7 images could not be read and are left out"));
    // All are named where that is what one asks for.
    for (command, code) in [("verify", 1), ("inspect", 0)] {
        passed_over(&run(folder, &format!("data {command} photos --json"), code), command);
        let said = stderr(&run(folder, &format!("data {command} photos"), code));
        assert!((1..=7).all(|cut| said.contains(&format!("cut{cut}.jpg"))), "{command}: {said}");
    }
    for cut in 1..=7 {
        fs::remove_file(folder.join(format!("photos/cats/cut{cut}.jpg"))).unwrap();
    }
    let output = run(folder, "encode run photos --out whole.csv --json --strict", 0);
    assert_eq!(json(&stdout(&output))["skipped"].as_array().map(Vec::len), Some(0));
}

#[test]
fn names_of_every_kind_go_through_a_list_and_out_again() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    photographs(&folder.join("photos"), 12);
    run(folder, "train photos --epochs 1 --out run --quiet", 0);
    let picture = fs::read_dir(folder.join("photos/cats")).unwrap().next().unwrap().unwrap().path();
    let names = ["a b.png", "[1] ö.png", "-dash.png", "n\u{303}.png", "ñ.png", "v1.5.png", "@home.png"];
    fs::create_dir(folder.join("names")).unwrap();
    for name in names {
        fs::copy(&picture, folder.join("names").join(name)).unwrap();
    }
    let list: String = names.iter().map(|name| format!("names/{name}\n")).collect();
    fs::write(folder.join("list.txt"), list).unwrap();
    for (source, out) in [("names", "one"), ("@list.txt", "two")] {
        run(folder, &format!("reconstruct run {source} --out {out}"), 0);
        assert_eq!(fs::read_dir(folder.join(out)).unwrap().count(), names.len(), "{source}");
    }
}

#[test]
fn what_is_typed_cannot_forge_a_line() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    photographs(&folder.join("photos"), 12);
    run(folder, "train photos --epochs 1 --out run --quiet", 0);
    // Nothing of these names is there; then each is an empty folder, one with a file, and a file.
    let evil = "no\nforged: \u{1b}[2Jx\ry";
    let lines = |evil: &str| -> Vec<Vec<String>> {
        [
            "train EVIL",
            "train photos --train EVIL",
            "train photos --init EVIL",
            "train photos --network EVIL",
            "train photos --preset EVIL",
            "train photos --layout EVIL",
            "train photos --epochs EVIL",
            "train --resume EVIL",
            "train photos EVIL",
            "train photos --EVIL",
            "EVIL",
            "sweep EVIL --vary lr=1,2",
            "sweep photos --vary EVIL",
            "sweep --resume EVIL",
            "eval EVIL",
            "eval run EVIL",
            "eval run @EVIL",
            "reconstruct run EVIL --out out",
            "reconstruct run photos --out out/EVIL.png",
            "encode run EVIL --out c.csv",
            "encode EVIL photos --out c.csv",
            "encode run photos --out c.EVIL",
            "decode run EVIL --out out",
            "decode run EVIL.csv --out out",
            "summary EVIL",
            "summary --network EVIL",
            "data inspect EVIL",
            "data verify EVIL",
            "data fetch EVIL",
            "report EVIL",
            "doctor EVIL",
            "layers EVIL",
            "presets EVIL",
        ]
        .iter()
        .map(|line| line.split(' ').map(|word| word.replace("EVIL", evil)).collect())
        .collect()
    };
    let mut forged = Vec::new();
    let mut refused = |what: &str| {
        for line in lines(evil) {
            let output = tenun(folder).args(&line).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success(), "{what}: {line:?}: {said}");
            let forges = |line: &str| line.trim_start().starts_with("forged");
            if said.lines().any(forges) || said.contains(['\u{1b}', '\r']) {
                forged.push(format!("{what}: {line:?}: {said:?}"));
            }
        }
    };
    refused("nothing there");
    fs::create_dir(folder.join(evil)).unwrap();
    refused("an empty folder");
    fs::write(folder.join(evil).join("model.safetensors"), "x").unwrap();
    refused("a folder with a file");
    fs::remove_dir_all(folder.join(evil)).unwrap();
    fs::write(folder.join(evil), "x").unwrap();
    refused("a file");
    assert!(forged.is_empty(), "{}", forged.join("\n\n"));
}
