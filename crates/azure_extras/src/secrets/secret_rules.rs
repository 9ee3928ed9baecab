//! The rules of Key Vault for a secret's name and value.

/// The characters of the longest secret value that Key Vault takes.
/// See <https://learn.microsoft.com/azure/key-vault/secrets/about-secrets>.
pub const MAX_VALUE_CHARS: usize = 25_600;

/// Tells whether `name` can be a secret's: 1 to 127 letters, digits and hyphens.
/// See <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>.
pub fn is_secret_name(name: &str) -> bool {
    (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
