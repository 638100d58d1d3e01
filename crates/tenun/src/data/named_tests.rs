use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use tenun_engine::Shape;

use super::super::digest::Hasher;
use super::*;
use crate::data::Images;

/// The four files of a small set, plain: 3 training images and 2 test images of 2×2.
fn plain_files() -> [Vec<u8>; 4] {
    let images = |count: usize, seed: u8| {
        let pixels = (0..4 * count).map(|i| seed + i as u8).collect();
        let mut bytes = Vec::new();
        idx::write_images(&mut bytes, &Images::new(Shape::new(1, 2, 2), pixels).unwrap()).unwrap();
        bytes
    };
    let labels = |labels: &[u8]| {
        let mut bytes = Vec::new();
        idx::write_labels(&mut bytes, labels).unwrap();
        bytes
    };
    [images(3, 0), labels(&[0, 9, 1]), images(2, 100), labels(&[2, 0])]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn digest(bytes: &[u8]) -> &'static str {
    Hasher::new(bytes).hex().leak()
}

/// The small set, with digests as `digests` makes them of the plain files.
fn tiny(digests: impl Fn([&'static str; 4]) -> Digests, of: impl Fn(&[u8]) -> &'static str) -> NamedSet {
    NamedSet {
        name: "tiny",
        about: "test images",
        address: "http://localhost:1/",
        classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        package: Some("dataset-tiny"),
        axes: [&[3, 2, 2], &[3], &[2, 2, 2], &[2]],
        digests: digests(plain_files().map(|bytes| of(&bytes))),
    }
}

fn by_content() -> NamedSet {
    tiny(Digests::Content, digest)
}

fn by_gzip() -> NamedSet {
    tiny(Digests::Gzip, |bytes| digest(&gzip(bytes)))
}

/// Puts the set into `folder`, every other file compressed.
fn install(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (number, (name, bytes)) in FILES.iter().zip(plain_files()).enumerate() {
        match number % 2 {
            0 => fs::write(folder.join(name), bytes).unwrap(),
            _ => fs::write(folder.join(format!("{name}.gz")), gzip(&bytes)).unwrap(),
        }
    }
}

fn nowhere() -> SearchPaths {
    SearchPaths { data: None, cache: None, unpacked: None, system: None, download: false, address: None }
}

/// A server on this machine that gives each request's path to `answer` and sends what it returns; its address.
fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().and_then(Result::ok).unwrap_or_default();
            // The rest of the request has to be taken off the line, or closing would reset the connection.
            for line in lines {
                if line.is_ok_and(|line| line.is_empty()) {
                    break;
                }
            }
            let path = request.split(' ').nth(1).unwrap_or_default();
            let _ = stream.write_all(&answer(path));
        }
    });
    address
}

fn ok(body: &[u8]) -> Vec<u8> {
    let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [response.into_bytes(), body.to_vec()].concat()
}

/// Serves the set as it should be.
fn good(path: &str) -> Vec<u8> {
    let position = FILES.iter().position(|name| path == format!("/{name}.gz"));
    position.map_or_else(
        || b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        |position| ok(&gzip(&plain_files()[position])),
    )
}

/// SearchPaths with an empty cache that downloads from `address`.
fn download_from(address: String) -> (tempfile::TempDir, SearchPaths) {
    let cache = tempfile::tempdir().unwrap();
    let paths =
        SearchPaths { cache: Some(cache.path().into()), download: true, address: Some(address), ..nowhere() };
    (cache, paths)
}

fn check(collection: &Collection) {
    assert_eq!(collection.train.images().pixels(), (0..12).collect::<Vec<u8>>());
    assert_eq!(collection.train.labels().unwrap().classes(), [0, 9, 1]);
    assert_eq!(collection.train.labels().unwrap().names().len(), 10);
    assert_eq!(collection.test.as_ref().unwrap().labels().unwrap().classes(), [2, 0]);
}

