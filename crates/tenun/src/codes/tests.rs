use std::fs;
use std::path::Path;

use super::*;

const ENDINGS: [&str; 3] = ["npy", "csv", "parquet"];

fn sample(rows: usize, labels: bool) -> Codes {
    let ids = (0..rows).map(|row| format!("a, \"b\"/{row}é.png")).collect();
    let labels = labels.then(|| (0..rows).map(|row| format!("class {}", row % 3)).collect());
    // Numbers that a careless writer rounds: the least normal and subnormal ones, −0, and thirds.
    let odd = [f32::MIN_POSITIVE, f32::from_bits(1), -0.0, 1.0 / 3.0, f32::MAX, -1e-30, 16_777_216.0];
    let values = (0..rows * 4).map(|i| odd[i % odd.len()] * if i > 20 { 0.5 } else { 1.0 }).collect();
    Codes::new(ids, labels, 4, values).unwrap()
}

fn bits(codes: &Codes) -> Vec<u32> {
    codes.values().iter().map(|value| value.to_bits()).collect()
}

#[test]
fn what_is_written_is_read_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ENDINGS {
        for (rows, labels) in [(9, true), (9, false), (1, true), (0, false)] {
            let path = folder.path().join("deep/er").join(format!("codes.{ending}"));
            let codes = sample(rows, labels);
            write(&path, &codes).unwrap();
            let back = read(&path).unwrap();
            assert_eq!(back, codes, "{ending}, {rows} rows");
            assert_eq!(bits(&back), bits(&codes), "{ending}");
        }
    }
}

#[test]
fn which_model_made_them_is_kept_where_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    for (ending, kept) in [("npy", None), ("csv", None), ("parquet", Some("0a1b"))] {
        let path = folder.path().join(format!("codes.{ending}"));
        write(&path, &sample(3, true).made_by("0a1b")).unwrap();
        assert_eq!(read(&path).unwrap().model(), kept, "{ending}");
        write(&path, &sample(3, true)).unwrap();
        assert_eq!(read(&path).unwrap().model(), None, "{ending}");
    }
}

/// The rows of a range as codes of their own.
fn cut(codes: &Codes, rows: std::ops::Range<usize>) -> Codes {
    let labels = codes.labels().map(|labels| labels[rows.clone()].to_vec());
    let values = codes.values()[rows.start * 4..rows.end * 4].to_vec();
    Codes::new(codes.ids()[rows].to_vec(), labels, 4, values).unwrap()
}

#[test]
fn parts_make_the_same_file_as_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    // More than a group of Parquet's.
    for (rows, labels) in [(0, true), (9, false), (70_000, true)] {
        let codes = sample(rows, labels);
        let heading = Heading { images: rows, features: 4, labels, model: None };
        for ending in ENDINGS {
            let (one, two) = (folder.path().join("one").join(ending), folder.path().join("two").join(ending));
            let (one, two) = (one.with_extension(ending), two.with_extension(ending));
            write(&one, &codes).unwrap();
            let cuts = [0, rows / 3, rows / 3, rows * 9 / 10, rows];
            write_parts(&two, &heading, cuts.windows(2).map(|cut_at| Ok(cut(&codes, cut_at[0]..cut_at[1]))))
                .unwrap();
            assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap(), "{ending}, {rows} rows");
            if ending == "npy" {
                assert_eq!(fs::read(ids_beside(&one)).unwrap(), fs::read(ids_beside(&two)).unwrap());
            }
        }
    }
}

#[test]
fn a_part_that_fails_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let heading = Heading { images: 9, features: 4, labels: true, model: None };
    let part = |rows, labels| Ok(sample(rows, labels));
    for ending in ENDINGS {
        let path = folder.path().join(format!("c.{ending}"));
        write(&path, &sample(2, true)).unwrap();
        for parts in [
            vec![part(4, true), Err(io::Error::other("stopped"))],
            vec![Err(io::Error::other("stopped"))],
            // Too few, too many, and such as have no classes.
            vec![part(4, true), part(4, true)],
            vec![part(4, true), part(6, true)],
            vec![part(4, true), part(5, false)],
            vec![],
        ] {
            let error = write_parts(&path, &heading, parts).unwrap_err();
            assert!(matches!(error, CodesError::Io { .. }), "{error}");
            assert_eq!(read(&path).unwrap(), sample(2, true), "{ending}");
        }
    }
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 4, "three files and the identifiers of one");
}

#[test]
fn an_array_whose_identifiers_cannot_be_written_does_not_appear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.npy");
    fs::create_dir_all(ids_beside(&path).join("in the way")).unwrap();
    let error = write(&path, &sample(3, true)).unwrap_err();
    assert!(error.to_string().contains("cannot write") && error.to_string().contains("c.ids.csv"), "{error}");
    assert!(!path.exists());
}

#[test]
fn nothing_is_left_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["csv", "parquet"] {
        write(&folder.path().join(format!("c.{ending}")), &sample(3, true)).unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["c.csv", "c.parquet"]);
}

#[test]
fn csv_is_what_people_expect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.csv");
    let codes = Codes::new(
        vec!["0".into(), "1".into()],
        Some(vec!["cat".into(), "a, b".into()]),
        2,
        vec![0.1, -2.0, 1e-30, 3.0],
    );
    write(&path, &codes.unwrap()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "id,label,z0,z1\n0,cat,0.1,-2.0\n1,\"a, b\",1e-30,3.0\n");
}

