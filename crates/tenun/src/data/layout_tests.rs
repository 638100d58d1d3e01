use super::*;

/// Folders, each with so many images `0.png`, `1.png`…
fn ids(folders: &[(&str, usize)]) -> Vec<String> {
    let image = |folder: &str, at: usize| match folder {
        "" => format!("{at}.png"),
        folder => format!("{folder}/{at}.png"),
    };
    folders.iter().flat_map(|(folder, images)| (0..*images).map(move |at| image(folder, at))).collect()
}

fn planned(folders: &[(&str, usize)], layout: Layout) -> Result<Plan, DataError> {
    plan(Path::new("data"), &ids(folders), &[], layout)
}

/// The counts of training and test images, and whether the training images have classes.
#[track_caller]
fn counts(folders: &[(&str, usize)]) -> (usize, Option<usize>, bool) {
    let plan = planned(folders, Layout::Auto).unwrap_or_else(|error| panic!("{folders:?}: {error}"));
    (plan.train.images.len(), plan.test.map(|test| test.images.len()), plan.train.has_classes)
}

#[track_caller]
fn asks(folders: &[(&str, usize)], what: &[&str], answers: &[&str]) {
    let error = planned(folders, Layout::Auto).unwrap_err();
    let (message, hint) = (error.to_string(), error.hint().unwrap_or_default());
    for part in what {
        assert!(message.contains(part), "{folders:?}: no `{part}` in {message}");
    }
    for part in answers {
        assert!(hint.contains(part), "{folders:?}: no `{part}` in {hint}");
    }
}

#[test]
fn splits_are_recognised_by_many_names_and_through_nesting() {
    let trains =
        ["train", "Train", "TRAINING", "trainset", "training_set", "train_images", "seg_train", "x-train"];
    let tests =
        ["test", "Testing", "TESTSET", "test_set", "seg_test", "val", "Valid", "validation", "dev", "Eval"];
    for train in trains {
        for test in tests {
            for above in ["", "archive/", "a/b/c/", "test_data/", "Train and test/"] {
                for (below_train, below_test) in [
                    (String::new(), String::new()),
                    (format!("/{train}"), format!("/{test}")),
                    (format!("/{train}/images"), "/images".to_owned()),
                ] {
                    let (train, test) =
                        (format!("{above}{train}{below_train}"), format!("{above}{test}{below_test}"));
                    let classes: Vec<String> = ["cat", "dog"]
                        .iter()
                        .flat_map(|class| [format!("{train}/{class}"), format!("{test}/{class}")])
                        .collect();
                    let folders: Vec<(&str, usize)> =
                        classes.iter().zip([3, 2, 4, 1]).map(|(name, n)| (name.as_str(), n)).collect();
                    assert_eq!(counts(&folders), (7, Some(3), true), "{folders:?}");
                    assert_eq!(counts(&[(&train, 5), (&test, 2)]), (5, Some(2), false), "{train} {test}");
                }
            }
        }
    }
}

#[test]
fn the_first_of_several_that_can_be_measured_on_is() {
    let plan =
        planned(&[("train/a", 5), ("val/a", 2), ("test/a", 3), ("pred", 4), ("", 1)], Layout::Auto).unwrap();
    assert_eq!((plan.train.images.len(), plan.test.unwrap().images.len()), (5, 3));
    let used =
        "training images: `train` (5); test images: `test` (3); not used: `val` (2), `pred` (4), `0.png`";
    assert_eq!(plan.notes, [used]);
    let plan = planned(&[("data/training/a", 5), ("data/training/b", 5)], Layout::Auto).unwrap();
    assert_eq!(plan.notes, ["training images: `data/training` (10); no test images"]);
    assert_eq!((plan.train.prefix.as_str(), plan.test), ("data/training/", None));
}

#[test]
fn an_empty_split_is_not_passed_over() {
    let folders = ["train", "test", "cat", "labels"].map(String::from);
    let plan = plan(Path::new("data"), &ids(&[("train", 3)]), &folders, Layout::Auto).unwrap();
    assert_eq!(plan.test.unwrap().images, [0; 0], "reading it says that it has no image");
    let plan =
        super::plan(Path::new("data"), &ids(&[("cat", 3), ("dog", 2)]), &folders, Layout::Auto).unwrap();
    assert!(plan.train.has_classes && plan.test.is_none());
}

