//! The READMEs: what they show is what the program does, and both languages say the same.

use crate::support::{kv_secrets, run};
use std::{fs, path::Path};

fn readme(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The fenced blocks of that language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn both_languages_hold_the_same_commands_and_code() {
    let (english, spanish) = (readme("README.md"), readme("README.es.md"));
    for language in ["console", "rust"] {
        assert_eq!(blocks(&english, language), blocks(&spanish, language));
        assert!(!blocks(&english, language).is_empty());
    }
}

#[test]
fn the_code_is_the_real_code() {
    let sources = ["src/quickstart.rs", "src/azure/address.rs", "examples/kv_secrets.rs"].map(readme);
    for block in blocks(&readme("README.md"), "rust") {
        for line in block.lines().map(str::trim) {
            assert!(sources.iter().any(|source| source.contains(line)), "{line}");
        }
    }
}

#[test]
fn the_transcript_is_the_programs() {
    let blocks = blocks(&readme("README.md"), "console");
    let shown: Vec<_> = blocks.iter().filter(|block| block.contains("Input a name")).collect();
    let [shown] = shown.as_slice() else { panic!("one transcript is expected: {shown:?}") };
    let (command, transcript) = shown.split_once('\n').unwrap();
    assert_eq!(command, r"$ printf 'my-secret\nmy value\n' | kv-secrets --demo");
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(kv_secrets(directory.path()).arg("--demo"), "my-secret\nmy value\n").stdout, transcript);
}

#[test]
fn every_option_and_variable_is_explained() {
    let directory = tempfile::tempdir().unwrap();
    let help = run(kv_secrets(directory.path()).arg("--help"), "").stdout;
    let text = readme("README.md");
    let options = help.split([' ', '\n', '.']).filter(|word| word.starts_with("--") && word.len() > 2);
    for option in options.filter(|option| !["--help", "--version"].contains(option)) {
        assert!(text.contains(option), "{option}");
    }
    let variables = readme(".env.example");
    for variable in
        ["KEY_VAULT_NAME", "AZURE_TOKEN_CREDENTIALS", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "NO_COLOR"]
    {
        assert!(variables.contains(variable), "{variable}");
    }
}
