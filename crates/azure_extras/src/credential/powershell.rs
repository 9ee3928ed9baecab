//! Signs in as the account of Azure PowerShell (`Connect-AzAccount`), as `AzurePowerShellCredential` of the SDKs for
//! other languages does.

use super::failure::CredentialFailure;
use crate::text::OutsideText;
use azure_core::{
    Error, base64,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    time::OffsetDateTime,
};
use azure_identity::Executor;
use serde_json::{Map, Value};
use std::{ffi::OsStr, io, process::Output, sync::Arc};

/// PowerShell's names, in the order in which they are tried. Windows has an older one of its own.
const PROGRAMS: &[&str] = if cfg!(windows) { &["pwsh", "powershell"] } else { &["pwsh"] };

/// The beginning of the answer's line: modules may print more, and PowerShell prints warnings to stdout.
const MARKER: &str = "AzurePowerShellCredential:";

/// The command that signs in.
pub(super) const LOGIN: &str = "Connect-AzAccount";

/// The identifiers of `Import-Module`'s error if there is no module, or not of the version.
const NO_MODULE: &[&str] = &["Modules_ModuleNotFound", "Modules_ModuleWithVersionNotFound"];

/// The identifier of [`SCRIPT`]'s error if there is no account.
const NO_ACCOUNT: &str = "NoAccount";

/// Answers with one line, [`MARKER`] and JSON: a token, or an error by PowerShell's identifiers.
///
/// The line bypasses PowerShell's own output, which has the console's encoding and may be kept in a transcript. Since
/// `Az.Accounts` 5 the token is a `SecureString`.
const SCRIPT: &str = r#"$ErrorActionPreference = 'Stop'
$ProgressPreference = $WarningPreference = 'SilentlyContinue'
$answer = try {
    $module = Import-Module Az.Accounts -MinimumVersion 2.2.0 -PassThru -ErrorAction SilentlyContinue -ErrorVariable why
    if (!$module) { throw $why[0] }
    if (!(Get-AzContext).Account) { throw '{no_account}' }
    $access = Get-AzAccessToken -ResourceUrl '{resource}'
    $token = $access.Token
    if ($token -is [securestring]) { $token = [Net.NetworkCredential]::new('', $token).Password }
    @{ token = $token; expiresOn = $access.ExpiresOn.ToUnixTimeSeconds() }
} catch {
    @{ error = $_.FullyQualifiedErrorId; type = $_.Exception.GetType().Name; message = $_.Exception.Message }
}
$line = [Text.Encoding]::UTF8.GetBytes("`n{marker}$(ConvertTo-Json $answer -Compress)`n")
[Console]::OpenStandardOutput().Write($line, 0, $line.Length)
"#;

/// The account of Azure PowerShell. It does not cache tokens, so every call runs PowerShell.
#[derive(Debug)]
pub(super) struct AzurePowerShellCredential {
    executor: Arc<dyn Executor>,
}

impl AzurePowerShellCredential {
    /// Makes the credential. `executor` runs PowerShell, without a shell around it.
    pub fn new(executor: Arc<dyn Executor>) -> Arc<Self> {
        Arc::new(Self { executor })
    }

    /// Runs the first of `programs` that is installed.
    async fn run(&self, programs: &[&str], script: &str) -> Result<Output, CredentialFailure> {
        let encoded = base64::encode(script.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
        let args = ["-NoProfile", "-NonInteractive", "-EncodedCommand", &encoded].map(OsStr::new);
        for program in programs {
            match self.executor.run(OsStr::new(program), &args).await {
                Ok(output) => return Ok(output),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let reason = error.get_ref().and_then(|it| it.downcast_ref::<CredentialFailure>()).cloned();
                    return Err(reason.unwrap_or_else(|| CredentialFailure::DoesNotRun(error.to_string().into())));
                }
            }
        }
        Err(CredentialFailure::NotInstalled)
    }
}

#[async_trait::async_trait]
impl TokenCredential for AzurePowerShellCredential {
    /// A token for the one scope in `scopes`.
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let &[scope] = scopes else {
            return Err(Error::with_message(ErrorKind::Credential, "exactly one scope is required"));
        };
        let script = script(scope)?;
        let token = self.run(PROGRAMS, &script).await.and_then(|output| read(&output));
        token.map_err(|reason| Error::new(ErrorKind::Credential, reason))
    }
}