#[test]
fn what_looks_like_splits_and_is_not_clear_is_asked() {
    asks(
        &[("train", 4), ("bus", 4), ("car", 4)],
        &["`train` for training images", "`bus`, `car`"],
        &["--train train", "--layout classes"],
    );
    asks(
        &[("train", 4), ("test", 4), ("cat", 4)],
        &["beside `cat`"],
        &["--train train --test test", "--layout splits", "--layout classes"],
    );
    asks(
        &[("trainA", 4), ("trainB", 4), ("testA", 4), ("testB", 4)],
        &["`trainA`, `trainB`"],
        &["--train trainA --test testA"],
    );
    asks(&[("test", 4), ("other", 4)], &["`test` for test images"], &["--train other --test test"]);
    asks(&[("test", 4)], &["`test` for test images"], &["--train test"]);
    asks(&[("up/val/cat", 4), ("up/val/dog", 4)], &["`up/val` for validation images"], &["--train up/val"]);
    asks(
        &[("train", 4), ("test", 1), ("testing", 1)],
        &["`test`, `testing`"],
        &["--train train --test test"],
    );
    // Sets with folders of their own, splits that are not the same, and a class without.
    for folders in [
        &[("a/train/0", 4), ("a/test/0", 1), ("b/train/0", 4), ("b/test/0", 4)][..],
        &[("a/train", 4), ("a/test", 1), ("b/train", 4), ("b/val", 4)],
        &[("a/train", 4), ("a/test", 1), ("b/train", 4), ("b/test", 4), ("b", 2)],
    ] {
        asks(
            folders,
            &["each of these folders has splits of its own: `a`, `b`"],
            &["data/a", "--layout classes", "give each `train` and `test`"],
        );
    }
    asks(
        &[("a/train", 4), ("a/test", 1), ("b", 4)],
        &["these folders have splits of their own: `a`, and 1 beside them none"],
        &["data/a", "--layout classes"],
    );
    for folders in [
        &[("train/train/a", 4), ("train/val/a", 4), ("test/a", 1)][..],
        &[("train", 4), ("val", 1), ("more", 1)],
    ] {
        assert!(planned(folders, Layout::Auto).is_err(), "{folders:?}");
    }
}

#[test]
fn classes_may_have_the_splits_in_them() {
    for (above, prefix) in [("", ""), ("archive/animals/", "archive/animals/")] {
        let names = ["cat/train", "cat/test", "cat/val", "dog/train", "dog/test", "dog/masks"];
        let names: Vec<String> = names.iter().map(|name| format!("{above}{name}")).collect();
        let folders: Vec<(&str, usize)> =
            names.iter().zip([4, 1, 2, 3, 5, 6]).map(|(name, images)| (name.as_str(), images)).collect();
        let all = ids(&folders);
        let plan = planned(&folders, Layout::Auto).unwrap();
        let of = |part: &Part, name: &str| {
            assert!(part.has_classes && part.prefix == prefix, "{part:?}");
            part.images.iter().filter(|&&image| all[image].contains(name)).count()
        };
        let test = plan.test.as_ref().unwrap();
        assert_eq!((of(&plan.train, "cat/train/"), of(&plan.train, "dog/train/")), (4, 3));
        assert_eq!((of(test, "cat/test/"), of(test, "dog/test/")), (1, 5));
        assert_eq!((plan.train.images.len(), test.images.len(), &plan.masks), (7, 6, &None));
        let said = format!(
            "classes with splits in them; training images: `{above}cat/train`, `{above}dog/train` (7); test images: \
             `{above}cat/test`, `{above}dog/test` (6); not used: `{above}cat/val` (2), `{above}dog/masks` (6)"
        );
        assert_eq!(plan.notes, [said]);
    }
    let validation = [("cat/Train", 4), ("cat/valid", 1), ("dog/Train", 3), ("dog/valid", 2)];
    assert_eq!(counts(&validation), (7, Some(3), true));
    let masked = ["a/train/1.png", "a/train/1_mask.png", "a/test/1.png", "b/train/1.png", "b/test/1.png"];
    let error = plan(Path::new("data"), &masked.map(String::from), &[], Layout::Auto).unwrap_err();
    assert!(error.to_string().contains("is the mask of"), "{error}");
}

