//! `examples/kv_secrets.rs`, which newcomers copy, against a vault at the end of a real TLS connection.

use crate::support::{Cloud, cloud::Fault, example, run, transcript};
use std::process::Command;

/// The sample, told of this cloud.
fn sample(cloud: &Cloud) -> Command {
    let program = cloud.kv_secrets();
    let mut sample = Command::new(example("kv_secrets"));
    sample.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    sample.current_dir(cloud.working_directory());
    sample
}

#[test]
fn it_prints_what_the_program_prints() {
    let cloud = Cloud::start();
    let sample = run(&mut sample(&cloud), "sample\nmy value\n");
    assert_eq!((sample.status, sample.stderr.as_str()), (0, ""));
    let program = run(&mut cloud.kv_secrets(), "program\nmy value\n");
    assert_eq!(sample.stdout, program.stdout.replace("'program'", "'sample'"));
}

#[test]
fn connections_that_break_before_the_challenge_cost_no_body() {
    for times in 1..=3 {
        let cloud = Cloud::start();
        cloud.plan_bare("PUT /secrets/n", times, Fault::ResetBefore);
        let run = run(&mut sample(&cloud), "n\nmy value\n");
        assert_eq!(run.stdout, transcript("my-vault", "n", "my value"), "{}", run.stderr);
        assert_eq!(cloud.created("n"), ["my value"]);
    }
}

#[test]
fn a_missing_name_of_the_vault_is_named() {
    let cloud = Cloud::start();
    let run = run(sample(&cloud).env_remove("KEY_VAULT_NAME"), "n\nv\n");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("KEY_VAULT_NAME"), "{}", run.stderr);
}

#[test]
fn who_is_signed_out_reads_why_and_how_to_sign_in() {
    let cloud = Cloud::start();
    cloud.cli_says("az", "", "ERROR: Please run 'az login' to setup account.\n", 1);
    let run = run(&mut sample(&cloud), "n\nv\n");
    assert_eq!(run.status, 1);
    for told in [
        "cannot sign in to Azure",
        "AzureCliCredential: not signed in; run `az login`",
        "AzurePowerShellCredential: not installed",
        "AzureDeveloperCliCredential: not installed",
    ] {
        assert!(run.stderr.contains(told), "{told} is not in: {}", run.stderr);
    }
    assert!(!run.stderr.contains("non-transport"), "{}", run.stderr);
}
