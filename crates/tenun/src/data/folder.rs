//! A folder of images; its sub-folders are classes, or splits, as `layout.rs` finds out by their names.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tenun_engine::Shape;

use super::decode::{Decoded, MAX_DECODED_BYTES, decode, is_image_name, size_of};
use super::depth::Depths;
use super::ignored::is_hidden;
use super::progress::OnImage;
use super::sniff::is_picture_inside;
use super::usual_size::usual;
use super::{Collection, DataError, Dataset, Ignored, Images, Labels, Masks, Unreadable, layout, natural};
use crate::names::{escaped, name_path, name_text, shown};
use crate::settings::{Colour, FIT, Fit, Layout, SIZE, TEST, TRAIN};

/// How deep folders are followed; more is taken for a loop or a mistake.
const MAX_DEPTH: usize = 32;

/// Images decoded at a time, at most: enough for every core, few enough that a bad one is reported soon.
const CHUNK: usize = 256;

/// About how many bytes of decoded images are held besides those that are kept.
const CHUNK_BYTES: usize = 128 << 20;

/// How a folder of images is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderOptions {
    /// Height and width of every image; `None` takes those of the first.
    pub size: Option<(usize, usize)>,
    /// What to do with an image of another size.
    pub fit: Fit,
    /// Channels of the images.
    pub colour: Colour,
    /// Whether to leave out images that cannot be read, and to list them in [`Collection::skipped`].
    pub skip_bad: bool,
    /// What the sub-folders are.
    pub layout: Layout,
    /// The folder of the training images, within the folder or elsewhere, where it is not found by its name.
    pub train: Option<PathBuf>,
    /// The folder of the test images, likewise; only with `train`.
    pub test: Option<PathBuf>,
}

impl FolderOptions {
    /// Whether something is said of the folders in the folder.
    pub(super) fn say_layout(&self) -> bool {
        self.layout != Layout::Auto || self.train.is_some() || self.test.is_some()
    }

    /// The folder of the training images that was named, if one was.
    pub(super) fn train_folder(&self) -> Result<Option<&Path>, DataError> {
        match (&self.train, &self.test) {
            (None, Some(_)) => Err(DataError::Setting {
                setting: TEST.argument(),
                expected: format!("`{} DIR` with it", TRAIN.argument()),
                got: "no folder of training images".into(),
            }),
            (train, _) => Ok(train.as_deref()),
        }
    }

    /// For a model that takes images of `shape`: where images are fitted to a size that was not given, it is that one.
    #[must_use]
    pub fn sized_for(self, shape: Shape) -> Self {
        let size = self.size.or((self.fit != Fit::Error).then_some((shape.height, shape.width)));
        Self { size, ..self }
    }

    pub(super) fn check(&self) -> Result<(), DataError> {
        let Some((height, width)) = self.size else {
            return match self.fit {
                Fit::Error => Ok(()),
                _ => Err(DataError::Setting {
                    setting: FIT.argument(),
                    expected: format!("`{} {}` with it", SIZE.argument(), SIZE.value_name),
                    got: "no size to fit images to".into(),
                }),
            };
        };
        let bytes = (height as u64).checked_mul(width as u64).and_then(|area| area.checked_mul(3));
        match bytes {
            Some(1..=MAX_DECODED_BYTES) => Ok(()),
            _ => Err(DataError::Setting {
                setting: SIZE.argument(),
                expected: format!(
                    "a height and a width of at least 1, and at most {MAX_DECODED_BYTES} bytes"
                ),
                got: format!("{height}x{width}"),
            }),
        }
    }
}

