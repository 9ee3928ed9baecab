use super::*;
use crate::{
    failure::{
        Attempts, Cause, Failure, Interrupted, InvalidInput, LastCall, Leftover, LeftoverState, Misuse, SecretExists,
    },
    report::{leftover, remedy as of},
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{RawResponse, StatusCode, headers::Headers},
};
use azure_extras::{
    VaultAddress,
    credential::{
        CredentialFailure, CredentialKind, CredentialOutcome, InvalidOptions, SignInFailed, UnknownSelection,
    },
    network::{CertificateFault, ConnectionError, ConnectionFailure as Lost, NoTrust, ProxyFault, ProxyInUse},
    secrets::{CallTimedOut, DeletionPending, ForeignChallenge, InvalidAddress, NotKeyVault, Operation},
};
use serde_json::json;
use std::time::Duration;

const ID: &str = "0b1d2e3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f";

fn answer(status: u16, inner_code: &str, message: &str) -> anyhow::Error {
    let body = json!({ "error": { "code": "Forbidden", "message": message, "innererror": { "code": inner_code } } });
    let mut headers = Headers::new();
    headers.insert("x-ms-request-id", ID);
    let challenge = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{ID}\", resource=\"https://vault.azure.net\""
    );
    headers.insert(
        "www-authenticate",
        if inner_code == "claims" { "Bearer error=\"insufficient_claims\"".into() } else { challenge },
    );
    let status = StatusCode::from(status);
    let raw_response = Some(Box::new(RawResponse::from_bytes(status, headers, body.to_string())));
    Error::new(ErrorKind::HttpResponse { status, error_code: None, raw_response }, message.to_owned()).into()
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    Error::new(ErrorKind::Other, error).into()
}

fn misuse(misuse: impl Into<Misuse>) -> anyhow::Error {
    misuse.into().into()
}

fn sign_in(reason: CredentialFailure, last: CredentialFailure, refused: bool) -> anyhow::Error {
    let missing =
        || CredentialFailure::NotSet(vec!["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"]);
    let outcomes = CredentialKind::ALL.into_iter().map(|credential| {
        let failure = match credential {
            CredentialKind::Environment | CredentialKind::WorkloadIdentity => missing(),
            CredentialKind::ManagedIdentity => CredentialFailure::TimedOut(Duration::from_secs(1)),
            CredentialKind::AzureCli => reason.clone(),
            _ => last.clone(),
        };
        CredentialOutcome { credential, failure: Some(failure), took: Duration::ZERO }
    });
    Error::from(SignInFailed { outcomes: outcomes.collect(), refused }).into()
}

