//! Decompresses modules that are installed compressed.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;

use crate::limits::MAX_MODULE;

const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];

/// The module in `bytes`, inflated if it is compressed with gzip.
pub fn decompress(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let module = if bytes.starts_with(&GZIP_MAGIC) {
        let mut module = Vec::new();
        GzDecoder::new(bytes)
            .take(MAX_MODULE + 1)
            .read_to_end(&mut module)
            .map_err(|error| format!("the module does not decompress: {error}"))?;
        Cow::Owned(module)
    } else {
        Cow::Borrowed(bytes)
    };
    if module.len() as u64 > MAX_MODULE {
        return Err(format!("the module has more than {MAX_MODULE} bytes"));
    }
    Ok(module)
}