/// Reads a folder of PNG, JPEG, BMP, WebP, TIFF and GIF files.
///
/// *Order.* Images are sorted by path as people count: `img2.png` comes before `img10.png`. Each is called by its
/// path within the folder.
///
/// *Splits.* Folders whose names say so are training images (`train`, `Training`, `seg_train`, `imagesTr`…) and test images
/// (`test`, `testset`…, or where there are none `val`, `valid`, `dev`, `eval`…), through folders that have only one folder
/// in them, and through one of the same kind (`seg_train/seg_train`). Of MVTec AD's layout the masks in `ground_truth` are
/// never trained on, and [`Collection::masks_of`] has them. [`Collection::notes`] say what each split is used for.
///
/// *Labels.* Otherwise, and within a split, the first sub-folder on an image's path is its class, and classes are in the
/// same order, unless the names are those of shards or dates. A few images beside the class folders are not used.
///
/// What looks like splits, masks or a mixture, and is not certain, is [`DataError::Layout`]; `options` answer it.
///
/// *Pixels.* 16-bit and float values are scaled to 8 bits; transparency is laid on white; the orientation that a
/// camera noted (EXIF) is applied; of an animation or a multi-page file the first picture is taken. The format is
/// known by content. An image that would decode to more than 256 MiB counts as unreadable.
///
/// Hidden files and folders, and files that neither are called as images are nor begin as such, are passed over and counted.
///
/// # Errors
/// [`DataError::NoImages`], [`DataError::SizesDiffer`], [`DataError::WrongSize`], [`DataError::Unreadable`] (unless
/// `skip_bad`), [`DataError::Layout`], [`DataError::SplitShapes`], [`DataError::Setting`] for a size of 0 or a fit without a size, and
/// [`DataError::Io`] if a folder cannot be listed.
pub fn read_folder(folder: &Path, options: &FolderOptions) -> Result<Collection, DataError> {
    read(folder, options, None)
}

/// As [`read_folder`], telling how far it has come.
pub(super) fn read(
    folder: &Path,
    options: &FolderOptions,
    on_image: Option<OnImage<'_>>,
) -> Result<Collection, DataError> {
    options.check()?;
    let name = display_name(folder);
    let Found { train, test, masks, ignored, mut notes } = Found::of(folder, options)?;
    let mut train_images = SplitImages::read(&train, &ignored, options, None, on_image)?;
    // Test images are made like the training images, so that `Auto` cannot decide twice.
    let channels = train_images.images.shape().channels;
    let mut test_images = test
        .as_ref()
        .map(|test| SplitImages::read(test, &ignored, options, Some(channels), on_image))
        .transpose()?;
    notes.append(&mut train_images.notes);
    notes.extend(test_images.iter_mut().flat_map(|images| std::mem::take(&mut images.notes)));
    let mut classes = train_images.class_names();
    classes.extend(test_images.iter().flat_map(SplitImages::class_names));
    classes.sort_by(|a, b| natural::compare(a, b));
    classes.dedup();
    let (mut train_set, mut skipped) = train_images.into_dataset(&name, &classes)?;
    let test_set = match test_images {
        None => None,
        Some(images) => {
            let (mut test_set, test_skipped) = images.into_dataset(&name, &classes)?;
            skipped.extend(test_skipped);
            // The test set has colour where the training set has none: grey training images are RGB all the same.
            if train_set.images().shape().channels < test_set.images().shape().channels {
                train_set = train_set.map_images(grey_to_rgb);
            } else if test_set.images().shape().channels < train_set.images().shape().channels {
                test_set = test_set.map_images(grey_to_rgb);
            }
            Some(test_set)
        }
    };
    let mut collection = Collection::new(folder.into(), train_set, test_set)?;
    collection.ignored = ignored;
    collection.skipped = skipped;
    collection.notes = notes;
    collection.masks = masks;
    Ok(collection)
}

/// Reads single image files, each called by its file name, in the order given; `name` is what the set is called.
///
/// Pixels are taken as [`read_folder`] takes them; there are no labels.
///
/// # Errors
/// As [`read_folder`].
pub fn read_files(name: &str, files: &[PathBuf], options: &FolderOptions) -> Result<Collection, DataError> {
    read_each(name, files, options, None)
}

/// As [`read_files`], telling how far it has come.
pub(super) fn read_each(
    name: &str,
    files: &[PathBuf],
    options: &FolderOptions,
    on_image: Option<OnImage<'_>>,
) -> Result<Collection, DataError> {
    options.check()?;
    let origin = files.first().map_or(Path::new("."), PathBuf::as_path);
    let images = files.iter().map(|path| (path.clone(), display_name(path))).collect();
    let files = Split { folder: origin.into(), images, has_classes: false };
    let mut images = SplitImages::read(&files, &Ignored::default(), options, None, on_image)?;
    let notes = std::mem::take(&mut images.notes);
    let (set, skipped) = images.into_dataset(name, &[])?;
    let mut collection = Collection::new(origin.into(), set, None)?;
    collection.skipped = skipped;
    collection.notes = notes;
    Ok(collection)
}

/// The last part of the path, or all of it if there is none (as in `..`).
pub(crate) fn display_name(path: &Path) -> String {
    path.file_name().map_or_else(|| name_text(path.as_os_str()), name_text)
}

