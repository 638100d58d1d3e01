//! Lists, and several sources.

use super::*;

#[test]
fn lists_and_several_sources() {
    let place = Place::new();
    place.put("p/cat/1.png", png(1));
    place.put("p/dog/1.png", png(2));
    place.put("x.npy", npy("|u1", "(2, 4, 4)", &[9; 32]));
    let list = place.put("list.txt", "p/dog/1.png 1\r\np/cat/1.png 0\r\n");
    let marked = [&b"\xef\xbb\xbf"[..], &fs::read(&list).unwrap()].concat();
    let marked = place.put("marked.txt", marked);
    assert!(open(&format!("@{}", marked.display()), &options()).is_ok());
    let found = open(&format!("@{}", list.display()), &options()).unwrap();
    assert_eq!(
        (firsts(&found.train), classes(&found.train)),
        (vec![2, 1], ["1", "0"].map(String::from).to_vec())
    );
    assert_eq!((found.train.id(0), found.train.id(1)), ("dog/1.png".into(), "cat/1.png".into()));
    let several = [place.at("p"), place.at("x.npy")].map(|path| path.display().to_string());
    let found = open_inputs(&several, &options()).unwrap();
    assert_eq!(firsts(&found.train), [1, 2, 9, 9]);
    assert_eq!((found.train.id(0), found.train.id(3)), ("p/cat/1.png".into(), "x.npy/1".into()));
    let missing = place.put("missing.txt", "nowhere.png\n");
    assert!(
        open(&format!("@{}", missing.display()), &options()).unwrap_err().to_string().contains("nowhere.png")
    );
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_stay_distinct_in_archives_and_lists() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let mut archive = tar::Builder::new(Vec::new());
    for (name, value) in [(b"gr\xfcn.png", 1), (b"gr\xfdn.png", 2)] {
        let mut header = tar::Header::new_ustar();
        header.set_size(png(value).len() as u64);
        archive.append_data(&mut header, OsStr::from_bytes(name), &png(value)[..]).unwrap();
        fs::write(place.0.path().join(OsStr::from_bytes(name)), png(value)).unwrap();
    }
    let tar = place.put("a.tar", archive.into_inner().unwrap());
    let list = place.put("list.txt", b"gr\xfcn.png\ngr\xfdn.png\n");
    let list = PathBuf::from(format!("@{}", list.display()));
    for source in [tar, list] {
        let found = read(&source).unwrap();
        assert_eq!([0, 1].map(|index| found.train.id(index).into_owned()), [r"gr\xFCn.png", r"gr\xFDn.png"]);
    }
    fs::write(place.0.path().join(OsStr::from_bytes(b"gr\xfcn.npy")), npy("|u1", "(1, 2, 2)", &[5; 4]))
        .unwrap();
    let list = place.put("arrays.txt", b"gr\xfcn.npy\n");
    let found = read(&PathBuf::from(format!("@{}", list.display()))).unwrap();
    assert_eq!(found.train.len(), 1);
}

#[test]
fn lists_as_programs_write_them() {
    let place = Place::new();
    place.put("a b, c.png", png(100));
    place.put("d.png", png(200));
    let of = |text: &str| {
        let list = place.put("list.csv", text);
        open(&format!("@{}", list.display()), &options())
    };
    for text in [
        "path,label\n\"a b, c.png\",cat\nd.png,dog\n",
        "\"a b, c.png\",\"cat\"\n'd.png',\"dog\"\n",
        "a b, c.png,cat\nd.png\tdog\n",
    ] {
        let found = of(text).unwrap();
        assert_eq!(
            (firsts(&found.train), classes(&found.train)),
            (vec![100, 200], vec!["cat".into(), "dog".into()]),
            "{text}"
        );
        let notes: &[&str] = match text.starts_with("path") {
            true => &["line 1 of the list, `path,label`, names its columns and is passed over"],
            false => &[],
        };
        assert_eq!(found.notes, notes);
    }
    assert_eq!(firsts(&of("\"a b, c.png\"\n\"d.png\"\n").unwrap().train), [100, 200]);
    let error = of("d.png\n\nnowhere.png,cat\n").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("list.csv: line 3: expected the path of a file or folder, got `nowhere.png,cat`"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("a class may stand behind a path"), "{:?}", error.hint());
}
