//! The binary at a pipe, with the vault in its memory or none at all.

use crate::support::{Cloud, Run, kv_secrets, run, shell, transcript, wait_until};
use std::{
    fs,
    io::{Read as _, Write as _},
    process::Stdio,
};

fn demo(stdin: impl AsRef<[u8]>) -> Run {
    let directory = tempfile::tempdir().unwrap();
    run(kv_secrets(directory.path()).arg("--demo"), stdin)
}

#[test]
fn the_transcript_is_that_of_kv_secrets_py() {
    let run = demo("my-secret\nmy value\n");
    assert_eq!(run.stdout, transcript("demo-vault", "my-secret", "my value"));
    assert_eq!(run.stderr, "Demo: the vault is in this program's memory, and nothing leaves this computer.\n");
    assert_eq!(run.status, 0);
}

#[test]
fn the_longest_value_passes_and_a_longer_one_is_refused() {
    for character in ["é", "🔑"] {
        let longest = character.repeat(25_600);
        assert_eq!(demo(format!("n\n{longest}\n")).stdout, transcript("demo-vault", "n", &longest));
        for longer in [1, 10_000] {
            let run = demo(format!("n\n{longest}{}\n", character.repeat(longer)));
            assert_eq!(run.status, 2);
            assert!(run.stderr.contains("at most 25,600 characters"), "{}", run.stderr);
            assert!(!run.stdout.contains("Creating"), "{}", run.stdout);
        }
    }
}

#[test]
fn bad_input_is_a_clear_error_and_status_2() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "The input has ended"),
        (b"name-only\n", "The input has ended"),
        (b"\nvalue\n", "1 to 127 letters, digits and hyphens"),
        (b"my secret\nvalue\n", "1 to 127 letters, digits and hyphens"),
        (b"name\n\xff\xfe\n", "not UTF-8"),
        (b"\xff\nvalue\n", "not UTF-8"),
    ];
    for (stdin, error) in cases {
        let run = demo(stdin);
        assert_eq!(run.status, 2, "{error}");
        assert!(run.stderr.contains(error), "{}", run.stderr);
        assert!(!run.stdout.contains("Creating"), "{}", run.stdout);
    }
}

#[test]
fn each_step_is_seen_when_it_begins() {
    let cloud = Cloud::start();
    let [creation, retrieval, poll] =
        ["PUT /secrets/n", "GET /secrets/n/?", "GET /deletedsecrets/n"].map(|request| cloud.hold(request));
    let mut child = cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    // Each read blocks for ever unless the program says this much before it hears more.
    let mut expect = |text: &str| {
        let mut bytes = vec![0; text.len()];
        stdout.read_exact(&mut bytes).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    };
    expect("Input a name for your secret > ");
    stdin.write_all(b"n\n").unwrap();
    expect("Input a value for your secret > ");
    stdin.write_all(b"v\n").unwrap();
    expect("Creating a secret in my-vault called 'n' with the value 'v' ...\n");
    creation.let_go();
    expect(" done.\nRetrieving your secret from my-vault.\n");
    retrieval.let_go();
    expect("Your secret is 'v'.\nDeleting your secret from my-vault ...\n");
    wait_until(|| cloud.has_received("GET /deletedsecrets/n"));
    assert!(child.try_wait().unwrap().is_none(), "it waits until the deletion is complete");
    poll.let_go();
    expect(" done.\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_name_and_a_value_file_take_the_place_of_the_questions() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("value.txt"), "line 1\nline 2\n").unwrap();
    let full = transcript("demo-vault", "n", "line 1\nline 2");
    let without_questions = &full[full.find("Creating").unwrap()..];
    let given = run(kv_secrets(directory.path()).args(["--demo", "--name", "n", "--value-file", "value.txt"]), "");
    assert_eq!(given.stdout, without_questions);
    let stdin = run(kv_secrets(directory.path()).args(["--demo", "--name=n", "--value-file=-"]), "line 1\nline 2\n");
    assert_eq!(stdin.stdout, without_questions);
    let rest = run(kv_secrets(directory.path()).args(["--demo", "--value-file=-"]), "n\nline 1\nline 2\n");
    assert_eq!(rest.stdout, format!("Input a name for your secret > {without_questions}"));
}

#[test]
fn a_bad_name_or_value_file_is_status_2() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("binary"), b"\xff").unwrap();
    fs::write(directory.path().join("long"), "a".repeat(25_601)).unwrap();
    for (arguments, error) in [
        (["--name=a_b", "--value-file=long"], "1 to 127 letters"),
        (["--name=n", "--value-file=missing"], "cannot be read from the file missing: "),
        (["--name=n", "--value-file=."], "cannot be read from the file .: "),
        (["--name=n", "--value-file=binary"], "not UTF-8"),
        (["--name=n", "--value-file=long"], "at most 25,600 characters"),
    ] {
        let run = run(kv_secrets(directory.path()).arg("--demo").args(arguments), "");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains(error), "{}", run.stderr);
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_endings_are_no_part_of_an_answer() {
    assert_eq!(demo("\u{feff}n\r\n\u{feff}v\r\n").stdout, transcript("demo-vault", "n", "\u{feff}v"));
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("value.txt"), "\u{feff}line 1\r\nline 2\r\n").unwrap();
    fs::write(directory.path().join(".env"), "\u{feff}KEY_VAULT_NAME=a_b\r\nNO_COLOR=1\r\n").unwrap();
    let arguments = ["--demo", "--name=n", "--value-file"];
    for (value_file, stdin) in [("value.txt", ""), ("-", "\u{feff}line 1\r\nline 2\r\n")] {
        let run = run(kv_secrets(directory.path()).args(arguments).arg(value_file), stdin);
        assert!(run.stdout.contains("Your secret is 'line 1\r\nline 2'.\n"), "{}", run.stdout);
    }
    let dotenv = run(&mut kv_secrets(directory.path()), "n\nv\n");
    let sentence = "error: The value of KEY_VAULT_NAME in .env is not a vault: the name breaks Azure's rule.\n";
    assert!(dotenv.stderr.starts_with(sentence), "{}", dotenv.stderr);
}