#[test]
fn masks_are_never_trained_on_unasked() {
    for masks in
        ["masks", "Mask", "ground_truth", "GT", "labels", "annotations", "x/images_mask", "train_masks"]
    {
        asks(&[("images", 4), (masks, 4)], &["masks"], &["--layout flat"]);
    }
    asks(&[("images", 4), ("masks", 4)], &["`masks` is a folder of masks"], &["--train images"]);
    asks(
        &[("train/images", 4), ("train/masks", 4), ("test/images", 4), ("test/masks", 4)],
        &["`train/masks`"],
        &["--train train/images"],
    );
    asks(
        &[("p1/images", 1), ("p1/masks", 3), ("p2/images", 1), ("p2/masks", 2)],
        &["`p1/masks`"],
        &["--train p1/images"],
    );
    let busi: Vec<String> =
        ["benign/a (1).png", "benign/a (1)_mask.png", "normal/b.png"].map(String::from).to_vec();
    let error = plan(Path::new("data"), &busi, &[], Layout::Auto).unwrap_err().to_string();
    assert!(error.contains("`benign/a (1)_mask.png` is the mask of `benign/a (1).png`"), "{error}");
    // Beside splits it is clear what they are.
    let plan = planned(&[("train", 4), ("train_masks", 4), ("test", 2)], Layout::Auto).unwrap();
    assert_eq!((plan.train.images.len(), plan.test.unwrap().images.len(), plan.masks), (4, 2, None));
    assert!(plan.notes[0].contains("not used: `train_masks` (4)"), "{:?}", plan.notes);
    for (folders, test, masks, unused) in [
        (&[("imagesTr", 4), ("imagesTs", 2), ("labelsTr", 4)][..], 2, None, "`labelsTr` (4)"),
        (
            &[("imagesTr", 4), ("imagesTs", 2), ("labelsTr", 4), ("labelsTs", 2)],
            2,
            Some("labelsTs/"),
            "`labelsTr` (4)",
        ),
        (&[("train", 4), ("val", 3), ("test", 2), ("val_masks", 3)], 2, None, "`val_masks` (3), `val` (3)"),
        (&[("train", 4), ("test", 2), ("masks", 4), ("labels", 2)], 2, None, "`labels` (2), `masks` (4)"),
        (&[("train", 4), ("labels", 4), ("pred", 1)], 0, None, "`labels` (4), `pred` (1)"),
    ] {
        let plan = planned(folders, Layout::Auto).unwrap();
        assert_eq!(plan.test.map_or(0, |test| test.images.len()), test, "{folders:?}");
        assert_eq!(plan.masks.as_deref(), masks, "{folders:?}");
        assert!(plan.notes[0].ends_with(&format!("not used: {unused}")), "{:?}", plan.notes);
    }
    assert_eq!(counts(&[("with_mask", 4), ("without_mask", 4)]), (8, None, true));
}

#[test]
fn mvtec_s_layout_and_its_relatives() {
    for (good, masks) in [("good", "ground_truth"), ("OK", "GroundTruth"), ("normal", "gt")] {
        let at = |above: &str| {
            [
                (format!("{above}train/{good}"), 60),
                (format!("{above}test/{good}"), 12),
                (format!("{above}test/broken"), 12),
                (format!("{above}{masks}/broken"), 12),
            ]
        };
        for layout in [Layout::Auto, Layout::Mvtec, Layout::Splits] {
            for above in ["", "bottle/", "mvtec/bottle/"] {
                let folders = at(above);
                let folders: Vec<(&str, usize)> =
                    folders.iter().map(|(name, n)| (name.as_str(), *n)).collect();
                let plan = planned(&folders, layout).unwrap();
                assert_eq!((plan.train.images.len(), plan.test.unwrap().images.len()), (60, 24));
                assert_eq!(plan.masks, Some(format!("{above}{masks}/")));
                assert!(
                    plan.notes[0].contains("masks of the test images, never trained on"),
                    "{:?}",
                    plan.notes
                );
            }
        }
        let both = [at("bottle/"), at("cable/")].concat();
        let both: Vec<(&str, usize)> = both.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        asks(&both, &["2 categories", "`bottle`, `cable`"], &["data/bottle"]);
        assert!(planned(&both, Layout::Mvtec).is_err());
    }
    let error = planned(&[("train/good", 4)], Layout::Mvtec).unwrap_err().to_string();
    assert!(error.contains("no folder of test images"), "{error}");
}

#[test]
fn classes_are_classes_where_that_is_plausible() {
    let shards: Vec<String> = (0..20).map(|shard| format!("{shard:03}")).collect();
    let shards: Vec<(&str, usize)> = shards.iter().map(|shard| (shard.as_str(), 3)).collect();
    let plan = planned(&shards, Layout::Auto).unwrap();
    assert!(!plan.train.has_classes && plan.train.images.len() == 60);
    assert!(
        plan.notes[0].contains("`000`, `001`") && plan.notes[0].contains("--layout classes"),
        "{:?}",
        plan.notes
    );
    assert!(planned(&shards, Layout::Classes).unwrap().train.has_classes);
    assert!(!planned(&[("cat", 2), ("dog", 2)], Layout::Flat).unwrap().train.has_classes);
    // A folder above, or one that just says what is in it, takes no class away and gives none.
    let plan = planned(&[("PetImages/Cat", 3), ("PetImages/Dog", 3)], Layout::Auto).unwrap();
    assert_eq!((plan.train.prefix.as_str(), plan.train.has_classes), ("PetImages/", true));
    assert_eq!(counts(&[("images", 3)]), (3, None, false));
    assert_eq!(counts(&[("cat", 3)]), (3, None, true));
    assert_eq!(counts(&[("", 3)]), (3, None, false));
}

