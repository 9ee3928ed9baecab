//! What to do about the errors of Key Vault, of signing in, and of the way there.
//!
//! The service's codes: <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use super::{Remedy, clean, one_line};
use crate::{
    credential::SignInFailed, deletion::DeletionPending, retry::GaveUp, service::ServiceError, transport::Unresolved,
    vault::VaultAddress,
};
use anyhow::Chain;
use azure_core::error::ErrorKind;
use std::error::Error;

const CHECK_NETWORK: &str = "Check the network, and HTTPS_PROXY if there is a proxy; then try again.";

const RBAC: &str = "https://learn.microsoft.com/azure/key-vault/general/rbac-guide";
const ACCESS_POLICY: &str = "https://learn.microsoft.com/azure/key-vault/general/assign-access-policy";
const NETWORK: &str = "https://learn.microsoft.com/azure/key-vault/general/network-security";
const SOFT_DELETE: &str = "https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview";
const THROTTLING: &str = "https://learn.microsoft.com/azure/key-vault/general/overview-throttling";
const SIGN_IN: &str = "https://aka.ms/azsdk/rust/identity/troubleshoot";

/// What is told of an error that came while the program used `vault`.
pub(super) fn remedy(error: &anyhow::Error, vault: &VaultAddress) -> Remedy {
    if let Some(failed) = find::<SignInFailed>(error.as_ref()) {
        return Remedy { sentence: failed.to_string(), advice: failed.advice(), link: SIGN_IN, ..Remedy::default() };
    }
    if let Some(DeletionPending { recovery_id }) = error.downcast_ref() {
        return Remedy {
            sentence: error.to_string(),
            advice: format!("Look again later:\n\n    az keyvault secret show-deleted --id {}", clean(recovery_id)),
            link: SOFT_DELETE,
            ..Remedy::default()
        };
    }
    let Some(sdk) = find::<azure_core::Error>(error.as_ref()) else {
        return Remedy::of_own(error);
    };
    let details = causes(error);
    let gave_up = find::<GaveUp>(error.as_ref());
    if let Some(answer) = ServiceError::of(sdk) {
        return of_answer(&answer, gave_up, vault);
    }
    if let Some(connection) = Connection::of(sdk) {
        return connection.remedy(vault, details);
    }
    match gave_up {
        Some(GaveUp { last: None, elapsed, .. }) => Remedy {
            sentence: format!("{vault} gave no answer within {} s.", elapsed.as_secs()),
            advice: CHECK_NETWORK.into(),
            ..Remedy::default()
        },
        Some(gave_up) => Remedy {
            sentence: format!("{vault} could not be reached, tried {}.", gave_up.effort()),
            advice: CHECK_NETWORK.into(),
            details,
            ..Remedy::default()
        },
        // Without the parser's words: they may quote what it read.
        None if *sdk.kind() == ErrorKind::DataConversion => Remedy {
            sentence: format!("the answer of {vault} cannot be read."),
            advice: "Something else than Key Vault may answer at that address: check the vault's name or URL, and \
                     HTTPS_PROXY if there is a proxy."
                .into(),
            ..Remedy::default()
        },
        None => Remedy { sentence: one_line(&details), ..Remedy::default() },
    }
}

/// What is told of an answer with an error's status.
fn of_answer(answer: &ServiceError, gave_up: Option<&GaveUp>, vault: &VaultAddress) -> Remedy {
    let details = details(answer);
    let (sentence, advice, link) = match (answer.status, answer.inner_code.as_str()) {
        (401, _) => (
            format!("{vault} does not take the token of the account that you are signed in with."),
            match answer.tenant() {
                Some(tenant) => format!("Sign in to the vault's own tenant:\n\n    az login --tenant {tenant}"),
                None => "Sign in again:\n\n    az login".into(),
            },
            SIGN_IN,
        ),
        (403, "ForbiddenByFirewall") => (
            format!("the firewall of {vault} does not let this computer in."),
            format!(
                "No role or access policy helps against that. Allow this computer's address:\n\n    \
                 az keyvault network-rule add --name {vault} --ip-address {}",
                answer.client_address().unwrap_or("<your-ip-address>")
            ),
            NETWORK,
        ),
        (403, "ForbiddenByConnection") => (
            format!("{vault} takes no requests from public networks."),
            "Only a private endpoint reaches it: run the program in a network that has one. No role or access policy \
             helps against that."
                .into(),
            NETWORK,
        ),
        (403, "SecretDisabled") => {
            (format!("the name belongs to a disabled secret in {vault}."), "Choose another name.".into(), "")
        }
        (403, _) if answer.message.contains("purge protection") => (
            format!("{vault} has purge protection: a deleted secret stays until its time has passed."),
            "The secret is deleted; for the next run choose another name.".into(),
            SOFT_DELETE,
        ),
        (403, "ForbiddenByRbac") => forbidden_by_rbac(answer, vault),
        (403, "AccessDenied" | "ForbiddenByPolicy") => forbidden_by_policy(answer, vault),
        (403, _) if answer.message.contains("does not have secrets") => forbidden_by_policy(answer, vault),
        (403, _) if answer.message.contains("Resource: '/subscriptions/") => forbidden_by_rbac(answer, vault),
        (409, "ObjectIsDeletedButRecoverable") => {
            let name = answer.message.split_whitespace().nth(1).filter(|name| crate::prompt::is_name(name));
            let name = name.unwrap_or("<name>");
            (
                format!("the name '{name}' belongs to a deleted secret in {vault} that can be recovered."),
                format!(
                    "Choose another name; or recover that secret, or purge it, which cannot be undone:\n\n    \
                     az keyvault secret recover --vault-name {vault} --name {name}\n    \
                     az keyvault secret purge --vault-name {vault} --name {name}"
                ),
                SOFT_DELETE,
            )
        }
        (409, "ObjectIsBeingDeleted") => (
            format!("a secret of that name is still being deleted in {vault}."),
            "Wait a little and try again, or choose another name.".into(),
            SOFT_DELETE,
        ),
        (status, _) => {
            let link = if status == 429 { THROTTLING } else { "" };
            let said = format!("{vault} answered {}", status_line(answer));
            match gave_up {
                Some(gave_up) => (format!("{said}, {}.", gave_up.effort()), "Try again later.".into(), link),
                None => (format!("{said}."), String::new(), link),
            }
        }
    };
    Remedy { sentence, advice, details, link }
}

