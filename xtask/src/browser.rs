//! A browser for the journeys at the desk, axe-core to judge its pages by, and an OpenID provider to sign in through. Installs only what Debian packages and npm has, and
//! only where something is missing; never downloads a browser by itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::root;

/// The tests that need it.
pub const PACKAGE: &str = "countersign-journeys";
/// Where those tests look for the path of `axe.min.js`.
pub const VARIABLE: &str = "COUNTERSIGN_TEST_AXE";

/// Where those tests look for the folder that holds `node_modules/oidc-provider`.
pub const PROVIDER_VARIABLE: &str = "COUNTERSIGN_TEST_OIDC";

/// Debian's packages, and what they bring.
const PARTS: [(&str, &str); 2] = [("chromium", "/usr/bin/chromium"), ("chromium-driver", "/usr/bin/chromedriver")];
/// What npm is asked for.
const AXE: &str = "axe-core@4";
/// Likewise, for a provider: the last major version that node 20 runs whatever its minor version.
const PROVIDER: &str = "oidc-provider@8.8.1";

/// Finds Chromium and its driver, or installs them where apt-get can; or says what is missing.
pub fn find_or_install() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    if is_root() && runs("apt-get", "--version") {
        for arguments in [vec!["update", "-q"], [vec!["install", "-q", "-y", "--no-install-recommends"], missing].concat()] {
            eprintln!("   apt-get {}", arguments.join(" "));
            // What it did not bring is named below.
            drop(Command::new("apt-get").args(&arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()).status());
        }
    }
    match self::missing().as_slice() {
        [] => Ok(()),
        missing => Err(format!("no {}; on Debian, get it by: apt-get install {}", missing.join(" and no "), missing.join(" "))),
    }
}

/// The packages of which something is not there.
fn missing() -> Vec<&'static str> {
    PARTS.iter().filter(|(_, path)| !Path::new(path).exists()).map(|(package, _)| *package).collect()
}

/// Where axe-core is kept.
pub fn axe() -> PathBuf {
    root().join("target/axe/axe.min.js")
}

/// Has axe-core in its place; or says why not.
pub fn fetch_axe() -> Result<(), String> {
    let place = axe();
    if place.is_file() {
        return Ok(());
    }
    let how = format!("put {AXE}'s axe.min.js to {}", place.display());
    if !runs("npm", "--version") {
        return Err(format!("there is no npm to fetch axe-core with; install it, or {how}"));
    }
    let folder = place.parent().unwrap_or(&place);
    fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    // npm prints the name of the archive last.
    let packed = Command::new("npm").args(["pack", "--silent", AXE]).current_dir(folder).stdin(Stdio::null()).output();
    let name = packed.ok().filter(|output| output.status.success()).map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let Some(name) = name.as_deref().and_then(|text| text.lines().last()) else {
        return Err(format!("npm could not fetch {AXE}; {how}"));
    };
    let unpacked = Command::new("tar").args(["-xzf", name, "--strip-components=1", "package/axe.min.js"]).current_dir(folder).status();
    drop(fs::remove_file(folder.join(name)));
    if unpacked.is_ok_and(|status| status.success()) && place.is_file() {
        Ok(())
    } else {
        Err(format!("{name} could not be unpacked; {how}"))
    }
}

/// Where the provider is kept.
pub fn provider() -> PathBuf {
    root().join("target/oidc")
}

/// Whether it is there.
pub fn has_provider() -> bool {
    provider().join("node_modules/oidc-provider/package.json").is_file()
}

/// Has the provider in its place; or says why not. Some seconds and nine megabytes, once.
pub fn fetch_provider() -> Result<(), String> {
    if !runs("node", "--version") || !runs("npm", "--version") {
        return Err("there is no node with npm; without them nobody signs in through a provider in a browser".to_owned());
    }
    if has_provider() {
        return Ok(());
    }
    let folder = provider();
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let options = ["install", "--silent", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "."];
    let installed = Command::new("npm").args(options).arg(PROVIDER).current_dir(&folder).stdin(Stdio::null()).status();
    if installed.is_ok_and(|status| status.success()) && has_provider() {
        Ok(())
    } else {
        Err(format!("npm could not fetch {PROVIDER}; install it into {}", folder.display()))
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
