//! `tenun presets`.

use serde::Serialize;
use tenun::data::NAMED_SETS;
use tenun::preset::{self, PRESETS};

use crate::arguments::PresetsArgs;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::Table;

#[derive(Serialize)]
struct Named {
    name: &'static str,
    /// Other names that are understood.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'static [&'static str],
    about: String,
}

/// A network's file.
#[derive(Serialize)]
struct File {
    name: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct Known {
    presets: Vec<Named>,
    data: Vec<Named>,
}

pub(crate) fn run(args: &PresetsArgs, printer: &Printer) -> Result<(), Failure> {
    if let Some(name) = &args.name {
        let preset = preset::find(name)?;
        let file = File { name: preset.name, text: preset.text };
        printer.result("preset", &file, || file.text.to_owned());
        return Ok(());
    }
    let known = Known {
        presets: PRESETS
            .iter()
            .map(|preset| Named { name: preset.name, aliases: preset.aliases, about: preset.recipe().about })
            .collect(),
        data: NAMED_SETS
            .iter()
            .map(|set| Named { name: set.name, aliases: &[], about: set.about.to_owned() })
            .collect(),
    };
    printer.result("presets", &known, || {
        let list = |title: &str, all: &[Named]| {
            let mut list = Table::list();
            for one in all {
                let also = match one.aliases {
                    [] => String::new(),
                    names => format!(" (also {})", names.join(", ")),
                };
                list.row([one.name, &format!("{}{also}", one.about)]);
            }
            format!("{title}\n{}", list.render())
        };
        list("Presets, for --preset:", &known.presets) + "\n" + &list("Data sets:", &known.data)
    });
    Ok(())
}
