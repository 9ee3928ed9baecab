//! What people see who show the program to others: explanations, colors, and the pictures in the README.

#[cfg_attr(windows, allow(dead_code, reason = "the pictures are taken at a terminal"))]
pub mod picture;

use crate::support::{
    Cloud,
    cloud::{Fault, Holds},
    kv_secrets, run, transcript,
};
#[cfg(unix)]
use crate::{
    support::{each, wait_until},
    terminal::{NAME, SIGNED_OUT, Terminal, VALUE},
};
#[cfg(unix)]
use picture::COLUMNS;
use picture::Row;
#[cfg(unix)]
use std::process::Command;
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

    let told: Vec<_> = run.stderr.lines().map(|line| stable(&Row::plain(line)).text()).collect();
    let expected = r#"  https://my-vault.vault.azure.net  api-version 2025-07-01
  client.list_secret_properties_versions(...)  first: is the name free?
    GET /secrets/n/versions  ->  401 in 1 ms  challenge: sign in at login.microsoftonline.com, for https://vault.azure.net
    AzureCliCredential  token in 1 ms
    GET /secrets/n/versions  ->  200 in 1 ms  no secret has that name
  client.set_secret(&secret_name, secret_value.to_parameters()?, None)
    PUT /secrets/n  {"value":"********"}  ->  503 in 1 ms  this may pass
    PUT /secrets/n  {"value":"********"}  ->  200 in 1 ms  created, version 4387e9f3...
  client.get_secret(&secret_name, None)
    GET /secrets/n/  ->  200 in 1 ms  the value of version 4387e9f3...
  client.list_secret_properties_versions(...)  again: is it this run's alone?
    GET /secrets/n/versions  ->  200 in 1 ms  1 version
  client.begin_delete_secret(&secret_name)
    DELETE /secrets/n  ->  200 in 1 ms  begun; the secret can be recovered until 2027-02-22
  poller.await?  until the deletion is complete
    GET /deletedsecrets/n  ->  404 x9, then 200 in 1.2 s  deleted; can be recovered until 2027-02-22

  list_..._versions     GET /secrets/NAME/versions   401, 200 x2   1 ms
  set_secret            PUT /secrets/NAME            503, 200      1 ms
  get_secret            GET /secrets/NAME/           200           1 ms
  begin_delete_secret   DELETE /secrets/NAME         200           1 ms
  poller                GET /deletedsecrets/NAME     404 x9, 200   1.2 s"#;
    assert_eq!(told, expected.lines().collect::<Vec<_>>());
}

#[test]
fn the_calls_are_those_of_the_source() {
    let directory = tempfile::tempdir().unwrap();
    let run = run(kv_secrets(directory.path()).args(["--demo", "--explain", "--purge"]), "n\nv\n");
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/quickstart.rs")).unwrap();
    let calls: Vec<_> = run.stderr.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next()).collect();
    let calls = calls.into_iter().filter(|call| call.starts_with("client.") || call.starts_with("poller."));
    let (of_tutorial, others): (Vec<&str>, Vec<&str>) = calls.partition(|call| source.contains(*call));
    assert_eq!(of_tutorial.len(), 5, "{of_tutorial:?}");
    assert_eq!(others, ["client.list_secret_properties_versions(...)"; 2]);
}

