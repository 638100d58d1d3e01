//! The settings of a layer as a table: [`settings!`] declares a layer's struct, and what `tenun layers` says of it
//! follows from the same lines. A setting is documented, named and given its default once.

use serde::Serialize;

use crate::Shape;

use super::{Layer, Role};

/// One of the words that a setting takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The word.
    pub name: &'static str,
    /// What it means.
    pub about: String,
}

/// A setting of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name in a network file.
    pub name: &'static str,
    /// Other names that are understood: those of PyTorch and Keras that mean exactly the same.
    pub aliases: &'static [&'static str],
    /// What kind of value it takes, in words.
    pub kind: String,
    /// The words it takes and what each means, if it takes one of a few.
    pub choices: Vec<Choice>,
    /// Its value where a file gives none; none if a file must give it.
    pub default: Option<String>,
    /// What it means.
    pub about: String,
}

impl Setting {
    pub(super) fn new<T: SettingType>(
        name: &'static str,
        aliases: &'static [&'static str],
        default: Option<&T>,
        doc: &str,
    ) -> Self {
        Self {
            name,
            aliases,
            kind: T::kind(),
            choices: T::choices(),
            default: default.map(T::text),
            about: paragraph(doc),
        }
    }
}

/// A type that a setting can have.
pub(super) trait SettingType {
    /// What kind of value it is, in words.
    fn kind() -> String;
    /// The words it takes and what each means, if it takes one of a few.
    fn choices() -> Vec<Choice> {
        Vec::new()
    }
    /// The value as it stands in a file.
    fn text(&self) -> String;
}

macro_rules! kinds {
    ($($type:ty => $kind:literal, |$value:ident| $text:expr;)*) => {
        $(impl SettingType for $type {
            fn kind() -> String {
                $kind.to_owned()
            }
            fn text(&self) -> String {
                let $value = self;
                $text
            }
        })*
    };
}

kinds! {
    usize => "whole number", |value| value.to_string();
    u32 => "whole number", |value| value.to_string();
    f32 => "number", |value| value.to_string();
    bool => "true or false", |value| value.to_string();
    Vec<f32> => "list of numbers", |value| format!("{value:?}");
    Shape => "table { channels, height, width }", |value| value.to_string();
    Vec<Layer> => "list of layers", |value| format!("{value:?}");
}

/// What the struct of a layer says of itself.
pub(super) trait Described {
    /// Its documentation.
    const DOC: &'static str;
    /// Its settings, in order.
    fn settings() -> Vec<Setting>;
}

/// What there is to know of a kind of layer: as `tenun layers NAME` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its name in a network file.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// What kind of layer it is.
    pub role: Role,
    /// What it is, in a few words.
    pub about: String,
    /// What it computes: paragraphs.
    pub details: Vec<String>,
    /// The shapes of its input, its parameters and its output.
    pub shapes: String,
    /// Its settings.
    pub settings: Vec<Setting>,
}

impl Description {
    pub(super) fn new<L: Described>(
        name: &'static str,
        aliases: &'static [&'static str],
        role: Role,
    ) -> Self {
        let (text, rest) = L::DOC.split_once("# Shapes\n").unwrap_or((L::DOC, ""));
        let mut paragraphs = text.split("\n\n").map(paragraph).filter(|text| !text.is_empty());
        Self {
            name,
            aliases,
            role,
            about: paragraphs.next().unwrap_or_default().trim_end_matches('.').to_owned(),
            details: paragraphs.collect(),
            shapes: rest.split("\n\n").next().map(paragraph).unwrap_or_default(),
            settings: L::settings(),
        }
    }
}

/// Lines of documentation as one line of text, without what only `rustdoc` understands.
pub(super) fn paragraph(doc: &str) -> String {
    let lines: Vec<&str> = doc.lines().map(str::trim).collect();
    let line = lines.join(" ").trim().replace("\\[", "[").replace("\\]", "]").replace("crate::", "");
    line.replace("[`", "`").replace("`]", "`")
}

/// Declares the struct of a layer: the documentation, name, default and other names of each setting make both the
/// struct that serde reads and the table that `tenun layers` prints.
///
/// A setting without a default has to be given, and then all of the layer's have none.
macro_rules! settings {
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),*)])?
        pub struct $name:ident {
            $(
                $(#[doc = $about:literal])*
                $(#[also($($alias:literal),*)])?
                pub $field:ident: $type:ty = $default:expr,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[derive($($derive),*)])?
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[doc = $about])* $(#[serde($(alias = $alias),*)])? pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::layer::settings::Described for $name {
            const DOC: &'static str = concat!($($doc, "\n"),*);

            fn settings() -> Vec<$crate::layer::Setting> {
                vec![$($crate::layer::Setting::new::<$type>(
                    stringify!($field),
                    &[$($($alias),*)?],
                    Some(&$default),
                    concat!($($about, "\n"),*),
                ),)*]
            }
        }
    };
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),*)])?
        pub struct $name:ident {
            $(
                $(#[doc = $about:literal])*
                pub $field:ident: $type:ty,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[derive($($derive),*)])?
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $about])* pub $field: $type,)*
        }

        impl $crate::layer::settings::Described for $name {
            const DOC: &'static str = concat!($($doc, "\n"),*);

            fn settings() -> Vec<$crate::layer::Setting> {
                vec![$($crate::layer::Setting::new::<$type>(
                    stringify!($field),
                    &[],
                    None,
                    concat!($($about, "\n"),*),
                ),)*]
            }
        }
    };
}

/// Declares a setting that is one of a few words: the enum, its names, and what `tenun layers` says of each.
macro_rules! choices {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident {
            $($(#[doc = $about:literal])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $about])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Its name in files and tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl $crate::layer::settings::SettingType for $name {
            fn kind() -> String {
                [$(concat!("\"", $word, "\"")),*].join(" or ")
            }

            fn choices() -> Vec<$crate::layer::Choice> {
                vec![$($crate::layer::Choice {
                    name: $word,
                    about: $crate::layer::settings::paragraph(concat!($($about, "\n"),*)),
                },)*]
            }

            fn text(&self) -> String {
                format!("\"{self}\"")
            }
        }
    };
}

pub(super) use {choices, settings};