/// Every error that a run can end with, more or less, and as long as it can be.
fn errors() -> Vec<anyhow::Error> {
    let rbac = format!(
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
         definitions were changed recently, please observe propagation time.\r\nCaller: appid={ID};oid={ID};iss=https://sts.windows.net/{ID}/\r\n\
         Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'\r\nResource: '/subscriptions/{ID}/resourcegroups/keyvault-rustqs-rg/\
         providers/microsoft.keyvault/vaults/my-key-vault-in-azure/secrets/my-secret'\r\nAssignment: (not found)\r\n"
    );
    let policy = format!(
        "The user, group or application 'appid={ID};oid={ID};numgroups=1;iss=https://sts.windows.net/{ID}/' does not have \
         secrets purge permission on key vault 'my-key-vault-in-azure;location=eastus'. For help resolving this issue, please see \
         https://go.microsoft.com/fwlink/?linkid=2125287"
    );
    let long = "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new \
                location, you must use multi-factor authentication to access 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093'.";
    let login = format!("az login --tenant \"{ID}\" --scope \"https://vault.azure.net/.default\"");
    let signed_out = CredentialFailure::NotSignedIn { said: Some(long.into()), command: login };
    let said = |said: &str| CredentialFailure::Said(format!("{said} {long}").into());
    let mut errors = vec![
        misuse(InvalidAddress { given: String::new(), why: None }),
        misuse(InvalidAddress {
            given: "my_vault".into(),
            why: Some("it is no vault's host in Azure; for another, give its URL, https://HOST."),
        }),
        misuse(InvalidOptions::from(UnknownSelection { selection: "VisualStudioCodeCredential".into() })),
        misuse(InvalidOptions::from(NoTrust {
            file: Some("/home/somebody/certificates/ca.pem".into()),
            why: "it holds no certificate as PEM".into(),
        })),
        misuse(InvalidOptions::NotUtf8 { variable: "AZURE_CLIENT_CERTIFICATE_PASSWORD" }),
        misuse(InvalidInput::name("a_b")),
        misuse(InvalidInput::ValueTooLong),
        misuse(InvalidInput::Ended),
        misuse(InvalidInput::NotUtf8 { file: Some("value.txt".into()) }),
        Interrupted.into(),
        SecretExists { secret_name: "my-secret".into() }.into(),
        sign_in(signed_out.clone(), signed_out.clone(), false),
        sign_in(said("It rains."), said("It rains."), true),
        sign_in(CredentialFailure::NotInstalled, CredentialFailure::NotInstalled, false),
        sign_in(
            CredentialFailure::DoesNotRun(long.into()),
            CredentialFailure::TimedOut(Duration::from_secs(10)),
            false,
        ),
        sign_in(CredentialFailure::Unreadable, CredentialFailure::Unreadable, false),
        sign_in(said("PermissionError"), signed_out.clone(), false),
        sign_in(said("PermissionError"), CredentialFailure::NotInstalled, false),
        sign_in(said("SSLError"), CredentialFailure::NotInstalled, false),
        sign_in(said("ConnectionError"), CredentialFailure::NotInstalled, false),
        other(NotKeyVault {
            status: 407,
            content_type: "text/html; charset=utf-8".into(),
            first_line: "<html>".repeat(33).into(),
        }),
        other(ForeignChallenge { resource: "https://management.azure.com/".into() }),
        other(DeletionPending {
            recovery_id: Some("https://my-key-vault-in-azure.vault.azure.net/deletedsecrets/my-secret".into()),
        }),
        other(DeletionPending { recovery_id: None }),
        other(CallTimedOut { within: Duration::from_secs(30) }),
        Error::with_message(ErrorKind::Io, long).into(),
        Error::with_message(ErrorKind::DataConversion, long).into(),
        Error::with_message(ErrorKind::Other, long).into(),
        answer(401, "", "AKV10046: Unable to resolve the key used for signature validation."),
        answer(
            401,
            "",
            "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/A/, found https://sts.windows.net/B/.",
        ),
        answer(401, "claims", long),
        answer(
            403,
            "ForbiddenByFirewall",
            "Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.9\r\nCaller: x",
        ),
        answer(403, "ForbiddenByConnection", &format!("Public network access is disabled. {long}")),
        answer(403, "SecretDisabled", "Operation get is not allowed on a disabled secret."),
        answer(403, "ForbiddenByRbac", &rbac),
        answer(403, "AccessDenied", &policy),
        answer(403, "", "The vault has purge protection."),
        answer(
            409,
            "ObjectIsDeletedButRecoverable",
            "Secret my-secret is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.",
        ),
        answer(409, "ObjectIsBeingDeleted", "Secret is currently being deleted."),
        answer(429, "", long),
        answer(503, "", long),
    ];
    let lost = [
        Lost::UnknownHost { name: "my-key-vault-in-azure.vault.azure.net".into() },
        Lost::UnknownHost { name: "proxy.example".into() },
        Lost::NameServer { name: "my-key-vault-in-azure.vault.azure.net".into(), timed_out: true },
        Lost::NameServer { name: "my-key-vault-in-azure.vault.azure.net".into(), timed_out: false },
        Lost::Proxy(ProxyFault::WantsPassword),
        Lost::Proxy(ProxyFault::Refused),
        Lost::Proxy(ProxyFault::NotThere),
        Lost::Refused,
        Lost::TimedOut,
        Lost::Broken,
    ];
    use CertificateFault::{AuthorityAsServer, Expired, NotYetValid, Other, OtherName, UnknownIssuer};
    let faults = [UnknownIssuer, OtherName, Expired, NotYetValid, AuthorityAsServer, Other("it is revoked".into())]
        .map(Lost::Certificate);
    for failure in lost.into_iter().chain(faults) {
        for variable in [Some("HTTPS_PROXY"), None] {
            let proxy = Some(ProxyInUse { variable, authority: "proxy.example:8080".into() });
            let host = "my-key-vault-in-azure.vault.azure.net";
            errors.push(other(ConnectionError::new(host, failure.clone(), proxy)));
        }
    }
    errors
}

#[test]
fn no_error_takes_more_rows_than_are_read() {
    for vault in ["my-key-vault-in-azure", "https://localhost:8443"] {
        let vault = VaultAddress::parse(vault).unwrap();
        use LeftoverState::{Deletion, Nothing, PerhapsDeletion, PerhapsSecret, Secret};
        for state in [Nothing, PerhapsSecret, Secret, PerhapsDeletion, Deletion] {
            for error in errors() {
                let leftover = Leftover { secret_name: "my-secret".into(), state, shared: false };
                let failure = Failure {
                    error,
                    vault: Some(vault.clone()),
                    call: Some(LastCall { operation: Operation::Purge, secret_name: "my-secret".into() }),
                    credentials: Vec::new(),
                    attempts: Attempts { count: 4, took: Duration::from_millis(12_500) },
                    leftovers: if state == Nothing { Vec::new() } else { vec![leftover] },
                };
                if matches!(failure.cause(), Cause::Misuse(_)) && state != Nothing {
                    continue; // It sent nothing.
                }
                let remedy = of(&failure);
                let left = leftover::statement(&failure.leftovers, Some(&vault));
                let advice = remedy.advice.clone();
                let shown = shortened(remedy, &left, 80);
                assert!(rows(&shown, &left, 80) <= ROWS, "{} rows: {shown:#?}\n{left}", rows(&shown, &left, 80));
                assert_eq!(shown.advice, advice);
                for line in shown.credentials.iter().chain([&details(&shown.details)]).flat_map(|text| text.lines()) {
                    assert!(line.chars().count() <= 80, "{line}");
                }
            }
        }
    }
}

#[test]
fn the_beginning_of_what_others_said_is_kept() {
    let details = "403 Forbidden, Forbidden, ForbiddenByRbac\nCaller is not authorized.\nCaller: appid=A\nrequest id 1";
    let remedy = Remedy { details: details.into(), link: "https://example.com", ..Remedy::new("No.", "Do that.") };
    let shown = shortened(remedy, "", 80);
    assert_eq!(shown.details, "403 Forbidden, Forbidden, ForbiddenByRbac\nCaller is not authorized.");
    assert_eq!(shown.link, "https://example.com");
}
