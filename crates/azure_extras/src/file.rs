//! Files that are named by others.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// The bytes of a file that is too large. A bundle of the world's certificate authorities has some hundred thousand.
const MOST: u64 = 16 << 20;

/// Reads a file, which must be a regular one: reading another, such as a FIFO, may have no end.
///
/// # Errors
/// Those of the system.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    if File::open(path)?.take(MOST).read_to_end(&mut bytes)? as u64 == MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is too large"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_read() {
        assert!(read(Path::new("Cargo.toml")).is_ok_and(|bytes| bytes.starts_with(b"[package]")));
        for other in ["src", "no such file", if cfg!(unix) { "/dev/zero" } else { "NUL" }] {
            assert!(read(Path::new(other)).is_err(), "{other}");
        }
    }
}
