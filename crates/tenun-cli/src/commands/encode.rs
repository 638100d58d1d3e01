//! `tenun encode`.

use std::io;
use std::path::Path;

use serde::Serialize;
use tenun::Model;
use tenun::codes::{self, Codes, Heading};
use tenun::data::Dataset;
use tenun::engine::Cpu;

use super::{mistaken, stream};
use tenun::names::shown;

use crate::activity::Activity;
use crate::arguments::EncodeArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::counted;

#[derive(Serialize)]
struct Written<'a> {
    images: usize,
    features: usize,
    out: &'a Path,
}

pub(crate) fn run(args: &EncodeArgs, printer: &Printer) -> Result<(), Failure> {
    // A name that no format has is found out before any work.
    let format = codes::Format::of(&args.out)?;
    mistaken::model("encode", &args.model)?;
    mistaken::images("encode", &args.data)?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    let inputs = [args.data.clone()];
    let images = stream::open_for(&model, &inputs, &args.source, args.choice, printer)?;

    let features = model.network().latent().len();
    let heading = Heading {
        images: images.len(),
        features,
        labels: images.has_labels(),
        model: format.keeps_model().then(|| model.sha256()),
    };
    let encoding = Activity::new(printer, format!("encoding {}", counted(images.len(), "image")));
    images.process(
        encoding,
        features,
        |part| encode(&model, &part, &cpu),
        |parts| {
            Ok(codes::write_parts(&args.out, &heading, parts.map(|part| part.map_err(io::Error::other)))?)
        },
        &model,
        args.source.colour,
    )?;
    let fields = Written { images: heading.images, features, out: &args.out };
    printer.result("encode", &fields, || {
        let (codes, numbers) = (counted(heading.images, "code"), counted(features, "dimension"));
        format!("{codes} of {numbers} in {}\n", shown(&args.out))
    });
    Ok(())
}

fn encode(model: &Model, part: &Dataset, cpu: &Cpu) -> Result<Codes, Failure> {
    let values = model.transform(part.images(), cpu)?;
    let ids = (0..part.len()).map(|index| part.id(index).into_owned()).collect();
    let labels = part.labels().map(|labels| {
        labels.classes().iter().map(|&class| labels.names()[usize::from(class)].clone()).collect()
    });
    Ok(Codes::new(ids, labels, model.network().latent().len(), values)?)
}
