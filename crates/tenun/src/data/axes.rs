//! Where images, channels, rows and columns are in an array, by its shape; and what makes other shapes one of these.

use std::fmt::Write;

/// Shorter axes than this say nothing of what an array holds.
const SHORT: usize = 5;

/// Which axis is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AxisOrder {
    pub(crate) images: usize,
    pub(crate) channels: Option<usize>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

const GREY: AxisOrder = AxisOrder { images: 0, channels: None, rows: 1, columns: 2 };
const CHANNELS_LAST: AxisOrder = AxisOrder { images: 0, channels: Some(3), rows: 1, columns: 2 };
const CHANNELS_FIRST: AxisOrder = AxisOrder { images: 0, channels: Some(1), rows: 2, columns: 3 };

impl AxisOrder {
    /// The order of the axes of images; or, where an array of this shape is more likely something else, what makes it one of
    /// images.
    pub(crate) fn of(axes: &[usize]) -> Result<Self, String> {
        match *axes {
            [rows, columns, 3 | 4] if rows >= SHORT && columns >= SHORT => {
                let channels = axes[2];
                Err(format!(
                    "one picture of {rows}×{columns} with {channels} channels: x[None]; {rows} grey pictures of \
                     {columns}×{channels}: x[..., None]"
                ))
            }
            [3, rows, columns] if rows >= SHORT && columns >= SHORT => {
                Err(format!("one RGB picture of {rows}×{columns}: x[None]; three grey pictures: x[:, None]"))
            }
            [rows, columns, images] if rows == columns && rows >= SHORT && images != columns => Err(format!(
                "{images} pictures of {rows}×{columns}, stacked along the last axis: x.transpose(2, 0, 1); {rows} \
                 pictures of {columns}×{images}: x[..., None]"
            )),
            [_, _, _] => Ok(GREY),
            [images, first @ (3 | 4), length, last @ (1 | 3 | 4)] if length >= SHORT => {
                Err(either(images, first, length, last))
            }
            [_, _, _, 1 | 3 | 4] => Ok(CHANNELS_LAST),
            [_, 1 | 3 | 4, _, _] => Ok(CHANNELS_FIRST),
            [rows, columns, 1 | 3 | 4, _] | [3 | 4, rows, columns, _] if rows == columns && rows >= SHORT => {
                Err(stacked(axes))
            }
            [1, images, rows, columns] => {
                Err(format!("{images} grey pictures of {rows}×{columns}, behind an axis of length 1: x[0]"))
            }
            _ => Err(other(axes)),
        }
    }

    /// As [`Self::of`], where the array is known to hold `[image][row][column]` with or without channels.
    pub(crate) fn images_first(axes: &[usize]) -> Result<Self, String> {
        match *axes {
            [_, _, _] => Ok(GREY),
            _ => Self::of(axes),
        }
    }
}

/// Both the second and the last axis may be colours, and the pictures are narrow either way.
fn either(images: usize, first: usize, length: usize, last: usize) -> String {
    format!(
        "{images} pictures of {length}×{last} with {first} channels: x.transpose(0, 2, 3, 1); {images} pictures of \
         {first}×{length} with {last} channels: x.transpose(0, 3, 1, 2)"
    )
}

/// Four axes, the images along the last.
fn stacked(axes: &[usize]) -> String {
    let (order, rows, columns) = match axes[2] {
        1 | 3 | 4 => ("(3, 0, 1, 2)", axes[0], axes[1]),
        _ => ("(3, 0, 1, 2)", axes[1], axes[2]),
    };
    format!("{} pictures of {rows}×{columns}, stacked along the last axis: x.transpose{order}", axes[3])
}

fn other(axes: &[usize]) -> String {
    match *axes {
        [] => "the array holds one number: save an array of pictures".into(),
        [length] => {
            format!("{length} numbers in a row: x.reshape(-1, H, W), with the height and width of a picture")
        }
        [images, length] => flat(images, length),
        [images, _, rows, columns] => format!(
            "four axes without 1, 3 or 4 channels; to take every plane as a picture ({images} × {}): \
             x.reshape(-1, {rows}, {columns})",
            axes[1]
        ),
        _ => {
            let last: Vec<String> = axes[axes.len() - 3..].iter().map(usize::to_string).collect();
            format!("every frame as a picture: x.reshape(-1, {})", last.join(", "))
        }
    }
}

