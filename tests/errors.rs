//! What goes wrong: what is said of it, which command helps, the exit status, and what the vault holds afterwards.

#[cfg(target_os = "linux")]
use crate::support::kv_secrets;
use crate::support::{
    Cloud, Run,
    cloud::{AZ_TOKEN, Fault, Holds},
    each,
    left::{Left, told},
    run, shell, transcript,
};
#[cfg(unix)]
use crate::support::{send, wait_until};
#[cfg(unix)]
use nix::sys::signal::Signal;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

const VALUE: &str = "the-secret-value";
const NOTHING: Holds = Holds::Versions(0);

/// Runs the quickstart for the secret `n`, which must fail, and tell nobody its value or token.
fn failing(command: &mut Command) -> Run {
    let run = run(command, format!("n\n{VALUE}\n"));
    assert_ne!(run.status, 0, "{}", run.stdout);
    assert!(!run.stderr.contains(VALUE) && !run.stderr.contains(AZ_TOKEN), "{}", run.stderr);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    run
}

/// A failure after which the vault holds that, and stderr that begins so and contains those.
fn fails(cloud: &Cloud, holds: Holds, sentence: &str, contains: &[&str]) -> Run {
    let run = failing(&mut cloud.kv_secrets());
    assert_eq!(run.status, 1, "{}", run.stderr);
    let line = run.stderr.lines().next().unwrap_or_default();
    assert_eq!(line, format!("error: {sentence}"), "{}", run.stderr);
    for text in contains {
        assert!(run.stderr.contains(text), "{text} is not in: {}", run.stderr);
    }
    assert_eq!(cloud.holds("n"), holds);
    run
}

fn fault(status: u16, code: &str, inner_code: &str, message: &str) -> Fault {
    Fault::error(status, code, inner_code, message)
}

const RBAC: &str = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
    definitions were changed recently, please observe propagation time.\r\nCaller: appid=A;oid=0b1d2e3f-1111-4222-8333-444455556666;iss=https://sts.windows.net/T/\r\n\
    Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'\r\n\
    Resource: '/subscriptions/5ab5c419-7777-4888-9999-aaaabbbbcccc/resourcegroups/rg/providers/microsoft.keyvault/vaults/my-vault/secrets/n'\r\n\
    Assignment: (not found)\r\nVault: my-vault;location=eastus\r\n";
const POLICY: &str = "The user, group or application 'appid=A;oid=0b1d2e3f-1111-4222-8333-444455556666;numgroups=1;iss=https://sts.windows.net/T/' does not \
    have secrets set permission on key vault 'my-vault;location=eastus'.";

#[test]
fn a_role_is_missing() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/n/versions", 1, fault(403, "Forbidden", "ForbiddenByRbac", RBAC));
    cloud.plan("GET /secrets/n/?", 1, fault(403, "Forbidden", "ForbiddenByRbac", RBAC));
    fails(
        &cloud,
        NOTHING,
        "Your account has no role in my-vault that allows this.",
        &[
            "    az role assignment create --role \"Key Vault Secrets Officer\" --assignee-object-id 0b1d2e3f-1111-4222-8333-444455556666 --scope \
             /subscriptions/5ab5c419-7777-4888-9999-aaaabbbbcccc/resourcegroups/rg/providers/microsoft.keyvault/vaults/my-vault\n",
            "some minutes",
            "details: 403 Forbidden, Forbidden, ForbiddenByRbac",
            "request id request-id-1",
            "https://learn.microsoft.com/azure/key-vault/general/rbac-guide",
        ],
    );
}

#[test]
fn an_access_policy_is_missing() {
    for inner_code in ["AccessDenied", "ForbiddenByPolicy", ""] {
        let cloud = Cloud::start();
        cloud.plan("PUT /secrets/n", 1, fault(403, "Forbidden", inner_code, POLICY));
        fails(
            &cloud,
            NOTHING,
            "The access policies of my-vault do not allow your account to do this.",
            &[
                "    az keyvault set-policy --name my-vault --object-id 0b1d2e3f-1111-4222-8333-444455556666 --secret-permissions delete get list set\n",
            ],
        );
    }
}

