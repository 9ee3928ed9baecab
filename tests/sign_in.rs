//! Where the binary gets its token, and what it says when it gets none.

use crate::support::{
    Cloud, Run,
    cloud::{CLIENT_SECRET, FEDERATED_TOKEN, IDENTITY_HEADER},
    run, shell, transcript, wait_until,
};
#[cfg(unix)]
use crate::support::{cloud::AZ_SIGNED_IN, send};
#[cfg(unix)]
use nix::sys::signal::Signal;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    thread,
};

const AZD: &str = r#"{"token":"token-from-azd","expiresOn":"2100-01-01T00:00:00Z"}"#;

fn az_is_signed_out(cloud: &Cloud) {
    cloud.cli_says("az", "", "ERROR: Please run 'az login' to setup account.\n", 1);
}

/// The binary with every source of tokens allowed.
fn all_sources(cloud: &Cloud) -> Command {
    let mut command = cloud.kv_secrets();
    command.env_remove("AZURE_TOKEN_CREDENTIALS");
    command
}

fn service_principal<'a>(command: &'a mut Command, secret: &str) -> &'a mut Command {
    command.env("AZURE_TENANT_ID", "my-tenant").env("AZURE_CLIENT_ID", "my-app").env("AZURE_CLIENT_SECRET", secret)
}

fn signed_in_with(cloud: &Cloud, command: &mut Command, token: &str) {
    let run = run(command, "n\nv\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{}", run.stderr);
    let vault = |request: &&crate::support::cloud::Received| request.host == "my-vault.vault.azure.net";
    let received = cloud.received();
    let tokens: Vec<_> = received.iter().filter(vault).filter_map(|request| request.authorization.clone()).collect();
    assert!(!tokens.is_empty() && tokens.iter().all(|it| *it == format!("Bearer {token}")), "{tokens:?}");
}

fn not_signed_in(command: &mut Command) -> Run {
    let run = run(command, "n\nv\n");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.starts_with("error: Cannot sign in to Azure"), "{}", run.stderr);
    assert!(!run.stderr.contains("Multiple errors"), "{}", run.stderr);
    run
}

#[test]
fn a_service_principal_comes_before_everything_else() {
    let cloud = Cloud::start();
    let mut command = all_sources(&cloud);
    command.env("IDENTITY_ENDPOINT", "http://127.0.0.1:1").env("IDENTITY_HEADER", "x");
    signed_in_with(&cloud, service_principal(&mut command, CLIENT_SECRET), "token-of-secret");
    assert_eq!(cloud.cli_calls(), "");
    let entra: Vec<_> =
        cloud.received().into_iter().filter(|request| request.host == "login.microsoftonline.com").collect();
    assert_eq!(entra.len(), 1);
    assert_eq!(entra[0].path, "/my-tenant/oauth2/v2.0/token");
    assert!(entra[0].body.contains("scope=https%3A%2F%2Fvault.azure.net%2F.default"), "{}", entra[0].body);
}

#[test]
fn a_refused_service_principal_ends_the_search() {
    let cloud = Cloud::start();
    let run = not_signed_in(service_principal(&mut all_sources(&cloud), "a-wrong-secret"));
    assert!(run.stderr.contains("EnvironmentCredential: AADSTS7000215: Invalid client secret"), "{}", run.stderr);
    assert!(!run.stderr.contains("a-wrong-secret"), "{}", run.stderr);
    assert_eq!(cloud.cli_calls(), "");
}

#[test]
fn a_pod_signs_in_with_its_federated_token() {
    let cloud = Cloud::start();
    let file = cloud.working_directory().join("token");
    fs::write(&file, FEDERATED_TOKEN).unwrap();
    let mut command = all_sources(&cloud);
    command.env("AZURE_TENANT_ID", "my-tenant").env("AZURE_CLIENT_ID", "my-app");
    signed_in_with(&cloud, command.env("AZURE_FEDERATED_TOKEN_FILE", &file), "token-of-pod");
    fs::remove_file(&file).unwrap();
    let run = not_signed_in(&mut command);
    assert!(run.stderr.contains("WorkloadIdentityCredential was refused"), "{}", run.stderr);
}

