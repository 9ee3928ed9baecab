use super::*;
use std::{fmt, process::ExitStatus, sync::Mutex};

const SCOPE: &str = "https://vault.azure.net/.default";
const EXPIRES_ON: i64 = 1_900_000_000;
const TOKEN: &str = "eyJ0eXAi.eyJhdWQi.c2ln-_";

/// Stands in for the installed `programs`: checks what it is told to run, and answers with `stdout` and `stderr`.
#[derive(Debug, Default)]
struct StandIn {
    programs: Vec<&'static str>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    ran: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Executor for StandIn {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let program = program.to_str().unwrap();
        self.ran.lock().unwrap().push(program.to_owned());
        if !self.programs.contains(&program) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let [profile, interactive, command, encoded] = args else { panic!("{args:?}") };
        assert_eq!([*profile, *interactive, *command], ["-NoProfile", "-NonInteractive", "-EncodedCommand"]);
        let bytes = base64::decode(encoded.to_str().unwrap()).unwrap();
        let units: Vec<_> = bytes.chunks(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap())).collect();
        let script = String::from_utf16(&units).unwrap();
        assert!(script.contains("Import-Module Az.Accounts -MinimumVersion 2.2.0 "), "{script}");
        assert!(script.contains("Get-AzAccessToken -ResourceUrl 'https://vault.azure.net'\n"), "{script}");
        assert!(script.contains("$token -is [securestring]") && script.contains(MARKER), "{script}");
        assert!(script.is_ascii() && !script.contains("{resource}") && !script.contains("{marker}"), "{script}");
        Ok(Output { status: ExitStatus::default(), stdout: self.stdout.clone(), stderr: self.stderr.clone() })
    }
}

async fn ask(stdout: impl AsRef<[u8]>, stderr: &str) -> azure_core::Result<AccessToken> {
    let (stdout, stderr) = (stdout.as_ref().to_vec(), stderr.as_bytes().to_vec());
    let executor = StandIn { programs: vec!["pwsh"], stdout, stderr, ..Default::default() };
    AzurePowerShellCredential::new(Arc::new(executor)).get_token(&[SCOPE], None).await
}

async fn refusal(stdout: impl AsRef<[u8]>, stderr: &str) -> CredentialFailure {
    let error = ask(stdout, stderr).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Credential);
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error:?}");
    CredentialFailure::of(&error)
}

fn signed_out(said: Option<&str>) -> CredentialFailure {
    CredentialFailure::NotSignedIn { said: said.map(Into::into), command: "Connect-AzAccount".into() }
}

fn answer(json: impl fmt::Display) -> String {
    format!("\n{MARKER}{json}\n")
}

fn failure(id: &str, kind: &str, message: &str) -> String {
    answer(serde_json::json!({ "error": id, "type": kind, "message": message }))
}

