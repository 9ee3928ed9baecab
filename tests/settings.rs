//! Settings, from wherever they come: the command line, the environment and `.env`.

use crate::support::{Cloud, run, transcript};
use std::fs;

#[test]
fn dotenv_is_taken_as_it_is_written() {
    let cloud = Cloud::start();
    let env = cloud.working_directory().join(".env");
    // What the environment holds must not leave by the name of a host.
    fs::write(&env, "KEY_VAULT_NAME=v-${MY_SECRET}\n").unwrap();
    let substituted = run(cloud.kv_secrets().env_remove("KEY_VAULT_NAME").env("MY_SECRET", "s3cr3t"), "n\nv\n");
    assert_eq!(substituted.status, 2, "{}", substituted.stderr);
    let sentence = "error: The value of KEY_VAULT_NAME in .env is not a vault: the name breaks Azure's rule.\n";
    assert!(substituted.stderr.starts_with(sentence), "{}", substituted.stderr);
    assert!(!substituted.stderr.contains("s3cr3t") && !substituted.stderr.contains("MY_SECRET"));
    assert_eq!((cloud.connects(), cloud.cli_calls().as_str()), (0, ""));

    for (number, line) in [
        "KEY_VAULT_NAME = 'from-dotenv' # mine",
        "export KEY_VAULT_NAME=\"from-dotenv\"\r",
        "\u{feff}KEY_VAULT_NAME=from-dotenv",
    ]
    .iter()
    .enumerate()
    {
        fs::write(&env, format!("{line}\n")).unwrap();
        let run = run(cloud.kv_secrets().env_remove("KEY_VAULT_NAME"), format!("n{number}\nv\n"));
        assert_eq!(run.stdout, transcript("from-dotenv", &format!("n{number}"), "v"), "{line}: {}", run.stderr);
    }
}

#[test]
fn a_broken_line_of_an_account_signs_in_as_nobody_else() {
    let cloud = Cloud::start();
    for line in ["AZURE_CLIENT_SECRET 's3cr3t'", "AZURE_CLIENT_SECRET='s3cr3t", "AZURE_CLIENT_SECRET='s3cr3t' more"] {
        fs::write(cloud.working_directory().join(".env"), format!("OTHER='\n{line}\n")).unwrap();
        let run = run(&mut cloud.kv_secrets(), "n\nv\n");
        let sentence = "error: The file .env cannot be read: the line of AZURE_CLIENT_SECRET is not \
                        AZURE_CLIENT_SECRET=value.\n";
        assert_eq!((run.status, run.stderr.as_str()), (2, sentence), "{line}");
    }
    assert_eq!((cloud.connects(), cloud.cli_calls().as_str()), (0, ""));
}

#[test]
fn an_account_in_dotenv_signs_in() {
    let cloud = Cloud::start();
    let account = "AZURE_TENANT_ID=my-tenant\nAZURE_CLIENT_ID=my-client\nAZURE_CLIENT_SECRET=the-client-secret\n\
                   AZURE_TOKEN_CREDENTIALS=prod\n";
    fs::write(cloud.working_directory().join(".env"), account).unwrap();
    let run = run(cloud.kv_secrets().env_remove("AZURE_TOKEN_CREDENTIALS"), "n\nv\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "v"), "{}", run.stderr);
    assert_eq!(cloud.cli_calls(), "");
}

#[test]
fn what_is_no_settings_file_is_passed_over() {
    let cloud = Cloud::start();
    let env = cloud.working_directory().join(".env");
    fs::create_dir(&env).unwrap();
    assert_eq!(run(&mut cloud.kv_secrets(), "folder\nv\n").status, 0);
    fs::remove_dir(&env).unwrap();
    #[cfg(unix)]
    {
        nix::unistd::mkfifo(&env, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(run(&mut cloud.kv_secrets(), "pipe\nv\n").status, 0);
        fs::remove_file(&env).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &env).unwrap();
        assert_eq!(run(&mut cloud.kv_secrets(), "device\nv\n").status, 0);
        fs::remove_file(&env).unwrap();
    }
    fs::write(&env, "#".repeat(2_000_000)).unwrap();
    let large = run(&mut cloud.kv_secrets(), "large\nv\n");
    assert_eq!((large.status, large.stderr.as_str()), (2, "error: The file .env is larger than 1 MB.\n"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_named() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let cloud = Cloud::start();
    for name in
        ["KEY_VAULT_NAME", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_TOKEN_CREDENTIALS"]
    {
        let run = run(cloud.kv_secrets().env(name, OsStr::from_bytes(b"caf\xe9")), "n\nv\n");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        let sentence = format!("error: The value of {name} is not UTF-8.\n");
        assert!(run.stderr.starts_with(&sentence), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("    unset {name}\n")), "{}", run.stderr);
    }
    assert_eq!((cloud.connects(), cloud.cli_calls().as_str()), (0, ""));
}

#[test]
fn the_demo_has_a_vault_of_its_own() {
    let cloud = Cloud::start();
    let run = run(cloud.kv_secrets().args(["--demo", "--vault", "my-vault"]), "n\nv\n");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("--demo") && run.stderr.contains("--vault"), "{}", run.stderr);
}

#[test]
fn nothing_of_dotenv_reaches_the_tools() {
    let cloud = Cloud::start();
    fs::write(cloud.working_directory().join(".env"), "AZURE_CLIENT_ID=my-client\nKEY_VAULT_NAME=v\nNO_COLOR=1\n")
        .unwrap();
    let shown = cloud.working_directory().join("shown");
    if cfg!(unix) {
        cloud.cli("az", &format!("/usr/bin/env > '{}'; exit 1", shown.display()));
        assert_eq!(run(&mut cloud.kv_secrets(), "n\nv\n").status, 1);
        let environment = fs::read_to_string(shown).unwrap();
        assert!(environment.contains("KEY_VAULT_NAME=my-vault"), "{environment}");
        assert!(!environment.contains("AZURE_CLIENT_ID") && !environment.contains("NO_COLOR"), "{environment}");
    }
}
