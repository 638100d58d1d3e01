//! Arguments made from the library's table of settings, for every command that takes some of them.

use std::fmt::Debug;
use std::marker::PhantomData;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use tenun::settings::control::RESUME;
use tenun::settings::{Choice, Setting, Settings, SettingsError, Takes, WITHOUT, all};

/// Settings as a command line gives them; `R` says which of them the command takes.
#[derive(Clone, Debug)]
pub(crate) struct SettingArgs<R> {
    given: Vec<(&'static Setting, String)>,
    rows: PhantomData<R>,
}

/// The settings that a command takes.
pub(crate) trait Rows: Clone + Debug {
    fn rows() -> Vec<&'static Setting>;
}

/// All of them.
#[derive(Clone, Debug)]
pub(crate) struct Every;

impl Rows for Every {
    fn rows() -> Vec<&'static Setting> {
        all().collect()
    }
}

/// Those that make the network and its plan.
#[derive(Clone, Debug)]
pub(crate) struct OfPlan;

impl Rows for OfPlan {
    fn rows() -> Vec<&'static Setting> {
        all().filter(|setting| setting.path.starts_with("network.") || *setting == &WITHOUT).collect()
    }
}

impl<R> SettingArgs<R> {
    /// Those that were given, in the order of the table, each with its text.
    pub(crate) fn given(&self) -> &[(&'static Setting, String)] {
        &self.given
    }

    /// The text that was given for a setting.
    pub(crate) fn text(&self, setting: &Setting) -> Option<&str> {
        self.given.iter().find(|(given, _)| *given == setting).map(|(_, text)| text.as_str())
    }
}

impl<R: Rows> Args for SettingArgs<R> {
    fn augment_args(command: Command) -> Command {
        augmented(command, &R::rows())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<R: Rows> FromArgMatches for SettingArgs<R> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { given: given(matches, &R::rows()), rows: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A command with arguments for these settings.
pub(super) fn augmented(command: Command, rows: &[&'static Setting]) -> Command {
    rows.iter().fold(command, |command, setting| {
        let excluded = rows.iter().filter(|other| setting.replaces.contains(&other.path));
        command.arg(argument(setting).conflicts_with_all(excluded.map(|other| other.flag)))
    })
}

/// The settings that were given on the command line, each with its text.
pub(super) fn given(matches: &ArgMatches, rows: &[&'static Setting]) -> Vec<(&'static Setting, String)> {
    let text = |setting: &Setting| match setting.takes {
        Takes::Switch(on) => on.to_string(),
        _ => {
            let values = matches.try_get_many::<String>(setting.flag).ok().flatten().into_iter().flatten();
            values.map(String::as_str).collect::<Vec<_>>().join(",")
        }
    };
    let is_given = |setting: &Setting| matches.value_source(setting.flag) == Some(ValueSource::CommandLine);
    rows.iter().filter(|setting| is_given(setting)).map(|setting| (*setting, text(setting))).collect()
}

pub(super) fn apply(
    given: &[(&'static Setting, String)],
    settings: &mut Settings,
) -> Result<(), SettingsError> {
    given.iter().try_for_each(|(setting, text)| settings.set(setting, Some(&setting.read(text)?)))
}

fn argument(setting: &'static Setting) -> Arg {
    let mut argument = Arg::new(setting.flag).help(setting.long_help());
    argument = match setting.is_positional {
        true => argument.value_name(setting.flag).required_unless_present(RESUME.0),
        false => argument.long(setting.flag).value_name(setting.value_name).help_heading(setting.heading),
    };
    if let Some(alias) = setting.alias {
        argument = argument.alias(alias);
    }
    match setting.takes {
        Takes::Switch(_) => argument.action(ArgAction::SetTrue),
        Takes::Choice(choices) => argument.value_parser(names(choices)),
        Takes::Choices(choices) => argument.value_parser(names(choices)).action(ArgAction::Append),
        Takes::Whole(..) | Takes::Number(_) | Takes::Single(_) => {
            argument.allow_negative_numbers(true).value_parser(move |text: &str| accept(setting, text))
        }
        Takes::Size | Takes::File | Takes::Text(_) => {
            argument.value_parser(move |text: &str| accept(setting, text))
        }
    }
}

fn names(choices: fn() -> Vec<Choice>) -> PossibleValuesParser {
    PossibleValuesParser::new(choices().into_iter().map(|choice| {
        let value = PossibleValue::new(choice.name).help(choice.help);
        choice.alias.into_iter().fold(value, PossibleValue::alias)
    }))
}

/// A text that can be a value of the setting; whether that is in range is left to the library, also of a whole number
/// that no machine word holds.
fn accept(setting: &'static Setting, text: &str) -> Result<String, String> {
    let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match setting.read(text) {
        Err(_) if matches!(setting.takes, Takes::Whole(..)) && is_whole => Ok(text.to_owned()),
        Ok(_) => Ok(text.to_owned()),
        Err(SettingsError::Value { expected, .. }) => Err(format!("expected {expected}")),
        Err(SettingsError::Type { reason, .. }) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Cli;

    /// The flags of `tenun train` that are no settings: they say how a run is made, and change nothing of what comes out.
    const CONTROLS: [&str; 9] =
        ["out", "overwrite", "resume", "threads", "strict", "json", "quiet", "verbose", "help"];

    #[test]
    fn every_argument_of_train_is_a_setting_of_the_table() {
        let mut program = Cli::command();
        program.build();
        let train = program.find_subcommand("train").unwrap();
        let ids: Vec<&str> = train.get_arguments().map(|argument| argument.get_id().as_str()).collect();
        for id in &ids {
            let is_setting = all().any(|setting| setting.flag == *id);
            assert!(is_setting != CONTROLS.contains(id), "`{id}` is no setting of the table, and no control");
        }
        for setting in all() {
            assert!(ids.contains(&setting.flag), "train has no argument for {setting:?}");
        }
    }
}
