//! Signing in: with the account of the Azure CLI (`az`) or the Azure Developer CLI (`azd`).

use azure_core::credentials::TokenCredential;
use azure_identity::{DeveloperToolsCredential, DeveloperToolsCredentialOptions, Executor};
use std::{ffi::OsStr, io, process::Output, process::Stdio, sync::Arc};

/// Makes the credential; nothing is asked of it until a vault's first challenge.
///
/// # Errors
/// The SDK's own; none is known.
pub fn developer_tools() -> azure_core::Result<Arc<dyn TokenCredential>> {
    let executor: Arc<dyn Executor> = Arc::new(CliExecutor);
    Ok(DeveloperToolsCredential::new(Some(DeveloperToolsCredentialOptions { executor: Some(executor) }))?)
}

/// Runs a CLI without our stdin, which holds the secret's value, and not longer than its answer is waited for.
#[derive(Debug)]
struct CliExecutor;

#[async_trait::async_trait]
impl Executor for CliExecutor {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = tokio::process::Command::new(program);
        command.args(args).stdin(Stdio::null()).kill_on_drop(true).output().await
    }
}
