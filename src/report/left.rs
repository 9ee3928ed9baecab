//! What the vault now holds of this run, and the command that removes it.

use crate::{azure::VaultAddress, pipeline::leftover::Left, terminal::az::az_secret};

/// A paragraph for each secret of which something is left.
pub(super) fn statement(leftover: &[(String, Left)], vault: &VaultAddress) -> String {
    let paragraphs: Vec<_> = leftover.iter().map(|(name, left)| paragraph(name, *left, vault)).collect();
    paragraphs.join("\n\n")
}

fn paragraph(name: &str, left: Left, vault: &VaultAddress) -> String {
    let (what, verb) = match left {
        Left::Nothing => return String::new(),
        Left::PerhapsSecret => (
            format!("The secret '{name}' may be in {vault}: nothing tells whether it was created. To delete it:"),
            "delete",
        ),
        Left::Secret => (format!("The secret '{name}' is still in {vault}. To delete it:"), "delete"),
        Left::PerhapsDeletion => {
            (format!("The secret '{name}' is still in {vault}, unless its deletion has begun. To delete it:"), "delete")
        }
        Left::Deletion => (
            format!(
                "The deletion of the secret '{name}' from {vault} has begun. Once it is complete, this removes the \
                 secret for good:"
            ),
            "purge",
        ),
    };
    format!("{what}\n\n    {}", az_secret(verb, vault, name))
}
