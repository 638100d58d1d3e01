//! `tenun layers`.

use serde::Serialize;
use tenun::layers::{self, Description, Setting};

use crate::arguments::LayersArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{Align, Table, wrapped};

/// Columns of running text.
const WIDTH: usize = 100;

#[derive(Serialize)]
struct Known {
    layers: Vec<Description>,
}

pub(crate) fn run(args: &LayersArgs, printer: &Printer) -> Result<(), Failure> {
    let Some(name) = &args.name else {
        let known = Known { layers: layers::all() };
        printer.result("layers", &known, || list(&known.layers));
        return Ok(());
    };
    let layer = layers::find(name).map_err(|unknown| {
        let hint = unknown.hint();
        Failure::usage(unknown.to_string(), Some(hint))
    })?;
    printer.result("layer", &layer, || describe(&layer));
    Ok(())
}

fn list(layers: &[Description]) -> String {
    let mut list = Table::list();
    layers.iter().for_each(|layer| list.row([layer.name, &layer.about]));
    format!("Layers, for a network's file; `tenun layers NAME` lists the settings of one:\n{}", list.render())
}

fn describe(layer: &Description) -> String {
    let mut text = format!("{}: {}\n", layer.name, layer.about);
    for paragraph in &layer.details {
        text += &format!("\n{}", wrapped(paragraph, WIDTH, ""));
    }
    if layer.settings.is_empty() {
        text += "\nIt has no settings.\n";
    } else {
        text += &format!("\nSettings:\n{}", settings(&layer.settings));
    }
    text += &format!("\nShapes: {}", wrapped(&layer.shapes, WIDTH, ""));
    if !layer.aliases.is_empty() {
        text += &format!("\nAlso called {}.\n", layer.aliases.join(", "));
    }
    text + &format!("\nIn a file:\n{}", wrapped(&example(layer), WIDTH, ""))
}

/// A table of the settings, below it what the words mean that some of them take.
fn settings(settings: &[Setting]) -> String {
    let columns = ["name", "value", "default"].map(|name| (name, Align::Left));
    let mut table = Table::new(&columns);
    for setting in settings {
        let default = setting.default.as_deref().unwrap_or("has to be given");
        table.row([setting.name, &setting.kind, default]);
    }
    let mut text = table.render();
    for setting in settings {
        let also = match setting.aliases {
            [] => String::new(),
            names => format!(" Also `{}`.", names.join("`, `")),
        };
        text +=
            &format!("\n{}", wrapped(&format!("{}: {}{also}", setting.name, setting.about), WIDTH, "    "));
        for choice in &setting.choices {
            text += &wrapped(&format!("  \"{}\": {}", choice.name, choice.about), WIDTH, "    ");
        }
    }
    text
}

/// The layer as it stands in a file, with all its defaults.
fn example(layer: &Description) -> String {
    let settings = layer.settings.iter().filter_map(|setting| {
        setting.default.as_ref().map(|default| format!(", {} = {default}", setting.name))
    });
    format!("{{ layer = \"{}\"{} }}", layer.name, settings.collect::<String>())
}
