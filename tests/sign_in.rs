//! Where the binary gets its token, and what it says when it gets none.

use crate::support::{
    Cloud, Run,
    cloud::{AZ_SIGNED_IN, CLIENT_SECRET, FEDERATED_TOKEN, IDENTITY_HEADER},
    run, send, transcript, wait_until,
};
use nix::sys::signal::Signal;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
};

const AZ_SIGNED_OUT: &str = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1";
const AZD: &str = r#"echo '{"token":"token-from-azd","expiresOn":"2100-01-01T00:00:00Z"}'"#;

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
    for az in [Some(AZ_SIGNED_OUT), Some("echo garbage"), None] {
        let cloud = Cloud::start();
        cloud.cli("azd", AZD);
        match az {
            Some(script) => cloud.cli("az", script),
            None => cloud.without_cli("az"),
        }
        signed_in_with(&cloud, &mut cloud.kv_secrets(), "token-from-azd");
    }
}

#[test]
fn it_says_why_and_the_one_next_step_that_fits() {
    let cloud = Cloud::start();
    cloud.cli("az", AZ_SIGNED_OUT);
    let desktop = not_signed_in(cloud.kv_secrets().env("DISPLAY", ":0"));
    assert_eq!(
        desktop.stderr,
        "error: Cannot sign in to Azure.\n\
         \n    AzureCliCredential: not signed in; run `az login`\
         \n    AzureDeveloperCliCredential: not installed\n\
         \nSign in:\n\
         \n    az login\n\n\
         See https://aka.ms/azsdk/rust/identity/troubleshoot\n"
    );
    let server = not_signed_in(&mut cloud.kv_secrets());
    assert!(server.stderr.contains("Sign in:\n\n    az login --use-device-code\n"), "{}", server.stderr);

    cloud.without_cli("az");
    let nothing = not_signed_in(&mut cloud.kv_secrets());
    assert!(nothing.stderr.contains("AzureCliCredential: not installed"), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("Install the Azure CLI"), "{}", nothing.stderr);

    cloud.cli("azd", "echo '{\"data\":{\"message\":\"not logged in, run `azd auth login` to login\"}}' >&2; exit 1");
    let azd = not_signed_in(&mut cloud.kv_secrets());
    assert!(azd.stderr.contains("Sign in:\n\n    azd auth login\n"), "{}", azd.stderr);
}

#[test]
fn what_a_cli_says_is_kept_short_and_clean() {
    let cloud = Cloud::start();
    cloud.cli("az", r#"printf 'ERROR: \033[31mThe subscription is gone.\nTraceback ...\n' >&2; exit 1"#);
    let run = not_signed_in(&mut cloud.kv_secrets());
    assert!(run.stderr.contains("    AzureCliCredential: [31mThe subscription is gone.\n"), "{}", run.stderr);
    cloud.cli("az", r#"echo '{"accessToken":12345678,"tokenType":"a-token-perhaps"'"#);
    let run = not_signed_in(&mut cloud.kv_secrets());
    assert!(run.stderr.contains("AzureCliCredential: its answer cannot be read"), "{}", run.stderr);
    assert!(!run.stderr.contains("12345678") && !run.stderr.contains("perhaps"), "{}", run.stderr);
}

#[test]
fn a_source_is_asked_once_even_when_it_fails() {
    let cloud = Cloud::start();
    cloud.cli("az", AZ_SIGNED_OUT);
    not_signed_in(&mut cloud.kv_secrets());
    assert_eq!(cloud.cli_calls().lines().count(), 1, "{}", cloud.cli_calls());
}

#[test]
fn the_selection_pins_a_source() {
    let cloud = Cloud::start();
    cloud.cli("azd", AZD);
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
    assert!(pinned.stderr.contains("unset AZURE_TOKEN_CREDENTIALS"), "{}", pinned.stderr);

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

/// An `az` that never answers, and notes its process.
fn hanging_az(cloud: &Cloud) -> impl Fn() -> String {
    let file = cloud.working_directory().join("pid");
    cloud.cli("az", &format!("echo $$ >'{}'; exec /bin/sleep 600", file.display()));
    move || fs::read_to_string(&file).unwrap_or_default().trim().to_owned()
}

fn is_running(pid: &str) -> bool {
    let state = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|state| !state.is_empty() && !state.starts_with(" Z"))
}

#[test]
fn a_hanging_cli_ends_with_the_program() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let cloud = Cloud::start();
        let pid = hanging_az(&cloud);
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
