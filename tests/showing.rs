//! What people see who show the program to others: explanations, colors, and the pictures in the README.

use crate::support::{
    Cloud,
    cloud::{Fault, Holds},
    kv_secrets, run, transcript,
};
#[cfg(unix)]
use crate::terminal::{NAME, Terminal, VALUE};
#[cfg(unix)]
use std::{fs, path::Path};

#[test]
fn explain_shows_each_call_and_exchange_and_no_secret() {
    let cloud = Cloud::start();
    cloud.plan("PUT /secrets/n", 1, Fault::error(503, "ServiceUnavailable", "", "Later."));
    cloud.plan("GET /deletedsecrets/n", 1, Fault::error(404, "SecretNotFound", "", "Not yet."));
    let run = run(cloud.kv_secrets().arg("--explain"), "n\nthe-secret-value\n");
    assert_eq!(run.stdout, transcript("my-vault", "n", "the-secret-value"));
    assert!(!run.stderr.contains("the-secret-value") && !run.stderr.contains("token-from-az"), "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);

    // Milliseconds, dates and versions are what they are.
    let stderr = run.stderr.lines().map(|line| {
        let line = line.split_once(" ms").map_or(line.to_owned(), |(before, after)| {
            format!("{} T ms{after}", before.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end())
        });
        let stable =
            ["version ", "version, ", "purged on "].iter().find_map(|it| Some(line.split_once(it)?.0.to_owned() + it));
        stable.unwrap_or(line)
    });
    let host = "https://my-vault.vault.azure.net";
    let version = "?api-version=2025-07-01";
    let expected = format!(
        "  client.list_secret_properties_versions(\"n\", ...)
    GET {host}/secrets/n/versions{version}&maxresults=1
      401 in T ms: the challenge, for a token of https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000 for https://vault.azure.net
    token from AzureCliCredential, which took T ms
    GET {host}/secrets/n/versions{version}&maxresults=1
      200 in T ms: no secret has that name
  client.set_secret(\"n\", ...)
    PUT {host}/secrets/n{version}
      503 in T ms: this may pass
    PUT {host}/secrets/n{version}
      200 in T ms: created, as version 
  client.get_secret(\"n\", None)
    GET {host}/secrets/n/{version}
      200 in T ms: the newest version, 
  client.begin_delete_secret(\"n\")
    DELETE {host}/secrets/n{version}
      200 in T ms: the deletion has begun; to be purged on 
  poller
    GET {host}/deletedsecrets/n{version}
      404 in T ms: the deletion goes on
    GET {host}/deletedsecrets/n{version}
      200 in T ms: the deletion is complete; to be purged on "
    );
    assert_eq!(stderr.collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());
}

#[test]
fn colors_can_be_asked_for_at_a_pipe() {
    let directory = tempfile::tempdir().unwrap();
    for (color, colored) in [("always", true), ("auto", false), ("never", false)] {
        let run = run(kv_secrets(directory.path()).args(["--demo", "--explain", "--color", color]), "n\nv\n");
        assert_eq!(run.stderr.contains("\u{1b}[36m"), colored, "{color}");
        assert_eq!(run.stdout, transcript("demo-vault", "n", "v"));
    }
}

#[test]
fn step_is_ignored_at_a_pipe_with_a_note() {
    let directory = tempfile::tempdir().unwrap();
    let run = run(kv_secrets(directory.path()).args(["--demo", "--step"]), "n\nv\n");
    assert_eq!(run.stdout, transcript("demo-vault", "n", "v"));
    assert!(run.stderr.contains("--step is ignored"), "{}", run.stderr);
}

#[test]
fn a_hidden_value_is_hidden_in_the_transcript() {
    let directory = tempfile::tempdir().unwrap();
    let run = run(kv_secrets(directory.path()).args(["--demo", "--hide-value"]), "n\nhunter2\n");
    assert_eq!(run.stdout, transcript("demo-vault", "n", "********"));
}

#[test]
fn a_purged_name_can_be_used_again() {
    let cloud = Cloud::start();
    for _ in 0..2 {
        let run = run(cloud.kv_secrets().arg("--purge"), "n\nv\n");
        let purging = "Purging your secret from my-vault ...\n done.\n";
        assert_eq!(run.stdout, transcript("my-vault", "n", "v") + purging, "{}", run.stderr);
    }
    assert_eq!(cloud.holds("n"), Holds::Versions(0));

    let message = "The user, group or application 'appid=A;oid=0b1d;' does not have secrets purge permission on key vault 'my-vault'.";
    cloud.plan("DELETE /deletedsecrets/", 1, Fault::error(403, "Forbidden", "AccessDenied", message));
    let run = run(cloud.kv_secrets().arg("--purge"), "m\nv\n");
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("--object-id 0b1d --secret-permissions delete get list set purge\n"), "{}", run.stderr);
    assert_eq!(cloud.holds("m"), Holds::Deleted);
}

#[test]
fn completions_are_for_a_shell() {
    let directory = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = run(kv_secrets(directory.path()).args(["--completions", shell]), "");
        assert_eq!(run.status, 0);
        assert!(run.stdout.contains("value-file"), "{shell}: {}", run.stdout);
    }
    assert_eq!(run(kv_secrets(directory.path()).args(["--completions", "cmd"]), "").status, 2);
}

/// Renders what a terminal shows, and compares it with the checked-in picture.
#[cfg(unix)]
fn picture(name: &str, command: &str, lines: &[String]) {
    let lines: Vec<_> = lines.iter().map(|line| stable(line)).collect();
    let svg = anstyle_svg::Term::new().render_svg(&format!("$ {command}\n{}\n", lines.join("\n")));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, &svg).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(svg == checked_in, "{name} is not what the program shows; make it anew with UPDATE_PICTURES=1 cargo test");
}

/// The line with the milliseconds, dates and version ids of some run.
#[cfg(unix)]
fn stable(line: &str) -> String {
    let mut line = line.to_owned();
    if let Some((before, after)) = line.split_once(" ms: ") {
        line = format!("{}1 ms: {after}", before.trim_end_matches(|c: char| c.is_ascii_digit()));
    }
    for (marker, constant) in [
        ("purged on ", "2027-02-22"),
        ("version ", "4387e9f3d6e14c459867679a90fd0f79"),
        ("version, ", "4387e9f3d6e14c459867679a90fd0f79"),
    ] {
        if let Some(at) = line.find(marker).map(|at| at + marker.len()) {
            line.replace_range(at..at + constant.len(), constant);
        }
    }
    line
}

#[cfg(unix)]
#[test]
fn the_pictures_show_what_the_program_shows() {
    let mut run = Terminal::demo(&[]);
    run.answer(NAME, "my-secret");
    run.answer(VALUE, "my value");
    picture("run.svg", "kv-secrets --demo", &run.lines());

    let mut explained = Terminal::demo(&["--explain"]);
    explained.answer(NAME, "my-secret");
    explained.answer(VALUE, "my value");
    let lines = explained.lines();
    // As many polls as the deletion happens to need are not for a picture: it has the first and the last.
    let polls: Vec<_> = (0..lines.len()).filter(|at| lines[*at].contains("/deletedsecrets/")).collect();
    let lines = [&lines[..polls[1]], &lines[polls[polls.len() - 1]..]].concat();
    picture("explain.svg", "kv-secrets --demo --explain", &lines);

    let cloud = Cloud::start();
    cloud.cli("az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
    let mut error = Terminal::of(cloud.kv_secrets().env("DISPLAY", ":0"));
    error.answer(NAME, "my-secret");
    picture("error.svg", "kv-secrets", &error.lines());
}
