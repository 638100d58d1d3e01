//! `tenun summary`.

use serde::Serialize;
use tenun::Model;
use tenun::engine::{Network, Placed, Shape};
use tenun::preset::{self, Preset};
use tenun::settings::read_network;

use super::Given;
use crate::arguments::SummaryArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{Align, Table, count, thousands};

#[derive(Serialize)]
struct Layer {
    name: String,
    layer: &'static str,
    settings: String,
    /// Channels, height, width.
    output: Shape,
    parameters: usize,
    multiply_adds: u64,
}

#[derive(Serialize)]
struct Summary {
    title: String,
    input: Shape,
    latent: Shape,
    output: Shape,
    parameters: usize,
    /// For one image, forwards.
    multiply_adds: u64,
    layers: Vec<Layer>,
}

pub(crate) fn run(args: &SummaryArgs, given: &Given, printer: &Printer) -> Result<(), Failure> {
    let (title, network) = match (named_preset(args), &args.model, &args.network) {
        (Some(preset), ..) => of_preset(preset, args.input)?,
        (None, Some(path), _) if given.has("input") => {
            return Err(Failure::usage(
                format!("--input is given, but {} has a shape of its own", path.display()),
                Some("leave `--input` out".into()),
            ));
        }
        (None, Some(path), _) => {
            let model = Model::load(path)?;
            (model.info().preset.clone().unwrap_or_else(|| "network".into()), model.network().clone())
        }
        (None, None, Some(file)) => {
            (file.display().to_string(), Network::new(&read_network(file)?.spec(args.input))?)
        }
        (None, None, None) => of_preset(preset::find(&args.preset)?, args.input)?,
    };
    let summary = Summary {
        title,
        input: network.input(),
        latent: network.latent(),
        output: network.output(),
        parameters: network.parameter_count(),
        multiply_adds: network.multiply_adds(),
        layers: network.layers().map(layer).collect(),
    };
    printer.result("summary", &summary, || text(&summary));
    Ok(())
}

/// The preset that stands where a model is expected; a file or folder of that name comes first.
fn named_preset(args: &SummaryArgs) -> Option<&'static Preset> {
    let path = args.model.as_deref().filter(|path| !path.exists())?;
    preset::find(path.to_str()?).ok()
}

fn of_preset(preset: &Preset, input: Shape) -> Result<(String, Network), Failure> {
    Ok((preset.name.to_owned(), Network::new(&preset.spec(input))?))
}

fn layer(placed: &Placed) -> Layer {
    Layer {
        name: placed.name.clone(),
        layer: placed.layer.name(),
        settings: placed.layer.settings(),
        output: placed.output,
        parameters: placed.parameter_count(),
        multiply_adds: placed.layer.multiply_adds(placed.input),
    }
}

fn text(summary: &Summary) -> String {
    let mut table = Table::new(&[
        ("layer", Align::Left),
        ("", Align::Left),
        ("output shape", Align::Right),
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
    ]);
    let none = String::new;
    table.row(["input".into(), none(), summary.input.to_string(), none(), none()]);
    for layer in &summary.layers {
        let number = |number: u64| if number == 0 { none() } else { thousands(number) };
        table.row([
            layer.name.clone(),
            layer.settings.clone(),
            layer.output.to_string(),
            number(layer.parameters as u64),
            number(layer.multiply_adds),
        ]);
    }
    table.rule();
    table.row(["total".into(), none(), none(), count(summary.parameters), thousands(summary.multiply_adds)]);
    let code = summary.latent;
    let numbers = if code.is_vector() { String::new() } else { format!("{code} = ") };
    format!(
        "{}: images of {} to codes of {numbers}{} numbers\n\n{}",
        summary.title,
        summary.input,
        code.len(),
        table.render()
    )
}