#[test]
fn utf_16_is_named_as_such_and_how_to_save_as_utf_8() {
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("value.txt"), utf_16("\u{feff}value\r\n")).unwrap();
    let file = run(kv_secrets(directory.path()).args(["--demo", "--name=n", "--value-file=value.txt"]), "");
    let stdin = run(kv_secrets(directory.path()).arg("--demo"), utf_16("\u{feff}n\r\nv\r\n"));
    fs::write(directory.path().join(".env"), utf_16("\u{feff}KEY_VAULT_NAME=x\r\n")).unwrap();
    let dotenv = run(kv_secrets(directory.path()).arg("--demo"), "n\nv\n");
    let save = |from, to| shell::to_utf8(from, to);
    for (run, said, helps) in [
        (file, "What the file value.txt holds is in UTF-16, not in UTF-8.", save("<file>", "<new-file>")),
        (stdin, "What stdin holds is in UTF-16, not in UTF-8.", "$OutputEncoding = ".into()),
        (dotenv, "The file .env is in UTF-16.", save(".env", "new.env")),
    ] {
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("error: {said}\n")), "{}", run.stderr);
        assert!(run.stderr.contains(&helps), "{}", run.stderr);
    }
}

#[test]
fn without_a_vault_it_says_how_to_name_one() {
    let directory = tempfile::tempdir().unwrap();
    for vault in [None, Some("")] {
        let mut command = kv_secrets(directory.path());
        command.envs(vault.map(|vault| ("KEY_VAULT_NAME", vault)));
        let run = run(&mut command, "n\nv\n");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains(&shell::set("KEY_VAULT_NAME", "<your-key-vault-name>")), "{}", run.stderr);
        assert!(run.stderr.contains("kv-secrets --demo"), "{}", run.stderr);
    }
}

#[test]
fn help_and_version_say_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let help = run(kv_secrets(directory.path()).arg("--help"), "");
    assert_eq!(help.status, 0);
    for option in ["--vault <NAME|URL>", "KEY_VAULT_NAME", "--name <NAME>", "--value-file <PATH>", "--demo"] {
        assert!(help.stdout.contains(option), "{option} in {}", help.stdout);
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 100), "{}", help.stdout);
    let version = run(kv_secrets(directory.path()).arg("--version"), "");
    assert_eq!(version.stdout, concat!("kv-secrets ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(run(kv_secrets(directory.path()).arg("--vualt=x"), "").status, 2);
}

#[test]
fn a_broken_dotenv_is_refused_without_showing_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".env"), "AZURE_CLIENT_SECRET='s3cr3t\n").unwrap();
    let run = run(kv_secrets(directory.path()).arg("--demo"), "n\nv\n");
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains(".env cannot be read"), "{}", run.stderr);
    assert!(!run.stderr.contains("s3cr3t"), "{}", run.stderr);
}
