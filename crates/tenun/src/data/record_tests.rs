use super::*;
use crate::data::Images;

/// Images of two bytes each, that are these numbers.
fn set(numbers: &[u8]) -> Dataset {
    let pixels = numbers.iter().flat_map(|&number| [number, 255 - number]).collect();
    Dataset::new("s", Images::new(Shape::new(1, 1, 2), pixels).unwrap())
}

fn numbers(set: &Dataset) -> Vec<u8> {
    set.images().pixels().iter().copied().step_by(2).collect()
}

/// Trained on 1 to 6, held out 7 and 8, tested on 9 and 10.
fn record() -> ImageRecord {
    ImageRecord::of(&set(&[3, 1, 2, 4, 6, 5]), Some(&set(&[7, 8])), Some(&set(&[9, 10])))
}

#[test]
fn the_file_holds_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.safetensors");
    assert_eq!(ImageRecord::read(&path).unwrap(), None);
    for record in [
        record(),
        ImageRecord::of(&set(&[1]), None, None),
        ImageRecord::of(&set(&[1]), Some(&set(&[])), None),
    ] {
        record.write(&path).unwrap();
        assert_eq!(ImageRecord::read(&path).unwrap(), Some(record));
    }
    let whole = fs::read(&path).unwrap();
    for broken in [&whole[..whole.len() - 1], b"", b"{}"] {
        fs::write(&path, broken).unwrap();
        let error = ImageRecord::read(&path).unwrap_err();
        assert!(matches!(error, DataError::Record { .. }), "{error}");
    }
}

/// By Python's `hashlib`, in `golden/split.py`.
#[test]
fn the_digest_is_that_of_another_implementation() {
    let digest = set(&[1]).digests()[0];
    let hex: String = digest.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, GOLDEN);
}

#[test]
fn the_mean_is_that_of_the_training_images() {
    let mean = record().mean_image();
    assert!((mean[0] - 3.5 / 255.0).abs() < 1e-7 && (mean[1] - 251.5 / 255.0).abs() < 1e-6, "{mean:?}");
}

#[test]
fn it_is_said_whose_images_they_are() {
    let whose = record().whose(&set(&[1, 1, 7, 9, 10, 11]));
    assert_eq!(whose, Whose { trained_on: 2, held_out: 1, test: 2, new: 1 });
    assert_eq!(whose.to_string(), "2 trained on, 1 held out, 2 test images of the run, 1 new");
    let name = |numbers: &[u8]| record().whose(&set(numbers)).name();
    assert_eq!(
        [&[1, 2][..], &[7], &[9, 10], &[11], &[1, 11]].map(name),
        ["training", "held-out", "test", "new", "mixed"]
    );
}

#[test]
fn the_images_of_the_run_are_found_wherever_they_are() {
    let restore = |pool: &[u8], test: &[u8]| record().restore(&set(pool), Some(&set(test)), false).unwrap();
    let found = restore(&[8, 7, 6, 5, 4, 3, 2, 1], &[10, 9]);
    assert_eq!(found.change, None, "the order is no change");
    assert_eq!(numbers(&found.train), [3, 1, 2, 4, 6, 5]);
    assert_eq!(numbers(&found.held_out.unwrap()), [7, 8]);
    assert_eq!(numbers(&found.test.unwrap()), [9, 10]);

    let found = restore(&[20, 1, 2, 3, 4, 5, 6, 8, 21, 1], &[9, 1]);
    let change = "1 held-out image is missing, 1 test image is missing, 4 images are new and not used";
    assert_eq!(found.change.as_deref(), Some(change));
    assert_eq!(
        (numbers(&found.train).len(), numbers(&found.held_out.unwrap()), numbers(&found.test.unwrap())),
        (6, vec![8], vec![9])
    );

    let all = record().restore(&set(&[1, 2, 3, 4, 5, 6, 7, 8, 20]), Some(&set(&[9, 10, 11])), true).unwrap();
    assert_eq!(all.change, None, "a run of a part of its data knows nothing of the rest");
}

#[test]
fn without_the_images_there_is_no_score() {
    let gone = |record: ImageRecord, pool: &[u8], test: Option<&[u8]>| {
        record.restore(&set(pool), test.map(set).as_ref(), false).unwrap_err().to_string()
    };
    assert!(gone(record(), &[20, 21], Some(&[9, 10])).contains("none of the run's 6 training images are"));
    assert!(gone(record(), &[1, 7], Some(&[1, 2])).contains("none of the run's 2 test images are"));
    assert!(gone(record(), &[1, 7], None).contains("none of the run's 2 test images are"));
    let untested = || ImageRecord::of(&set(&[1, 2]), Some(&set(&[3])), None);
    assert!(gone(untested(), &[1, 2, 4], None).contains("none of the run's 1 held-out image is"));
    // Images that it was trained on are no test, if it had none.
    let found = untested().restore(&set(&[1, 2, 3]), Some(&set(&[2, 3, 4])), false).unwrap();
    assert_eq!(numbers(&found.test.unwrap()), [4]);
    assert!(found.change.unwrap().contains("2 training images of the run are among the test images"));
}

#[test]
fn duplicates_across_splits_are_counted() {
    assert_eq!(record().tests_in_training(), 0);
    assert_eq!(
        ImageRecord::of(&set(&[1, 2]), Some(&set(&[3])), Some(&set(&[3, 4, 1]))).tests_in_training(),
        2
    );
}

const GOLDEN: &str = "130ebb4ac06f4552fff7867979e962b3";
