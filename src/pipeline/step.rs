//! `--step`: stops before each call until the user presses Enter.

use super::{
    record::{Record, deletion_goes_on},
    watch::{Call, Observer, Outcome},
};
use crate::{
    failure::Interrupted,
    terminal::{az::az_secret, keyboard::Keyboard, note},
};
use azure_core::{Error, error::ErrorKind};
use azure_extras::{VaultAddress, secrets::Operation};
use std::{fmt, sync::Arc};
use tokio::task::spawn_blocking;

/// Stops before each call, and says what another window shows then.
pub(crate) struct Step {
    /// The keyboard where Enter is pressed.
    pub keyboard: Arc<Keyboard>,
    /// The vault.
    pub vault: VaultAddress,
    /// Another window can look into the vault.
    pub others_can_look: bool,
    /// The value may not be shown there either.
    pub hide_value: bool,
    /// Tells whether the secret was there before.
    pub record: Arc<Record>,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Step")
    }
}

impl Step {
    /// Says what another window shows now, and waits for Enter.
    async fn stop(&self, operation: Operation, secret_name: &str) -> azure_core::Result<()> {
        let keyboard = Arc::clone(&self.keyboard);
        // What was typed before this stop is not for it.
        let _ = spawn_blocking(move || keyboard.discard()).await;
        if operation == Operation::GetDeleted {
            note!("    The secret is now neither there nor deleted, for some seconds.");
        }
        if self.others_can_look {
            let (verb, expect) = match operation {
                Operation::ListVersions if self.record.was_set() => {
                    ("list-versions", "this shows the secret's versions")
                }
                Operation::ListVersions => ("show", "this tells whether the secret is there already"),
                Operation::Set if self.record.found_secret(secret_name) => {
                    ("show", "this still shows the secret as it was")
                }
                Operation::Set => ("show", "this does not find the secret yet"),
                Operation::Get => ("show", "this now finds the secret"),
                Operation::Delete => ("show", "this still finds the secret"),
                Operation::GetDeleted => ("show-deleted", "this finds it once the deletion is complete"),
                Operation::Purge => ("show-deleted", "this finds the deleted secret"),
            };
            let without_value = if self.hide_value && verb == "show" { " --query id" } else { "" };
            note!("    In another window, {expect}:");
            note!("    {}{without_value}", az_secret(verb, &self.vault, secret_name));
        }
        note!("    Press Enter to go on.");
        let keyboard = Arc::clone(&self.keyboard);
        match spawn_blocking(move || keyboard.wait_for_enter()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::new(ErrorKind::Other, Interrupted)),
        }
    }
}

#[async_trait::async_trait]
impl Observer for Step {
    async fn call_begins(&self, call: &Call) -> azure_core::Result<()> {
        // Not at a poll, where the poller's own time passes.
        if call.operation == Operation::GetDeleted || call.is_next_page() {
            return Ok(());
        }
        self.stop(call.operation, &call.secret_name).await
    }

    async fn call_ended(&self, call: &Call, outcome: Outcome<'_>) -> azure_core::Result<()> {
        if call.operation == Operation::Delete && outcome.is_ok_and(deletion_goes_on) {
            self.stop(Operation::GetDeleted, &call.secret_name).await?;
        }
        Ok(())
    }
}