fn good() -> String {
    answer(format!(r#"{{"token":"{TOKEN}","expiresOn":{EXPIRES_ON}}}"#))
}

#[tokio::test]
async fn a_token_is_found_among_noise() {
    let windows = good().replace('\n', "\r\n");
    for stdout in [good(), windows, format!("WARNING: an update{}PS> bye", good()), answer("nonsense") + &good()] {
        let token = ask(stdout, "WARNING: old").await.unwrap();
        assert_eq!(token.token.secret(), TOKEN);
        assert_eq!(token.expires_on.unix_timestamp(), EXPIRES_ON);
        assert!(!format!("{token:?}").contains(TOKEN));
    }
    let noise = [b"\xff\xfe\x80".as_slice(), good().as_bytes(), b"\x93".as_slice()].concat();
    assert_eq!(ask(noise, "").await.unwrap().token.secret(), TOKEN);
}

#[tokio::test]
async fn errors_are_told_apart_by_their_identifiers() {
    let id = "Modules_ModuleWithVersionNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand";
    let missing = failure(id, "FileNotFoundException", "Das angegebene Modul \"Az.Accounts\" wurde nicht geladen");
    assert_eq!(refusal(missing, "").await, CredentialFailure::ModuleMissing("Az.Accounts"));
    assert_eq!(refusal(failure(NO_ACCOUNT, "RuntimeException", NO_ACCOUNT), "").await, signed_out(None));
    let get = "Microsoft.Azure.Commands.Profile.GetAzureRmAccessTokenCommand";
    let cache_lost = failure(get, "CredentialUnavailableException", "SharedTokenCacheCredential ...");
    assert_eq!(refusal(cache_lost, "").await, signed_out(None));
    let expired = "Your credentials have expired.\r\n  Rerun 'Connect-AzAccount -TenantId T'.\u{7}";
    let expired = failure(get, "AzPSAuthenticationFailedException", expired);
    let said = "Your credentials have expired. Rerun 'Connect-AzAccount -TenantId T'.";
    assert_eq!(refusal(expired, "").await, signed_out(Some(said)));
    assert_eq!(refusal(failure("ScriptHalted", "X", " "), "").await, CredentialFailure::Said("ScriptHalted".into()));
}

#[tokio::test]
async fn what_powershell_says_on_stderr_is_read_from_xml_too() {
    let progress = "<Obj S=\"progress\" RefId=\"0\"><MS><PR N=\"Record\"><AV>Preparing modules for first use.</AV>\
                    </PR></MS></Obj>";
    let errors = "<S S=\"Error\">_x000D__x000A_</S><S S=\"Error\">The term &apos;[Console]&apos; &amp;lt; \
                  a_xb is_x000D__x000A_</S><S S=\"Error\">not known_x000D__x000A_</S>";
    let xml = |inner: &str| format!("#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://...\">{inner}</Objs>");
    let said = CredentialFailure::Said("The term '[Console]' &lt; a_xb is".into());
    assert_eq!(refusal("", &xml(&format!("{progress}{errors}"))).await, said);
    assert_eq!(refusal("noise", &xml(progress)).await, CredentialFailure::Unreadable);
    let plain = "\npwsh: cannot start\u{7}\nat somewhere";
    assert_eq!(refusal("", plain).await, CredentialFailure::Said("pwsh: cannot start".into()));
    let truncated = "#< CLIXML\n<Objs><S S=\"Error\">half a_x00";
    assert_eq!(refusal("", truncated).await, CredentialFailure::Said("half a_x00".into()));
    assert_eq!(decode("_x00e9_ _x€€_ _xD83D_x"), "é _x€€_ x");
}

#[tokio::test]
async fn what_is_no_answer_is_not_shown() {
    let number = format!(r#"{{"token":"{TOKEN}","expiresOn":"{EXPIRES_ON}"}}"#);
    let more = format!(r#"{{"token":"{TOKEN}","expiresOn":{EXPIRES_ON},"more":1}}"#);
    let late = format!(r#"{{"token":"{TOKEN}","expiresOn":{}}}"#, i64::MAX);
    let twice = format!("{}{}", good().trim(), good().trim());
    let cut = good().trim().trim_end_matches('}').to_owned();
    let empty = answer(format!(r#"{{"token":"","expiresOn":{EXPIRES_ON}}}"#));
    let header = answer(format!(r#"{{"token":"{TOKEN}\r\nX: y","expiresOn":{EXPIRES_ON}}}"#));
    let object = answer(format!(r#"{{"token":{{"Length":5}},"expiresOn":{EXPIRES_ON}}}"#));
    for json in
        [answer(number), answer(more), answer(late), twice, cut, empty, header, object, answer(""), answer("[]")]
    {
        assert_eq!(refusal(&json, "").await, CredentialFailure::Unreadable, "{json}");
    }
    for stdout in ["", TOKEN, &format!("x{}", good().trim())] {
        assert_eq!(refusal(stdout, "").await, CredentialFailure::Unreadable, "{stdout}");
    }
}

#[tokio::test]
async fn powershell_of_windows_is_tried_if_there_is_no_other() {
    let both = ["pwsh", "powershell"];
    for (installed, ran) in [(vec!["pwsh", "powershell"], &both[..1]), (vec!["powershell"], &both), (vec![], &both)] {
        let none = installed.is_empty();
        let executor = Arc::new(StandIn { programs: installed, ..Default::default() });
        let credential = AzurePowerShellCredential { executor: executor.clone() };
        let outcome = credential.run(&both, &script(SCOPE).unwrap()).await;
        assert_eq!(outcome.err(), none.then_some(CredentialFailure::NotInstalled));
        assert_eq!(*executor.ran.lock().unwrap(), ran);
    }
    let executor = Arc::new(StandIn::default());
    let error = AzurePowerShellCredential::new(executor.clone()).get_token(&[SCOPE], None).await.unwrap_err();
    assert_eq!(CredentialFailure::of(&error), CredentialFailure::NotInstalled);
    assert_eq!(*executor.ran.lock().unwrap(), if cfg!(windows) { &both[..] } else { &both[..1] });
}

#[tokio::test]
async fn a_scope_that_is_not_harmless_is_not_run() {
    let executor = Arc::new(StandIn { programs: vec!["pwsh"], ..Default::default() });
    let credential = AzurePowerShellCredential::new(executor.clone());
    for scope in ["", "https://x'; rm", "a$(b)", "a\u{2019}b", "a`b", "a b", "a\nb", "é", "{marker}"] {
        assert!(credential.get_token(&[scope], None).await.is_err(), "{scope}");
    }
    for scopes in [&[][..], &[SCOPE, SCOPE]] {
        assert!(credential.get_token(scopes, None).await.is_err());
    }
    assert!(executor.ran.lock().unwrap().is_empty());
    assert!(script("https://vault.azure.net").unwrap().contains("'https://vault.azure.net'\n"));
    assert!(script("api://A-1b_2c/x//.default").unwrap().contains("'api://A-1b_2c/x/'\n"));
}
