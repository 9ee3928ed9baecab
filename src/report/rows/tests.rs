use super::*;
use crate::{
    azure::{
        VaultAddress,
        address::InvalidAddress,
        client::NoTrust,
        connection::{ConnectionError, Distrust, ProxyFailure, Reason as Lost},
        credential::{Attempt, Kind, Reason, SignInFailed, UnknownSelection},
        delete_secret::DeletionPending,
        genuine::{ForeignChallenge, NotKeyVault},
    },
    guard::SecretExists,
    pipeline::{leftover::Left, retry::NoAnswer},
    report::{left, remedy as of, wrong_use},
    session::Failure,
    terminal::{input::InvalidInput, prompt::Interrupted},
};
use azure_core::{
    Error,
    error::ErrorKind,
    http::{RawResponse, StatusCode, headers::Headers},
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

fn sign_in(reason: Reason, last: Reason, refused: bool) -> anyhow::Error {
    let missing = || Reason::NotSet(vec!["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"]);
    let attempts = Kind::ALL.into_iter().map(|source| {
        let why_not = match source {
            Kind::Environment | Kind::WorkloadIdentity => missing(),
            Kind::ManagedIdentity => Reason::NoIdentity,
            Kind::AzureCli => reason.clone(),
            _ => last.clone(),
        };
        Attempt { source, why_not: Some(why_not), took: Duration::ZERO }
    });
    Error::from(SignInFailed { attempts: attempts.collect(), refused }).into()
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
    let signed_out = Reason::NotSignedIn { said: Some(long.into()), command: login };
    let said = |said: &str| Reason::Said(format!("{said} {long}"));
    let mut errors = vec![
        InvalidAddress { given: String::new(), why: None }.into(),
        InvalidAddress {
            given: "my_vault".into(),
            why: Some("it is no vault's host in Azure; for another, give its URL, https://HOST."),
        }
        .into(),
        UnknownSelection { selection: "VisualStudioCodeCredential".into() }.into(),
        NoTrust {
            file: Some("/home/somebody/certificates/ca.pem".into()),
            why: "it holds no certificate as PEM".into(),
        }
        .into(),
        InvalidInput::Name { given: "a_b".into() }.into(),
        InvalidInput::ValueTooLong.into(),
        InvalidInput::Ended.into(),
        InvalidInput::NotUtf8 { file: Some("value.txt".into()) }.into(),
        Interrupted.into(),
        SecretExists { secret_name: "my-secret".into() }.into(),
        sign_in(signed_out.clone(), signed_out.clone(), false),
        sign_in(said("It rains."), said("It rains."), true),
        sign_in(Reason::NotInstalled, Reason::NotInstalled, false),
        sign_in(Reason::DoesNotRun(long.into()), Reason::NoAnswer(Duration::from_secs(10)), false),
        sign_in(Reason::Unreadable, Reason::Unreadable, false),
        sign_in(said("PermissionError"), signed_out.clone(), false),
        sign_in(said("PermissionError"), Reason::NotInstalled, false),
        sign_in(said("SSLError"), Reason::NotInstalled, false),
        sign_in(said("ConnectionError"), Reason::NotInstalled, false),
        other(NotKeyVault {
            status: 407,
            content_type: "text/html; charset=utf-8".into(),
            first_line: "<html>".repeat(33),
        }),
        other(ForeignChallenge { resource: "https://management.azure.com/".into() }),
        other(DeletionPending {
            recovery_id: Some("https://my-key-vault-in-azure.vault.azure.net/deletedsecrets/my-secret".into()),
        }),
        other(DeletionPending { recovery_id: None }),
        other(NoAnswer { within: Duration::from_secs(30) }),
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
        Lost::Proxy { variable: Some("HTTPS_PROXY"), failure: ProxyFailure::WantsPassword },
        Lost::Proxy { variable: Some("HTTPS_PROXY"), failure: ProxyFailure::Refused },
        Lost::Proxy { variable: None, failure: ProxyFailure::NotThere },
    ];
    use Distrust::{AuthorityAsServer, Expired, NotYetValid, Other, OtherName, UnknownIssuer};
    let distrust = [UnknownIssuer, OtherName, Expired, NotYetValid, AuthorityAsServer, Other].map(Lost::Certificate);
    let connection = |reason| other(ConnectionError::of("my-key-vault-in-azure.vault.azure.net", reason));
    errors.extend(lost.into_iter().chain(distrust).map(connection));
    errors
}

#[test]
fn no_error_takes_more_rows_than_are_read() {
    for vault in ["my-key-vault-in-azure", "https://localhost:8443"] {
        let vault = VaultAddress::parse(vault).unwrap();
        for left in [Left::Nothing, Left::PerhapsSecret, Left::Secret, Left::PerhapsDeletion, Left::Deletion] {
            for error in errors() {
                let leftover = if left == Left::Nothing { Vec::new() } else { vec![("my-secret".into(), left)] };
                let effort = Some("4 times in 12.5 s".into());
                let failure = Failure { error, vault: Some(vault.clone()), leftover, effort };
                let wrong_use = wrong_use::remedy(failure.error.as_ref());
                if wrong_use.is_some() && left != Left::Nothing {
                    continue; // It sent nothing.
                }
                let remedy = wrong_use.unwrap_or_else(|| of(&failure));
                let left = left::statement(&failure.leftover, &vault);
                let advice = remedy.advice.clone();
                let shown = shortened(remedy, &left, 80);
                assert!(rows(&shown, &left, 80) <= ROWS, "{} rows: {shown:#?}\n{left}", rows(&shown, &left, 80));
                assert_eq!(shown.advice, advice);
                for line in shown.sources.iter().chain([&details(&shown.details)]).flat_map(|text| text.lines()) {
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
