//! One thing given in the place of another: the error names what was given, and says what the command takes.

use std::fs;

use crate::support::{idx_set, run, small_run, stderr};

#[test]
fn what_was_given_and_what_is_taken_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small_run(folder);
    idx_set(&folder.join("other"), 12, 4);
    fs::write(folder.join("net.toml"), "[network]\nstages = [4]\n").unwrap();
    run(folder, "encode run data --out codes.csv --quiet", 0);
    run(folder, "sweep other --vary lr=0.001 --epochs 1 --batch-size 4 --out sweep --quiet", 0);
    for (line, error, hint) in [
        (
            "eval run run",
            "`run` is the folder of a run, not images",
            "Usage: tenun eval [OPTIONS] <MODEL> [DATA]",
        ),
        ("eval data run", "`data` is a folder, not a model", "the model comes first"),
        ("eval fashion-mnist", "`fashion-mnist` is the name of a data set, not a model", "<MODEL> [DATA]"),
        ("eval sweep", "`sweep` is the folder of a sweep, not a model", "sweep/trials"),
        ("eval cae data", "`cae` is the name of a preset, not a model", "--preset cae"),
        ("encode run run --out c.csv", "`run` is the folder of a run, not images", "Usage: tenun encode"),
        (
            "encode run codes.csv --out c.csv",
            "codes.csv is a file of latent codes, not of images",
            "tenun decode",
        ),
        ("reconstruct run run --out r", "not images", "Usage: tenun reconstruct"),
        ("decode run data --out d", "`data` is a folder, not latent codes", "tenun reconstruct"),
        ("decode run fashion-mnist --out d", "not latent codes", "Usage: tenun decode"),
        ("train run", "`run` is the folder of a run, not images", "tenun train --resume run"),
        ("train run/model.safetensors", "is a model, not images", "--init run/model.safetensors"),
        ("train net.toml", "`net.toml` is a network file, not images", "tenun train DATA --network net.toml"),
        ("train cae", "`cae` is the name of a preset, not images", "tenun train DATA --preset cae"),
        ("train --resume sweep", "`sweep` is the folder of a sweep", "tenun sweep --resume sweep"),
        (
            "sweep sweep --vary lr=1",
            "`sweep` is the folder of a sweep, not images",
            "tenun sweep --resume sweep",
        ),
        (
            "sweep --resume run",
            "`run` is the folder of a run, not the folder of a sweep",
            "tenun train --resume run",
        ),
        ("report run/model.safetensors", "is a model, not the folder of a run", "Usage: tenun report"),
        ("doctor sweep", "`sweep` is the folder of a sweep, not the folder of a run", "sweep/trials"),
        ("doctor fashion-mnist", "is the name of a data set, not the folder of a run", "Usage: tenun doctor"),
        ("summary net.toml", "`net.toml` is a network file, not a model", "tenun summary --network net.toml"),
        ("data inspect run", "`run` is the folder of a run, not images", "Usage: tenun data inspect"),
    ] {
        let said = stderr(&run(folder, line, 2));
        assert!(said.starts_with("error: ") && said.contains(error) && said.contains(hint), "{line}: {said}");
    }
    assert!(!folder.join("r").exists() && !folder.join("runs").exists(), "nothing was written");
}