/// The images of one split, before they are read.
pub(super) struct Split {
    /// The folder that they are called by their paths within.
    pub(super) folder: PathBuf,
    /// Path, and the same within the folder as text with `/` between its parts.
    pub(super) images: Vec<(PathBuf, String)>,
    /// Whether the first folder on the path of each is its class.
    pub(super) has_classes: bool,
}

/// What a folder holds, by the names in it.
pub(super) struct Found {
    pub(super) train: Split,
    pub(super) test: Option<Split>,
    pub(super) masks: Masks,
    pub(super) ignored: Ignored,
    pub(super) notes: Vec<String>,
}

impl Found {
    pub(super) fn of(folder: &Path, options: &FolderOptions) -> Result<Self, DataError> {
        let Some(train) = options.train_folder()? else {
            let scan = Scan::of(folder)?;
            let ids: Vec<String> = scan.images.iter().map(|(_, id)| id.clone()).collect();
            let plan = layout::plan(folder, &ids, &scan.folders, options.layout)?;
            let note = scan.note();
            let masks = plan.masks.as_deref().map_or_else(Masks::default, |prefix| {
                let within = |(path, id): &(PathBuf, String)| {
                    Some((path.clone(), id.strip_prefix(prefix)?.to_owned()))
                };
                Masks::of(scan.images.iter().filter_map(within))
            });
            return Ok(Self {
                train: Split::of(folder, &scan, plan.train),
                test: plan.test.map(|test| Split::of(folder, &scan, test)),
                masks,
                ignored: scan.ignored,
                notes: plan.notes.into_iter().chain(note).collect(),
            });
        };
        let mut notes = Vec::new();
        let mut ignored = Ignored::default();
        let mut split = |given: &Path| {
            let within = folder.join(given);
            let path = if within.is_dir() { within } else { given.to_owned() };
            if !path.is_dir() {
                return Err(DataError::NoSuchPath { path: folder.join(given) });
            }
            let scan = Scan::of(&path)?;
            let ids: Vec<String> = scan.images.iter().map(|(_, id)| id.clone()).collect();
            let plan = layout::plan_of_split(&path, &ids, &scan.folders, options.layout)?;
            ignored.extend(&scan.ignored);
            notes.extend(plan.notes);
            notes.extend(scan.note());
            Ok(Split::of(&path, &scan, plan.train))
        };
        let train = split(train)?;
        let test = options.test.as_deref().map(split).transpose()?;
        let uses = |split: &Split| format!("{} ({})", shown(&split.folder), split.images.len());
        let tests = test
            .as_ref()
            .map_or_else(|| "no test images".into(), |test| format!("test images: {}", uses(test)));
        notes.insert(0, format!("training images: {}; {tests}", uses(&train)));
        Ok(Self { train, test, masks: Masks::default(), ignored, notes })
    }
}

impl Split {
    fn of(folder: &Path, scan: &Scan, part: layout::Part) -> Self {
        let image = |index: usize| {
            let (path, id) = &scan.images[index];
            (path.clone(), id[part.prefix.len()..].to_owned())
        };
        let images = part.images.iter().map(|&index| image(index)).collect();
        let folder = match part.prefix.trim_end_matches('/') {
            "" => folder.to_owned(),
            within => folder.join(name_path(within)),
        };
        Self { folder, images, has_classes: part.has_classes }
    }
}

/// The images of a folder, by name.
pub(super) struct Scan {
    /// Path, and the same within the folder as text with `/` between its parts.
    pub(super) images: Vec<(PathBuf, String)>,
    /// All folders in it, those without images too, likewise as text.
    pub(super) folders: Vec<String>,
    pub(super) ignored: Ignored,
    /// Images that are known by their content alone, likewise as text.
    unnamed: Vec<String>,
}

impl Scan {
    pub(super) fn of(folder: &Path) -> Result<Self, DataError> {
        let mut scan = Self {
            images: Vec::new(),
            folders: Vec::new(),
            ignored: Ignored::default(),
            unnamed: Vec::new(),
        };
        scan.walk(folder, "", &mut Vec::new())?;
        scan.images.sort_by(|a, b| natural::compare(&a.1, &b.1).then_with(|| a.0.cmp(&b.0)));
        Ok(scan)
    }

    /// What is said of images that are not called as images are.
    fn note(&self) -> Option<String> {
        let first = escaped(self.unnamed.iter().min()?);
        Some(match self.unnamed.len() {
            1 => format!("`{first}` is an image by its content, and not by its name: it is read"),
            several => format!(
                "{several} files are images by their content, and not by their names: they are read (`{first}`)"
            ),
        })
    }

