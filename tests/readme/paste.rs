//! The READMEs' commands, pasted into bash from top to bottom by somebody who edits none of them.
//!
//! The program is the real one, at a terminal, over TLS. Azure, Cargo and Docker are stand-ins that know the commands
//! which they are to be given, in their order, and no others.

use super::{blocks, readme};
use crate::{
    support::{
        Cloud,
        cloud::{EMULATOR_TOKEN, Holds, stand_in},
    },
    terminal::{NAME, Terminal, VALUE},
};
use azure_extras::VaultAddress;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

const PROMPT: &str = "bash-is-ready> ";

/// A command that bash would not call a failure is noted all the same, and so is one that the stand-in does not know.
const BASHRC: &str = "
PS1='bash-is-ready> ' PS2='' HISTFILE=
set -o pipefail
trap 'echo \"failed: $BASH_COMMAND\"' ERR
";

/// Each argument is followed by a bar.
const AZ: &str = r#"
vault=$(cat "$HOME/vault" 2>/dev/null)
id="/subscriptions/s/resourceGroups/KeyVault-RustQS-rg/providers/Microsoft.KeyVault/vaults/$vault"
need() { [ -e "$HOME/$1" ] || { echo "az: no $1 yet" >>"$HOME/wrong"; exit 1; }; }
case "$all" in
"login|") : >"$HOME/login" ;;
"group|create|--name|KeyVault-RustQS-rg|--location|eastus|") need login; : >"$HOME/group" ;;
"keyvault|create|--name|$KEY_VAULT_NAME|--resource-group|KeyVault-RustQS-rg|")
    need group; echo "$KEY_VAULT_NAME" >"$HOME/vault" ;;
"keyvault|show|--name|$vault|--query|id|-o|tsv|") need vault; echo "$id" ;;
"ad|signed-in-user|show|--query|id|-o|tsv|") need login; echo my-object-id ;;
"role|assignment|create|--role|Key Vault Secrets Officer|--assignee-object-id|my-object-id|--scope|$id|")
    need vault; : >"$HOME/role" ;;
"account|get-access-token|-o|json|--scope|https://vault.azure.net/.default|")
    need role; echo '{"accessToken":"token-from-az","expires_on":4102444800,"tokenType":"Bearer"}' ;;
"keyvault|secret|show|--vault-name|$vault|--name|my-secret|") need vault; echo "ERROR: (SecretNotFound)" >&2; exit 3 ;;
"keyvault|secret|show-deleted|--vault-name|$vault|--name|my-secret|") need vault; echo '{}' ;;
"group|delete|--name|KeyVault-RustQS-rg|")
    need group; printf 'Are you sure you want to perform this operation? (y/n): '
    read -r answer; [ "$answer" = y ] && rm "$HOME/group" ;;
*) echo "az $*" >>"$HOME/wrong"; exit 2 ;;
esac
"#;

const CARGO: &str = r#"
[ "$1" = new ] || [ -e Cargo.toml ] || { echo "no Cargo.toml for cargo $*" >>"$HOME/wrong"; exit 101; }
case "$all" in
"install|--locked|--path|.|") mkdir -p "$HOME/.cargo/bin" && ln -s "$BINARY" "$HOME/.cargo/bin/kv-secrets" ;;
"new|../my-vault-app|") mkdir -p "$2/src" && : >"$2/Cargo.toml" ;;
"add|"*) echo "$*" >>Cargo.toml ;;
"run|--locked|--quiet|--|--demo|") kv-secrets --demo ;;
"fmt|"*|"clippy|--locked|"*|"doc|--locked|"*|"test|"*|"package|--locked|"*|"deny|"*|"tree|--locked|"*|"bench|") ;;
*) echo "cargo $*" >>"$HOME/wrong"; exit 101 ;;
esac
"#;

const DOCKER: &str = r#"
case "$all" in
"run|-d|--rm|--name|kv-emulator|-p|127.0.0.1:$PORT:$PORT|-v|$PWD/emulator/certs:/certs|jamesgoulddev/azure-keyvault-emulator:3.1.4|")
    openssl pkcs12 -in emulator/certs/emulator.pfx -passin pass:emulator -nodes | grep -q 'BEGIN PRIVATE KEY' ;;
"stop|kv-emulator|") ;;
*) echo "docker $*" >>"$HOME/wrong"; exit 1 ;;
esac
"#;

#[test]
fn the_english_readme_can_be_pasted() {
    paste("README.md");
}

#[test]
fn the_spanish_readme_can_be_pasted() {
    paste("README.es.md");
}

