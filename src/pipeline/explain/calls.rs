//! The SDK's calls, as they stand in the source, and the stops between them.

use super::Story;
use crate::{
    azure::{VaultAddress, operation::Operation},
    terminal::{az::az_secret, keyboard::Keyboard, note, prompt::Interrupted},
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{
        Context, Request, Url,
        policies::{Policy, PolicyResult},
    },
};
use dialoguer::console::style;
use std::{fmt, sync::Arc};
use tokio::task::spawn_blocking;

/// Shows each call of the SDK, with the reason for those that the tutorial does not have, and may stop before it.
#[derive(Debug)]
pub struct Calls {
    story: Story,
    step: Option<Step>,
}

/// How the run stops between the calls.
#[derive(Clone)]
pub struct Step {
    /// Where Enter is pressed.
    pub keyboard: Arc<Keyboard>,
    /// Whether another window can look into the vault.
    pub others_can_look: bool,
    /// Whether the value may not be shown there either.
    pub hide_value: bool,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Step")
    }
}

impl Calls {
    /// Tells `story`, and stops between the calls if `step` says how.
    pub fn new(story: Story, step: Option<Step>) -> Self {
        Self { story, step }
    }

    /// Shows the call that the request begins, once, and stops before it if `step` says how.
    async fn announce(
        &self,
        operation: Operation,
        name: &str,
        url: &Url,
        step: Option<&Step>,
    ) -> azure_core::Result<()> {
        let query = |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value);
        self.story.introduce(&query("api-version").unwrap_or_default());
        let (call, existed) = {
            let mut so_far = self.story.so_far();
            let is_next_page = query("$skiptoken").is_some();
            if is_next_page || operation == Operation::GetDeleted && std::mem::replace(&mut so_far.polling, true) {
                return Ok(());
            }
            (source(operation, so_far.set, query("maxresults").is_some()), so_far.existed)
        };
        match call {
            (call, "") => note!("  {}", style(call).for_stderr().bold()),
            (call, why) => note!("  {}  {why}", style(call).for_stderr().bold()),
        }
        match step {
            Some(step) => step.stop(operation, existed, &self.story.vault, name).await,
            None => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl Policy for Calls {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((operation, name)) = Operation::of(request).map(|(operation, name)| (operation, name.to_owned()))
        else {
            return next[0].send(ctx, request, &next[1..]).await;
        };
        let url = request.url().clone();
        let step = self.step.as_ref();
        // Not at a poll, where the poller's own time passes.
        self.announce(operation, &name, &url, step.filter(|_| operation != Operation::GetDeleted)).await?;
        let answer = next[0].send(ctx, request, &next[1..]).await?;
        let succeeded = answer.status().is_success();
        self.story.so_far().set |= operation == Operation::Set && succeeded;
        if operation == Operation::Delete && step.is_some() && succeeded {
            self.announce(Operation::GetDeleted, &name, &url, step).await?;
        }
        Ok(answer)
    }
}

impl Step {
    /// Says what another window shows now, and waits for Enter.
    async fn stop(
        &self,
        operation: Operation,
        existed: bool,
        vault: &VaultAddress,
        name: &str,
    ) -> azure_core::Result<()> {
        let keyboard = Arc::clone(&self.keyboard);
        // What was typed before this stop is not for it.
        let _ = spawn_blocking(move || keyboard.discard()).await;
        if operation == Operation::GetDeleted {
            note!("    The secret is now neither there nor deleted, for some seconds.");
        }
        if self.others_can_look {
            let (verb, expect) = match operation {
                Operation::ListVersions => ("show", "this tells whether the secret is there already"),
                Operation::Set if existed => ("show", "this still shows the secret as it was"),
                Operation::Set => ("show", "this does not find the secret yet"),
                Operation::Get => ("show", "this now finds the secret"),
                Operation::Delete => ("show", "this still finds the secret"),
                Operation::GetDeleted => ("show-deleted", "this finds it once the deletion is complete"),
                Operation::Purge => ("show-deleted", "this finds the deleted secret"),
            };
            let without_value = if self.hide_value && verb == "show" { " --query id" } else { "" };
            note!("    In another window, {expect}:");
            note!("    {}{without_value}", az_secret(verb, vault, name));
        }
        note!("    Press Enter to go on.");
        let keyboard = Arc::clone(&self.keyboard);
        match spawn_blocking(move || keyboard.wait_for_enter()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Error::new(ErrorKind::Other, Interrupted)),
        }
    }
}

/// The call as it stands in the source, and why it is made if the tutorial does not have it. `set` is whether the
/// secret was set before, `one_is_enough` whether a list may end with its first entry.
fn source(operation: Operation, set: bool, one_is_enough: bool) -> (&'static str, &'static str) {
    match operation {
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