    /// `above` holds the true paths of the folders that lead here, so that a link to one of them ends the walk.
    fn walk(&mut self, folder: &Path, within: &str, above: &mut Vec<PathBuf>) -> Result<(), DataError> {
        let real = fs::canonicalize(folder).map_err(DataError::io(folder, "open"))?;
        if above.contains(&real) {
            self.ignored.add_circle();
            return Ok(());
        }
        if above.len() >= MAX_DEPTH {
            self.ignored.add_too_deep();
            return Ok(());
        }
        above.push(real);
        for entry in fs::read_dir(folder).map_err(DataError::io(folder, "list"))? {
            let entry = entry.map_err(DataError::io(folder, "list"))?;
            let path = entry.path();
            let name = name_text(&entry.file_name());
            if is_hidden(&name) {
                self.ignored.add_hidden();
            } else if path.is_dir() {
                self.folders.push(format!("{within}{name}"));
                self.walk(&path, &format!("{within}{name}/"), above)?;
            } else if is_image_name(&path) {
                self.images.push((path, format!("{within}{name}")));
            } else if is_picture_inside(&path) {
                self.unnamed.push(format!("{within}{name}"));
                self.images.push((path, format!("{within}{name}")));
            } else {
                self.ignored.add(&path);
            }
        }
        above.pop();
        Ok(())
    }
}

/// The images of one split, before classes have numbers.
pub(super) struct SplitImages {
    images: Images,
    ids: Vec<String>,
    has_classes: bool,
    skipped: Vec<Unreadable>,
    /// What is to be said of them.
    notes: Vec<String>,
}

impl SplitImages {
    /// `channels`, if given, is what `Colour::Auto` has already come to: 3 makes all images RGB.
    fn read(
        split: &Split,
        ignored: &Ignored,
        options: &FolderOptions,
        channels: Option<usize>,
        on_image: Option<OnImage<'_>>,
    ) -> Result<Self, DataError> {
        let colour = match (options.colour, channels) {
            (Colour::Auto, Some(3)) => Colour::Rgb,
            (colour, _) => colour,
        };
        let total = split.images.len();
        let mut growing = Growing::default();
        let mut ids = Vec::with_capacity(total);
        let mut skipped = Vec::new();
        let mut done = 0;
        let mut rest = &split.images[..];
        while !rest.is_empty() {
            let (chunk, later) = rest.split_at(growing.chunk().min(rest.len()));
            rest = later;
            let decoded: Vec<_> =
                chunk.par_iter().map(|(path, _)| decode(path, options.size, options.fit, colour)).collect();
            for ((path, id), decoded) in chunk.iter().zip(decoded) {
                match decoded {
                    Ok(image) => {
                        let usual = || usual(split.images.iter(), |(path, _)| size_of(path));
                        growing
                            .push(path, &image, options.size)
                            .map_err(|error| error.with_usual_size(usual))?;
                        ids.push(id.clone());
                    }
                    Err(reason) if options.skip_bad => {
                        skipped.push(Unreadable { path: path.clone(), reason })
                    }
                    Err(reason) => return Err(DataError::Unreadable { path: path.clone(), reason }),
                }
                done += 1;
                if let Some(on_image) = on_image {
                    on_image(done, total);
                }
            }
        }
        let notes = growing.notes();
        match growing.into_images() {
            Some(images) => Ok(Self { images, ids, has_classes: split.has_classes, skipped, notes }),
            None => Err(DataError::NoImages {
                path: split.folder.clone(),
                ignored: ignored.clone(),
                unreadable: skipped.len(),
                example: skipped.into_iter().next().map(Box::new),
            }),
        }
    }

    /// The first sub-folder on each image's path, sorted, each once; empty if they are no classes.
    fn class_names(&self) -> Vec<String> {
        if self.has_classes { class_names(self.ids.iter().map(String::as_str)) } else { Vec::new() }
    }

    /// Images that have all been read.
    pub(super) fn of(images: Images, ids: Vec<String>, has_classes: bool) -> Self {
        Self { images, ids, has_classes, skipped: Vec::new(), notes: Vec::new() }
    }

