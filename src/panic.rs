//! What is done if the program has a bug and panics: the terminal is made as it was, and what is left in the vault is told.

use crate::{
    failure::{Attempts, Failure},
    pipeline::record::Record,
    report,
    terminal::{mode::TerminalMode, output},
};
use azure_extras::VaultAddress;
use std::{panic, process::exit, sync::Arc};

/// The exit status of a program that has panicked.
const STATUS: i32 = 101;

/// A panic, by its place in the source. Its message may quote anything, a secret's value too.
#[derive(Debug, thiserror::Error)]
#[error("this is a bug in the program, at {0}")]
struct Panicked(String);

/// From now on has a panic in any thread end the run: with the terminal as it is now, and the truth about what is left in
/// `vault`, if the `record` is kept for one that outlives the run.
pub(crate) fn end_well(vault: Option<&VaultAddress>, record: &Arc<Record>) {
    let (mode, vault, record) = (TerminalMode::now(), vault.cloned(), Arc::clone(record));
    panic::set_hook(Box::new(move |panic| {
        output::stop_spinning();
        output::settle();
        mode.give_back();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let leftovers = vault.as_ref().map(|_| record.leftovers_now()).unwrap_or_default();
        let (error, attempts) = (Panicked(place).into(), Attempts::default());
        let failure = Failure { error, vault: vault.clone(), call: None, credentials: Vec::new(), attempts, leftovers };
        report::report(&failure, false);
        output::last_words();
        exit(STATUS);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{record, watch::watched};
    use azure_core::http::Transport;
    use azure_extras::{
        in_memory::{InMemoryCredential, InMemoryVault},
        secrets::client_options_with,
    };
    use azure_security_keyvault_secrets::models::SetSecretParameters;
    use std::{
        env,
        process::{Command, Stdio},
        time::Duration,
    };

    #[tokio::test]
    #[ignore = "a_panic_tells_what_is_left runs it"]
    async fn panics() {
        let (vault, record) = (VaultAddress::parse("my-vault").unwrap(), Arc::<record::Record>::default());
        end_well(Some(&vault), &record);
        let transport = Transport::new(Arc::new(InMemoryVault::new(Duration::ZERO)));
        let options = watched(client_options_with(transport), vec![Arc::clone(&record) as _]);
        let client = vault.secret_client(Arc::new(InMemoryCredential), options).unwrap();
        let parameters = SetSecretParameters { value: Some("the-value".into()), ..Default::default() };
        client.set_secret("n", parameters.try_into().unwrap(), None).await.unwrap();
        panic!("with the-value");
    }

    #[test]
    fn a_panic_tells_what_is_left() {
        let mut child = Command::new(env::current_exe().unwrap());
        let (_, this) = module_path!().split_once("::").unwrap();
        child.args(["--ignored", "--exact", &format!("{this}::panics"), "--nocapture"]).stdin(Stdio::null());
        let output = child.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(STATUS), "{stderr}");
        assert!(stderr.contains("error: This is a bug in the program, at src"), "{stderr}");
        assert!(stderr.contains("The secret 'n' is still in my-vault. To delete it:\n"), "{stderr}");
        assert!(!stderr.contains("the-value"), "{stderr}");
    }
}