#[test]
fn places_are_searched_in_their_order() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let paths = SearchPaths {
        data: Some(at("data")),
        cache: Some(at("cache")),
        system: Some(at("system")),
        ..nowhere()
    };
    // From the last place to the first: each new one wins.
    for folder in ["system/tiny", "cache/tiny", "data", "data/tiny"] {
        install(&at(folder));
        let collection = by_content().open(&paths, None).unwrap();
        check(&collection);
        assert_eq!(collection.origin, at(folder));
        // A user who set TENUN_DATA in vain is told.
        assert_eq!(
            collection.notes.len(),
            usize::from(!folder.starts_with("data")),
            "{:?}",
            collection.notes
        );
    }
}

#[test]
fn a_set_found_nowhere_says_where_it_looked_and_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let paths = SearchPaths {
        data: Some(root.path().join("data")),
        cache: Some(root.path().join("cache")),
        system: Some(root.path().join("system")),
        ..nowhere()
    };
    install(&root.path().join("cache/tiny"));
    fs::remove_file(root.path().join("cache/tiny/t10k-images-idx3-ubyte")).unwrap();
    let error = by_content().open(&paths, None).unwrap_err();
    let (message, hint) = (error.to_string(), error.hint().unwrap());
    assert!(message.contains("`tiny` was not found"), "{message}");
    assert!(message.contains("data/tiny (no such folder)") && message.contains("system/tiny"), "{message}");
    assert!(message.contains("cache/tiny (no file t10k-images-idx3-ubyte)"), "{message}");
    assert!(hint.contains("dataset-tiny") && hint.contains("TENUN_DATA"), "{hint}");
}

#[test]
fn files_that_are_not_the_set_s_are_an_error_where_they_are_found() {
    let root = tempfile::tempdir().unwrap();
    let paths = SearchPaths { data: Some(root.path().into()), ..nowhere() };
    install(root.path());
    let images = root.path().join(FILES[0]);
    let mut bytes = fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, &bytes).unwrap();
    let error = by_content().open(&paths, None).unwrap_err();
    assert!(matches!(&error, DataError::Checksum { place, .. } if place.contains(FILES[0])), "{error}");
    assert!(
        error.to_string().contains(&format!("expected SHA-256 {}", digest(&plain_files()[0]))),
        "{error}"
    );
    // Only compressed digests are known: the size is all that can be checked here.
    assert!(by_gzip().open(&paths, None).is_ok());

    fs::write(&images, &plain_files()[2]).unwrap();
    let message = by_gzip().open(&paths, None).unwrap_err().to_string();
    assert!(message.contains("[3, 2, 2], as `tiny` has") && message.contains("[2, 2, 2]"), "{message}");
}

