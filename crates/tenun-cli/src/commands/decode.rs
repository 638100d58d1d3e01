//! `tenun decode`.

use std::path::Path;
use std::sync::atomic::Ordering;

use serde::Serialize;
use tenun::Model;
use tenun::codes;
use tenun::engine::Cpu;
use tenun::names::shown;
use tenun::picture::PictureBatch;

use super::{guard, mistaken, pictures, stream};
use crate::activity::Activity;
use crate::arguments::DecodeArgs;
use crate::failure::Failure;
use crate::interrupt;
use crate::printer::Printer;
use crate::text::counted;

/// Images decoded at a time.
const PART: usize = 256;

#[derive(Serialize)]
struct Written<'a> {
    images: usize,
    out: &'a Path,
}

pub(crate) fn run(args: &DecodeArgs, printer: &Printer) -> Result<(), Failure> {
    mistaken::model("decode", &args.model)?;
    mistaken::codes("decode", &args.codes)?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    let codes = codes::read(&args.codes)?;
    let (expected, shape) = (model.network().latent().len(), model.network().output());
    if codes.features() != expected {
        return Err(Failure::failed(
            format!(
                "the codes in {} have {}, the model expects {expected}",
                shown(&args.codes),
                counted(codes.features(), "dimension")
            ),
            Some("give the model that made them, or one with the same latent dimension".into()),
        ));
    }
    if codes.model().is_some_and(|made_by| made_by != model.sha256()) && !args.any_model {
        return Err(Failure::failed(
            format!(
                "the codes in {} were made by another model than {}",
                shown(&args.codes),
                shown(&args.model)
            ),
            Some(
                "give the model that made them, as it was then; or decode them anyway with `--any-model`"
                    .into(),
            ),
        ));
    }
    let files = pictures::names(&args.out, codes.ids().iter().map(String::as_str))?;
    pictures::refuse_existing(&files, args.overwrite)?;
    let mut read = guard::of_model(&args.model);
    read.extend([args.codes.clone(), codes::ids_beside(&args.codes)]);
    guard::refuse(&files, &read)?;
    let stop = interrupt::watch()?;
    let mut batch = PictureBatch::new(files.clone())?;
    let activity = Activity::new(printer, format!("decoding {}", counted(files.len(), "code")));
    let mut done = 0;
    for values in codes.values().chunks(PART * expected) {
        if stop.load(Ordering::Relaxed) {
            return Err(stream::interrupted());
        }
        batch.write(shape, &model.inverse_transform(values, &cpu)?)?;
        done += values.len() / expected;
        activity.progress(done, files.len());
    }
    batch.finish(|| Ok::<(), tenun::Error>(()))?;
    drop(activity);
    let fields = Written { images: files.len(), out: &args.out };
    printer.result("decode", &fields, || {
        format!("{} of {shape} in {}\n", counted(files.len(), "image"), shown(&args.out))
    });
    Ok(())
}
