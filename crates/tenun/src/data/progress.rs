//! [`Progress`]: who is told how far a download, or the decoding of images, has come.

/// Called with a file's name, the bytes that have come, and how many there will be, if the server says.
pub type OnDownload<'a> = &'a (dyn Fn(&str, u64, Option<u64>) + Sync);

/// Called with the number of images decoded, and the number there are.
pub type OnImage<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Who is told how far opening a source has come; by default nobody.
#[derive(Clone, Copy, Default)]
pub struct Progress<'a> {
    /// Called as a download goes on.
    pub on_download: Option<OnDownload<'a>>,
    /// Called as images of a folder are decoded.
    pub on_image: Option<OnImage<'a>>,
}