#[test]
fn where_listing_is_forbidden_getting_must_do() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/n/versions", 2, fault(403, "Forbidden", "AccessDenied", POLICY));
    let run = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{}", run.stderr);

    let cloud = Cloud::start();
    cloud.set("n", "production");
    cloud.plan("GET /secrets/n/versions", 1, fault(403, "Forbidden", "AccessDenied", POLICY));
    let run = failing(&mut cloud.kv_secrets());
    assert!(run.stderr.contains("The secret 'n' exists in my-vault"), "{}", run.stderr);
    assert!(!run.stderr.contains("production"), "{}", run.stderr);
    assert_eq!(cloud.holds("n"), Holds::Versions(1));
}

#[test]
fn the_network_is_shut() {
    let cloud = Cloud::start();
    let message = "Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.9\r\nCaller: x\r\n";
    cloud.plan("GET /", 1, fault(403, "Forbidden", "ForbiddenByFirewall", message));
    fails(
        &cloud,
        NOTHING,
        "The firewall of my-vault does not let this computer in.",
        &[
            "    az keyvault network-rule add --name my-vault --ip-address 203.0.113.9\n",
            "No role or access policy helps",
        ],
    );
    let message =
        "Public network access is disabled and request is not from a trusted service nor via an approved private link.";
    cloud.plan("GET /", 1, fault(403, "Forbidden", "ForbiddenByConnection", message));
    fails(
        &cloud,
        NOTHING,
        "my-vault accepts no requests from public networks.",
        &["Only a private endpoint reaches it", "No role or access policy helps"],
    );
}

#[test]
fn the_secret_is_disabled() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/n/versions", 1, fault(403, "Forbidden", "AccessDenied", POLICY));
    cloud.plan(
        "GET /secrets/n/?",
        1,
        fault(403, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret."),
    );
    fails(&cloud, NOTHING, "The name belongs to a disabled secret in my-vault.", &["Choose another name."]);
}

#[test]
fn the_token_is_of_another_tenant() {
    let cloud = Cloud::start();
    let challenge = "Bearer authorization=\"https://login.microsoftonline.com/6f89cf12-978b-4d23-ac18-9ef0c127cf87\", resource=\"https://vault.azure.net\"";
    let body = r#"{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/A/, found https://sts.windows.net/B/."}}"#;
    let headers: &[(&str, &str)] = Box::leak(Box::new([("WWW-Authenticate", challenge)]));
    cloud.plan("GET /", 2, Fault::Answer(401, headers, body.into()));
    fails(
        &cloud,
        NOTHING,
        "my-vault does not accept the token of the account that you are signed in with.",
        &["    az login --tenant 6f89cf12-978b-4d23-ac18-9ef0c127cf87\n", "AKV10032"],
    );
}

#[test]
fn the_name_belongs_to_a_deleted_secret() {
    let cloud = Cloud::start();
    assert_eq!(run(&mut cloud.kv_secrets(), "n\nv\n").status, 0);
    fails(
        &cloud,
        Holds::Deleted,
        "The name 'n' belongs to a deleted secret in my-vault that can be recovered.",
        &[
            "    az keyvault secret recover --vault-name my-vault --name n\n",
            "    az keyvault secret purge --vault-name my-vault --name n\n",
            "another name",
        ],
    );
}

#[test]
fn a_deletion_under_way_is_waited_for() {
    let cloud = Cloud::start();
    let being_deleted = fault(409, "Conflict", "ObjectIsBeingDeleted", "Secret is currently being deleted.");
    cloud.plan("PUT /secrets/n", 3, being_deleted);
    let run = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "v"));
    assert_eq!(run.stderr, "A secret of that name is still being deleted; waiting for that ...\n");
}

#[test]
fn what_may_pass_is_tried_again() {
    let faults = [
        fault(429, "Throttled", "", "Too many requests."),
        fault(503, "ServiceUnavailable", "", "Later."),
        Fault::ResetBefore,
        Fault::CutOff,
    ];
    each(&faults, |fault| {
        for request in [
            "GET /secrets/n/versions",
            "PUT /secrets/n",
            "GET /secrets/n/?",
            "DELETE /secrets/n",
            "GET /deletedsecrets/n",
        ] {
            let cloud = Cloud::start();
            cloud.plan(request, 1, fault.clone());
            let run = run(&mut cloud.kv_secrets(), "n\nv\n");
            assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{request} {fault:?}: {}", run.stderr);
            assert_eq!(cloud.holds("n"), Holds::Deleted);
        }
    });
}

