//! Key Vault's answers, in its own words.

use serde_json::{Value, json};

/// A status, headers, and the body, if there is one.
pub type Answer = (u16, Vec<(&'static str, String)>, Option<Value>);

fn json(status: u16, body: Value) -> Answer {
    (status, vec![("content-type", "application/json; charset=utf-8".into())], Some(body))
}

pub fn ok(bundle: Value) -> Answer {
    json(200, bundle)
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    json(status, json!({ "error": { "code": code, "message": message } }))
}

fn conflict(inner_code: &str, message: &str) -> Answer {
    json(409, json!({ "error": { "code": "Conflict", "message": message, "innererror": { "code": inner_code } } }))
}

pub fn bad_parameter(message: &str) -> Answer {
    error(400, "BadParameter", message)
}

pub fn not_found(name: &str) -> Answer {
    let help = "If you recently deleted this secret you may be able to recover it using the correct recovery command.";
    error(404, "SecretNotFound", &format!("A secret with (name/id) {name} was not found in this key vault. {help}"))
}

pub fn deleted_not_found(name: &str) -> Answer {
    error(404, "SecretNotFound", &format!("Deleted Secret not found: {name}"))
}

/// The answer to a PUT of a name whose secret is being `Deleted` or `Recovered`.
pub fn being(what: &str, name: &str) -> Answer {
    let doing = what.to_lowercase();
    let message = format!("Secret {name} is currently being {doing} and cannot be re-created; retry later.");
    conflict(&format!("ObjectIsBeing{what}"), &message)
}

/// The answer to a PUT of the name of a deleted secret.
pub fn recoverable(name: &str) -> Answer {
    let help = "in this state, the secret can only be recovered or purged.";
    let message =
        format!("Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; {help}");
    conflict("ObjectIsDeletedButRecoverable", &message)
}

/// The answer to whoever would recover or purge a secret too early.
pub fn is_being_deleted() -> Answer {
    conflict("ObjectIsBeingDeleted", "Secret is currently being deleted.")
}

pub fn not_modelled() -> Answer {
    error(501, "NotModelled", "The tests' vault does not know such a request.")
}

/// The challenge to a request without a token, for the host's own cloud; an emulator's is for the public one.
pub fn challenge(host: &str) -> Answer {
    let domain = host.split_once('.').map_or("", |(_, domain)| domain);
    // An emulator names itself.
    let resource = if domain.starts_with("vault.") { domain } else { host };
    let tenant = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000";
    let challenge = format!("Bearer authorization=\"{tenant}\", resource=\"https://{resource}\"");
    let mut answer = error(401, "Unauthorized", "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.");
    answer.1.push(("www-authenticate", challenge));
    answer
}
