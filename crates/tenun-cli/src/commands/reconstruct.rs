//! `tenun reconstruct`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tenun::Model;
use tenun::data::Dataset;
use tenun::engine::Cpu;
use tenun::picture::{ReconstructionGrid, Theme, reconstruction_grid, save_picture};

use super::{pictures, source};
use crate::arguments::ReconstructArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{count, counted};

/// Images in a grid, at most: more make a picture that no screen shows.
const MOST_IN_GRID: usize = 1000;

#[derive(Serialize)]
struct Written<'a> {
    images: usize,
    out: Option<&'a Path>,
    grid: Option<&'a Path>,
}

pub(crate) fn run(args: &ReconstructArgs, printer: &Printer) -> Result<(), Failure> {
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    let collection = source::open_for(&model, &args.input, &args.source, printer)?;
    let (set, _) = source::choose(collection, args.choice, printer)?;
    if args.grid.is_some() && set.len() > MOST_IN_GRID {
        return Err(Failure::usage(
            format!("--grid: expected at most {MOST_IN_GRID} images, got {}", count(set.len())),
            Some("choose the first few with `--limit 16`".into()),
        ));
    }
    let files = match &args.out {
        Some(out) => targets(out, &set)?,
        None => Vec::new(),
    };
    pictures::refuse_existing(files.iter().chain(&args.grid), args.overwrite)?;

    let shape = model.network().output();
    let mut remaining = files.as_slice();
    for part in source::parts(&set, shape.len()) {
        let outputs = model.reconstruct(part.images(), &cpu)?;
        let (now, later) = remaining.split_at(part.len().min(remaining.len()));
        pictures::write(now, shape, &outputs)?;
        remaining = later;
    }
    if let Some(grid) = &args.grid {
        write_grid(grid, &model, &set, &cpu)?;
    }
    let fields = Written { images: set.len(), out: args.out.as_deref(), grid: args.grid.as_deref() };
    printer.result("reconstruct", &fields, || {
        let out = args
            .out
            .iter()
            .map(|out| format!("{} of {shape} in {}\n", counted(files.len(), "picture"), out.display()));
        let grid =
            args.grid.iter().map(|grid| format!("{} in {}\n", counted(set.len(), "image"), grid.display()));
        out.chain(grid).collect()
    });
    Ok(())
}

/// The file of each picture: one of its name in a folder, or for one image the file itself.
fn targets(out: &Path, set: &Dataset) -> Result<Vec<PathBuf>, Failure> {
    let is_file = out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) && !out.is_dir();
    if is_file && set.len() == 1 {
        return Ok(vec![out.to_owned()]);
    }
    if is_file {
        return Err(Failure::usage(
            format!("--out is the file {}, but there are {} images", out.display(), count(set.len())),
            Some("give a folder, or make one picture of all with `--grid`".into()),
        ));
    }
    let ids: Vec<_> = (0..set.len()).map(|index| set.id(index)).collect();
    pictures::names(out, ids.iter().map(AsRef::as_ref))
}

fn write_grid(path: &Path, model: &Model, set: &Dataset, cpu: &Cpu) -> Result<(), Failure> {
    let reconstructions = model.reconstruct(set.images(), cpu)?;
    let show: Vec<usize> = (0..set.len()).collect();
    let grid = ReconstructionGrid {
        images: set.images(),
        reconstructions: &reconstructions,
        show: &show,
        captions: &[],
        difference: true,
        zoom: 0,
    };
    Ok(save_picture(path, &reconstruction_grid(&grid, Theme::Light)?)?)
}
