//! The binary against a vault at the end of a real TLS connection.

use crate::support::{Cloud, cloud::Fault, run, transcript};
use std::fs;

#[test]
fn the_requests_are_those_of_the_tutorial_and_the_first_is_bare() {
    let cloud = Cloud::start();
    let run = run(&mut cloud.kv_secrets(), "my-secret\nmy value\n");
    assert_eq!(run.stderr, "");
    assert_eq!(run.stdout, transcript("my-vault", "my-secret", "my value"));
    assert_eq!(run.status, 0);

    let (beside, received): (Vec<_>, Vec<_>) =
        cloud.received().into_iter().partition(|request| request.path.starts_with("/secrets?"));
    assert_eq!(beside.len(), 1, "a second connection was made ready");
    assert_eq!((beside[0].body.as_str(), &beside[0].authorization), ("", &None));
    let mut lines: Vec<_> = received.iter().map(|request| format!("{} {}", request.method, request.path)).collect();
    // Those that retrieve the secret and look at its versions are sent at once.
    lines[3..5].sort();
    assert_eq!(
        lines,
        [
            "GET /secrets/my-secret/versions?api-version=2025-07-01&maxresults=1",
            "GET /secrets/my-secret/versions?api-version=2025-07-01&maxresults=1",
            "PUT /secrets/my-secret?api-version=2025-07-01",
            "GET /secrets/my-secret/?api-version=2025-07-01",
            "GET /secrets/my-secret/versions?api-version=2025-07-01",
            "DELETE /secrets/my-secret?api-version=2025-07-01",
            "GET /deletedsecrets/my-secret?api-version=2025-07-01",
        ]
    );
    assert_eq!((received[0].body.as_str(), &received[0].authorization), ("", &None));
    assert_eq!(received[2].body, r#"{"value":"my value"}"#);
    for request in &received[1..] {
        assert_eq!(request.authorization.as_deref(), Some("Bearer token-from-az"));
    }
    assert!(received.iter().all(|request| request.host == "my-vault.vault.azure.net" && request.by_proxy));
    assert_eq!(cloud.cli_calls(), "az account get-access-token -o json --scope https://vault.azure.net/.default\n");
}

#[test]
fn a_value_survives_as_it_is() {
    let cloud = Cloud::start();
    let mut count = 0;
    for value in ["", " ", "  two  ends  ", r#"it's "quoted" \n {}"#, "¿contraseña? 密码 🔑👩‍💻", "\ttab\t", "a\rb"]
    {
        for ending in ["\n", "\r\n", ""] {
            if value.is_empty() && ending.is_empty() {
                continue; // That is the end of the input.
            }
            count += 1;
            let name = format!("n{count}");
            let run = run(&mut cloud.kv_secrets(), format!("{name}\n{value}{ending}"));
            assert_eq!(run.stdout, transcript("my-vault", &name, value), "{value:?} {ending:?}");
        }
    }
}

#[test]
fn it_waits_until_the_secret_is_deleted() {
    let cloud = Cloud::start();
    cloud.plan("GET /deletedsecrets/n", 3, Fault::error(404, "SecretNotFound", "", "Deleted Secret not found: n"));
    assert_eq!(run(&mut cloud.kv_secrets(), "n\nv\n").stdout, transcript("my-vault", "n", "v"));
    let polls = cloud.received().iter().filter(|request| request.path.starts_with("/deletedsecrets/")).count();
    assert_eq!(polls, 4);
}

#[test]
fn bad_input_sends_nothing() {
    let cloud = Cloud::start();
    for stdin in ["", "n\n", "a_b\nv\n", "\nv\n"] {
        assert_eq!(run(&mut cloud.kv_secrets(), stdin).status, 2, "{stdin:?}");
    }
    let unreadable = run(cloud.kv_secrets().args(["--name=n", "--value-file=missing"]), "");
    assert_eq!(unreadable.status, 2);
    for vault in ["evil.example/x?", "http://my-vault.vault.azure.net", "https://me@my-vault.vault.azure.net"] {
        assert_eq!(run(cloud.kv_secrets().args(["--vault", vault]), "n\nv\n").status, 2, "{vault}");
    }
    assert!(cloud.received().is_empty());
}

#[test]
fn a_vault_may_be_given_as_host_or_url() {
    let cloud = Cloud::start();
    for vault in ["my-vault.vault.azure.cn", "https://my-vault.vault.azure.cn/"] {
        let name = format!("n{}", vault.len());
        let run = run(cloud.kv_secrets().args(["--vault", vault]), format!("{name}\nv\n"));
        assert_eq!(run.stdout, transcript("my-vault", &name, "v"), "{}", run.stderr);
    }
    assert!(cloud.received().iter().all(|request| request.host == "my-vault.vault.azure.cn"));
    assert!(cloud.cli_calls().contains("--scope https://vault.azure.cn/.default"), "{}", cloud.cli_calls());
}

#[test]
fn an_emulator_on_this_computer_may_present_any_challenge() {
    let cloud = Cloud::start();
    let vault = format!("https://localhost:{}", cloud.port());
    let run = run(cloud.kv_secrets().args(["--vault", &vault]).env("NO_PROXY", "localhost"), "n\nv\n");
    assert_eq!(run.stdout, transcript(&vault["https://".len()..], "n", "v"), "{}", run.stderr);
    assert!(cloud.received().iter().all(|request| !request.by_proxy));
}

#[test]
fn dotenv_is_read_and_never_overrides_the_environment() {
    let cloud = Cloud::start();
    fs::write(cloud.working_directory().join(".env"), "# mine\nKEY_VAULT_NAME=from-dotenv\n").unwrap();
    let environment = run(&mut cloud.kv_secrets(), "n1\nv\n");
    assert_eq!(environment.stdout, transcript("my-vault", "n1", "v"));
    let dotenv = run(cloud.kv_secrets().env_remove("KEY_VAULT_NAME"), "n2\nv\n");
    assert_eq!(dotenv.stdout, transcript("from-dotenv", "n2", "v"), "{}", dotenv.stderr);
    let argument = run(cloud.kv_secrets().args(["--vault", "from-argv"]), "n3\nv\n");
    assert_eq!(argument.stdout, transcript("from-argv", "n3", "v"));
}
