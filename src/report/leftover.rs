//! The secrets that the run has left in the vault, and the command that removes each.

use crate::{
    failure::{Leftover, LeftoverState},
    terminal::az::az_secret,
};
use azure_extras::VaultAddress;

/// A paragraph for each secret of which something is left.
pub(super) fn statement(leftovers: &[Leftover], vault: Option<&VaultAddress>) -> String {
    let paragraphs: Vec<_> =
        vault.into_iter().flat_map(|vault| leftovers.iter().map(|it| paragraph(it, vault))).collect();
    paragraphs.join("\n\n")
}

fn paragraph(Leftover { secret_name: name, state }: &Leftover, vault: &VaultAddress) -> String {
    let (what, verb) = match state {
        LeftoverState::Nothing => return String::new(),
        LeftoverState::PerhapsSecret => (
            format!("The secret '{name}' may be in {vault}: nothing tells whether it was created. To delete it:"),
            "delete",
        ),
        LeftoverState::Secret => (format!("The secret '{name}' is still in {vault}. To delete it:"), "delete"),
        LeftoverState::PerhapsDeletion => {
            (format!("The secret '{name}' is still in {vault}, unless its deletion has begun. To delete it:"), "delete")
        }
        LeftoverState::Deletion => (
            format!(
                "The deletion of the secret '{name}' from {vault} has begun. Once it is complete, this removes the \
                 secret for good:"
            ),
            "purge",
        ),
    };
    format!("{what}\n\n    {}", az_secret(verb, vault, name))
}
