//! `tenun completions` and `tenun man`: both are made from the command line itself, so they cannot lag behind it.

use std::fs;
use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use tenun::names::shown;

use crate::arguments::{Cli, CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::printer::Printer;

pub(crate) fn completions(args: &CompletionsArgs, printer: &Printer) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tenun", &mut script);
    printer.data(&String::from_utf8_lossy(&script));
}

pub(crate) fn man(args: &ManArgs, printer: &Printer) -> Result<(), Failure> {
    let failed = |path: PathBuf| {
        move |error: std::io::Error| Failure::failed(format!("cannot write {}: {error}", shown(&path)), None)
    };
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.out else {
        let page = page(command).map_err(failed("the man page".into()))?;
        printer.data(&page);
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(failed(folder.clone()))?;
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands().cloned());
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        let path = folder.join(format!("{name}.1"));
        let page = page(command).map_err(failed(path.clone()))?;
        fs::write(&path, page).map_err(failed(path.clone()))?;
        printer.detail(shown(&path));
    }
    printer.note(format_args!("man pages are in {}", shown(folder)));
    Ok(())
}

fn page(command: Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
