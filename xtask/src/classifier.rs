//! A classifier of images that a package registry carries, for the test of `vision` that runs a real one: rapidocr-onnxruntime's, which tells whether a line
//! of text stands on its head (Apache-2.0, 0.6 MB of a wheel of 15 MB). Asks the registry once and keeps the one file; the test passes over without it.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::root;

/// The package that has the test.
pub const PACKAGE: &str = "countersign-vision";
/// Where that test looks for the path of the model.
pub const VARIABLE: &str = "COUNTERSIGN_TEST_CLASSIFIER";
/// What pip is asked for.
const WHEEL: &str = "rapidocr-onnxruntime==1.4.4";
/// The model in it.
const MODEL: &str = "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx";

/// Where the model is kept.
pub fn place() -> PathBuf {
    root().join("target/classifier").join(MODEL)
}

/// Has the model in its place; or says why not.
pub fn fetch() -> Result<(), String> {
    if place().is_file() {
        return Ok(());
    }
    let folder = root().join("target/classifier");
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let how = format!("put {MODEL} of the wheel {WHEEL} to {}", place().display());
    let python = |arguments: &[&str]| {
        let status = Command::new("python3").args(arguments).current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !python(&["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", ".", WHEEL]) {
        return Err(format!("python3 with pip could not fetch it; {how}"));
    }
    let wheels = fs::read_dir(&folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    for wheel in wheels.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "whl")) {
        let unpack = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract(sys.argv[2])";
        let unpacked = python(&["-c", unpack, &wheel.to_string_lossy(), MODEL]);
        drop(fs::remove_file(&wheel));
        if unpacked && place().is_file() {
            return Ok(());
        }
    }
    Err(format!("the wheel could not be unpacked; {how}"))
}
