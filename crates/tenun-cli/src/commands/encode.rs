//! `tenun encode`.

use std::io;
use std::path::Path;

use serde::Serialize;
use tenun::Model;
use tenun::codes::{self, Codes, Heading};
use tenun::data::Dataset;
use tenun::engine::Cpu;
use tenun::names::shown;

use super::{guard, mistaken, stream};
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

    let mut outputs = vec![args.out.clone()];
    if format == codes::Format::Npy {
        outputs.push(codes::ids_beside(&args.out));
    }
    guard::refuse(&outputs, &[guard::of_model(&args.model), guard::of_data(&inputs, &args.source)].concat())?;

    let features = model.network().latent().len();
    tell_formulas(&images.ids(), format, printer);
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

/// Says so where a spreadsheet would take identifiers in a table for formulas. They are written as they are: changed, they
/// would not name their images any more.
fn tell_formulas(ids: &[String], format: codes::Format, printer: &Printer) {
    let mut formulas = ids.iter().filter(|id| id.starts_with(['=', '+', '-', '@', '\t', '\r']));
    if let (false, Some(first)) = (format == codes::Format::Parquet, formulas.next()) {
        printer.note(format_args!(
            "note: {} with =, +, - or @, such as {first:?}: spreadsheets take that for a formula; import the column as text",
            counted_verb(1 + formulas.count())
        ));
    }
}

/// `1 identifier begins`, `2 identifiers begin`.
fn counted_verb(number: usize) -> String {
    format!("{} {}", counted(number, "identifier"), if number == 1 { "begins" } else { "begin" })
}

fn encode(model: &Model, part: &Dataset, cpu: &Cpu) -> Result<Codes, Failure> {
    let values = model.transform(part.images(), cpu)?;
    let ids = (0..part.len()).map(|index| part.id(index).into_owned()).collect();
    let labels = part.labels().map(|labels| {
        labels.classes().iter().map(|&class| labels.names()[usize::from(class)].clone()).collect()
    });
    Ok(Codes::new(ids, labels, model.network().latent().len(), values)?)
}