#[test]
fn a_lost_answer_is_no_lost_request() {
    for request in ["PUT /secrets/n", "DELETE /secrets/n"] {
        let cloud = Cloud::start();
        cloud.plan(request, 1, Fault::ResetAfter);
        let run = run(&mut cloud.kv_secrets(), "n\nv\n");
        assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{request}: {}", run.stderr);
        assert_eq!((run.status, cloud.holds("n")), (0, Holds::Deleted));
    }
}

#[test]
fn what_does_not_pass_is_given_up_and_said_how_often() {
    let cloud = Cloud::start();
    cloud.plan("GET /", 4, fault(503, "ServiceUnavailable", "", "Later."));
    let run = failing(&mut cloud.kv_secrets());
    assert!(run.stderr.starts_with("error: my-vault answered 503 Service Unavailable, 4 times in "), "{}", run.stderr);
    cloud.plan("GET /", 1, Fault::Answer(429, &[("Retry-After", "100")], String::new()));
    let run = failing(&mut cloud.kv_secrets());
    assert!(run.stderr.starts_with("error: my-vault answered 429 Too Many Requests.\n"), "{}", run.stderr);
    cloud.plan("GET /", 4, Fault::ResetBefore);
    let run = failing(&mut cloud.kv_secrets());
    assert!(run.stderr.starts_with("error: my-vault could not be reached, tried 4 times in "), "{}", run.stderr);
    assert_eq!(cloud.holds("n"), NOTHING);
}

const STILL_THERE: &str = "The secret 'n' is still in my-vault. To delete it:\n\n    az keyvault secret delete --vault-name my-vault --name n\n";

#[test]
fn after_an_error_it_says_what_is_left() {
    for (request, holds, left, command) in [
        ("GET /secrets/n/versions", NOTHING, Left::Nothing, None),
        ("PUT /secrets/n", NOTHING, Left::Nothing, None),
        ("GET /secrets/n/?", Holds::Versions(1), Left::Secret, Some("delete")),
        ("DELETE /secrets/n", Holds::Versions(1), Left::Secret, Some("delete")),
        ("GET /deletedsecrets/n", Holds::Deleted, Left::Deletion, Some("purge")),
    ] {
        let cloud = Cloud::start();
        cloud.plan(request, 1, fault(400, "BadParameter", "", "No."));
        let details = ["BadParameter\n  | No.", "request id request-id-1"];
        let run = fails(&cloud, holds, "my-vault answered 400 Bad Request.", &details);
        assert_eq!(told(&run.stderr), left, "{request}: {}", run.stderr);
        let commands: Vec<_> = run.stderr.lines().filter(|line| line.contains("az keyvault secret ")).collect();
        let expected = command.map(|verb| format!("    az keyvault secret {verb} --vault-name my-vault --name n"));
        assert_eq!(commands, Vec::from_iter(expected), "{request}: {}", run.stderr);
    }
    let cloud = Cloud::start();
    cloud.plan("PUT /secrets/n", 4, Fault::ResetAfter);
    let run = failing(&mut cloud.kv_secrets());
    assert_eq!((told(&run.stderr), cloud.holds("n")), (Left::PerhapsSecret, Holds::Versions(4)), "{}", run.stderr);
}

