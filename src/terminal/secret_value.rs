//! The secret's value, which may be hidden.

use azure_core::http::RequestContent;
use azure_security_keyvault_secrets::models::SetSecretParameters;
use std::fmt;

/// Stands for a hidden value.
const HIDDEN: &str = "********";

/// A secret's value. `Display` shows it, unless it is hidden; `Debug` never does.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretValue {
    value: String,
    hidden: bool,
}

impl SecretValue {
    /// Takes a value, which is shown unless it is `hidden`.
    pub(super) fn new(value: String, hidden: bool) -> Self {
        Self { value, hidden }
    }

    /// Returns the body of a request that sets the value.
    ///
    /// # Errors
    /// The SDK's, when it cannot serialize the body.
    pub(crate) fn to_parameters(&self) -> azure_core::Result<RequestContent<SetSecretParameters>> {
        SetSecretParameters { value: Some(self.value.clone()), ..Default::default() }.try_into()
    }

    /// Tells whether `value` is the same.
    pub(crate) fn is(&self, value: &str) -> bool {
        self.value == value
    }

    /// Takes another value, which is hidden if this one is.
    pub(crate) fn shown_like(&self, value: String) -> Self {
        Self { value, hidden: self.hidden }
    }
}

impl fmt::Display for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.hidden { HIDDEN } else { &self.value })
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue")
    }
}