    /// The data set, and what was left out; `classes` has those of these images among others, sorted.
    pub(super) fn into_dataset(
        self,
        name: &str,
        classes: &[String],
    ) -> Result<(Dataset, Vec<Unreadable>), DataError> {
        let numbers: Option<Vec<usize>> = self
            .ids
            .iter()
            .map(|id| {
                let own = class_of(id).filter(|_| self.has_classes)?;
                classes.binary_search_by(|class| natural::compare(class, own)).ok()
            })
            .collect();
        let set = Dataset::new(name, self.images).with_ids(self.ids)?;
        let Some(numbers) = numbers else {
            return Ok((set, self.skipped));
        };
        let numbers =
            numbers.into_iter().map(u16::try_from).collect::<Result<Vec<_>, _>>().map_err(|_| {
                DataError::Setting {
                    setting: "sub-folders as classes".into(),
                    expected: format!("at most {} classes", u32::from(u16::MAX) + 1),
                    got: classes.len().to_string(),
                }
            })?;
        Ok((set.with_labels(Labels::new(numbers, classes.to_vec())?)?, self.skipped))
    }
}

/// The first sub-folder on each path, sorted, each once; empty if a path has none.
pub(super) fn class_names<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let Some(mut names) = ids.map(class_of).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    names.sort_by(|a, b| natural::compare(a, b));
    names.dedup();
    names.into_iter().map(String::from).collect()
}

fn class_of(id: &str) -> Option<&str> {
    id.split_once('/').map(|(class, _)| class)
}

/// Images appended one by one: grey until one has colour, then all RGB.
#[derive(Default)]
pub(super) struct Growing {
    first: Option<(PathBuf, Shape)>,
    pixels: Vec<u8>,
    /// How many files have more than one picture, the first of them, and how many it has.
    several: Option<(usize, PathBuf, usize)>,
    depths: Depths,
}

impl Growing {
    /// How many images to decode next: the first alone, to learn how large they are.
    pub(super) fn chunk(&self) -> usize {
        match &self.first {
            None => 1,
            Some((_, shape)) => (CHUNK_BYTES / shape.len()).clamp(2, CHUNK),
        }
    }

    pub(super) fn push(
        &mut self,
        path: &Path,
        image: &Decoded,
        size: Option<(usize, usize)>,
    ) -> Result<(), DataError> {
        self.depths.add(path, image.deepest);
        if image.pictures > 1 {
            self.several.get_or_insert_with(|| (0, path.into(), image.pictures)).0 += 1;
        }
        let got = (image.height, image.width);
        if let Some(expected) = size.filter(|&expected| expected != got) {
            return Err(DataError::WrongSize { path: path.into(), expected, got });
        }
        let (first, shape) = self
            .first
            .get_or_insert_with(|| (path.into(), Shape::new(image.channels, image.height, image.width)));
        if (shape.height, shape.width) != got {
            return Err(DataError::SizesDiffer {
                first: first.clone(),
                first_size: (shape.height, shape.width),
                second: path.into(),
                second_size: got,
                usual: None,
            });
        }
        if shape.channels < image.channels {
            self.pixels = repeat_planes(&self.pixels, shape.area());
            shape.channels = image.channels;
        }
        if image.channels < shape.channels {
            self.pixels.extend(repeat_planes(&image.planes, shape.area()));
        } else {
            self.pixels.extend_from_slice(&image.planes);
        }
        Ok(())
    }

    /// What is said of files with more pictures than the one that was taken, and of those whose values have 16 bits.
    pub(super) fn notes(&self) -> Vec<String> {
        self.several_pictures().into_iter().chain(self.depths.note()).collect()
    }

    fn several_pictures(&self) -> Option<String> {
        let (files, first, pictures) = self.several.as_ref()?;
        let name = escaped(&display_name(first)).into_owned();
        Some(match files {
            1 => format!("{name} has {pictures} pages or frames: the first is used"),
            _ => format!(
                "{files} files have several pages or frames ({name} has {pictures}): the first of each is used"
            ),
        })
    }

    /// The images so far; those to come have to be like them.
    pub(super) fn take(&mut self) -> Option<Images> {
        let (_, shape) = self.first.as_ref()?;
        Images::new(*shape, std::mem::take(&mut self.pixels))
    }

    pub(super) fn into_images(self) -> Option<Images> {
        let (_, shape) = self.first?;
        Images::new(shape, self.pixels)
    }
}

/// Each plane of `area` bytes three times over.
fn repeat_planes(planes: &[u8], area: usize) -> Vec<u8> {
    planes.chunks_exact(area).flat_map(|plane| [plane; 3]).flatten().copied().collect()
}

/// Grey images as RGB with three equal planes.
pub(super) fn grey_to_rgb(images: &Images) -> Option<Images> {
    let shape = images.shape();
    Images::new(Shape::new(3, shape.height, shape.width), repeat_planes(images.pixels(), shape.area()))
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