#[cfg(unix)]
#[test]
fn the_credential_chain_is_told_as_it_went() {
    let cloud = Cloud::start();
    cloud.cli("az", SIGNED_OUT);
    cloud.cli("azd", r#"echo '{"token":"token-from-azd","expiresOn":"2100-01-01T00:00:00Z"}'"#);
    let run = run(all_sources(&cloud).arg("--explain"), "n\nv\n");
    let told: Vec<_> = run.stderr.lines().map(|line| stable(&Row::plain(line)).text()).collect();
    let chain: Vec<_> = told.iter().filter(|line| line.contains("Credential")).map(String::as_str).collect();
    assert_eq!(chain[..2], ["    EnvironmentCredential        not set", "    WorkloadIdentityCredential   not set"]);
    assert!(chain[2].starts_with("    ManagedIdentityCredential    "), "{}", chain[2]);
    assert_eq!(chain[3], "    AzureCliCredential           not signed in; run `az login`");
    assert_eq!(chain[chain.len() - 1], "    AzureDeveloperCliCredential  token in 1 ms");
}

#[cfg(unix)]
#[test]
fn an_interrupted_wait_leaves_its_polls() {
    let cloud = Cloud::start();
    cloud.plan("GET /deletedsecrets/n", 2, Fault::error(404, "SecretNotFound", "", "Not yet."));
    cloud.plan("GET /deletedsecrets/n", 9, Fault::Hang);
    let mut terminal = Terminal::of(cloud.kv_secrets().args(["--explain", "--name=n"]));
    terminal.answer(VALUE, "v");
    wait_until(|| cloud.hanging() == 1);
    terminal.press("\u{3}");
    let screen = terminal.screen();
    let polls = screen.lines().find(|line| line.contains("/deletedsecrets/n ")).unwrap_or_default();
    assert!(polls.starts_with("    GET /deletedsecrets/n  ->  404 x2, ") && polls.ends_with(": the deletion goes on"));
    assert!(screen.contains("the deletion goes on\nerror: Interrupted.\n"), "{screen}");
    assert_eq!(screen.matches("/deletedsecrets/n ").count(), 1, "{screen}");
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

    let message = "The user, group or application 'appid=A;oid=0b1d2e3f-1111-4222-8333-444455556666;' does not have secrets purge permission on key vault 'my-vault'.";
    cloud.plan("DELETE /deletedsecrets/", 1, Fault::error(403, "Forbidden", "AccessDenied", message));
    let run = run(cloud.kv_secrets().arg("--purge"), "m\nv\n");
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains(
            "--object-id 0b1d2e3f-1111-4222-8333-444455556666 --secret-permissions delete get list set purge\n"
        ),
        "{}",
        run.stderr
    );
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

/// The binary with every source of tokens allowed, and no service for the identities of virtual machines.
#[cfg(unix)]
fn all_sources(cloud: &Cloud) -> Command {
    let mut command = cloud.kv_secrets();
    command.env_remove("AZURE_TOKEN_CREDENTIALS").env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1");
    command
}

#[cfg(unix)]
/// Renders what a terminal shows after `command`, at one moment or several, and compares it with the checked-in picture.
fn picture(name: &str, command: &str, moments: &[&[Row]]) {
    let mut all: Vec<Vec<_>> = moments.iter().map(|rows| rows.iter().map(stable).collect()).collect();
    all[0].insert(0, Row::plain(&format!("$ {command}")));
    let svg = picture::svg(&all);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, &svg).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert!(svg == checked_in, "{name} is not what the program shows; make it anew with UPDATE_PICTURES=1 cargo test");
}

/// The row with the times, dates, versions and the number of polls of some run.
fn stable(row: &Row) -> Row {
    let mut row = row.clone();
    let is_recap = row.text().contains("secrets/NAME");
    let is_poll = row.text().contains("GET /deletedsecrets/");
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    // A table's last column keeps its place.
    if let Some(at) = row.text().find("404").filter(|_| is_poll) {
        let text = row.text();
        let times = text[at + 3..].strip_prefix(" x").map_or(0, |rest| 2 + digits(rest));
        row.replace(at..at + 3 + times, "404 x9");
        if is_recap {
            let text = row.text();
            let last = text.rfind("  ").unwrap() + 2;
            let gap = text[..last].trim_end().len();
            row.replace(gap..last, &" ".repeat(last - gap + times - 3));
        }
    }
    let text = row.text();
    let time = if is_poll { "1.2 s" } else { "1 ms" };
    if is_recap {
        row.replace(text.rfind("  ").unwrap() + 2..text.len(), time);
    } else if let Some(at) = text.find(" in ").map(|at| at + 4).filter(|at| digits(&text[*at..]) > 0) {
        let end = text[at..].find('s').unwrap() + at + 1;
        row.replace(at..end, time);
    }
    for (marker, constant) in [("until ", "2027-02-22"), ("created, version ", "4387e9f3"), ("of version ", "4387e9f3")]
    {
        let at = row.text().find(marker).map(|at| at + marker.len());
        if let Some(at) = at.filter(|at| row.text()[*at..].starts_with(|c: char| c.is_ascii_hexdigit())) {
            row.replace(at..at + constant.len(), constant);
        }
    }
    row
}

