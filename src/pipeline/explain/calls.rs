//! The SDK's calls, as they stand in the source.

use azure_extras::secrets::Operation;

/// The call as it stands in the source, and why it is made if the tutorial does not have it. `set` tells whether the
/// secret was set before, `one_is_enough` whether a list may end with its first entry.
pub(super) fn source(operation: Operation, set: bool, one_is_enough: bool) -> (&'static str, &'static str) {
    match operation {
        Operation::ListVersions if set => {
            ("client.list_secret_properties_versions(...)", "again: is it this run's alone?")
        }
        Operation::ListVersions if one_is_enough => {
            ("client.list_secret_properties_versions(...)", "first: is the name free?")
        }
        Operation::ListVersions => ("client.list_secret_properties_versions(...)", "how many versions are there?"),
        Operation::Set => ("client.set_secret(&secret_name, secret_value.to_parameters()?, None)", ""),
        Operation::Get if !set => ("client.get_secret(secret_name, None)", "again: is the name free?"),
        Operation::Get => ("client.get_secret(&secret_name, None)", ""),
        Operation::Delete => ("client.begin_delete_secret(&secret_name)", ""),
        Operation::GetDeleted => ("poller.await?", "until the deletion is complete"),
        Operation::Purge => ("client.purge_deleted_secret(&secret_name, None)", "to free the name"),
    }
}
