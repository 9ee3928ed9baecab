//! Remedies for the responses of Key Vault, and of what responds in its place.
//!
//! The service's codes: <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use super::{
    network::tried,
    remedy::{Remedy, sentence},
    sign_in,
};
use crate::{
    failure::Failure,
    terminal::{az::az_secret, shell::Shell},
};
use azure_core::http::StatusCode;
use azure_extras::{
    VaultAddress,
    secrets::{DeletionPending, ForeignChallenge, NotKeyVault, Operation, ServiceError, is_transient_status},
};

const RBAC: &str = "https://learn.microsoft.com/azure/key-vault/general/rbac-guide";
const ACCESS_POLICY: &str = "https://learn.microsoft.com/azure/key-vault/general/assign-access-policy";
const NETWORK: &str = "https://learn.microsoft.com/azure/key-vault/general/network-security";
const SOFT_DELETE: &str = "https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview";
const THROTTLING: &str = "https://learn.microsoft.com/azure/key-vault/general/overview-throttling";
const SIGN_IN: &str = "https://aka.ms/azsdk/rust/identity/troubleshoot";

const CHECK_ADDRESS: &str = "Something other than Key Vault may answer at that address: check the vault's name or URL, \
                             and HTTPS_PROXY if there is a proxy.";

/// The remedy for a deletion that was not complete in time.
pub(super) fn deletion_pending(pending: &DeletionPending, failure: &Failure, vault: &VaultAddress) -> Remedy {
    let advice = match (&pending.recovery_id, &failure.call) {
        (Some(_), Some(call)) => {
            format!("Look again later:\n\n    {}", az_secret("show-deleted", vault, &call.secret_name))
        }
        _ => String::new(),
    };
    Remedy { link: SOFT_DELETE, ..Remedy::new(sentence(&pending.to_string()), advice) }
}

/// The remedy for a challenge of another domain.
pub(super) fn foreign_challenge(ForeignChallenge { resource }: &ForeignChallenge, vault: &VaultAddress) -> Remedy {
    Remedy::new(
        format!(
            "The server at {} wants a token for {resource}, which is not its own domain; none was sent.",
            vault.host()
        ),
        match vault.is_loopback() {
            true => format!(
                "Anybody could answer on this computer. If an emulator has an Entra ID of its own, name it:\n\n    {}",
                Shell::HERE.set("AZURE_AUTHORITY_HOST", "https://localhost:<its-port>")
            ),
            false => {
                "For a vault behind a private endpoint use the plain vault name, as in my-vault; for an emulator use \
                      https://localhost and its port."
                    .into()
            }
        },
    )
}

/// The remedy for a link that leads outside the vault.
pub(super) fn foreign_link(vault: &VaultAddress) -> Remedy {
    Remedy::new(format!("A response of {vault} leads outside the vault; no token was sent there."), CHECK_ADDRESS)
}

/// The remedy for a response that cannot be read.
pub(super) fn unreadable(vault: &VaultAddress) -> Remedy {
    Remedy::new(format!("The answer from {vault} cannot be read."), CHECK_ADDRESS)
}

/// The remedy for a response that is not Key Vault's.
pub(super) fn not_key_vault(other: &NotKeyVault, vault: &VaultAddress) -> Remedy {
    let NotKeyVault { status, content_type, first_line } = other;
    let kind = if content_type.is_empty() { String::new() } else { format!(", {content_type}") };
    let said = if first_line.is_empty() { String::new() } else { format!("\n{first_line}") };
    Remedy {
        details: format!("{}{kind}{said}", status_line(*status)),
        ..Remedy::new(
            format!("Something other than Key Vault answered for {vault}, with {}{kind}.", status_line(*status)),
            "A proxy, or a network that wants you to sign in first, may answer in the vault's place: open a web page in \
             a browser, check HTTPS_PROXY, and the vault's name or URL.",
        )
    }
}

