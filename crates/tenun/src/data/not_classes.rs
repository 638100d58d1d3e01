//! Sub-folders that are no classes, by their names: parts of one set, dates, the folders of a camera, folds.

use super::split_names::{is_neutral, words};

/// Words of folders that are numbered because one would be too large, or because images came at several times.
const PARTS: &[&str] = &[
    "shards",
    "shard",
    "parts",
    "part",
    "batches",
    "batch",
    "chunks",
    "chunk",
    "directory",
    "dir",
    "folder",
    "bucket",
    "block",
    "volume",
    "images",
    "archive",
    "fold",
    "folds",
    "cv",
    "split",
    "subset",
    "set",
    "session",
    "sequence",
    "seq",
    "upload",
    "download",
    "dump",
    "disc",
    "disk",
    "cd",
    "dvd",
    "card",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Why sub-folders of these names, each with so many images, are no classes; none if they may be.
pub(super) fn no_classes(folders: &[(&str, usize)]) -> Option<&'static str> {
    let all = |is: &dyn Fn(&str) -> bool| !folders.is_empty() && folders.iter().all(|(name, _)| is(name));
    // One that is called otherwise, such as `other`, makes no classes of dates.
    let most =
        |is: &dyn Fn(&str) -> bool| 2 * folders.iter().filter(|(name, _)| is(name)).count() > folders.len();
    if most(&is_date) {
        return Some("dates");
    }
    if most(&is_of_camera) {
        return Some("the folders of a camera");
    }
    if all(&is_part) {
        return Some("numbered parts");
    }
    if folders.len() < 2 {
        return None;
    }
    let width = folders[0].0.len();
    let same_width = all(&|name| name.len() == width);
    if all(&is_number) && same_width && folders.iter().any(|(name, _)| name.starts_with('0')) {
        let most = folders.iter().map(|folder| folder.1).max().unwrap_or(0);
        let fewer = folders.iter().filter(|folder| folder.1 < most).count();
        if width > 2 || (width == 2 && fewer <= 1) {
            return Some("numbered parts");
        }
    }
    let is_hex = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if folders.len() >= 16 && same_width && (1..=4).contains(&width) && all(&is_hex) && !all(&is_number) {
        return Some("parts named by hash");
    }
    let images: usize = folders.iter().map(|folder| folder.1).sum();
    if folders.len() >= 10 && images < 2 * folders.len() {
        return Some("folders of about one image each");
    }
    (folders.len() > usize::from(u16::MAX) + 1).then_some("more than 65,536 folders")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `part-01`, `Batch2`, `fold_3`, `data_batch_1`, `part_A`.
pub(super) fn is_part(name: &str) -> bool {
    let words = words(name);
    let (Some(last), [first @ .., _]) = (words.last(), &words[..]) else { return false };
    let is_letter = last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_known = |word: &String| PARTS.contains(&word.as_str());
    (is_number(last) || is_letter)
        && first.iter().any(is_known)
        && first.iter().all(|word| is_known(word) || is_neutral(word))
}

/// The folders in `DCIM`, by the rule that cameras follow ("Design rule for camera file system", JEITA CP-3461): three
/// digits from 100 on, and five capital letters, digits or lines below.
fn is_of_camera(name: &str) -> bool {
    let rule = name.len() == 8
        && name.is_char_boundary(3)
        && is_number(&name[..3])
        && !name.starts_with('0')
        && name[3..].bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && !is_number(name);
    rule || name.eq_ignore_ascii_case("DCIM")
}

/// A date, with words behind it or not: `2021-03-04`, `20210304`, `2021_03`, `2021`, `04.03.2021 Rome`, `March 2021`.
fn is_date(name: &str) -> bool {
    let parts: Vec<&str> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>, least: u32, most: u32| {
        digits.contains(&text.len())
            && is_number(text)
            && text.parse().is_ok_and(|n: u32| (least..=most).contains(&n))
    };
    let year = |text: &str| number(text, 4..=4, 1900, 2099);
    let month = |text: &str| number(text, 1..=2, 1, 12);
    let day = |text: &str| number(text, 1..=2, 1, 31);
    let two = |text: &str| text.len() == 2;
    let named = |text: &str| {
        let is = |month: &&str| text.eq_ignore_ascii_case(month) || text.eq_ignore_ascii_case(&month[..3]);
        MONTHS.iter().any(is)
    };
    let compact = |text: &str| {
        // `20210304`, `04032021`, and with the time behind it.
        let is_long = matches!(text.len(), 8 | 12 | 14) && is_number(text);
        is_long
            && ((year(&text[..4]) && month(&text[4..6]) && day(&text[6..8]))
                || (text.len() == 8 && day(&text[..2]) && month(&text[2..4]) && year(&text[4..])))
    };
    match parts[..] {
        [only] if year(only) || MONTHS.iter().any(|month| only.eq_ignore_ascii_case(month)) => true,
        // A telephone's folders: the month, and a letter or lines.
        [only] | [only, "a" | "b" | "c"]
            if only.len() == 6 && is_number(only) && year(&only[..4]) && month(&only[4..]) =>
        {
            true
        }
        [first, second]
            if (year(first) && two(second) && month(second))
                || (two(first) && month(first) && year(second)) =>
        {
            true
        }
        // Years of two digits only by themselves.
        [a, b, c]
            if [a, b, c].into_iter().all(two)
                && day(a)
                && day(b)
                && is_number(c)
                && (month(a) || month(b)) =>
        {
            true
        }
        [first, ..] if compact(first) => true,
        [a, b, ..] if (named(a) && year(b)) || (year(a) && named(b)) => true,
        [a, b, c, ..] => {
            (year(a) && (month(b) || named(b)) && day(c))
                || (day(a) && (month(b) || named(b)) && year(c))
                || ((month(a) || named(a)) && day(b) && year(c))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str], images: usize) -> Option<&'static str> {
        no_classes(&names.iter().map(|name| (*name, images)).collect::<Vec<_>>())
    }

    #[test]
    fn shards_dates_and_single_images_are_no_classes() {
        let shards: Vec<String> = (0..20).map(|shard| format!("{shard:03}")).collect();
        let shards: Vec<&str> = shards.iter().map(String::as_str).collect();
        for no_class in [
            &shards[..],
            &["00", "01", "02"],
            &["00000", "01000", "02000"],
            &["part-00", "part-01"],
            &["part_A", "part_B"],
            &["shard_1", "shard_2"],
            &["Batch1", "Batch2"],
            &["images_001", "images_002"],
            &["fold1", "fold2", "fold3"],
            &["Fold 1", "Fold 2"],
            &["subset0", "subset1"],
            &["cv_split_1", "cv_split_2"],
            &["data_batch_1", "data_batch_2"],
        ] {
            assert_eq!(of(no_class, 10), Some("numbered parts"), "{no_class:?}");
        }
        let hashes: Vec<String> = (0..40).map(|hash| format!("{:02x}", hash * 6)).collect();
        assert!(of(&hashes.iter().map(String::as_str).collect::<Vec<_>>(), 10).is_some());
        let people: Vec<String> = (0..12).map(|person| format!("p{person}x")).collect();
        assert!(of(&people.iter().map(String::as_str).collect::<Vec<_>>(), 1).is_some());
        for classes in [
            &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][..],
            &["cat", "dog"],
            &["n01440764", "n01443537"],
            &["2", "10"],
            &["c0", "c1", "c2"],
            &["s1", "s2", "s40"],
            &["grade 1", "grade 2"],
            &["class_1", "class_2"],
            &["000"],
            &["add", "bad", "cab"],
        ] {
            assert_eq!(of(classes, 10), None, "{classes:?}");
        }
        assert_eq!(
            no_classes(&[("00", 10), ("01", 7), ("02", 3)]),
            None,
            "two digits of unequal size may be classes"
        );
    }

    #[test]
    fn dates_are_no_classes_however_they_are_written() {
        for name in [
            "2021-03-04",
            "2021_3_4",
            "20210304",
            "20210304_120000",
            "2021-03-04 Rome",
            "04.01.2023",
            "4.1.2023",
            "01/04/2023",
            "04-01-23",
            "31122019",
            "2021-03",
            "03.2021",
            "2021",
            "March 2023",
            "mar-2023",
            "2023 March",
            "4 March 2023",
            "March 4, 2023",
            "January",
            "202103__",
            "202103_a",
        ] {
            assert_eq!(of(&[name], 10), Some("dates"), "{name}");
        }
        assert_eq!(of(&["2021-03-04", "2022-01-01", "other"], 10), Some("dates"));
        for name in [
            "0",
            "1234",
            "2100",
            "12-99-2020",
            "may_fly",
            "marble 2",
            "20219999",
            "00012021",
            "cat 2021-03-04",
            "mar",
        ] {
            assert_eq!(of(&[name], 10), None, "{name}");
        }
    }

    #[test]
    fn the_folders_of_a_camera_are_no_classes() {
        let camera = Some("the folders of a camera");
        assert_eq!(of(&["100CANON", "101CANON"], 10), camera);
        assert_eq!(of(&["100_PANA", "101_PANA", "MISC"], 10), camera);
        assert_eq!(of(&["DCIM"], 10), camera);
        for classes in
            [&["100canon", "101canon"][..], &["10000000", "10000001"], &["001CANON", "002CANON"], &["CANON"]]
        {
            assert_eq!(of(classes, 10), None, "{classes:?}");
        }
    }
}
