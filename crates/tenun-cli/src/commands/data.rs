//! `tenun data`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tenun::data::summary::SplitSummary;
use tenun::data::{Collection, DataError, FolderSizes, Ignored, NAMED_SETS, Summary, Unreadable, find_named};
use tenun::names::{escaped, shown};

use super::{mistaken, source};
use crate::arguments::{DataCommand, SourceFlags};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{Table, count, counted, thousands};

pub(crate) fn run(command: &DataCommand, printer: &Printer) -> Result<(), Failure> {
    match command {
        DataCommand::Inspect { source, .. } => mistaken::images("data inspect", source)?,
        DataCommand::Verify { source, .. } => mistaken::images("data verify", source)?,
        DataCommand::Fetch { .. } => {}
    }
    match command {
        DataCommand::Inspect { source, flags } => inspect(source, flags, printer),
        DataCommand::Verify { source, flags } => verify(source, flags, printer),
        DataCommand::Fetch { name } => fetch(name, printer),
    }
}

fn inspect(source: &str, flags: &SourceFlags, printer: &Printer) -> Result<(), Failure> {
    // All that cannot be read is part of what is in it.
    let flags = SourceFlags { skip_bad: true, ..flags.clone() };
    let path = Path::new(source);
    // Images that are no set yet have sizes all the same, and to see them is why one inspects.
    if find_named(source).is_none()
        && path.is_dir()
        && let Some(sizes) = FolderSizes::of_mixed(path, &source::folder_options(&flags))?
    {
        source::tell_unreadable(&sizes.unreadable, printer);
        printer.ignored(&sizes.ignored_files);
        let fields = Sizes { one_set: one_set(&sizes), folder: &sizes };
        printer.result("data inspect", &fields, || many_sizes(&sizes));
        return Ok(());
    }
    let collection = source::open(source, &flags, printer)?;
    let summary = Summary::of(&collection);
    printer.result("data inspect", &summary, || inspection(&summary));
    Ok(())
}

fn inspection(summary: &Summary) -> String {
    let mut list = Table::list();
    list.row(["data", &summary.name]);
    list.row(["from", &shown(&summary.origin)]);
    part(&mut list, "training", &summary.train);
    if let Some(test) = &summary.test {
        part(&mut list, "test", test);
    }
    if let Some(both) = summary.test_images_in_train.as_ref().filter(|both| both.images > 0) {
        let examples: Vec<_> =
            both.examples.iter().map(|pair| format!("{} = {}", pair.id, pair.same_as)).collect();
        let images = counted(both.images, "test image");
        let text = format!("{images} also in the training images: {}", examples.join(", "));
        list.row(["overlap", &text]);
    }
    left_out(&mut list, &summary.ignored_files, summary.unreadable.len());
    list.render()
}

/// What is in a folder whose images have several sizes.
#[derive(Serialize)]
struct Sizes<'a> {
    #[serde(flatten)]
    folder: &'a FolderSizes,
    /// The flags that make one set of them.
    one_set: Option<String>,
}

/// Sizes that are listed, at most; the rest is summed up.
const MOST_SIZES: usize = 10;

fn one_set(sizes: &FolderSizes) -> Option<String> {
    sizes.usual().map(|size| format!("--size {}x{} --fit crop", size.height, size.width))
}

fn many_sizes(sizes: &FolderSizes) -> String {
    let mut list = Table::list();
    list.row(["data", &sizes.name]);
    list.row(["from", &shown(&sizes.origin)]);
    let grey = sizes.images - sizes.coloured;
    let colours = match (sizes.coloured, grey) {
        (0, _) => "grey".to_owned(),
        (_, 0) => "RGB".to_owned(),
        (coloured, grey) => format!("{} RGB and {} grey", count(coloured), count(grey)),
    };
    let several = format!("{} of {}", counted(sizes.images, "image"), counted(sizes.sizes.len(), "size"));
    list.row(["images", &format!("{several}, {colours}")]);
    let (listed, rest) = sizes.sizes.split_at(sizes.sizes.len().min(MOST_SIZES));
    for (at, size) in listed.iter().enumerate() {
        let name = if at == 0 { "height×width" } else { "" };
        list.row([name, &format!("{:>7}  {}×{}", count(size.images), size.height, size.width)]);
    }
    if !rest.is_empty() {
        let images = rest.iter().map(|size| size.images).sum();
        list.row(["", &format!("{:>7}  of {}", count(images), counted(rest.len(), "more size"))]);
    }
    left_out(&mut list, &sizes.ignored_files, sizes.unreadable.len());
    if let Some(flags) = one_set(sizes) {
        list.row([
            "to use them",
            &format!("`{flags}` scales them to one size, proportions kept, edges cropped;"),
        ]);
        list.row(["", "`--fit resize` stretches them instead; any other size works too"]);
    }
    list.render()
}

/// Files and images that are not among those counted.
fn left_out(list: &mut Table, ignored: &Ignored, unreadable: usize) {
    if !ignored.is_empty() {
        list.row(["ignored", &format!("{}: {ignored}", counted(ignored.count(), "file"))]);
    }
    if unreadable > 0 {
        list.row(["unreadable", &format!("{}, skipped", counted(unreadable, "image"))]);
    }
}