#[test]
fn files_beside_class_folders_are_named_or_asked_about() {
    let plan = planned(&[("cat", 12), ("dog", 12), ("", 1)], Layout::Auto).unwrap();
    assert_eq!((plan.train.images.len(), plan.train.has_classes), (24, true));
    assert!(plan.notes[0].starts_with("`0.png` lies in no class folder and is not used"), "{:?}", plan.notes);
    asks(
        &[("cat", 12), ("dog", 12), ("", 12)],
        &["12 images beside"],
        &["--layout flat", "--layout classes"],
    );
    let plan = planned(&[("cat", 12), ("dog", 12), ("", 12)], Layout::Classes).unwrap();
    assert_eq!((plan.train.images.len(), plan.train.has_classes), (24, true));
    assert!(plan.notes[0].contains("and 7 more lie in no class folder and are not used"), "{:?}", plan.notes);
    let plan = planned(&[("old", 2), ("", 12)], Layout::Auto).unwrap();
    assert_eq!((plan.train.images.len(), plan.train.has_classes), (14, false));
    assert!(plan.notes[0].contains("`old` is not taken for a class"), "{:?}", plan.notes);
    let error = planned(&[("", 3)], Layout::Classes).unwrap_err().to_string();
    assert!(error.contains("no sub-folder"), "{error}");
    let error = planned(&[("cat", 3), ("dog", 3)], Layout::Splits).unwrap_err();
    assert!(error.hint().unwrap().contains("--train DIR --test DIR"), "{error}");
}

#[test]
fn dates_cameras_and_folds_are_one_set_and_that_is_said() {
    for (folders, why) in [
        (&[("fold1", 3), ("fold2", 3), ("fold3", 3)][..], "numbered parts"),
        (&[("04.01.2023", 3), ("05.01.2023", 2)], "dates"),
        (&[("March 2023", 3), ("April 2023", 2)], "dates"),
        (&[("100CANON", 3), ("101CANON", 2)], "the folders of a camera"),
        (&[("DCIM/100CANON", 3), ("DCIM/101_PANA", 2)], "the folders of a camera"),
        (&[("DCIM/100CANON", 3)], "the folders of a camera"),
        (&[("2023-01-04", 3)], "dates"),
    ] {
        let plan = planned(folders, Layout::Auto).unwrap();
        assert!(!plan.train.has_classes && plan.train.images.len() == ids(folders).len(), "{folders:?}");
        let [note] = &plan.notes[..] else { panic!("{folders:?}: {:?}", plan.notes) };
        assert!(note.contains(why) && note.contains("`--layout classes`"), "{note}");
        assert!(planned(folders, Layout::Classes).unwrap().train.has_classes, "{folders:?}");
    }
}

#[test]
fn a_mixture_by_the_names_of_files_is_asked() {
    let ask = |names: &[&str], what: &str, answers: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let error = plan(Path::new("data"), &names, &[], Layout::Auto).unwrap_err();
        let hint = error.hint().unwrap();
        assert!(error.to_string().contains(what), "{error}");
        assert!(answers.iter().all(|answer| hint.contains(answer)), "{hint}");
        assert_eq!(
            plan(Path::new("data"), &names, &[], Layout::Flat).unwrap().train.images.len(),
            names.len()
        );
    };
    ask(
        &["train_0.png", "train_1.png", "test_0.png"],
        "`train_0.png` is a training image and `test_0.png` is none",
        &["`train` and `test`", "`--layout flat` trains"],
    );
    ask(
        &["1_rgb.png", "1_depth.png"],
        "two kinds of picture of one thing",
        &["a folder of its own", "--layout flat"],
    );
    ask(
        &["rgb set/1.png", "depth/1.png"],
        "`rgb set` and `depth` hold two kinds of picture",
        &["`--train 'rgb set'`", "`--layout flat` or `--layout classes`"],
    );
}

#[test]
fn an_answer_is_quoted_for_a_shell() {
    asks(
        &[("training shoes", 4), ("boots", 4), ("sandals", 4)],
        &["`training shoes` for training images"],
        &["`--train 'training shoes'` trains on that folder alone"],
    );
}
