//! Commands of the Azure CLI to paste, for a secret in a vault.

use azure_extras::VaultAddress;

/// Returns an `az keyvault secret` command for the secret of that name: by the vault's name in Azure, and elsewhere by
/// the secret's URL, which emulators understand.
pub(crate) fn az_secret(verb: &str, vault: &VaultAddress, name: &str) -> String {
    if vault.is_in_azure() {
        // A name may look like an option.
        let is = if name.starts_with('-') { '=' } else { ' ' };
        return format!("az keyvault secret {verb} --vault-name {vault} --name{is}{name}");
    }
    let folder = if matches!(verb, "delete" | "show" | "list-versions") { "secrets" } else { "deletedsecrets" };
    // Some shells take an IPv6 address for a pattern.
    let quote = if vault.url().contains('[') { "'" } else { "" };
    format!("az keyvault secret {verb} --id {quote}{}/{folder}/{name}{quote}", vault.url())
}
