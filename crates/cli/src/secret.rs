//! The root secret: found, or made once. Lies outside of the data directory, and is never printed.

use crate::{configuration::Settings, exit::Exit, reality};
use anyhow::{Context as _, Result};
use countersign_app::RootSecret;
use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

/// Holds the secret as 64 hexadecimal digits, where it comes from a secret manager.
pub const VARIABLE: &str = "COUNTERSIGN_ROOT_SECRET";
/// More than any secret has.
const SECRET_BYTES_MAX: u64 = 4_096;

/// The secret, from the environment or its file.
pub fn load(settings: &Settings) -> Result<RootSecret> {
    if let Ok(text) = std::env::var(VARIABLE) {
        return RootSecret::from_hex(&text).map_err(|error| Exit::Storage.because(format!("{VARIABLE}: {error}")));
    }
    let path = &settings.secret_file;
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!(
                "there is no root secret at {} and {VARIABLE} is not set: `countersign init` makes a workspace with one, --secret-file names another place",
                path.display()
            );
            return Err(Exit::Storage.because(text));
        }
        Err(error) => {
            return Err(Exit::Storage.because(format!("read the root secret at {}: {error}", path.display())));
        }
    };
    if size > SECRET_BYTES_MAX {
        return Err(Exit::Storage.because(format!("{} has {size} bytes and is no root secret", path.display())));
    }
    let content = fs::read(path).map_err(|error| Exit::Storage.because(format!("read the root secret at {}: {error}", path.display())))?;
    RootSecret::from_file_bytes(&content).map_err(|error| Exit::Storage.because(format!("{}: {error}", path.display())))
}

/// Whether there is one already.
pub fn exists(settings: &Settings) -> bool {
    std::env::var_os(VARIABLE).is_some() || settings.secret_file.exists()
}

/// Makes a new one, that only the owner may read. Never writes over a file.
pub fn make(path: &Path) -> Result<RootSecret> {
    let mut bytes = [0; 32];
    reality::system(&mut bytes);
    let secret = RootSecret::from_bytes(bytes).context("make a root secret")?;
    bytes.fill(0);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("make the secret file {}", path.display()))?;
    file.write_all(secret.to_hex().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all().with_context(|| format!("write {}", path.display()))?;
    Ok(secret)
}

/// Makes a directory that only the owner may enter; one that is there is left as it is.
pub fn directory(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Exit::Storage.because(format!("make the directory {}: {error}", path.display())))
}

/// Whether anybody but the owner may read a file. Nothing is known of it except on Unix.
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    return fs::metadata(path).is_ok_and(|metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0);
    #[cfg(not(unix))]
    return !path.exists();
}
