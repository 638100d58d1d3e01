use super::*;

const WHOLE: [(&str, &[u8]); 4] = [
    ("baseline", include_bytes!("golden/baseline.jpg")),
    ("restarts", include_bytes!("golden/restarts.jpg")),
    ("progressive", include_bytes!("golden/progressive.jpg")),
    ("grey progressive", include_bytes!("golden/grey_progressive.jpg")),
];

/// Where the entropy-coded data of the first scan begin.
fn data(file: &[u8]) -> usize {
    let scan = file.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    scan + 2 + usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]))
}

#[test]
fn whole_files_are_whole_with_anything_behind() {
    for (name, file) in WHOLE {
        assert_eq!(whole(file), Ok(()), "{name}");
        assert_eq!(whole(&[file, b"thumbnails and other things"].concat()), Ok(()), "{name}");
    }
}

#[test]
fn a_file_cut_anywhere_is_no_picture() {
    for (name, file) in WHOLE {
        for length in 3..file.len() {
            let error = whole(&file[..length]).expect_err(&format!("{name} of {length} bytes"));
            assert!(error.contains("JPEG is"), "{error}");
        }
        let error = whole(&file[..file.len() - 2]).unwrap_err();
        assert!(error.contains("end mark"), "{name}: {error}");
        // An end mark put behind what is left does not make it whole.
        for part in 1..10 {
            let length = data(file) + (file.len() - 4 - data(file)) * part / 10;
            let mended = [&file[..length], &[0xff, 0xd9]].concat();
            assert!(whole(&mended).is_err(), "{name} of {length} bytes");
        }
    }
}

#[test]
fn a_file_whose_data_were_overwritten_is_no_picture() {
    for (name, file) in WHOLE {
        let half = file.len() / 2;
        let mut zeroed = file.to_vec();
        zeroed[half..].fill(0);
        assert!(whole(&zeroed).is_err(), "{name}, second half zeroed");
        let start = data(file);
        let length = file.len() - start;
        for from in [start, start + length / 3, start + length / 2] {
            let mut hole = file.to_vec();
            hole[from..from + length / 4].fill(0);
            assert!(whole(&hole).is_err(), "{name}, a hole from byte {from}");
        }
    }
}

#[test]
fn as_many_scans_as_no_encoder_writes_are_not_walked() {
    let file = WHOLE[3].1;
    let start = file.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let after = data(file);
    let is_marker = |pair: &[u8]| pair[0] == 0xff && pair[1] != 0 && !(0xd0..=0xd7).contains(&pair[1]);
    let end = after + file[after..].windows(2).position(is_marker).unwrap();
    let scans = file[start..end].repeat(MOST_SCANS);
    let error = whole(&[&file[..end], &scans, &file[end..]].concat()).unwrap_err();
    assert!(error.contains("more than 100 scans"), "{error}");
}

#[test]
fn what_is_no_jpeg_is_left_to_others() {
    assert_eq!(whole(b"\x89PNG"), Ok(()));
    assert!(whole(&[0xff, 0xd8]).is_err());
    assert!(whole(&[0xff, 0xd8, 0xff, 0xd9]).is_err());
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 2_usize..1200, byte: u8, which in 0_usize..4) {
        let mut file = WHOLE[which].1.to_vec();
        let at = at % file.len();
        file[at] = byte;
        let _ = whole(&file);
    }
}