#[test]
fn a_numpy_array_needs_no_identifiers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.npy");
    write(&path, &sample(3, true)).unwrap();
    assert_eq!(fs::read_to_string(ids_beside(&path)).unwrap().lines().count(), 4);
    fs::remove_file(ids_beside(&path)).unwrap();
    let back = read(&path).unwrap();
    assert_eq!(back.ids(), ["0", "1", "2"]);
    assert_eq!(back.labels(), None);

    fs::write(ids_beside(&path), "id\na\nb\n").unwrap();
    let error = read(&path).unwrap_err();
    assert!(error.to_string().contains("expected 3 identifiers"), "{error}");
    assert!(error.hint().unwrap().contains("remove it"));
}

#[test]
fn lengths_have_to_go_together() {
    for (ids, labels, features, values) in [(2, None, 2, 3), (2, Some(1), 2, 4), (0, None, 0, 0)] {
        let text = |n: usize| vec![String::new(); n];
        let error = Codes::new(text(ids), labels.map(text), features, vec![0.0; values]).unwrap_err();
        assert!(matches!(error, CodesError::Lengths { .. }), "{error}");
    }
}

fn refused(path: &Path, expected: &str) {
    let error = read(path).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn tables_with_faults_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.csv");
    for (text, expected) in [
        ("", "expected a column `z0`"),
        ("id,z0\na,1\nb\n", "line 3: expected 2 fields"),
        ("id,z0\na,1\nb,x\n", "line 3, column `z0`: expected a finite number, got `x`"),
        ("id,z0\na,NaN\n", "line 2, column `z0`"),
        ("z0\n1e39\n", "line 2, column `z0`"),
        ("id,z0\r\na,1\r\nb\r\n", "line 3: expected 2 fields"),
        ("id,z0\r\na,1\r\nb,x\r\n", "line 3, column `z0`"),
        ("id,z0\n\n\na,x\n", "line 4, column `z0`"),
        ("id,z0\r\n\r\n\"a\r\nb\",1\r\nc,x\r\n", "line 5, column `z0`"),
        ("id,z0\ra,1\rb,x\r", "line 3, column `z0`"),
    ] {
        fs::write(&path, text).unwrap();
        refused(&path, expected);
    }
    fs::write(&path, b"id,z0\n\xff,1\n").unwrap();
    refused(&path, "expected text in UTF-8");
    refused(&folder.path().join("none.csv"), "cannot open");
    refused(&folder.path().join("c.txt"), ".npy, .csv or .parquet");
    fs::create_dir(folder.path().join("d.csv")).unwrap();
    refused(&folder.path().join("d.csv"), "expected a file, got a folder");
}

#[test]
fn a_table_from_elsewhere_may_have_more_columns_and_fewer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.csv");
    fs::write(&path, "z1,cluster,z0\n 1 ,x,2\n3,y,4\n").unwrap();
    let codes = read(&path).unwrap();
    assert_eq!((codes.values(), codes.features()), (&[2.0, 1.0, 4.0, 3.0][..], 2));
    assert_eq!(codes.ids(), ["0", "1"]);
}

#[test]
fn arrays_of_another_kind_are_refused() {
    use npyz::WriterBuilder;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.npy");
    let array = |shape: &[u64], values: &[f64]| {
        let file = fs::File::create(&path).unwrap();
        let mut writer =
            npyz::WriteOptions::<f64>::new().default_dtype().shape(shape).writer(file).begin_nd().unwrap();
        writer.extend(values.iter().copied()).unwrap();
        writer.finish().unwrap();
    };
    array(&[2, 2], &[0.5, 1.0, 2.0, 3.0]);
    assert_eq!(read(&path).unwrap().values(), [0.5, 1.0, 2.0, 3.0]);
    array(&[4], &[0.5, 1.0, 2.0, 3.0]);
    refused(&path, "expected two axes");
    array(&[2, 2], &[0.5, 1.0, 2.0, f64::NAN]);
    refused(&path, "element [1, 1]: expected a finite number");
    array(&[1, 1], &[1e39]);
    refused(&path, "element [0, 0]");
    array(&[3, 0], &[]);
    refused(&path, "at least one feature");
    npyz::to_file_1d(&path, [1_u8, 2].iter().copied()).unwrap();
    refused(&path, "two axes");
}

#[test]
fn no_damage_to_a_file_is_worse_than_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ENDINGS {
        let path = folder.path().join(format!("codes.{ending}"));
        write(&path, &sample(3, true)).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in (0..whole.len()).step_by(7) {
            fs::write(&path, &whole[..length]).unwrap();
            let _ = read(&path).map(|codes| assert!(codes.len() < 4));
        }
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= flip;
                fs::write(&path, &damaged).unwrap();
                let _ = read(&path).map(|codes| assert!(codes.values().iter().all(|v| v.is_finite())));
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for ending in ENDINGS {
        let error = write(&file.join(format!("c.{ending}")), &sample(3, true)).unwrap_err();
        assert!(matches!(error, CodesError::Io { .. }), "{error}");
        // A folder has the name: the file cannot take its place.
        let taken = folder.path().join(format!("taken.{ending}"));
        fs::create_dir(&taken).unwrap();
        let error = write(&taken, &sample(3, true)).unwrap_err();
        assert!(error.to_string().starts_with("cannot write"), "{error}");
    }
}
