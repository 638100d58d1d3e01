//! `tenun reconstruct`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tenun::Model;
use tenun::data::Dataset;
use tenun::engine::{Cpu, Shape};
use tenun::names::shown;
use tenun::overlap::Stopped;
use tenun::picture::{PictureBatch, ReconstructionGrid, Theme, reconstruction_grid, save_picture};

use super::stream::{self, Images};
use super::{guard, mistaken, pictures, source};
use crate::activity::Activity;
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
    mistaken::model("reconstruct", &args.model)?;
    args.input.iter().try_for_each(|input| mistaken::images("reconstruct", input))?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    // A grid needs all of its images at a time.
    let images = match args.grid {
        None => stream::open_for(&model, &args.input, &args.source, args.choice, printer)?,
        Some(_) => {
            let collection = source::open_for(&model, &args.input, &args.source, printer)?;
            let (set, _) = source::choose(collection, args.choice, printer)?;
            model.check(set.images())?;
            Images::Whole(set)
        }
    };
    let total = images.len();
    if args.grid.is_some() && total > MOST_IN_GRID {
        return Err(Failure::usage(
            format!("--grid: expected at most {MOST_IN_GRID} images, got {}", count(total)),
            Some("use the first few with `--limit 16`".into()),
        ));
    }
    let files = match &args.out {
        Some(out) => targets(out, &images.ids())?,
        None => Vec::new(),
    };
    pictures::refuse_existing(files.iter().chain(&args.grid), args.overwrite)?;
    let outputs: Vec<PathBuf> = files.iter().chain(&args.grid).cloned().collect();
    guard::refuse(
        &outputs,
        &[guard::of_model(&args.model), guard::of_data(&args.input, &args.source)].concat(),
    )?;
    if let Some(grid) = args.grid.as_ref().filter(|grid| files.contains(grid)) {
        return Err(Failure::usage(
            format!("--grid and --out would both be written to {}", shown(grid)),
            Some("give the grid another name".into()),
        ));
    }

    let shape = model.network().output();
    let in_grid = match (&args.grid, &images) {
        (Some(grid), Images::Whole(set)) => Some((grid, set.clone())),
        _ => None,
    };
    let mut batch = PictureBatch::new(files.clone())?;
    if !files.is_empty() {
        let reconstructing = Activity::new(printer, format!("reconstructing {}", counted(total, "image")));
        images.process(
            reconstructing,
            shape.len(),
            |part| Ok(model.reconstruct(part.images(), &cpu)?),
            |parts| write_each(&mut batch, shape, parts),
            &model,
            args.source.colour,
        )?;
    }
    batch.finish(|| match in_grid {
        Some((grid, set)) => write_grid(grid, &model, &set, &cpu),
        None => Ok(()),
    })?;
    let fields = Written { images: total, out: args.out.as_deref(), grid: args.grid.as_deref() };
    printer.result("reconstruct", &fields, || {
        let out = args
            .out
            .iter()
            .map(|out| format!("{} of {shape} in {}\n", counted(files.len(), "image"), shown(out)));
        let grid = args.grid.iter().map(|grid| format!("{} in {}\n", counted(total, "image"), shown(grid)));
        out.chain(grid).collect()
    });
    Ok(())
}

/// The file of each picture: one of its name in a folder, or for one image the file itself.
fn targets(out: &Path, ids: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let is_file = out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) && !out.is_dir();
    if is_file && ids.len() == 1 {
        return Ok(vec![out.to_owned()]);
    }
    if is_file {
        return Err(Failure::usage(
            format!("--out is the file {}, but there are {} images", shown(out), count(ids.len())),
            Some("give a folder, or save one picture with `--grid`".into()),
        ));
    }
    pictures::names(out, ids.iter().map(String::as_str))
}

/// Writes the pictures as they come.
fn write_each(
    batch: &mut PictureBatch,
    shape: Shape,
    parts: &mut dyn Iterator<Item = Result<Vec<f32>, Stopped>>,
) -> Result<(), Failure> {
    for part in parts {
        let part = part.map_err(|stopped| Failure::failed(stopped.to_string(), None))?;
        batch.write(shape, &part)?;
    }
    Ok(())
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
