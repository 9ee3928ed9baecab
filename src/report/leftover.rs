//! The secrets that the run has left in the vault, and the command that removes each.

use super::remedy::Remedy;
use crate::{
    failure::{Leftover, LeftoverState, OthersDeleted, SharedSecret},
    terminal::{az::az_secret, versions},
};
use azure_extras::VaultAddress;

/// A paragraph for each secret of which something is left.
pub(super) fn statement(leftovers: &[Leftover], vault: Option<&VaultAddress>) -> String {
    let paragraphs: Vec<_> =
        vault.into_iter().flat_map(|vault| leftovers.iter().map(|it| paragraph(it, vault))).collect();
    paragraphs.join("\n\n")
}

/// The remedy for a secret that others have made versions of, meanwhile.
pub(super) fn shared(shared: &SharedSecret, vault: &VaultAddress) -> Remedy {
    let SharedSecret { secret_name, versions: count, is_deleted } = shared;
    let (made, done) = (versions(*count), if *is_deleted { "purged" } else { "deleted" });
    Remedy::new(
        format!("The secret '{secret_name}' was not {done} from {vault}: it has {made} that this run did not make."),
        "",
    )
}

/// The remedy for a version of somebody else's that was deleted with the secret.
pub(super) fn others_deleted(others: &OthersDeleted, vault: &VaultAddress) -> Remedy {
    let OthersDeleted { secret_name, is_recoverable } = others;
    Remedy::new(
        format!(
            "The secret '{secret_name}' was deleted from {vault} with a version that this run did not make: that was \
             created after the last look."
        ),
        match is_recoverable {
            true => format!(
                "To recover the secret, with all its versions:\n\n    {}",
                az_secret("recover", vault, secret_name)
            ),
            false => "The vault has no soft delete: it cannot be recovered.".into(),
        },
    )
}

fn paragraph(Leftover { secret_name: name, state, shared }: &Leftover, vault: &VaultAddress) -> String {
    let (what, verb) = match (state, shared) {
        (LeftoverState::Nothing, _) => return String::new(),
        (LeftoverState::Deletion, true) => (
            format!(
                "The deletion of the secret '{name}' from {vault} has begun, and takes a version that this run did not \
                 make. Once it is complete, this recovers the secret:"
            ),
            "recover",
        ),
        (LeftoverState::PerhapsDeletion, true) => (
            format!(
                "The secret '{name}' is still in {vault}, with what others have made of it, unless its deletion has \
                 begun. To see its versions:"
            ),
            "list-versions",
        ),
        (LeftoverState::Secret | LeftoverState::PerhapsSecret, true) => (
            format!(
                "The secret '{name}' is still in {vault}, with what others have made of it. A version cannot be deleted \
                 alone. To see them all:"
            ),
            "list-versions",
        ),
        (LeftoverState::PerhapsSecret, false) => (
            format!("The secret '{name}' may be in {vault}: nothing tells whether it was created. To delete it:"),
            "delete",
        ),
        (LeftoverState::Secret, false) => (format!("The secret '{name}' is still in {vault}. To delete it:"), "delete"),
        (LeftoverState::PerhapsDeletion, false) => {
            (format!("The secret '{name}' is still in {vault}, unless its deletion has begun. To delete it:"), "delete")
        }
        (LeftoverState::Deletion, false) => (
            format!(
                "The deletion of the secret '{name}' from {vault} has begun. Once it is complete, this removes the \
                 secret for good:"
            ),
            "purge",
        ),
    };
    format!("{what}\n\n    {}", az_secret(verb, vault, name))
}