#[test]
fn a_download_fills_the_cache_and_is_not_repeated() {
    for set in [by_content(), by_gzip()] {
        let (cache, mut paths) = download_from(serve(good));
        let seen = Mutex::new(Vec::new());
        let watch = |name: &str, done: u64, total: Option<u64>| {
            seen.lock().unwrap().push((name.to_string(), done, total))
        };
        check(&set.open(&paths, Some(&watch)).unwrap());
        let seen = seen.into_inner().unwrap();
        assert!(FILES.iter().all(|file| {
            seen.iter().any(|(name, done, total)| *name == format!("{file}.gz") && *total == Some(*done))
        }));
        let entries = fs::read_dir(cache.path().join("tiny")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let mut expected = FILES.map(|name| format!("{name}.gz"));
        expected.sort();
        assert_eq!(names, expected);

        paths.address = Some(refusing());
        check(&set.open(&paths, None).unwrap());
        // What is missing, and nothing else, is fetched again.
        fs::remove_file(cache.path().join("tiny/t10k-labels-idx1-ubyte.gz")).unwrap();
        assert!(set.open(&paths, None).is_err());
        paths.address = Some(serve(good));
        check(&set.open(&paths, None).unwrap());
    }
}

/// The address of a port that nobody listens on.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}

/// A download that must fail: its whole message, with nothing left in the cache.
#[track_caller]
fn failure(set: &NamedSet, address: String) -> String {
    let (cache, paths) = download_from(address);
    let error = set.open(&paths, None).unwrap_err();
    assert!(matches!(error, DataError::NotFetched { .. }), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("dataset-tiny") && hint.contains("TENUN_DATA"), "{hint}");
    assert_eq!(fs::read_dir(cache.path().join("tiny")).unwrap().count(), 0, "{error}");
    error.to_string()
}

#[test]
fn downloads_that_fail_leave_nothing_behind() {
    let set = by_content();
    let message = failure(&set, refusing());
    assert!(message.contains("could not be downloaded") && message.contains(FILES[0]), "{message}");

    let message = failure(&set, serve(|_| good("/no-such-file")));
    assert!(message.contains("the server answered 404"), "{message}");

    let cut = |path: &str| {
        let mut response = good(path);
        response.truncate(response.len() - 5);
        response
    };
    for set in [by_content(), by_gzip()] {
        let message = failure(&set, serve(cut));
        assert!(message.contains("download of http://127.0.0.1"), "{message}");
    }

    // Without a length, the end of the connection is the end of the body.
    let unsized_cut = |_: &str| {
        let body = gzip(&plain_files()[0]);
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", &body[..body.len() - 5]].concat()
    };
    let message = failure(&set, serve(unsized_cut));
    assert!(message.contains("truncated gzip stream"), "{message}");

    let message = failure(&set, serve(|_| ok(b"<html>Log in to the network first</html>")));
    assert!(message.contains("what came is not the file") && message.contains("0x3c68746d"), "{message}");

    let huge = |_: &str| b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n".to_vec();
    let message = failure(&set, serve(huge));
    assert!(message.contains("announces 10000000000 bytes"), "{message}");
}

#[test]
fn a_download_with_the_wrong_digest_is_refused() {
    let other = |_: &str| {
        let mut bytes = plain_files()[0].clone();
        *bytes.last_mut().unwrap() ^= 1;
        ok(&gzip(&bytes))
    };
    for set in [by_content(), by_gzip()] {
        let message = failure(&set, serve(other));
        assert!(message.contains("expected SHA-256") && message.contains(FILES[0]), "{message}");
    }
}

#[test]
fn without_a_cache_there_is_no_download() {
    let error = by_content().open(&SearchPaths { download: true, ..nowhere() }, None).unwrap_err();
    assert!(error.to_string().contains("cache folder"), "{error}");
}

#[test]
fn names_are_known_and_digests_well_formed() {
    assert_eq!(find_named("kmnist").unwrap().classes[0], "o");
    assert!(find_named("cifar10").is_none());
    for set in &NAMED_SETS {
        let (Digests::Content(digests) | Digests::Gzip(digests)) = &set.digests;
        for digest in digests {
            assert!(digest.len() == 64 && digest.bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
        }
        assert!(set.address.ends_with('/'));
    }
}

/// The one test that uses real data: it says so and passes where there are none.
#[test]
#[allow(clippy::print_stderr)]
fn real_fashion_mnist() {
    let system = Path::new("/usr/share/datasets");
    if !system.join("fashion-mnist").is_dir() {
        eprintln!("skipped: no {}/fashion-mnist (Debian package dataset-fashion-mnist)", system.display());
        return;
    }
    let paths = SearchPaths { system: Some(system.into()), ..nowhere() };
    let collection = find_named("fashion-mnist").unwrap().open(&paths, None).unwrap();
    let test = collection.test.as_ref().unwrap();
    assert_eq!((collection.train.len(), test.len()), (60_000, 10_000));
    let labels = collection.train.labels().unwrap();
    assert_eq!(labels.counts(), [6000; 10]);
    assert_eq!(labels.names()[usize::from(labels.classes()[0])], "Ankle boot");

    // By its path it is the same, class names included.
    let by_path = super::super::read_idx_folder(&system.join("fashion-mnist")).unwrap().unwrap();
    assert_eq!(by_path, collection);

    // Its files have the names that KMNIST's have: they are not taken for them.
    let paths = SearchPaths { data: Some(system.join("fashion-mnist")), ..nowhere() };
    let error = find_named("kmnist").unwrap().open(&paths, None).unwrap_err();
    assert!(error.to_string().contains("a file of `fashion-mnist`"), "{error}");
    assert!(matches!(find_named("mnist").unwrap().open(&paths, None), Err(DataError::Checksum { .. })));
}
