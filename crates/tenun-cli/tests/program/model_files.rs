//! Model files that are damaged, or of another network.

use std::fs;

use serde_json::{Map, Value, json};

use crate::support::{run, small_run, stderr};

/// A safetensors file taken apart: 8 bytes of length, a header in JSON, the tensors' bytes.
struct File {
    header: Map<String, Value>,
    data: Vec<u8>,
}

impl File {
    fn parse(bytes: &[u8]) -> Self {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        Self { header, data: bytes[8 + length..].to_vec() }
    }

    fn bytes(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.header).unwrap();
        [&(header.len() as u64).to_le_bytes()[..], &header, &self.data].concat()
    }

    /// Name of the tensor whose bytes come last, and where they begin.
    fn last(&self) -> (String, usize) {
        let begin = |value: &Value| value["data_offsets"][0].as_u64().unwrap() as usize;
        let tensors = self.header.iter().filter(|(name, _)| *name != "__metadata__");
        let (name, value) = tensors.max_by_key(|(_, value)| begin(value)).unwrap();
        (name.clone(), begin(value))
    }
}

#[test]
fn a_damaged_model_is_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    let whole = fs::read(folder.path().join("run/model.safetensors")).unwrap();
    let refused = |bytes: &[u8], expected: &str| {
        fs::write(folder.path().join("m.safetensors"), bytes).unwrap();
        for line in
            ["eval m.safetensors data", "summary m.safetensors", "encode m.safetensors data --out c.npy"]
        {
            let output = run(folder.path(), line, 1);
            let text = stderr(&output);
            assert!(text.contains("m.safetensors") && text.contains(expected), "{line}: {text}");
        }
    };
    refused(&[], "");
    refused(&whole[..whole.len() - 1], "no whole safetensors file");
    refused(&whole[..100], "no whole safetensors file");
    refused(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", "no whole safetensors file");

    let mut missing = File::parse(&whole);
    let (name, begin) = missing.last();
    missing.header.remove(&name);
    missing.data.truncate(begin);
    refused(&missing.bytes(), &format!("`{name}`"));

    let mut extra = File::parse(&whole);
    let end = extra.data.len();
    let tensor = json!({ "dtype": "F32", "shape": [1], "data_offsets": [end, end + 4] });
    extra.header.insert("decoder.conv9.bias".into(), tensor);
    extra.data.extend([0; 4]);
    refused(&extra.bytes(), "`decoder.conv9.bias`");

    let mut misshapen = File::parse(&whole);
    misshapen.header["encoder.conv1.bias"]["shape"] = json!([16, 2]);
    refused(&misshapen.bytes(), "tensor `encoder.conv1.bias`: expected");

    let mut nan = File::parse(&whole);
    let at = nan.header["encoder.conv2.weight"]["data_offsets"][0].as_u64().unwrap() as usize;
    nan.data[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    refused(&nan.bytes(), "`encoder.conv2.weight`");

    let mut bare = File::parse(&whole);
    bare.header.remove("__metadata__");
    refused(&bare.bytes(), "no tenun model");
}

#[test]
fn initial_weights_must_be_those_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    small_run(folder.path());
    run(folder.path(), "train data --init run/model.safetensors --epochs 1 --out again", 0);
    fs::write(
        folder.path().join("net.toml"),
        "[[encoder]]\nlayer = \"conv2d\"\nfilters = 4\n[[encoder]]\nlayer = \"relu\"\n",
    )
    .unwrap();
    let line = "train data --network net.toml --init run/model.safetensors --epochs 1 --out other";
    let output = run(folder.path(), line, 1);
    assert!(stderr(&output).contains("tensor `"), "{}", stderr(&output));
    let output = run(folder.path(), "train data --init none.safetensors --out other", 1);
    assert!(stderr(&output).contains("none.safetensors"), "{}", stderr(&output));
    assert!(!folder.path().join("other").exists());
}
