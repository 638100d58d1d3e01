//! Tables of pixels.

use super::*;

#[test]
fn tables_of_pixels_as_kaggle_has_them() {
    let place = Place::new();
    let row = |label: &str, value: u8| format!("{label}{}\n", format!(",{value}").repeat(16));
    let header = format!("label{}\n", (1..=16).map(|n| format!(",pixel{n}")).collect::<String>());
    let text = format!("{header}{}{}", row("3", 200), row("0", 90));
    let found = read(&place.put("train.csv", text)).unwrap();
    assert_eq!((found.train.images().shape(), firsts(&found.train)), (Shape::new(1, 4, 4), vec![200, 90]));
    assert_eq!(classes(&found.train), ["3", "0"]);

    let test =
        format!("{}\n{}", header.trim_start_matches("label,").trim(), row("", 80).trim_start_matches(','));
    let found = read(&place.put("test.csv", test)).unwrap();
    assert_eq!((firsts(&found.train), found.train.labels()), (vec![80], None));
    let both = read(place.0.path()).unwrap();
    assert_eq!((both.train.len(), both.test.unwrap().len()), (2, 1));

    let found = read(&place.put("other/plain.csv", format!("{}{}", row("3", 50), row("4", 60)))).unwrap();
    assert_eq!(
        (firsts(&found.train), classes(&found.train)),
        (vec![50, 60], ["3", "4"].map(String::from).to_vec())
    );
    assert!(found.notes[0].contains("first column"), "{:?}", found.notes);

    let pixels = |value: u8| vec![value.to_string(); 16].join(" ");
    let faces = format!("emotion,pixels,Usage\n0,{},Training\n2,{},PublicTest\n", pixels(70), pixels(40));
    let found = read(&place.put("other/fer.csv", faces)).unwrap();
    assert_eq!((firsts(&found.train), firsts(found.test.as_ref().unwrap())), (vec![70], vec![40]));

    for (text, part) in [
        ("id,label\n1.png,cat\n", "give the folder of the pictures"),
        ("label,p1,p2\n1,2,3\n", "square picture"),
        (&format!("{header}1,x{}\n", ",1".repeat(15)), "row 2, column 2 pixel1"),
        (&format!("{header}1,2\n"), "same columns"),
    ] {
        let text = told(&place.put("other/bad.csv", text));
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn without_a_header_the_class_is_the_column_whose_values_are_like_those_of_classes() {
    let place = Place::new();
    // Corners of many values, as those of photographs; black ones; and ones of few values, which could be either.
    let corner = |at: u32| at * 37 % 251;
    let table = |last: bool, corner: &dyn Fn(u32) -> u32| -> String {
        let rows = (0..60).map(|at| {
            let pixels: Vec<String> = (0..16).map(|n| corner(at + 3 * n).to_string()).collect();
            let (class, pixels) = (at % 10, pixels.join(","));
            if last { format!("{pixels},{class}\n") } else { format!("{class},{pixels}\n") }
        });
        rows.collect()
    };
    let expected: Vec<String> = (0..60).map(|at| (at % 10).to_string()).collect();
    for last in [false, true] {
        for corner in [&corner as &dyn Fn(u32) -> u32, &|_| 0, &|at| u32::from(at == 7)] {
            let found = read(&place.put("plain.csv", table(last, corner))).unwrap();
            assert_eq!(classes(&found.train), expected, "{last}");
            assert_eq!(found.train.images().image(1)[3], corner(10) as u8);
            let side = if last { "the last column" } else { "the first column" };
            assert!(found.notes[0].contains(side), "{:?}", found.notes);
        }
        let told = told(&place.put("either.csv", table(last, &|at| at % 8)));
        assert!(told.contains("both may be a class") && told.contains("`label`"), "{told}");
    }
    let neither = format!("0{}\n", ",0".repeat(16)).repeat(20);
    assert!(told(&place.put("neither.csv", neither)).contains("neither may be a class"));
    let pixels = |value: u8| vec![value.to_string(); 16].join(" ");
    let faces = format!("age,img_name,pixels\n1,a.jpg,{}\n2,b.jpg,{}\n", pixels(1), pixels(5));
    let found = read(&place.put("faces.csv", faces)).unwrap();
    assert_eq!((firsts(&found.train), found.train.labels()), (vec![1, 5], None));
    assert!(found.notes[0].contains("columns that are not used: `age`, `img_name`"), "{:?}", found.notes);
}

#[test]
fn columns_beside_the_pixels_are_told_from_them_by_their_names() {
    let place = Place::new();
    let header =
        |name: &dyn Fn(usize) -> String| (0..16).map(|n| format!(",{}", name(n))).collect::<String>();
    let row = |start: &str, value: u8| format!("{start}{}\n", format!(",{value}").repeat(16));
    for name in
        [&|n| format!("pixel{n}") as String, &|n: usize| format!("{}x{}", n / 4, n % 4), &|n| n.to_string()]
            as [&dyn Fn(usize) -> String; 3]
    {
        let text = format!("id,age,label{}\n{}{}", header(name), row("0,44,1", 200), row("1,50,3", 90));
        let found = read(&place.put("a.csv", text)).unwrap();
        assert_eq!(
            (firsts(&found.train), classes(&found.train)),
            (vec![200, 90], vec!["1".into(), "3".into()])
        );
        assert_eq!(found.notes, ["columns that are not used: `id`, `age`"]);
    }
}

#[test]
fn a_table_may_be_compressed_and_in_an_archive() {
    let place = Place::new();
    let text = format!("3{}\n4{}\n", ",50".repeat(16), ",60".repeat(16));
    place.put("one.csv.gz", gzip(text.as_bytes()));
    place.put("folder/train.csv.gz", gzip(text.as_bytes()));
    place
        .put("a.zip", zip_of(&[("data/a.csv", text.clone().into_bytes()), ("data/read.pdf", b"x".to_vec())]));
    place.put("b.zip", zip_of(&[("a.csv.gz", gzip(text.as_bytes()))]));
    for name in ["one.csv.gz", "folder", "a.zip", "b.zip"] {
        let found = read(&place.at(name)).unwrap();
        assert_eq!(
            (firsts(&found.train), classes(&found.train)),
            (vec![50, 60], vec!["3".into(), "4".into()]),
            "{name}"
        );
        assert_eq!(found.origin, place.at(name));
        assert_eq!(found.ignored.to_string(), if name == "a.zip" { "1 .pdf" } else { "" });
    }
    let kaggle = zip_of(&[
        ("train.csv", text.clone().into_bytes()),
        ("test.csv", text.clone().into_bytes()),
        ("sample_submission.csv", b"ImageId,Label\n1,0\n".to_vec()),
    ]);
    let found = read(&place.put("kaggle.zip", kaggle)).unwrap();
    assert_eq!((found.train.len(), found.test.unwrap().len(), found.train.name()), (2, 2, "kaggle"));
    assert!(found.notes.contains(&"sample_submission.csv is not used".into()), "{:?}", found.notes);
    let wrong = place.put("wrong.zip", zip_of(&[("d/a.csv", b"label,p1,p2\n1,2,3\n".to_vec())]));
    assert!(told(&wrong).starts_with(&format!("{}/d/a.csv: ", wrong.display())), "{}", told(&wrong));
}
