//! The secrets that the run has left in the vault, and the command that removes each.

use super::remedy::Remedy;
use crate::{
    failure::{Leftover, LeftoverState, OthersDeleted, SharedSecret},
    terminal::az::az_secret,
};
use azure_extras::VaultAddress;

/// A paragraph for each secret of which something is left.
pub(super) fn statement(leftovers: &[Leftover], vault: Option<&VaultAddress>) -> String {
    let paragraphs: Vec<_> =
        vault.into_iter().flat_map(|vault| leftovers.iter().map(|it| paragraph(it, vault))).collect();
    paragraphs.join("\n\n")
}

/// The remedy for a secret that others have got versions of, meanwhile.
pub(super) fn shared(SharedSecret { secret_name, versions }: &SharedSecret, vault: &VaultAddress) -> Remedy {
    let (versions, them) = counted(*versions);
    Remedy::new(
        format!(
            "The secret '{secret_name}' is still in {vault}, with {versions} that this run did not make: deleting the \
             secret would delete {them} too."
        ),
        format!(
            "The version that this run made is one of them all, and cannot be deleted alone. To see them:\n\n    {}",
            az_secret("list-versions", vault, secret_name)
        ),
    )
}

/// So many versions, in words, and the pronoun for them.
pub(crate) fn counted(versions: usize) -> (String, &'static str) {
    if versions == 1 { ("a version".to_owned(), "it") } else { (format!("{versions} versions"), "them") }
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