fn forbidden_by_rbac(answer: &ServiceError, vault: &VaultAddress) -> (String, String, &'static str) {
    (
        format!("your account has no role in {vault} that allows this."),
        format!(
            "Give it one, which takes some minutes to work:\n\n    \
             az role assignment create --role \"Key Vault Secrets Officer\" --assignee-object-id {} --scope {}",
            object_id(answer),
            answer.vault_scope().unwrap_or_else(|| format!("\"$(az keyvault show --name {vault} --query id -o tsv)\""))
        ),
        RBAC,
    )
}

fn forbidden_by_policy(answer: &ServiceError, vault: &VaultAddress) -> (String, String, &'static str) {
    let purge = if answer.message.contains("purge permission") { " purge" } else { "" };
    (
        format!("the access policies of {vault} do not allow this to your account."),
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

fn status_line(answer: &ServiceError) -> String {
    let status = reqwest::StatusCode::from_u16(answer.status).ok();
    let reason = status.and_then(|status| status.canonical_reason()).unwrap_or_default();
    format!("{} {reason}", answer.status).trim_end().to_owned()
}

fn details(answer: &ServiceError) -> String {
    let mut details = status_line(answer);
    for code in [&answer.code, &answer.inner_code] {
        if !code.is_empty() {
            details += &format!(", {}", one_line(code));
        }
    }
    if !answer.message.is_empty() {
        details += &format!("\n{}", clean(&answer.message));
    }
    if let Some(id) = &answer.request_id {
        details += &format!("\nrequest id {}", one_line(id));
    }
    details
}

/// Why there is no connection, where that is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    Unresolved { host: String },
    Untrusted,
    Tunnel,
}

impl Connection {
    pub(crate) fn of(error: &azure_core::Error) -> Option<Self> {
        if let Some(Unresolved { host }) = find(error) {
            return Some(Self::Unresolved { host: host.clone() });
        }
        // These come from private types of the libraries, so only their words can be recognised.
        Chain::new(error).find_map(|cause| match cause.to_string() {
            text if text.contains("invalid peer certificate") => Some(Self::Untrusted),
            text if text.contains("tunnel error: unsuccessful") => Some(Self::Tunnel),
            _ => None,
        })
    }

    /// Whether the next try may do better.
    pub(crate) fn may_pass(&self) -> bool {
        *self == Self::Tunnel
    }

    fn remedy(self, vault: &VaultAddress, details: String) -> Remedy {
        let name_or_create = format!(
            "See your vaults' names, or create the vault:\n\n    az keyvault list -o table\n    \
             az keyvault create --name {vault} --resource-group <your-resource-group>"
        );
        let (sentence, advice) = match self {
            Self::Unresolved { host } if host == vault.host() => (
                format!("the host {host} is not known: the vault's name is wrong, or this computer is offline."),
                name_or_create,
            ),
            Self::Unresolved { host } => (
                format!(
                    "the host {} is not known: this computer is offline, or a proxy's name is wrong.",
                    clean(&host)
                ),
                "Check the network, and HTTPS_PROXY.".into(),
            ),
            Self::Tunnel => (
                format!("the proxy cannot reach {}: the vault's name is wrong, or HTTPS_PROXY is.", vault.host()),
                name_or_create,
            ),
            Self::Untrusted => (
                format!("the certificate of {} is not trusted.", vault.host()),
                "Where a proxy inspects TLS, and for an emulator, name the certificate to trust:\n\n    \
                 export SSL_CERT_FILE=/path/to/ca.pem"
                    .into(),
            ),
        };
        Remedy { sentence, advice, details, link: "" }
    }
}

/// What each cause adds to the one before it.
fn causes(error: &anyhow::Error) -> String {
    let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.dedup_by(|next, cause| cause.contains(next.as_str()));
    clean(&causes.join(": "))
}

/// The cause of that type, however deep the SDK has wrapped it.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    Chain::new(error).find_map(|cause| cause.downcast_ref())
}