/// Rows of numbers: flattened pictures, signals, or one picture.
fn flat(images: usize, length: usize) -> String {
    let side =
        |pixels: usize| (2..).take_while(|side| side * side <= pixels).find(|side| side * side == pixels);
    let mut advice = match (side(length), length.is_multiple_of(3).then(|| side(length / 3)).flatten()) {
        (Some(side), _) => {
            format!("{images} flat grey pictures of {side}×{side}: x.reshape(-1, {side}, {side})")
        }
        (None, Some(side)) => format!(
            "{images} flat RGB pictures of {side}×{side}: x.reshape(-1, 3, {side}, {side}) where all of red comes first, \
             x.reshape(-1, {side}, {side}, 3) where the colours of a pixel stand together"
        ),
        (None, None) => format!("{images} signals of {length} values: x.reshape(-1, 1, {length})"),
    };
    let _ = write!(advice, "; one grey picture of {images}×{length}: x[None]");
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_in_every_order() {
        assert_eq!(AxisOrder::of(&[512, 28, 28]), Ok(GREY));
        assert_eq!(AxisOrder::of(&[28, 28, 28]), Ok(GREY));
        assert_eq!(AxisOrder::of(&[450, 1, 140]), Ok(GREY));
        assert_eq!(AxisOrder::of(&[450, 140, 1]), Ok(GREY));
        assert_eq!(AxisOrder::of(&[64, 32, 32, 3]), Ok(CHANNELS_LAST));
        assert_eq!(AxisOrder::of(&[64, 3, 32, 32]), Ok(CHANNELS_FIRST));
        assert_eq!(AxisOrder::of(&[64, 3, 4, 3]), Ok(CHANNELS_LAST), "too small to be told");
        assert_eq!(AxisOrder::of(&[64, 1, 32, 3]), Ok(CHANNELS_LAST));
        // What the advice for two readings makes of an array, is read in one way.
        assert_eq!(
            [[100, 16, 3, 3], [100, 16, 1, 4]].map(|axes| AxisOrder::of(&axes)),
            [Ok(CHANNELS_LAST), Ok(CHANNELS_LAST)]
        );
        assert_eq!(
            [[100, 3, 3, 16], [100, 4, 3, 16]].map(|axes| AxisOrder::of(&axes)),
            [Ok(CHANNELS_FIRST), Ok(CHANNELS_FIRST)]
        );
    }

    #[test]
    fn everything_else_is_told_what_makes_it_images() {
        for (axes, advice) in [
            (&[512, 784][..], "x.reshape(-1, 28, 28)"),
            (&[64, 3072], "x.reshape(-1, 3, 32, 32)"),
            (&[64, 12288], "x.reshape(-1, 3, 64, 64)"),
            (&[600, 140], "x.reshape(-1, 1, 140)"),
            (&[480, 640], "x[None]"),
            (&[64, 64, 3], "x[None]"),
            (&[48, 64, 4], "x[None]"),
            (&[3, 64, 64], "x[None]"),
            (&[28, 28, 512], "x.transpose(2, 0, 1)"),
            (&[32, 32, 3, 100], "x.transpose(3, 0, 1, 2)"),
            (&[3, 32, 32, 100], "x.transpose(3, 0, 1, 2)"),
            (&[10, 16, 64, 64], "x.reshape(-1, 64, 64)"),
            (&[4, 20, 16, 16], "x.reshape(-1, 16, 16)"),
            (&[1, 20, 16, 16], "20 grey pictures of 16×16, behind an axis of length 1: x[0]"),
            (&[32, 32, 1, 100], "x.transpose(3, 0, 1, 2)"),
            (&[100, 3, 16, 3], "100 pictures of 16×3 with 3 channels: x.transpose(0, 2, 3, 1)"),
            (&[100, 3, 16, 4], "100 pictures of 3×16 with 4 channels: x.transpose(0, 3, 1, 2)"),
            (&[100, 4, 16, 1], "x.transpose(0, 2, 3, 1)"),
            (&[10, 16, 64, 64, 3], "x.reshape(-1, 64, 64, 3)"),
            (&[784], "x.reshape(-1, H, W)"),
            (&[], "one number"),
        ] {
            let got = AxisOrder::of(axes).unwrap_err();
            assert!(got.contains(advice), "{axes:?}: {got}");
        }
    }
}
