//! Whatever is typed: the right transcript, or status 2 and no request, and never a panic.

use crate::support::{Cloud, run, transcript};
use azure_extras::VaultAddress;
use proptest::{prelude::*, test_runner::Config};

fn is_name(name: &str) -> bool {
    (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Names that are valid, nearly valid, or anything.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9-]{1,127}", "[a-zA-Z0-9_ ./%-]{0,130}", "\\PC*"]
}

#[test]
fn any_name_and_value_end_in_the_transcript_or_in_status_2_and_no_request() {
    let cloud = Cloud::start();
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    proptest!(config, |(name in name(), value in any::<String>())| {
        let value = value.replace('\n', " ");
        let before = cloud.received().len();
        // The same name may come twice.
        let name = if is_name(&name) { format!("{before}-{}", &name[..name.len().min(100)]) } else { name.replace('\n', " ") };
        let run = run(&mut cloud.kv_secrets(), format!("{name}\n{value}\n"));
        let value = value.strip_suffix('\r').unwrap_or(&value);
        let name = name.strip_suffix('\r').unwrap_or(&name);
        if is_name(name) {
            prop_assert_eq!(run.stdout, transcript("my-vault", name, value), "{}", run.stderr);
            prop_assert_eq!(run.status, 0);
        } else {
            prop_assert_eq!(run.status, 2, "{}", run.stderr);
            prop_assert_eq!(cloud.received().len(), before);
        }
    });
}

#[test]
fn a_vault_address_never_leads_outside_the_rules() {
    let part = || prop_oneof!["[a-zA-Z0-9-]{0,26}", "[@:/?#.%\\\\ ]", Just(".vault.azure.net".into()), "\\PC{0,3}"];
    let given = prop::collection::vec(part(), 0..6).prop_map(|parts: Vec<String>| parts.concat());
    proptest!(Config { cases: 4096, failure_persistence: None, ..Config::default() }, |(given in given, url in any::<bool>())| {
        let given = if url { format!("https://{given}") } else { given };
        if let Ok(vault) = VaultAddress::parse(&given) {
            let host = vault.host();
            let azure = host.strip_suffix(".vault.azure.net");
            if url {
                // The host that a reader sees is the host that is asked.
                let authority = given["https://".len()..].trim_end_matches('/');
                prop_assert!(!authority.contains(['@', '/', '\\', '?', '#']), "{given} leads to {host}");
            } else {
                prop_assert!(azure.is_some(), "{given} leads to {host}");
            }
            if let Some(name) = azure {
                prop_assert!((3..=24).contains(&name.len()), "{given} leads to {host}");
                prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{given} leads to {host}");
            }
        }
    });
}
