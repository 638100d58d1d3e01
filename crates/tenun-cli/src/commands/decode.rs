//! `tenun decode`.

use std::path::Path;

use serde::Serialize;
use tenun::Model;
use tenun::codes;
use tenun::engine::Cpu;

use super::pictures;
use crate::arguments::DecodeArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::counted;

/// Images decoded at a time.
const PART: usize = 1024;

#[derive(Serialize)]
struct Written<'a> {
    images: usize,
    out: &'a Path,
}

pub(crate) fn run(args: &DecodeArgs, printer: &Printer) -> Result<(), Failure> {
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    let codes = codes::read(&args.codes)?;
    let (expected, shape) = (model.network().latent().len(), model.network().output());
    if codes.features() != expected {
        return Err(Failure::failed(
            format!(
                "{} has codes of {}, the model's are of {expected}",
                args.codes.display(),
                counted(codes.features(), "number")
            ),
            Some("codes can be decoded only by the model that made them, or one of the same shape".into()),
        ));
    }
    if codes.model().is_some_and(|made_by| made_by != model.sha256()) && !args.any_model {
        return Err(Failure::failed(
            format!(
                "{} says that its codes were made by another model than {}",
                args.codes.display(),
                args.model.display()
            ),
            Some(
                "give the model that made them, in the state that it was in then; or decode them all the same with \
                 `--any-model`"
                    .into(),
            ),
        ));
    }
    let files = pictures::names(&args.out, codes.ids().iter().map(String::as_str))?;
    pictures::refuse_existing(&files, args.overwrite)?;
    for (files, values) in files.chunks(PART).zip(codes.values().chunks(PART * expected)) {
        pictures::write(files, shape, &model.inverse_transform(values, &cpu)?)?;
    }
    let fields = Written { images: files.len(), out: &args.out };
    printer.result("decode", &fields, || {
        format!("{} of {shape} in {}\n", counted(files.len(), "picture"), args.out.display())
    });
    Ok(())
}
