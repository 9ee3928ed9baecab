//! The certificate authorities to trust.

use crate::file;
use reqwest::{Certificate, ClientBuilder};
use std::{env, path::PathBuf};

/// No certificate authority to trust can be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} of no use: {why}", match file {
    Some(file) => format!("SSL_CERT_FILE names {}, which is", file.display()),
    None => "the system's store of certificates to trust is".to_owned(),
})]
pub struct NoTrust {
    /// The file that `SSL_CERT_FILE` names; `None` for the system's own store.
    pub file: Option<PathBuf>,
    /// The reason.
    pub why: String,
}

impl NoTrust {
    /// Nothing that is to be trusted can be used.
    pub(super) fn unusable() -> Self {
        Self { file: named(), why: "no certificate can be loaded from it".into() }
    }
}

/// Tells whether the system has no settings that the libraries would come upon: for a proxy, and a verifier of its own.
/// Then environment variables say it all, and the libraries read them.
pub(super) const IS_BARE: bool = cfg!(not(any(windows, target_vendor = "apple")));

/// The file of certificates to trust, if one is named.
fn named() -> Option<PathBuf> {
    env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// The certificates in the file that `SSL_CERT_FILE` names, as far as the libraries do not trust them by themselves.
///
/// # Errors
/// [`NoTrust`] when the file holds none; the libraries would pass over it.
pub(super) fn trusted() -> Result<Vec<Certificate>, NoTrust> {
    let Some(path) = named() else { return Ok(Vec::new()) };
    let refuse = |why: String| Err(NoTrust { file: Some(path.clone()), why });
    match file::read(&path) {
        Err(error) => refuse(error.to_string()),
        Ok(bytes) if bytes.trim_ascii().is_empty() => refuse("it is empty".into()),
        Ok(bytes) => match Certificate::from_pem_bundle(&bytes) {
            Ok(certificates) if !certificates.is_empty() => Ok(if IS_BARE { Vec::new() } else { certificates }),
            _ => refuse("it holds no certificate as PEM".into()),
        },
    }
}

/// Has a client trust these in place of the system's own, if there are any.
pub(super) fn trusting(client: ClientBuilder, trusted: &[Certificate]) -> ClientBuilder {
    if trusted.is_empty() { client } else { client.tls_certs_only(trusted.to_vec()) }
}
