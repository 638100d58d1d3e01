//! `tenun presets`.

use serde::Serialize;
use tenun::data::NAMED_SETS;
use tenun::preset::PRESETS;

use crate::printer::Printer;
use crate::text::Table;

#[derive(Serialize)]
struct Named {
    name: &'static str,
    about: &'static str,
}

#[derive(Serialize)]
struct Known {
    presets: Vec<Named>,
    data: Vec<Named>,
}

pub(crate) fn run(printer: &Printer) {
    let known = Known {
        presets: PRESETS.iter().map(|preset| Named { name: preset.name, about: preset.about }).collect(),
        data: NAMED_SETS.iter().map(|set| Named { name: set.name, about: set.about }).collect(),
    };
    printer.result("presets", &known, || {
        let list = |title: &str, all: &[Named]| {
            let mut list = Table::list();
            all.iter().for_each(|one| list.row([one.name, one.about]));
            format!("{title}\n{}", list.render())
        };
        list("Networks, for --preset:", &known.presets) + "\n" + &list("Data sets:", &known.data)
    });
}
