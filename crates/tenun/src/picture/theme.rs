//! [`Theme`]: light or dark.

use serde::{Deserialize, Serialize};

/// A colour: red, green, blue.
pub(super) type Rgb = [u8; 3];

/// Whether a picture is dark on light or light on dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark ink on white, for paper and most screens.
    #[default]
    Light,
    /// Light ink on near-black.
    Dark,
}

impl Theme {
    fn pick(self, light: Rgb, dark: Rgb) -> Rgb {
        match self {
            Self::Light => light,
            Self::Dark => dark,
        }
    }

    pub(super) fn background(self) -> Rgb {
        self.pick([255, 255, 255], [22, 27, 34])
    }

    /// Titles and names.
    pub(super) fn ink(self) -> Rgb {
        self.pick([31, 35, 40], [230, 237, 243])
    }

    /// Captions and tick labels.
    pub(super) fn muted(self) -> Rgb {
        self.pick([87, 96, 106], [155, 165, 176])
    }

    pub(super) fn axis(self) -> Rgb {
        self.pick([140, 149, 159], [110, 119, 129])
    }

    pub(super) fn grid(self) -> Rgb {
        self.pick([229, 233, 237], [42, 49, 58])
    }
}