#[cfg(unix)]
#[test]
fn the_pictures_show_what_the_program_shows() {
    let mut run = Terminal::demo(&[]);
    run.resize(COLUMNS);
    run.answer(NAME, "my-secret");
    run.answer(VALUE, "my value");
    run.expect("waiting until the secret is deleted");
    let mut shown = run.rows();
    let spinner = shown.len() - 1;
    assert!(shown[spinner].text().ends_with("  waiting until the secret is deleted"), "{shown:?}");
    // Which of its signs the spinner shows, and how many seconds, is chance.
    shown[spinner].replace(0..1, "\u{2839}");
    shown[spinner].replace(2..3, "0");
    run.finish();
    let end = run.rows();
    picture("run.svg", "kv-secrets --demo", &[&shown, &end[spinner..]]);

    let mut explained = Terminal::demo(&["--explain"]);
    explained.resize(COLUMNS);
    explained.answer(NAME, "my-secret");
    explained.answer(VALUE, "my value");
    explained.expect("the deletion goes on");
    explained.finish();
    let rows = explained.rows();
    let text = rows.iter().map(|row| stable(row).text()).collect::<Vec<_>>().join("\n");
    assert_eq!(text, EXPLAINED.trim_start());
    let transcript = 8;
    assert!(rows.len() - transcript <= 24, "{} rows", rows.len());
    picture("explain.svg", "kv-secrets --demo --explain", &[&rows]);

    let cloud = Cloud::start();
    let az = cloud.held_cli("az", SIGNED_OUT);
    // As on most laptops, nothing answers at the address of the instance metadata service.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let imds = format!("http://{}", nobody.local_addr().unwrap());
    let mut command = all_sources(&cloud);
    command.env("DISPLAY", ":0").env("AZURE_POD_IDENTITY_AUTHORITY_HOST", imds);
    let mut error = Terminal::of(&mut command);
    error.resize(COLUMNS);
    // The error takes the question away.
    error.expect(NAME);
    az.let_go();
    error.finish();
    picture("error.svg", "kv-secrets", &[&error.rows()]);
}

#[cfg(unix)]
const EXPLAINED: &str = r#"
Demo: the vault is in this program's memory, and nothing leaves this computer.
Input a name for your secret > my-secret
  https://demo-vault.vault.azure.net  api-version 2025-07-01
  client.list_secret_properties_versions(...)  first: is the name free?
    GET /secrets/my-secret/versions  ->  401 in 1 ms  challenge: sign in
    GET /secrets/my-secret/versions  ->  200 in 1 ms  no secret has that name
Input a value for your secret > my value
Creating a secret in demo-vault called 'my-secret' with the value 'my value' ...
  client.set_secret(&secret_name, secret_value.to_parameters()?, None)
    PUT /secrets/my-secret  {"value":"********"}  ->  200 in 1 ms  created
 done.
Retrieving your secret from demo-vault.
  client.get_secret(&secret_name, None)
    GET /secrets/my-secret/  ->  200 in 1 ms  the value of version 4387e9f3...
  client.list_secret_properties_versions(...)  again: is it this run's alone?
    GET /secrets/my-secret/versions  ->  200 in 1 ms  1 version
Your secret is 'my value'.
Deleting your secret from demo-vault ...
  client.begin_delete_secret(&secret_name)
    DELETE /secrets/my-secret  ->  200 in 1 ms  begun; kept until 2027-02-22
  poller.await?  until the deletion is complete
    GET /deletedsecrets/my-secret  ->  404 x9, then 200 in 1.2 s  deleted
 done.

  list_..._versions     GET /secrets/NAME/versions   401, 200 x2   1 ms
  set_secret            PUT /secrets/NAME            200           1 ms
  get_secret            GET /secrets/NAME/           200           1 ms
  begin_delete_secret   DELETE /secrets/NAME         200           1 ms
  poller                GET /deletedsecrets/NAME     404 x9, 200   1.2 s

Use a vault of your own:   az login
                           kv-secrets --vault <your-key-vault-name>"#;

#[cfg(unix)]
#[test]
fn no_row_of_an_explanation_wraps_with_an_ordinary_name() {
    each(&[1, 12, 24, 30], |length| {
        let cloud = Cloud::start();
        let name = "n".repeat(*length);
        cloud.set(&name, "old");
        let mut command = cloud.kv_secrets();
        let mut terminal = Terminal::of(command.args(["--explain", "--purge", "--overwrite", "--name", &name]));
        terminal.resize(COLUMNS);
        terminal.answer(VALUE, "v");
        terminal.finish();
        let wrapped = terminal.wrapped();
        assert!(wrapped.iter().all(|row| row.starts_with("Creating a secret")), "{wrapped:#?}");
    });
}