#[test]
fn an_app_in_app_service_signs_in_with_its_managed_identity() {
    let cloud = Cloud::start();
    let mut command = all_sources(&cloud);
    command
        .env("IDENTITY_ENDPOINT", format!("http://127.0.0.1:{}/msi/token", cloud.port()))
        .env("IDENTITY_HEADER", IDENTITY_HEADER)
        .env("AZURE_CLIENT_ID", "my-identity");
    signed_in_with(&cloud, &mut command, "token-of-app");
    let asked = cloud.received().into_iter().find(|request| request.path.starts_with("/msi/token")).unwrap();
    assert_eq!(
        asked.path,
        "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=my-identity"
    );
    let run = not_signed_in(command.env("IDENTITY_HEADER", "a-wrong-header"));
    assert!(run.stderr.contains("ManagedIdentityCredential was refused"), "{}", run.stderr);
    assert!(!run.stderr.contains("a-wrong-header"), "{}", run.stderr);
}

/// A service for the identities of virtual machines, which gives a token to any of them; and its URL.
fn imds() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap() > 0 {}
            let (status, body) = match head.to_lowercase().contains("\r\nmetadata: true\r\n") {
                true => (
                    "200 OK",
                    r#"{"access_token":"token-of-machine","expires_on":"4102444800","resource":"https://vault.azure.net","token_type":"Bearer"}"#,
                ),
                false => ("400 Bad Request", "{}"),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all((head + body).as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn a_virtual_machine_signs_in_with_its_managed_identity() {
    let cloud = Cloud::start();
    // It is the first of those that are there, and az has not answered yet.
    cloud.cli("az", "/bin/sleep 9");
    let mut command = all_sources(&cloud);
    signed_in_with(&cloud, command.env("AZURE_POD_IDENTITY_AUTHORITY_HOST", imds()), "token-of-machine");
}

#[test]
fn azd_signs_in_where_az_cannot() {
    let az: [fn(&Cloud); 3] =
        [az_is_signed_out, |cloud| cloud.cli_says("az", "garbage", "", 0), |cloud| cloud.without_cli("az")];
    for az in az {
        let cloud = Cloud::start();
        cloud.cli_says("azd", AZD, "", 0);
        az(&cloud);
        signed_in_with(&cloud, &mut cloud.kv_secrets(), "token-from-azd");
    }
}

/// What Azure PowerShell answers, among what its modules print.
fn powershell_says(cloud: &Cloud, answer: &str) {
    let stdout = format!("WARNING: There is an update.\r\n\r\nAzurePowerShellCredential:{answer}\r\n");
    cloud.cli_says("pwsh", &stdout, "", 0);
}

/// The script that PowerShell was given at its only call.
fn powershell_script(cloud: &Cloud) -> String {
    let calls = cloud.cli_calls();
    let calls: Vec<_> = calls.lines().filter_map(|call| call.strip_prefix("pwsh ")).collect();
    let [call] = calls.as_slice() else { panic!("{calls:?}") };
    let encoded = call.strip_prefix("-NoProfile -NonInteractive -EncodedCommand ").unwrap();
    // A batch file gets it in quotes.
    let bytes = azure_core::base64::decode(encoded.trim_matches('"')).unwrap();
    let units: Vec<_> = bytes.chunks(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap())).collect();
    String::from_utf16(&units).unwrap()
}

#[test]
fn azure_powershell_signs_in_where_az_cannot_and_before_azd() {
    let cloud = Cloud::start();
    az_is_signed_out(&cloud);
    cloud.cli_says("azd", AZD, "", 0);
    powershell_says(&cloud, r#"{"token":"token-from-powershell","expiresOn":4102444800}"#);
    signed_in_with(&cloud, &mut cloud.kv_secrets(), "token-from-powershell");
    let script = powershell_script(&cloud);
    assert!(script.contains("Import-Module Az.Accounts -MinimumVersion 2.2.0 "), "{script}");
    assert!(script.contains("\n    $access = Get-AzAccessToken -ResourceUrl 'https://vault.azure.net'\n"), "{script}");
    assert!(!cloud.cli_calls().contains("azd "), "{}", cloud.cli_calls());

    let pinned = Cloud::start();
    powershell_says(&pinned, r#"{"token":"token-from-powershell","expiresOn":4102444800}"#);
    let mut command = pinned.kv_secrets();
    command.env("AZURE_TOKEN_CREDENTIALS", "AzurePowerShellCredential").args(["--vault", "my-vault.vault.azure.cn"]);
    assert_eq!(run(&mut command, "n\nv\n").stdout, transcript("my-vault", "n", "v"));
    assert!(powershell_script(&pinned).contains("-ResourceUrl 'https://vault.azure.cn'\n"));
    assert_eq!(pinned.cli_calls().lines().count(), 1, "{}", pinned.cli_calls());
}

#[test]
fn azure_powershell_says_why_not_and_what_helps() {
    const NO_MODULE: &str = r#"{"error":"Modules_ModuleWithVersionNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand","type":"FileNotFoundException","message":"No."}"#;
    const NO_ACCOUNT: &str = r#"{"error":"NoAccount","type":"RuntimeException","message":"NoAccount"}"#;
    const BROKEN: &str = r#"{"error":"X","type":"Y","message":"It\r\nrains."}"#;
    const GARBAGE: &str = r#"{"token":12345678}"#;
    for (answer, said, helps) in [
        (NO_MODULE, "its module Az.Accounts is missing", "    Install-Module Az.Accounts\n    Connect-AzAccount\n"),
        (NO_ACCOUNT, "not signed in; run `Connect-AzAccount`", "Sign in:\n\n    Connect-AzAccount\n"),
        (BROKEN, "It rains.", "    Get-AzContext\n"),
        (GARBAGE, "its answer cannot be read; is it up to date?", "    Get-AzContext\n"),
    ] {
        let cloud = Cloud::start();
        powershell_says(&cloud, answer);
        let mut command = cloud.kv_secrets();
        command.env("AZURE_TOKEN_CREDENTIALS", "azurepowershellcredential").env("DISPLAY", ":0");
        let run = not_signed_in(&mut command);
        assert!(run.stderr.contains(&format!("    AzurePowerShellCredential: {said}\n")), "{}", run.stderr);
        assert!(run.stderr.contains(helps) && !run.stderr.contains("12345678"), "{}", run.stderr);
    }
    let cloud = Cloud::start();
    let mut command = cloud.kv_secrets();
    let run = not_signed_in(command.env("AZURE_TOKEN_CREDENTIALS", "AzurePowerShellCredential"));
    assert!(run.stderr.contains("AzurePowerShellCredential: not installed\n"), "{}", run.stderr);
    assert!(run.stderr.contains("Install PowerShell"), "{}", run.stderr);
    // Where az is wanted too, it comes first; and who is at home in PowerShell only, signs in there.
    powershell_says(&cloud, NO_ACCOUNT);
    cloud.without_cli("az");
    let run = not_signed_in(cloud.kv_secrets().env("DISPLAY", ":0"));
    assert!(run.stderr.contains("Sign in:\n\n    Connect-AzAccount\n"), "{}", run.stderr);
    az_is_signed_out(&cloud);
    let run = not_signed_in(cloud.kv_secrets().env("DISPLAY", ":0"));
    assert!(run.stderr.contains("Sign in:\n\n    az login\n"), "{}", run.stderr);
}

#[test]
fn it_says_why_and_the_one_next_step_that_fits() {
    let cloud = Cloud::start();
    az_is_signed_out(&cloud);
    let desktop = not_signed_in(cloud.kv_secrets().env("DISPLAY", ":0"));
    assert_eq!(
        desktop.stderr,
        "error: Cannot sign in to Azure.\n\
         \n    AzureCliCredential: not signed in; run `az login`\
         \n    AzurePowerShellCredential: not installed\
         \n    AzureDeveloperCliCredential: not installed\n\
         \nSign in:\n\
         \n    az login\n\n\
         See https://aka.ms/azsdk/rust/identity/troubleshoot\n"
    );
    let server = not_signed_in(cloud.kv_secrets().env("SSH_CONNECTION", "1 2 3 4"));
    assert!(server.stderr.contains("Sign in:\n\n    az login --use-device-code\n"), "{}", server.stderr);

    cloud.without_cli("az");
    let nothing = not_signed_in(&mut cloud.kv_secrets());
    assert!(nothing.stderr.contains("AzureCliCredential: not installed"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("Install the Azure CLI"), "{}", nothing.stderr);

    cloud.cli_says("azd", "", r#"{"data":{"message":"not logged in, run `azd auth login` to login"}}"#, 1);
    let azd = not_signed_in(&mut cloud.kv_secrets());
    assert!(azd.stderr.contains("Sign in:\n\n    azd auth login\n"), "{}", azd.stderr);
}

#[test]
fn what_a_cli_says_is_kept_short_and_clean() {
    let cloud = Cloud::start();
    cloud.cli_says("az", "", "ERROR: \u{1b}[31mThe subscription is gone.\nTraceback ...\n", 1);
    let run = not_signed_in(&mut cloud.kv_secrets());
    assert!(run.stderr.contains("    AzureCliCredential: [31mThe subscription is gone.\n"), "{}", run.stderr);
    cloud.cli_says("az", r#"{"accessToken":12345678,"tokenType":"a-token-perhaps""#, "", 0);
    let run = not_signed_in(&mut cloud.kv_secrets());
    assert!(run.stderr.contains("AzureCliCredential: its answer cannot be read"), "{}", run.stderr);
    assert!(!run.stderr.contains("12345678") && !run.stderr.contains("perhaps"), "{}", run.stderr);
}

#[test]
fn a_source_is_asked_once_even_when_it_fails() {
    let cloud = Cloud::start();
    az_is_signed_out(&cloud);
    not_signed_in(&mut cloud.kv_secrets());
    assert_eq!(cloud.cli_calls().lines().count(), 1, "{}", cloud.cli_calls());
}

#[test]
fn the_selection_pins_a_source() {
    let cloud = Cloud::start();
    cloud.cli_says("azd", AZD, "", 0);
    let mut command = cloud.kv_secrets();
    service_principal(&mut command, CLIENT_SECRET);
    signed_in_with(&cloud, command.env("AZURE_TOKEN_CREDENTIALS", "azuredeveloperclicredential"), "token-from-azd");
    let prod = Cloud::start();
    let mut command = prod.kv_secrets();
    service_principal(&mut command, CLIENT_SECRET);
    signed_in_with(&prod, command.env("AZURE_TOKEN_CREDENTIALS", "prod"), "token-of-secret");
    let pinned = not_signed_in(prod.kv_secrets().env("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential"));
    assert!(
        pinned.stderr.contains("AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set"),
        "{}",
        pinned.stderr
    );
    assert!(pinned.stderr.contains(&shell::unset("AZURE_TOKEN_CREDENTIALS")), "{}", pinned.stderr);

    let wrong = run(prod.kv_secrets().env("AZURE_TOKEN_CREDENTIALS", "cli"), "n\nv\n");
    assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""));
    assert!(wrong.stderr.contains("Allowed are dev, prod, and EnvironmentCredential, Workload"), "{}", wrong.stderr);
}

#[cfg(not(feature = "client-certificate"))]
#[test]
fn a_client_certificate_needs_the_feature() {
    let cloud = Cloud::start();
    let mut command = all_sources(&cloud);
    service_principal(&mut command, "").env("AZURE_CLIENT_CERTIFICATE_PATH", "certificate.pfx");
    let run = not_signed_in(&mut command);
    assert!(run.stderr.contains("build it with --features client-certificate"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn the_cli_does_not_get_the_secret_on_its_stdin() {
    let cloud = Cloud::start();
    cloud.cli("az", &format!("read line; echo \"az read '$line' to the end\" >>\"$CALLS\"; {AZ_SIGNED_IN}"));
    let mut child = cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // Our stdin stays open and empty meanwhile, so that only another one can have ended.
    wait_until(|| cloud.cli_calls().contains("az read '' to the end"));
    child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_token_is_fetched_while_the_person_types() {
    let cloud = Cloud::start();
    let mut child = cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    wait_until(|| cloud.cli_calls().ends_with('\n'));
    child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(cloud.cli_calls().lines().count(), 1, "{}", cloud.cli_calls());
}

/// A tool that never answers, and notes its process.
#[cfg(unix)]
fn hanging(name: &str, cloud: &Cloud) -> impl Fn() -> String {
    let file = cloud.working_directory().join("pid");
    cloud.cli(name, &format!("echo $$ >'{}'; exec /bin/sleep 600", file.display()));
    move || fs::read_to_string(&file).unwrap_or_default().trim().to_owned()
}

#[cfg(unix)]
fn is_running(pid: &str) -> bool {
    if !cfg!(target_os = "linux") {
        let pid = nix::unistd::Pid::from_raw(pid.parse().unwrap());
        return nix::sys::signal::kill(pid, None).is_ok();
    }
    // In a container nobody may ask for what is left of it.
    let state = fs::read_to_string(std::path::Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|state| !state.is_empty() && !state.starts_with(" Z"))
}

#[cfg(unix)]
#[test]
fn a_hanging_cli_ends_with_the_program() {
    for (signal, name) in [(Signal::SIGINT, "az"), (Signal::SIGTERM, "pwsh")] {
        let cloud = Cloud::start();
        cloud.without_cli("az");
        let pid = hanging(name, &cloud);
        let mut child = cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        wait_until(|| !pid().is_empty());
        assert!(is_running(&pid()));
        // Waiting would close it, and so answer the question.
        let _stdin = child.stdin.take();
        send(signal, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        wait_until(|| !is_running(&pid()));
    }
}

/// No test: what a hanging CLI runs on Windows, as `az.cmd` runs Python. It notes the port at which it can be found.
#[cfg(windows)]
#[test]
#[ignore = "it never ends"]
fn hangs() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    fs::write(std::env::var_os("HANGS").unwrap(), port.to_string()).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(600));
}

#[cfg(windows)]
#[test]
fn a_hanging_cli_ends_with_the_program_however_that_ends() {
    let cloud = Cloud::start();
    let file = cloud.working_directory().join("port");
    let program = std::env::current_exe().unwrap();
    cloud.cli(
        "az",
        &format!("@set HANGS={}\r\n@\"{}\" --ignored --exact sign_in::hangs", file.display(), program.display()),
    );
    let mut child = cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let port = || fs::read_to_string(&file).ok()?.parse::<u16>().ok();
    let is_running = || port().is_some_and(|port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    wait_until(is_running);
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(|| !is_running());
}

#[test]
fn a_sign_in_host_that_is_not_reached_has_refused_nobody() {
    let cloud = Cloud::start();
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let [refusing, unknown] = [format!("https://localhost:{closed}"), "https://no-such-host.invalid".to_owned()];
    for (authority, sentence) in [
        (refusing, "error: localhost could not be reached.\n"),
        (
            unknown,
            "error: The host no-such-host.invalid is not known: this computer is offline, or the address is wrong.\n",
        ),
    ] {
        let mut command = cloud.kv_secrets();
        command.env("AZURE_TOKEN_CREDENTIALS", "prod").env("AZURE_AUTHORITY_HOST", &authority);
        command.env("NO_PROXY", "no-such-host.invalid,localhost");
        command.env("AZURE_TENANT_ID", "my-tenant").env("AZURE_CLIENT_ID", "c").env("AZURE_CLIENT_SECRET", "s3cr3t");
        let run = run(&mut command, "n\nv\n");
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(run.stderr.starts_with(sentence), "{}", run.stderr);
        assert!(run.stderr.contains("EnvironmentCredential: no connection to "), "{}", run.stderr);
        for untrue in ["Credential was refused", "az login", "non-transport", "s3cr3t", "AZURE_CLIENT"] {
            assert!(!run.stderr.contains(untrue), "{untrue} is in: {}", run.stderr);
        }
    }
}

#[test]
fn an_identity_endpoint_that_is_not_reached_makes_way_for_nobody() {
    let cloud = Cloud::start();
    let mut command = cloud.kv_secrets();
    command.env_remove("AZURE_TOKEN_CREDENTIALS");
    command.env("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token").env("IDENTITY_HEADER", "h3ader");
    let run = run(&mut command, "n\nv\n");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.starts_with("error: 127.0.0.1 could not be reached.\n"), "{}", run.stderr);
    assert!(!run.stderr.contains("az login") && !run.stderr.contains("h3ader"), "{}", run.stderr);
    assert_eq!(run.stdout.matches(" done.").count(), 0);
}
