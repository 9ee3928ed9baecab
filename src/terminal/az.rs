//! Commands of the Azure CLI to paste, for a secret in a vault.

use azure_extras::VaultAddress;

/// Returns an `az keyvault secret` command for the secret of that name: by the vault's name in Azure, and elsewhere by
/// the secret's URL, which emulators understand.
pub(crate) fn az_secret(verb: &str, vault: &VaultAddress, name: &str) -> String {
    if vault.is_in_azure() {
        return format!("az keyvault secret {verb} --vault-name {vault} --name {name}");
    }
    let folder = if matches!(verb, "delete" | "show") { "secrets" } else { "deletedsecrets" };
    format!("az keyvault secret {verb} --id {}/{folder}/{name}", vault.url())
}
