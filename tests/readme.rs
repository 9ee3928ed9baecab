//! The READMEs: what they show is what the program does, and both languages say the same.

#[cfg(unix)]
mod paste;

use crate::support::{kv_secrets, run};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// Those of the blocks.
const LANGUAGES: [&str; 4] = ["bash", "powershell", "console", "rust"];

fn readme(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The fenced blocks of that language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The text with each run of white space, and each line break of a Rust string, as one space.
fn squeezed(text: &str) -> String {
    text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The program's own sources, without their tests: up to `#[cfg(test)]`, and without the files that only tests have.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = rust_files(&root.join("src"));
    if root.join("crates").exists() {
        files.extend(rust_files(&root.join("crates")));
    }
    let mut tests = HashSet::from(["tests".to_owned()]);
    for (_, source) in &files {
        // A module of another file: `#[cfg(test)]`, perhaps its path, and `mod NAME;`.
        for after in source.split("#[cfg(test)]").skip(1) {
            let item = after.split([';', '{']).next().unwrap();
            if after[item.len()..].starts_with(';') && item.contains("mod ") {
                tests.extend(item.split_whitespace().last().map(str::to_owned));
            }
        }
    }
    let is_test = |path: &Path| path.with_extension("").iter().any(|name| tests.contains(name.to_str().unwrap()));
    let own = files.iter().filter(|(path, _)| !is_test(path.strip_prefix(root).unwrap()));
    own.map(|(_, source)| source.split("#[cfg(test)]").next().unwrap()).collect()
}

/// The Rust files under that folder, each with what it holds.
fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            files.push((path, source));
        }
    }
    files
}

#[test]
fn both_languages_hold_the_same_commands_and_code() {
    let (english, spanish) = (readme("README.md"), readme("README.es.md"));
    for language in LANGUAGES {
        assert_eq!(blocks(&english, language), blocks(&spanish, language));
        assert!(!blocks(&english, language).is_empty());
    }
    for text in [english, spanish] {
        let count: usize = LANGUAGES.map(|language| blocks(&text, language).len()).iter().sum();
        assert_eq!(text.matches("\n```").count(), 2 * count, "a block of another language");
    }
}

#[test]
fn the_code_is_the_real_code() {
    let sources = ["src/quickstart.rs", "examples/kv_secrets.rs"].map(|source| squeezed(&readme(source)));
    for block in blocks(&readme("README.md"), "rust") {
        assert!(sources.iter().any(|source| source.contains(&squeezed(&block))), "{block}");
    }
}

#[test]
fn the_sample_code_is_shown_whole() {
    let sample = readme("examples/kv_secrets.rs");
    // Its first line says what it is, as the text does.
    let code = sample.split_once("\n\n").unwrap().1.to_owned();
    for text in [readme("README.md"), readme("README.es.md")] {
        assert!(blocks(&text, "rust").contains(&code));
    }
}

#[test]
fn the_transcript_is_the_programs() {
    let shown = blocks(&readme("README.md"), "console");
    let [shown] = shown.as_slice() else { panic!("one transcript is expected: {shown:?}") };
    let (command, transcript) = shown.split_once('\n').unwrap();
    assert_eq!(command, r"$ printf 'my-secret\nmy value\n' | kv-secrets --demo");
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(kv_secrets(directory.path()).arg("--demo"), "my-secret\nmy value\n").stdout, transcript);
}

#[test]
fn the_links_lead_somewhere() {
    for name in ["README.md", "README.es.md"] {
        let text = readme(name);
        let kept = |c: &char| c.is_alphanumeric() || *c == ' ' || *c == '-';
        let anchor = |heading: &str| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-");
        let headings = text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
        let anchors: Vec<_> = headings.map(anchor).collect();
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.starts_with("https://")) {
            match link.strip_prefix('#') {
                Some(link) => assert!(anchors.contains(&link.to_owned()), "{name}: {link}"),
                None => assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(link).exists(), "{name}: {link}"),
            }
        }
    }
}

#[test]
fn every_option_is_explained() {
    let directory = tempfile::tempdir().unwrap();
    let help = run(kv_secrets(directory.path()).arg("--help"), "").stdout;
    let options = help.split([' ', '\n', '.']).filter(|word| word.starts_with("--") && word.len() > 2);
    for option in options.filter(|option| !["--help", "--version"].contains(option)) {
        for text in [readme("README.md"), readme("README.es.md")] {
            assert!(text.contains(option), "{option}");
        }
    }
}

#[test]
fn the_errors_are_the_programs() {
    let sources = squeezed(&sources());
    assert!(!sources.contains("#[test]"));
    for text in [readme("README.md"), readme("README.es.md")] {
        let (_, table) = text.split_once("| `error:` |").unwrap();
        let rows: Vec<_> = table.lines().skip(2).take_while(|line| line.starts_with("| `")).collect();
        assert!(rows.len() > 9, "{rows:?}");
        for row in rows {
            let sentence = row.split('`').nth(1).unwrap();
            // Between the names of the vault, its host and the secret, which the program fills in.
            for part in sentence.replace(".vault.azure.net", "").split("my-vault").flat_map(|it| it.split("my-secret"))
            {
                assert!(sources.contains(part.trim()), "{part}");
            }
        }
    }
}

#[test]
fn the_dotenv_example_holds_what_is_taken_and_names_what_is_not() {
    let example = readme(".env.example");
    let assigned = |line: &str| {
        let name = line.trim_start_matches('#').split_once('=')?.0.to_owned();
        name.chars().all(|c| c.is_ascii_uppercase() || c == '_').then_some(name)
    };
    let assigned: Vec<_> = example.lines().filter_map(assigned).collect();
    let source = readme("src/settings/dotenv.rs");
    let taken = source.split("const TAKEN").nth(1).unwrap().split("];").next().unwrap();
    assert_eq!(taken.split('"').skip(1).step_by(2).collect::<Vec<_>>(), assigned);

    let directory = tempfile::tempdir().unwrap();
    let notes = |names: &[&str]| {
        let lines: String = names.iter().map(|name| format!("{name}=x\n")).collect();
        fs::write(directory.path().join(".env"), lines).unwrap();
        let stderr = run(kv_secrets(directory.path()).arg("--demo"), "").stderr;
        stderr.lines().filter(|line| line.starts_with("Note: ")).count()
    };
    assert_eq!(notes(&assigned.iter().map(String::as_str).collect::<Vec<_>>()), 0);
    let ignored = [
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "AZURE_AUTHORITY_HOST",
        "AZURE_FEDERATED_TOKEN_FILE",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
    ];
    assert!(ignored.iter().all(|name| example.contains(name)));
    assert_eq!(notes(&ignored), ignored.len());
}
