//! Data sets that are known by name: what their files are, where they lie, and where they come from.
//!
//! A set is looked for in this order: `TENUN_DATA` (a folder that has a folder of the set's name, or the files
//! themselves); the cache (`tenun/<name>` in the user's cache folder); `/usr/share/datasets/<name>`, where Debian's
//! packages put it; and last it is downloaded from its own address into the cache. The first place that has all
//! four files is used, and a file there that is not the set's is an error, not a reason to look on.
//!
//! Files are checked by the SHA-256 of their *decompressed* bytes, so that it does not matter who compressed
//! them. For `kmnist` only digests of the compressed files are published: they are checked on download, and
//! files found elsewhere are checked for their size and for not being another known set.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::fetch::download;
use super::idx::{self, IdxArray};
use super::idx_split::{FILES, Split, collect};
use super::progress::OnDownload;
use super::{Collection, DataError};
use crate::names::shown;

/// A data set that is known by name: four IDX files, training and test images with labels of 10 classes.
#[derive(Debug)]
pub struct NamedSet {
    /// Its name: `fashion-mnist`.
    pub name: &'static str,
    /// What its images show.
    pub about: &'static str,
    /// The address that its four files are downloaded from, up to their names.
    pub address: &'static str,
    /// Names of the classes.
    pub classes: [&'static str; 10],
    /// The Debian package that has it.
    pub package: Option<&'static str>,
    /// Lengths of the axes of the files, in the order of [`FILES`].
    axes: [&'static [usize]; 4],
    /// Digests of the files, in the same order.
    digests: Digests,
}

/// What the four files are known by.
#[derive(Debug)]
enum Digests {
    /// SHA-256 of the decompressed bytes.
    Content([&'static str; 4]),
    /// SHA-256 of the gzip files that the set's address serves.
    Gzip([&'static str; 4]),
}

/// Lengths of the axes of MNIST's files, which the others took over.
const AXES: [&[usize]; 4] = [&[60_000, 28, 28], &[60_000], &[10_000, 28, 28], &[10_000]];

/// Every set that is known by name.
pub const NAMED_SETS: [NamedSet; 3] = [
    NamedSet {
        name: "fashion-mnist",
        about: "images of clothing from Zalando, 10 classes",
        address: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        classes: [
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
        package: Some("dataset-fashion-mnist"),
        axes: AXES,
        digests: Digests::Content([
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ]),
    },
    NamedSet {
        name: "mnist",
        about: "handwritten digits, 10 classes",
        address: "https://ossci-datasets.s3.amazonaws.com/mnist/",
        classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        package: None,
        axes: AXES,
        digests: Digests::Content([
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ]),
    },
    NamedSet {
        name: "kmnist",
        about: "cursive Japanese characters (Kuzushiji), 10 classes",
        address: "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
        package: None,
        axes: AXES,
        digests: Digests::Gzip([
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ]),
    },
];

/// The set of this name, if it is known.
#[must_use]
pub fn find_named(name: &str) -> Option<&'static NamedSet> {
    NAMED_SETS.iter().find(|set| set.name == name)
}

/// The set whose training or test images these are, known by their digest.
pub(crate) fn recognise(images: &IdxArray) -> Option<&'static NamedSet> {
    if images.axes() != AXES[0] && images.axes() != AXES[2] {
        return None;
    }
    let digest = images.sha256();
    NAMED_SETS.iter().find(|set| set.has_digest(digest))
}

/// Where named sets are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPaths {
    /// A folder that has a folder of the set's name, or the files themselves: `TENUN_DATA`.
    pub data: Option<PathBuf>,
    /// The folder in which downloads are kept, each set in a folder of its name.
    pub cache: Option<PathBuf>,
    /// The folder in which decompressed copies of gzip files are kept, so that they are decompressed once; none are
    /// kept if there is no such folder.
    pub unpacked: Option<PathBuf>,
    /// The folder where the system's packages put data sets, each in a folder of its name.
    pub system: Option<PathBuf>,
    /// Whether a set that is found nowhere may be downloaded into the cache.
    pub download: bool,
    /// An address to download from instead of the set's own, up to the files' names.
    pub address: Option<String>,
}

impl SearchPaths {
    /// The paths that this user's environment tells of, with downloads allowed.
    #[must_use]
    pub fn from_environment() -> Self {
        let cache = etcetera::choose_base_strategy().ok().map(|user| user.cache_dir().join("tenun"));
        Self {
            data: std::env::var_os("TENUN_DATA").filter(|path| !path.is_empty()).map(PathBuf::from),
            unpacked: cache.as_ref().map(|cache| cache.join("unpacked")),
            cache,
            system: Some("/usr/share/datasets".into()),
            download: true,
            address: None,
        }
    }
}

impl Default for SearchPaths {
    fn default() -> Self {
        Self::from_environment()
    }
}

impl NamedSet {
    /// Finds the set in `paths`, downloading it as the last resort, and reads it.
    ///
    /// # Errors
    /// [`DataError::NotFound`] or [`DataError::NotFetched`] if it is nowhere; [`DataError::Checksum`] or
    /// [`DataError::Malformed`] if what is found is not the set.
    pub fn open(
        &self,
        paths: &SearchPaths,
        on_download: Option<OnDownload<'_>>,
    ) -> Result<Collection, DataError> {
        let mut searched = Vec::new();
        let candidates = [
            paths.data.as_ref().map(|folder| folder.join(self.name)),
            paths.data.clone(),
            paths.cache.as_ref().map(|folder| folder.join(self.name)),
            paths.system.as_ref().map(|folder| folder.join(self.name)),
        ];
        for folder in candidates.into_iter().flatten() {
            match files_in(&folder) {
                Ok(files) => {
                    let passed_over = paths.data.as_ref().filter(|data| !folder.starts_with(data));
                    let note = passed_over.map(|data| {
                        format!(
                            "TENUN_DATA, {}, does not have `{}`: it was found elsewhere",
                            shown(data),
                            self.name
                        )
                    });
                    let mut collection = self.read(folder, files, paths)?;
                    collection.notes.extend(note);
                    return Ok(collection);
                }
                Err(missing) => searched.push(missing),
            }
        }
        if !paths.download {
            return Err(DataError::NotFound { name: self.name, searched, package: self.package });
        }
        let folder = self.fetch(paths, on_download).map_err(|source| DataError::NotFetched {
            name: self.name,
            searched,
            package: self.package,
            source: Box::new(source),
        })?;
        let files = files_in(&folder).map_err(|missing| DataError::NotFound {
            name: self.name,
            searched: vec![missing],
            package: self.package,
        })?;
        self.read(folder, files, paths)
    }

    /// Downloads into the cache those of the set's files that are not there, and returns their folder.
    ///
    /// Each file appears whole and checked, or not at all; a download that was cut off goes on with the next file.
    ///
    /// # Errors
    /// [`DataError::Download`], [`DataError::Checksum`], [`DataError::Io`]; [`DataError::Setting`] if there is no
    /// cache folder.
    pub fn fetch(
        &self,
        paths: &SearchPaths,
        on_download: Option<OnDownload<'_>>,
    ) -> Result<PathBuf, DataError> {
        let Some(cache) = &paths.cache else {
            return Err(DataError::Setting {
                setting: "cache folder".into(),
                expected: "a home folder, or XDG_CACHE_HOME".into(),
                got: "neither".into(),
            });
        };
        let folder = cache.join(self.name);
        std::fs::create_dir_all(&folder).map_err(DataError::io(&folder, "create"))?;
        let address = paths.address.as_deref().unwrap_or(self.address);
        for (file, name) in FILES.iter().enumerate() {
            if idx::find_in(&folder, name).is_some() {
                continue;
            }
            let url = format!("{address}{name}.gz");
            let target = folder.join(format!("{name}.gz"));
            download(&url, &target, on_download, |path, gzip| {
                if let Digests::Gzip(digests) = &self.digests {
                    return same_digest(&url, digests[file], &gzip);
                }
                let array = idx::read_array(path).map_err(|error| match error {
                    // The temporary file's name would tell the user nothing.
                    DataError::Malformed { place, expected, got, .. } => DataError::Download {
                        url: url.clone(),
                        reason: format!("what came is not the file: {place}: expected {expected}, got {got}"),
                    },
                    other => other,
                })?;
                self.check(file, &url, &array)
            })?;
        }
        Ok(folder)
    }

    /// Reads and checks the four files.
    fn read(
        &self,
        folder: PathBuf,
        files: [PathBuf; 4],
        paths: &SearchPaths,
    ) -> Result<Collection, DataError> {
        let [train, train_labels, test, test_labels] = files;
        let split = |images: PathBuf, labels: PathBuf, first: usize| {
            let split = Split::read(images, Some(labels), paths.unpacked.as_deref())?;
            self.check(first, &shown(&split.path), &split.images)?;
            if let Some((path, labels)) = &split.labels
                && let Ok(labels) = labels
            {
                self.check(first + 1, &shown(path), labels)?;
            }
            Ok::<_, DataError>(split)
        };
        let (train, test) = rayon::join(|| split(train, train_labels, 0), || split(test, test_labels, 2));
        collect(self.name, folder, train?, Some(test?), Some(&self.classes))
    }

    /// Whether `array`, which is at `place`, is file number `file` of this set.
    fn check(&self, file: usize, place: &str, array: &IdxArray) -> Result<(), DataError> {
        if array.axes() != self.axes[file] {
            return Err(DataError::Malformed {
                path: place.into(),
                place: "byte 4 (lengths of the axes)".into(),
                expected: format!("{:?}, as `{}` has", self.axes[file], self.name),
                got: format!("{:?}", array.axes()),
                advice: "this is another data set: give its folder's path, not a data set's name".into(),
            });
        }
        let digest = array.sha256();
        match &self.digests {
            Digests::Content(digests) => same_digest(place, digests[file], digest),
            Digests::Gzip(_) => match NAMED_SETS.iter().find(|set| set.has_digest(digest)) {
                None => Ok(()),
                Some(other) => Err(DataError::Checksum {
                    place: place.into(),
                    expected: format!("of a file of `{}`", self.name),
                    got: format!("{digest}, a file of `{}`", other.name),
                }),
            },
        }
    }

    /// Whether one of this set's files is known to have this digest of its decompressed bytes.
    fn has_digest(&self, digest: &str) -> bool {
        matches!(&self.digests, Digests::Content(digests) if digests.contains(&digest))
    }
}

fn same_digest(place: &str, expected: &str, got: &str) -> Result<(), DataError> {
    if expected == got {
        return Ok(());
    }
    Err(DataError::Checksum { place: place.into(), expected: expected.into(), got: got.into() })
}

/// The four files in `folder`, or which of them is missing.
fn files_in(folder: &Path) -> Result<[PathBuf; 4], String> {
    if !folder.is_dir() {
        return Err(format!("{} (no such folder)", shown(folder)));
    }
    let found = FILES.map(|name| idx::find_in(folder, name));
    if let Some(missing) = found.iter().position(Option::is_none) {
        return Err(format!("{} (no file {})", shown(folder), FILES[missing]));
    }
    Ok(found.map(Option::unwrap_or_default))
}

#[cfg(test)]
#[path = "named_tests.rs"]
mod tests;
