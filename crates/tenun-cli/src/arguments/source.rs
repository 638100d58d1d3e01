//! Flags that say how images are read, for every command that reads some.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use tenun::engine::Shape;
use tenun::settings::{
    COLOUR, Colour, DataSettings, FIT, Fit, LAYOUT, Layout, SIZE, SKIP_BAD, Setting, Settings, SettingsError,
    TEST, TRAIN,
};

use super::settings;

/// How the images of a folder are brought to one size and colour, and what its sub-folders are.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceFlags {
    pub(crate) size: Option<(usize, usize)>,
    pub(crate) fit: Fit,
    pub(crate) colour: Colour,
    pub(crate) skip_bad: bool,
    pub(crate) layout: Layout,
    pub(crate) train: Option<PathBuf>,
    pub(crate) test: Option<PathBuf>,
}

/// The settings that these are.
static ROWS: [&Setting; 7] = [&SIZE, &FIT, &COLOUR, &SKIP_BAD, &LAYOUT, &TRAIN, &TEST];

impl Args for SourceFlags {
    fn augment_args(command: Command) -> Command {
        settings::augmented(command, &ROWS)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SourceFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Settings::default();
        let wrong = |error: SettingsError| clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n"));
        settings::apply(&settings::given(matches, &ROWS), &mut settings).map_err(wrong)?;
        let DataSettings { size, fit, colour, skip_bad, layout, train, test, .. } = settings.data;
        Ok(Self { size, fit, colour, skip_bad, layout, train, test })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Which images of a source that has two splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Split {
    /// The training images
    Train,
    /// The test images
    Test,
}

fn numbers<const N: usize>(text: &str) -> Option<[usize; N]> {
    let parts: Vec<usize> = text.split(['x', 'X', '×']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let numbers: [usize; N] = parts.try_into().ok()?;
    numbers.iter().all(|&number| number > 0).then_some(numbers)
}

/// A shape as people say it: height, width, channels.
pub(crate) fn shape(text: &str) -> Result<Shape, String> {
    let [height, width, channels] =
        numbers(text).ok_or("expected height x width x channels, such as 28x28x1")?;
    Ok(Shape::new(channels, height, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_height_first() {
        assert_eq!(shape("45×37x3"), Ok(Shape::new(3, 45, 37)));
        assert!(shape("45x37").is_err());
    }
}