/// The script for `scope`, which must be harmless between the script's quotes.
fn script(scope: &str) -> azure_core::Result<String> {
    if scope.is_empty() || !scope.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:/".contains(c)) {
        return Err(Error::with_message(ErrorKind::Credential, format!("invalid scope {scope:?}")));
    }
    let resource = scope.strip_suffix("/.default").unwrap_or(scope);
    Ok(SCRIPT.replace("{resource}", resource).replace("{marker}", MARKER).replace("{no_account}", NO_ACCOUNT))
}

fn read(output: &Output) -> Result<AccessToken, CredentialFailure> {
    let mut lines = output.stdout.rsplit(|byte| *byte == b'\n');
    match lines.find_map(|line| line.strip_prefix(MARKER.as_bytes())) {
        // What cannot be read is not kept, since it may hold a token.
        Some(json) => {
            let answer = serde_json::from_slice(json).map_err(|_| CredentialFailure::Unreadable)?;
            token(&answer).ok_or_else(|| why_not(&answer).unwrap_or(CredentialFailure::Unreadable))
        }
        None => Err(said(&output.stderr).map_or(CredentialFailure::Unreadable, CredentialFailure::Said)),
    }
}

fn token(answer: &Map<String, Value>) -> Option<AccessToken> {
    let token = answer.get("token")?.as_str()?;
    let expires_on = OffsetDateTime::from_unix_timestamp(answer.get("expiresOn")?.as_i64()?).ok()?;
    let sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (sendable && answer.len() == 2).then(|| AccessToken::new(token.to_owned(), expires_on))
}

/// The error by its identifiers, which PowerShell does not translate.
fn why_not(answer: &Map<String, Value>) -> Option<CredentialFailure> {
    let [id, kind, message] = ["error", "type", "message"].map(|name| answer.get(name).and_then(Value::as_str));
    // After a comma the identifier names the cmdlet.
    Some(match (id?.split(',').next()?, kind?) {
        (id, _) if NO_MODULE.contains(&id) => CredentialFailure::ModuleMissing("Az.Accounts"),
        (NO_ACCOUNT, _) | (_, "CredentialUnavailableException") => {
            CredentialFailure::NotSignedIn { said: None, command: LOGIN.to_owned() }
        }
        (id, _) => {
            let said = one_line(message.filter(|it| !it.trim().is_empty()).unwrap_or(id));
            match said.contains(LOGIN) {
                true => CredentialFailure::NotSignedIn { said: Some(said), command: LOGIN.to_owned() },
                false => CredentialFailure::Said(said),
            }
        }
    })
}

/// The first line with text in it on stderr. PowerShell writes its errors there as XML if it is run by a program.
fn said(stderr: &[u8]) -> Option<OutsideText> {
    let text = String::from_utf8_lossy(stderr);
    let text = match text.split_once("#< CLIXML") {
        Some((before, xml)) => {
            let errors = xml.split("<S S=\"Error\">").skip(1).filter_map(|rest| rest.split("</S>").next());
            before.to_owned() + "\n" + &errors.map(decode).collect::<String>()
        }
        None => text.into_owned(),
    };
    text.lines().map(one_line).find(|line| !line.is_empty())
}

/// The text in an element of CLIXML, where `_x000A_` is a line's end.
fn decode(xml: &str) -> String {
    let (mut text, mut rest) = (String::new(), xml);
    while let Some((before, after)) = rest.split_once("_x") {
        let escape = after.split_once('_').map(|(code, after)| (u32::from_str_radix(code, 16), after));
        let (character, after) = match escape {
            Some((Ok(code), after)) => (char::from_u32(code).map(String::from).unwrap_or_default(), after),
            _ => ("_x".to_owned(), after),
        };
        text = text + before + &character;
        rest = after;
    }
    text += rest;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.into_iter().fold(text, |text, (entity, is)| text.replace(entity, is))
}

/// PowerShell breaks a sentence where its window would end.
fn one_line(text: &str) -> OutsideText {
    text.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

#[cfg(test)]
mod tests;