fn part(list: &mut Table, name: &str, part: &SplitSummary) {
    let channels = match part.channels {
        1 => "grey".to_owned(),
        3 => "RGB".to_owned(),
        other => format!("{other} channels"),
    };
    list.row([String::new()]);
    list.row([
        name,
        &format!("{} of {}×{} pixels, {channels}", counted(part.images, "image"), part.height, part.width),
    ]);
    let pixels = &part.pixels;
    list.row([
        "pixels",
        &format!(
            "{} to {}, mean {:.2}, standard deviation {:.2}",
            pixels.min, pixels.max, pixels.mean, pixels.std
        ),
    ]);
    list.row(["histogram", &histogram(&pixels.histogram)]);
    for (at, class) in part.classes.iter().enumerate() {
        let name = if at == 0 { "classes" } else { "" };
        list.row([name, &format!("{:>7}  {}", count(class.images), class.name)]);
    }
    if part.duplicates.images > 0 {
        let pairs = part.duplicates.examples.iter().map(|pair| format!("{} = {}", pair.id, pair.same_as));
        let text = format!("{}: {}", count(part.duplicates.images), pairs.collect::<Vec<_>>().join(", "));
        list.row(["duplicates", &text]);
    }
    if part.constant.images > 0 {
        let text = format!("{}: {}", count(part.constant.images), part.constant.examples.join(", "));
        list.row(["constant", &text]);
    }
    list.row(["SHA-256", &part.sha256]);
}

/// Sixteen bars, the values 0 to 255 from left to right.
fn histogram(bins: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = bins.iter().copied().max().unwrap_or(0).max(1);
    let bar = |&bin: &u64| match bin {
        0 => ' ',
        // In u128, as seven times a count may be more than 64 bits.
        _ => BARS[(u128::from(bin) * 7).div_ceil(u128::from(most)) as usize],
    };
    let total: u64 = bins.iter().sum();
    let bars: String = bins.iter().map(bar).collect();
    format!("0 {bars} 255, of {} values", thousands(total))
}

#[derive(Serialize)]
struct Verified<'a> {
    data: &'a str,
    #[serde(serialize_with = "tenun::names::as_text::serialize")]
    origin: &'a Path,
    whole: bool,
    train_images: usize,
    test_images: Option<usize>,
    train_sha256: String,
    test_sha256: Option<String>,
    unreadable: &'a [Unreadable],
}

fn verify(source: &str, flags: &SourceFlags, printer: &Printer) -> Result<(), Failure> {
    // All unreadable images are to be named, not the first alone.
    let flags = SourceFlags { skip_bad: true, ..flags.clone() };
    let collection = source::open_itself(source, &flags, printer)?;
    let Collection { train, test, skipped, origin, .. } = &collection;
    let fields = Verified {
        data: train.name(),
        origin,
        whole: skipped.is_empty(),
        train_images: train.len(),
        test_images: test.as_ref().map(|test| test.len()),
        train_sha256: train.sha256(),
        test_sha256: test.as_ref().map(|test| test.sha256()),
        unreadable: skipped,
    };
    printer.result("data verify", &fields, || {
        let mut list = Table::list();
        list.row(["data", train.name()]);
        list.row(["from", &shown(origin)]);
        list.row([
            "training",
            &format!("{}, SHA-256 {}", counted(train.len(), "image"), fields.train_sha256),
        ]);
        if let (Some(test), Some(sha256)) = (test, &fields.test_sha256) {
            list.row(["test", &format!("{}, SHA-256 {sha256}", counted(test.len(), "image"))]);
        }
        list.row(["complete", if fields.whole { "yes" } else { "no" }]);
        list.render()
    });
    match skipped.len() {
        0 => Ok(()),
        bad => Err(Failure::failed(
            format!(
                "{} of {} cannot be read",
                count(bad),
                counted(bad + train.len() + test.as_ref().map_or(0, |t| t.len()), "image")
            ),
            Some("repair or remove the files named above, or skip them with `--skip-bad`".into()),
        )),
    }
}

#[derive(Serialize)]
struct Fetched<'a> {
    data: &'a str,
    origin: &'a PathBuf,
}

fn fetch(name: &str, printer: &Printer) -> Result<(), Failure> {
    let Some(set) = find_named(name) else {
        let known: Vec<_> = NAMED_SETS.iter().map(|set| set.name).collect();
        // The library knows the nearest name, if the name is not by chance one of a file.
        let error = tenun::data::open(name, &Default::default()).err();
        return Err(match error {
            Some(error @ DataError::UnknownName { .. }) => error.into(),
            _ => Failure::usage(
                format!("`{}` is not the name of a data set that can be downloaded", escaped(name)),
                Some(format!("known data sets: {}", known.join(", "))),
            ),
        });
    };
    printer.note(format_args!("looking for {name}; it is downloaded if it is not found"));
    let collection = source::open(set.name, &SourceFlags::default(), printer)?;
    let fields = Fetched { data: set.name, origin: &collection.origin };
    printer.result("data fetch", &fields, || format!("{}\n", shown(&collection.origin)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_tall_as_their_counts() {
        assert_eq!(histogram(&[0, 1, 70, 35]), "0  ▂█▅ 255, of 106 values");
        assert_eq!(histogram(&[0, 0]), "0    255, of 0 values");
        assert_eq!(histogram(&[u64::MAX / 2]).chars().nth(2), Some('█'));
    }
}
