//! `tenun data`.

use std::path::PathBuf;

use serde::Serialize;
use tenun::data::summary::PartSummary;
use tenun::data::{Collection, DataError, NAMED_SETS, Summary, Unreadable, find_named};

use super::source;
use crate::arguments::{DataCommand, SourceFlags};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::text::{Table, count, counted, thousands};

pub(crate) fn run(command: &DataCommand, printer: &Printer) -> Result<(), Failure> {
    match command {
        DataCommand::Inspect { source, flags } => {
            // All that cannot be read is part of what is in it.
            let flags = SourceFlags { skip_bad: true, ..*flags };
            let summary = Summary::of(&source::open(source, &flags, printer)?);
            printer.result("data inspect", &summary, || inspection(&summary));
            Ok(())
        }
        DataCommand::Verify { source, flags } => verify(source, flags, printer),
        DataCommand::Fetch { name } => fetch(name, printer),
    }
}

fn inspection(summary: &Summary) -> String {
    let mut list = Table::list();
    list.row(["data", &summary.name]);
    list.row(["from", &summary.origin.display().to_string()]);
    part(&mut list, "training", &summary.train);
    if let Some(test) = &summary.test {
        part(&mut list, "test", test);
    }
    if let Some(both) = summary.test_images_in_train.as_ref().filter(|both| both.images > 0) {
        let examples: Vec<_> =
            both.examples.iter().map(|pair| format!("{} = {}", pair.id, pair.same_as)).collect();
        let text =
            format!("{} test images are also training images: {}", count(both.images), examples.join(", "));
        list.row(["in both", &text]);
    }
    if summary.ignored_files > 0 {
        list.row([
            "passed over",
            &format!("{}, not of images by name", counted(summary.ignored_files, "file")),
        ]);
    }
    if !summary.unreadable.is_empty() {
        list.row(["unreadable", &format!("{}, left out", counted(summary.unreadable.len(), "image"))]);
    }
    list.render()
}

fn part(list: &mut Table, name: &str, part: &PartSummary) {
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
        &format!("{} to {}, mean {:.2}, deviation {:.2}", pixels.min, pixels.max, pixels.mean, pixels.std),
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
        list.row(["one colour", &text]);
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
    origin: &'a PathBuf,
    whole: bool,
    train_images: usize,
    test_images: Option<usize>,
    train_sha256: String,
    test_sha256: Option<String>,
    unreadable: &'a [Unreadable],
}

fn verify(source: &str, flags: &SourceFlags, printer: &Printer) -> Result<(), Failure> {
    // All unreadable images are to be named, not the first alone.
    let flags = SourceFlags { skip_bad: true, ..*flags };
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
        list.row(["from", &origin.display().to_string()]);
        list.row([
            "training",
            &format!("{}, SHA-256 {}", counted(train.len(), "image"), fields.train_sha256),
        ]);
        if let (Some(test), Some(sha256)) = (test, &fields.test_sha256) {
            list.row(["test", &format!("{}, SHA-256 {sha256}", counted(test.len(), "image"))]);
        }
        list.row(["whole", if fields.whole { "yes" } else { "no" }]);
        list.render()
    });
    match skipped.len() {
        0 => Ok(()),
        bad => Err(Failure::failed(
            format!(
                "{} of {} images cannot be read",
                count(bad),
                count(bad + train.len() + test.as_ref().map_or(0, |t| t.len()))
            ),
            Some("repair or remove those named above, or leave them out with `--skip-bad`".into()),
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
                format!("`{name}` is no data set that can be fetched"),
                Some(format!("known data sets: {}", known.join(", "))),
            ),
        });
    };
    printer.note(format_args!("looking for {name}; it is downloaded if it is nowhere"));
    let collection = source::open(set.name, &SourceFlags::default(), printer)?;
    let fields = Fetched { data: set.name, origin: &collection.origin };
    printer.result("data fetch", &fields, || format!("{}\n", collection.origin.display()));
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
