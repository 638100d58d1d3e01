//! Which images a run is about: [`DataSettings`], and the rows of the table about them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::table::{Choice, OnlyWith, PLAIN, Range, settings};
use super::{Setting, Takes};

/// Which images a run is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// The name of a data set, or a path.
    pub source: String,
    /// Only so many training images, the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_train: Option<usize>,
    /// Only so many test images, the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_test: Option<usize>,
    /// The share of the training images that is held out for validation. Where there is none, the official test
    /// split gives the validation curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_fraction: Option<f64>,
    /// The seed by which images are held out; that of the training where there is none. The runs of a sweep share it,
    /// so that all of them are measured on the same images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Height and width to which images of a folder are brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<(usize, usize)>,
    /// How they are brought there.
    pub fit: Fit,
    /// Channels of the images of a folder.
    pub colour: Colour,
    /// Whether images that cannot be read are left out.
    pub skip_bad: bool,
    /// What the sub-folders of a folder are.
    #[serde(skip_serializing_if = "Layout::is_auto")]
    pub layout: Layout,
    /// The folder of the training images, within the source or elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<PathBuf>,
    /// The folder of the test images, within the source or elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
}

/// What the sub-folders of a folder of images are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Found out by their names; where that is not clear, an error asks.
    #[default]
    Auto,
    /// Every sub-folder is a class.
    Classes,
    /// Nothing: all images are one set, without classes.
    Flat,
    /// Training and test images; other folders beside them are not used.
    Splits,
    /// MVTec AD's: `train/good`, `test/DEFECT` and `ground_truth/DEFECT`.
    Mvtec,
}

impl Layout {
    /// As a user writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Classes => "classes",
            Self::Flat => "flat",
            Self::Splits => "splits",
            Self::Mvtec => "mvtec",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// How an image that is not of the size asked for is brought to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Not at all: an image of another size is an error.
    #[default]
    Error,
    /// Scaled in each direction by itself, so that proportions may change.
    Resize,
    /// Scaled with its proportions kept until it covers the size, then cut to its centre.
    Crop,
}

/// Channels of the images that are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Grey if every pixel of every image has equal red, green and blue, else RGB.
    #[default]
    Auto,
    /// One channel: luminance by the weights of Rec. 709, 0.2126 R + 0.7152 G + 0.0722 B.
    Grey,
    /// Three channels; a grey image has all three alike.
    Rgb,
}

fn fits() -> Vec<Choice> {
    vec![
        Choice::new("error", "Stop, and name the image"),
        Choice::new("resize", "Stretch it, proportions or not"),
        Choice::new("crop", "Scale it until it covers the size, and cut the edges"),
    ]
}

fn layouts() -> Vec<Choice> {
    vec![
        Choice::new("auto", "By their names; an error asks where that is not clear"),
        Choice::new("classes", "Every sub-folder is a class"),
        Choice::new("flat", "All images are one set, without classes"),
        Choice::new("splits", "Training and test images; other folders are not used"),
        Choice::new("mvtec", "MVTec AD: train/good, test/DEFECT, ground_truth/DEFECT"),
    ]
}

fn colours() -> Vec<Choice> {
    vec![
        Choice::new("auto", "Grey if every image is grey, else RGB"),
        Choice { alias: Some("gray"), ..Choice::new("grey", "One channel") },
        Choice::new("rgb", "Three channels"),
    ]
}

/// What all rows about data have in common.
const DATA_ROW: Setting = Setting {
    heading: "Data",
    not_varied: Some("all trials of a sweep are compared on the same held-out images, which it would change"),
    ..PLAIN
};

settings! {
    DATA "data.source" {
        flag: "DATA",
        is_positional: true,
        heading: "",
        help: "Images: a data set's name, a folder, or an IDX, .npy or .npz file",
        label: "data",
        is_always_listed: true,
        example: "mnist",
        ..DATA_ROW
    }
    LIMIT_TRAIN "data.limit_train" {
        flag: "limit-train",
        help: "Train on the first N training images only",
        default: Some("all"),
        label: "training images at most",
        takes: Takes::Whole(1, "image"),
        example: "20",
        ..DATA_ROW
    }
    LIMIT_TEST "data.limit_test" {
        flag: "limit-test",
        help: "Evaluate on the first N test images only",
        default: Some("all"),
        label: "test images at most",
        takes: Takes::Whole(1, "image"),
        example: "5",
        ..DATA_ROW
    }
    VAL_FRACTION "data.val_fraction" {
        flag: "val-fraction",
        value_name: "SHARE",
        help: "Share of the training images that is held out for validation",
        default: Some("the test images give the validation curve; 0.1 where there are none"),
        label: "share held out for validation",
        takes: Takes::Number(Range { holds: |x| x > 0.0 && x < 1.0, words: "a number between 0 and 1" }),
        example: "0.25",
        ..DATA_ROW
    }
    SPLIT_SEED "data.split_seed" {
        flag: "split-seed",
        help: "Random seed of the split into training and validation images",
        default: Some("that of training"),
        label: "random seed of the validation split",
        takes: Takes::Whole(0, ""),
        example: "7",
        ..DATA_ROW
    }
    SIZE "data.size" {
        flag: "size",
        value_name: "HxW",
        help: "Size in pixels of the images of a folder",
        default: Some("that of the first image; the model's, where there is one, with --fit"),
        label: "image size",
        takes: Takes::Size,
        example: "10x14",
        ..DATA_ROW
    }
    FIT "data.fit" {
        flag: "fit",
        value_name: "HOW",
        help: "What to do with an image of a folder that has another size",
        label: "images of another size",
        takes: Takes::Choice(fits),
        example: "crop",
        ..DATA_ROW
    }
    COLOUR "data.colour" {
        flag: "colour",
        alias: Some("color"),
        value_name: "COLOUR",
        help: "Colour of the images of a folder",
        label: "colour",
        takes: Takes::Choice(colours),
        example: "rgb",
        ..DATA_ROW
    }
    SKIP_BAD "data.skip_bad" {
        flag: "skip-bad",
        help: "Leave out images that cannot be read, and name them, instead of stopping at the first",
        label: "unreadable images left out",
        takes: Takes::Switch(true),
        example: "yes",
        ..DATA_ROW
    }
    LAYOUT "data.layout" {
        flag: "layout",
        value_name: "HOW",
        help: "What the sub-folders of a folder of images are",
        label: "sub-folders",
        takes: Takes::Choice(layouts),
        example: "flat",
        ..DATA_ROW
    }
    TRAIN "data.train" {
        flag: "train",
        value_name: "DIR",
        help: "Folder of the training images, within DATA or elsewhere",
        default: Some("found by its name, where there are splits"),
        label: "folder of training images",
        takes: Takes::File,
        example: "train",
        ..DATA_ROW
    }
    TEST "data.test" {
        flag: "test",
        value_name: "DIR",
        help: "Folder of the test images, within DATA or elsewhere",
        default: Some("found by its name; none where --train is given"),
        label: "folder of test images",
        takes: Takes::File,
        only_with: Some(OnlyWith { setting: &TRAIN, values: &[] }),
        example: "test",
        ..DATA_ROW
    }
}