/// The remedy for a response with an error's status.
pub(super) fn remedy(answer: &ServiceError, failure: &Failure, vault: &VaultAddress) -> Remedy {
    let details = details(answer);
    let (sentence, advice, link) = match (answer.status, &*answer.inner_code) {
        (401, _) if answer.is_passing_refusal() => (
            format!("{vault} cannot check the token for now: the service has trouble, or the clocks differ."),
            format!(
                "Your account is not the cause. Check this computer's clock, then try again:\n\n    {}",
                Shell::HERE.date()
            ),
            "",
        ),
        (401, _) if answer.wants_new_sign_in() => (
            format!(
                "{vault} refused the request: it wants you to sign in again, because something about the account has changed."
            ),
            sign_in::again(failure.signed_in()),
            SIGN_IN,
        ),
        (401, _) => (
            format!("{vault} does not accept the token of the account that you are signed in with."),
            sign_in::to_tenant(failure.signed_in(), answer.tenant()),
            SIGN_IN,
        ),
        (403, "ForbiddenByFirewall") => (
            format!("The firewall of {vault} does not let this computer in."),
            format!(
                "No role or access policy helps against that. Allow this computer's address:\n\n    \
                 az keyvault network-rule add --name {vault} --ip-address {}",
                answer.client_address().map_or("<your-ip-address>".into(), |address| address.to_string())
            ),
            NETWORK,
        ),
        (403, "ForbiddenByConnection") => (
            format!("{vault} accepts no requests from public networks."),
            "Only a private endpoint reaches it: run the program in a network that has one. No role or access policy \
             helps against that."
                .into(),
            NETWORK,
        ),
        (403, "SecretDisabled") => {
            (format!("The name belongs to a disabled secret in {vault}."), "Choose another name.".into(), "")
        }
        (403, _) if answer.message.contains("purge protection") => (
            format!("{vault} has purge protection: a deleted secret stays until its retention period is over."),
            "The secret is deleted; for the next run choose another name.".into(),
            SOFT_DELETE,
        ),
        (403, "ForbiddenByRbac") => forbidden_by_rbac(answer, vault),
        (403, "AccessDenied" | "ForbiddenByPolicy") => forbidden_by_policy(answer, failure, vault),
        (403, _) if answer.message.contains("does not have secrets") => forbidden_by_policy(answer, failure, vault),
        (403, _) if answer.message.contains("Resource: '/subscriptions/") => forbidden_by_rbac(answer, vault),
        _ if answer.is_recoverable() => {
            let name = failure.call.as_ref().map_or("<name>", |call| call.secret_name.as_str());
            (
                format!("The name '{name}' belongs to a deleted secret in {vault} that can be recovered."),
                format!(
                    "Choose another name; or recover that secret, or purge it, which cannot be undone:\n\n    \
                     {}\n    {}",
                    az_secret("recover", vault, name),
                    az_secret("purge", vault, name)
                ),
                SOFT_DELETE,
            )
        }
        _ if answer.is_being_deleted() => (
            format!("A secret of that name is still being deleted in {vault}."),
            "Wait a little and try again, or choose another name.".into(),
            SOFT_DELETE,
        ),
        (status, _) => {
            let link = if status == 429 { THROTTLING } else { "" };
            let said = format!("{vault} answered {}", status_line(answer.status));
            let later = if is_transient_status(status) { "Try again later.".into() } else { String::new() };
            match tried(failure.attempts) {
                Some(tried) => (format!("{said}, {tried}."), later, link),
                None => (format!("{said}."), later, link),
            }
        }
    };
    Remedy { details, link, ..Remedy::new(sentence, advice) }
}

fn forbidden_by_rbac(answer: &ServiceError, vault: &VaultAddress) -> (String, String, &'static str) {
    (
        format!("Your account has no role in {vault} that allows this."),
        format!(
            "Give it one, which takes some minutes to work:\n\n    \
             az role assignment create --role \"Key Vault Secrets Officer\" --assignee-object-id {} --scope {}",
            object_id(answer),
            answer
                .vault_scope(&vault.to_string())
                .unwrap_or_else(|| format!("\"$(az keyvault show --name {vault} --query id -o tsv)\""))
        ),
        RBAC,
    )
}

fn forbidden_by_policy(
    answer: &ServiceError,
    failure: &Failure,
    vault: &VaultAddress,
) -> (String, String, &'static str) {
    let purge = if failure.operation() == Some(Operation::Purge) { " purge" } else { "" };
    (
        format!("The access policies of {vault} do not allow your account to do this."),
        format!(
            "Allow it:\n\n    az keyvault set-policy --name {vault} --object-id {} --secret-permissions delete get list set{purge}",
            object_id(answer)
        ),
        ACCESS_POLICY,
    )
}

fn object_id(answer: &ServiceError) -> &str {
    answer.object_id().unwrap_or("\"$(az ad signed-in-user show --query id -o tsv)\"")
}

fn status_line(status: u16) -> String {
    let reason = StatusCode::from(status).canonical_reason();
    // One that is not known is given its number as its reason.
    if reason.starts_with("HTTP ") { status.to_string() } else { format!("{status} {reason}") }
}

fn details(answer: &ServiceError) -> String {
    let mut details = status_line(answer.status);
    for code in [&answer.code, &answer.inner_code] {
        if !code.is_empty() {
            details += &format!(", {code}");
        }
    }
    if !answer.message.is_empty() {
        details += &format!("\n{}", answer.message);
    }
    if !answer.other_body.is_empty() {
        details += &format!("\n{}", answer.other_body);
    }
    if let Some(id) = &answer.request_id {
        details += &format!("\nrequest id {}", id);
    }
    details
}