fn paste(name: &str) {
    let directory = tempfile::tempdir().unwrap();
    let [home, bin, copy] = ["home", "bin", "work/kv-secrets"].map(|folder| directory.path().join(folder));
    for folder in [&home, &bin, &copy] {
        fs::create_dir_all(folder).unwrap();
    }
    copy_repository(Path::new(env!("CARGO_MANIFEST_DIR")), &copy);
    fs::write(home.join("bashrc"), BASHRC).unwrap();
    for (name, script) in [("az", AZ), ("cargo", CARGO), ("docker", DOCKER)] {
        stand_in(&bin, name, &format!("all=$(printf '%s|' \"$@\")\n{script}"));
    }

    let cloud = Cloud::start();
    let emulator = cloud.emulator(&copy.join("emulator/certs"));
    let mut command = cloud.kv_secrets();
    let settings: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
    command = Command::new("/bin/bash");
    command.args(["--noprofile", "--rcfile"]).arg(home.join("bashrc")).arg("-i").current_dir(copy.parent().unwrap());
    command.envs(settings).env_remove("KEY_VAULT_NAME").env("HOME", &home);
    command.env("PATH", format!("{}:{}/.cargo/bin:/usr/bin:/bin", bin.display(), home.display()));
    command.env("BINARY", env!("CARGO_BIN_EXE_kv-secrets")).env("PORT", emulator.to_string());
    let mut bash = Terminal::of(&mut command);

    let mut shown = bash.until(PROMPT);
    let has_tools = ["openssl", "curl"].into_iter().all(is_installed);
    for block in blocks(&readme(name), "bash") {
        if block.contains("emulator") && !has_tools {
            eprintln!("left out, since openssl or curl is not installed:\n{block}");
            continue;
        }
        let block = block.replace("4997", &emulator.to_string());
        bash.press(&block.replace('\n', "\r"));
        for (question, answer) in questions(&block) {
            shown += &bash.until(question);
            bash.type_line(answer);
        }
        if questions(&block).is_empty() {
            bash.type_line("printf 'end of %s\\n' block");
            shown += &bash.until("end of block");
        }
        shown += &bash.until(PROMPT);
    }
    bash.type_line("exit");
    bash.finish();

    let failed: Vec<_> = shown.lines().filter_map(|line| line.trim_end().strip_prefix("failed: ")).collect();
    let expected = r#"az keyvault secret show --vault-name "$KEY_VAULT_NAME" --name my-secret"#;
    assert_eq!(failed, [expected], "{shown}");
    assert_eq!(fs::read_to_string(home.join("wrong")).unwrap_or_default(), "", "{shown}");

    let vault = fs::read_to_string(home.join("vault")).unwrap();
    assert!(VaultAddress::parse(vault.trim_end()).unwrap().is_in_azure());
    let host = format!("{}.vault.azure.net", vault.trim_end());
    let in_azure = cloud.received().into_iter().filter(|request| request.by_proxy);
    assert!(in_azure.into_iter().all(|request| request.host == host));
    for (secret, value) in [("my-secret", "my value"), ("my-secret-2", "my value"), ("my-secret-3", "line 1\nline 2")] {
        assert_eq!(cloud.created(secret), [value]);
        assert_eq!(cloud.holds(secret), Holds::Deleted, "{secret}");
    }
    if has_tools {
        assert_eq!(cloud.created("in-the-emulator"), ["my value"]);
        assert_eq!(cloud.holds("in-the-emulator"), Holds::Versions(0), "it is purged");
        let tokens = cloud.received().into_iter().filter_map(|request| request.authorization);
        assert!(tokens.filter(|token| token.ends_with(EMULATOR_TOKEN)).count() > 4);
    }
    assert!(!home.join("group").exists());
    assert!(fs::metadata(home.join(".local/share/bash-completion/completions/kv-secrets")).unwrap().len() > 0);

    let added = fs::read_to_string(copy.with_file_name("my-vault-app").join("Cargo.toml")).unwrap();
    let sample = fs::read_to_string(copy.with_file_name("my-vault-app").join("src/main.rs")).unwrap();
    assert_eq!(sample, readme("examples/kv_secrets.rs"));
    for name in ["anyhow", "azure_security_keyvault_secrets", "../kv-secrets/crates/azure_extras", "tokio"] {
        assert!(added.split_whitespace().any(|word| word == name), "{name}: {added}");
    }
}

/// What a pasted block asks at the terminal, and the answers. What asks is the last command of its block: it would take
/// the commands after it for its answers.
fn questions(block: &str) -> Vec<(&'static str, &'static str)> {
    let commands = block.replace("\\\n", " ");
    let commands: Vec<_> = commands.lines().collect();
    let asking = |command: &str| {
        let words: Vec<_> = command.split_whitespace().collect();
        let runs = words
            .iter()
            .position(|word| *word == "kv-secrets")
            .is_some_and(|at| at == 0 || words[at - 1] != "|" && words[..at].iter().all(|word| word.contains('=')));
        if command.starts_with("az group delete") {
            vec![("(y/n): ", "y")]
        } else if runs && !command.contains("--completions") {
            // Here all the vaults are one.
            let name = if command.contains("localhost") { "in-the-emulator" } else { "my-secret" };
            vec![(NAME, name), (VALUE, "my value")]
        } else {
            vec![]
        }
    };
    let (last, before) = commands.split_last().unwrap();
    assert!(before.iter().all(|command| asking(command).is_empty()), "it asks before its end: {block}");
    asking(last)
}

fn is_installed(tool: &str) -> bool {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "command -v \"$0\""]).arg(tool).env("PATH", "/usr/bin:/bin").stdout(Stdio::null());
    command.status().unwrap().success()
}

/// Copies what a copy of the repository has.
fn copy_repository(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (name, path) = (entry.file_name(), entry.path());
        if name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            fs::create_dir(to.join(&name)).unwrap();
            copy_repository(&path, &to.join(&name));
        } else {
            fs::copy(path, to.join(name)).unwrap();
        }
    }
}