#[test]
fn answers_that_are_no_answers_are_refused() {
    let html = "Something other than Key Vault answered for my-vault, with 200 OK, text/html.";
    let json = "Something other than Key Vault answered for my-vault, with 200 OK, application/json.";
    for (content_type, body, sentence) in [
        ("text/html", "<html>the-secret-value</html>".to_owned(), html),
        ("application/json", r#"{"value":["the-secret-value"]}"#.into(), json),
        ("application/json", r#"{"id":"the-secret-value"}"#.into(), json),
        (
            "application/json",
            r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1","value":["the-secret-value"]}"#.into(),
            "The answer from my-vault cannot be read.",
        ),
        // More than Key Vault ever answers is not read to its end.
        (
            "application/json",
            r#"{"value":"v"}"#.to_owned() + &" ".repeat(20_000_000),
            "The answer from my-vault cannot be read.",
        ),
    ] {
        let cloud = Cloud::start();
        let headers: &[(&str, &str)] = Box::leak(Box::new([("content-type", content_type)]));
        cloud.plan("GET /secrets/n/?", 1, Fault::Answer(200, headers, body));
        let run = fails(&cloud, Holds::Versions(1), sentence, &[STILL_THERE]);
        assert_eq!(told(&run.stderr), Left::Secret, "{}", run.stderr);
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let cloud = Cloud::start();
    cloud.plan("PUT /secrets/n", 1, fault(400, "Bad\u{1b}[2J", "", "red \u{1b}[31m bell \u{7} end\r\nnext"));
    let run = failing(&mut cloud.kv_secrets());
    assert!(run.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", run.stderr);
}

#[test]
fn a_secret_that_exists_is_not_touched() {
    let cloud = Cloud::start();
    cloud.set("n", "production");
    cloud.set("n", "production");
    fails(
        &cloud,
        Holds::Versions(2),
        "The secret 'n' exists in my-vault, and would be deleted with all its versions.",
        &["Nothing was changed.", "--overwrite"],
    );
    let run = run(cloud.kv_secrets().arg("--overwrite"), "n\nv\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{}", run.stderr);
    assert_eq!(cloud.holds("n"), Holds::Deleted);
}

#[test]
fn a_host_that_does_not_exist_is_known_at_once() {
    let cloud = Cloud::start();
    let run = failing(cloud.kv_secrets().env_remove("HTTPS_PROXY").args(["--vault", "https://no-such-vault.invalid"]));
    assert!(
        run.stderr.starts_with("error: The host no-such-vault.invalid is not known: the vault's URL is wrong, or"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("az keyvault"), "{}", run.stderr);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let cloud = Cloud::start();
    let other = Cloud::start();
    let trust = other.kv_secrets().get_envs().find(|(name, _)| *name == "SSL_CERT_FILE").unwrap().1.unwrap().to_owned();
    let run = failing(cloud.kv_secrets().env("SSL_CERT_FILE", trust));
    assert!(
        run.stderr.starts_with(
            "error: The certificate of my-vault.vault.azure.net is not trusted: nobody known here has issued it.\n"
        ),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains(shell::set("SSL_CERT_FILE", "").trim_end_matches('"')), "{}", run.stderr);
    assert!(cloud.received().is_empty());
}

/// Starts a run whose next request of that kind hangs, and waits until it has arrived.
#[cfg(unix)]
fn stopped_at(cloud: &Cloud, request: &'static str) -> std::process::Child {
    cloud.plan(request, 9, Fault::Hang);
    let mut child =
        cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
    wait_until(|| cloud.hanging() == 1);
    child
}

#[cfg(unix)]
#[test]
fn an_interruption_says_what_is_left() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        for (request, left) in [
            ("GET /secrets/n/versions", "error: Interrupted.\n"),
            ("PUT /secrets/n", "The secret 'n' may be in my-vault"),
            ("GET /secrets/n/?", STILL_THERE),
            ("DELETE /secrets/n", "The secret 'n' is still in my-vault, unless its deletion has begun"),
            ("GET /deletedsecrets/n", "    az keyvault secret purge --vault-name my-vault --name n\n"),
        ] {
            let cloud = Cloud::start();
            let child = stopped_at(&cloud, request);
            send(signal, child.id());
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(130), "{stderr}");
            assert!(stderr.contains(left), "{request}: {stderr}");
            if request.contains("versions") {
                assert_eq!(stderr, left);
            }
        }
    }
}

#[test]
fn a_reader_that_goes_away_does_not_leave_the_secret_behind() {
    let cloud = Cloud::start();
    let creation = cloud.hold("PUT /secrets/n");
    let mut child =
        cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The first line ends with what is created, and the reader leaves after it.
    stdin.write_all(b"n\nv\n").unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    creation.let_go();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
    assert_eq!(cloud.holds("n"), Holds::Deleted);
}

#[cfg(unix)]
#[test]
fn closed_streams_do_not_leave_the_secret_behind() {
    let cloud = Cloud::start();
    let template = cloud.kv_secrets();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"exec "$0" >&- 2>&-"#]).arg(template.get_program()).current_dir(cloud.working_directory());
    shell.env_clear().envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = run(&mut shell, "n\nv\n");
    assert_eq!((run.status, cloud.holds("n")), (0, Holds::Deleted));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_leaves_no_secret_behind() {
    let directory = tempfile::tempdir().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = kv_secrets(directory.path())
        .arg("--demo")
        .stdin(Stdio::piped())
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("The transcript could not be written"));
}
