//! `tenun encode`.

use std::path::Path;

use serde::Serialize;
use tenun::Model;
use tenun::codes::{self, Codes};
use tenun::engine::Cpu;

use super::source;
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
    codes::Format::of(&args.out)?;
    let cpu = Cpu::from_environment(args.threads.threads)?;
    let model = Model::load(&args.model)?;
    let inputs = [args.data.clone()];
    let collection = source::open_for(&model, &inputs, &args.source, printer)?;
    let (set, _) = source::choose(collection, args.choice, printer)?;

    let features = model.network().latent().len();
    let mut values = Vec::with_capacity(set.len() * features);
    for part in source::parts(&set, features) {
        values.extend(model.transform(part.images(), &cpu)?);
    }
    let ids = (0..set.len()).map(|index| set.id(index).into_owned()).collect();
    let labels = set.labels().map(|labels| {
        labels.classes().iter().map(|&class| labels.names()[usize::from(class)].clone()).collect()
    });
    codes::write(&args.out, &Codes::new(ids, labels, features, values)?)?;
    let fields = Written { images: set.len(), features, out: &args.out };
    printer.result("encode", &fields, || {
        format!("{} of {features} numbers in {}\n", counted(set.len(), "code"), args.out.display())
    });
    Ok(())
}
