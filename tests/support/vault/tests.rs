use super::Vault;
use serde_json::{Value, json};
use std::time::Duration;

const HOST: &str = "my-vault.vault.azure.net";
const VERSION: &str = "api-version=2025-07-01";

fn vault() -> Vault {
    Vault::new(Duration::from_secs(2))
}

/// Sends a request with a token and the version.
fn call(vault: &Vault, method: &str, path: &str, body: &str) -> (u16, Value) {
    let separator = if path.contains('?') { '&' } else { '?' };
    let (status, _, body) =
        vault.answer(method, HOST, &format!("{path}{separator}{VERSION}"), Some("Bearer t"), body.as_bytes());
    (status, body.unwrap_or_default())
}

fn get(vault: &Vault, path: &str) -> (u16, Value) {
    call(vault, "GET", path, "")
}

fn put(vault: &Vault, name: &str, value: &str) -> (u16, Value) {
    call(vault, "PUT", &format!("/secrets/{name}"), &json!({ "value": value }).to_string())
}

/// The status and the inner code, or else the code.
fn refused((status, body): (u16, Value)) -> (u16, String) {
    let error = &body["error"];
    let code = error["innererror"]["code"].as_str().or(error["code"].as_str());
    (status, code.unwrap_or_default().to_owned())
}

async fn later() {
    tokio::time::advance(Duration::from_millis(2001)).await;
}

#[test]
fn without_a_token_there_is_the_clouds_challenge() {
    for (host, resource) in [
        (HOST, "https://vault.azure.net"),
        ("my-vault.vault.azure.cn", "https://vault.azure.cn"),
        ("localhost:4997", "https://localhost:4997"),
    ] {
        for authorization in [None, Some("Basic x")] {
            let (status, headers, _) = vault().answer("GET", host, "/secrets/n", authorization, b"");
            let challenge = &headers.iter().find(|(name, _)| *name == "www-authenticate").unwrap().1;
            assert_eq!(status, 401);
            assert!(challenge.ends_with(&format!(", resource=\"{resource}\"")), "{challenge}");
        }
    }
}

#[test]
fn version_name_and_value_are_checked() {
    for query in ["", "?api-version=7.99", "?version=2025-07-01"] {
        assert_eq!(vault().answer("GET", HOST, &format!("/secrets/n{query}"), Some("Bearer t"), b"").0, 400);
    }
    for name in ["a_b", "a%2Fb", &"n".repeat(128)] {
        assert_eq!(refused(put(&vault(), name, "v")), (400, "BadParameter".into()), "{name}");
    }
    for body in ["", "[]", "{}", r#"{"value":1}"#, &json!({ "value": "v".repeat(25_601) }).to_string()] {
        let vault = vault();
        assert_eq!(call(&vault, "PUT", "/secrets/n", body).0, 400, "{body}");
        assert_eq!((get(&vault, "/secrets/n").0, vault.holds("n")), (404, super::Holds::Versions(0)));
    }
    assert_eq!(put(&vault(), &"n".repeat(127), &"🔑".repeat(25_600)).0, 200);
    assert_eq!(call(&vault(), "PATCH", "/secrets/n", "").0, 501);
}

#[test]
fn the_newest_version_is_the_secret_and_lists_show_no_value() {
    let vault = vault();
    assert_eq!(get(&vault, "/secrets/n/versions").1["value"], json!([]));
    let ids: Vec<_> = (0..5)
        .map(|number| put(&vault, if number % 2 == 0 { "n" } else { "N" }, &format!("value-{number}")).1["id"].clone())
        .collect();
    assert_eq!(get(&vault, "/secrets/n/").1["value"], "value-4");
    for (number, id) in ids.iter().enumerate() {
        let (path, id) = (id.as_str().unwrap().strip_prefix("https://my-vault.vault.azure.net").unwrap(), id);
        assert_eq!(path.rsplit('/').next().unwrap().len(), 32);
        let (_, bundle) = get(&vault, path);
        assert_eq!((&bundle["id"], bundle["value"].as_str().unwrap()), (id, format!("value-{number}").as_str()));
    }
    assert_eq!(get(&vault, "/secrets/n/0").0, 404);

    let mut path = "/secrets/n/versions?maxresults=2".to_owned();
    let mut listed = Vec::new();
    loop {
        let (_, page) = get(&vault, &path);
        assert!(!page.to_string().contains("value-"), "{page}");
        listed.extend(page["value"].as_array().unwrap().iter().map(|bundle| bundle["id"].clone()));
        let Some(next) = page["nextLink"].as_str() else { break };
        path = next.strip_prefix("https://my-vault.vault.azure.net").unwrap().replace(VERSION, "x=y");
    }
    assert_ne!(listed, ids, "the list is in the order of the ids");
    listed.sort_by_key(|id| ids.iter().position(|it| it == id));
    assert_eq!(listed, ids);
    assert_eq!(get(&vault, "/secrets/n/versions?maxresults=26").0, 400);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_takes_its_time_and_so_does_a_purge() {
    let vault = vault();
    assert_eq!(refused(call(&vault, "DELETE", "/secrets/n", "")), (404, "SecretNotFound".into()));
    put(&vault, "n", "v");
    put(&vault, "n", "w");
    let (status, deleted) = call(&vault, "DELETE", "/secrets/n", "");
    assert_eq!((status, &deleted["value"]), (200, &Value::Null));
    assert_eq!(deleted["recoveryId"], "https://my-vault.vault.azure.net/deletedsecrets/n");
    let [date, purge] = ["deletedDate", "scheduledPurgeDate"].map(|date| deleted[date].as_u64().unwrap());
    assert_eq!(purge - date, 90 * 86_400);

    assert_eq!(vault.holds("n"), super::Holds::BeingDeleted);
    for (method, path) in [("GET", "/secrets/n"), ("DELETE", "/secrets/n"), ("GET", "/deletedsecrets/n")] {
        assert_eq!(refused(call(&vault, method, path, "")), (404, "SecretNotFound".into()), "{method} {path}");
    }
    assert_eq!(get(&vault, "/secrets/n/versions").1["value"], json!([]));
    let being_deleted = (409, "ObjectIsBeingDeleted".to_owned());
    assert_eq!(refused(put(&vault, "n", "v")), being_deleted);
    assert_eq!(refused(call(&vault, "DELETE", "/deletedsecrets/n", "")), being_deleted);
    assert_eq!(refused(call(&vault, "POST", "/deletedsecrets/n/recover", "")), being_deleted);

    later().await;
    assert_eq!((vault.holds("n"), get(&vault, "/deletedsecrets/n")), (super::Holds::Deleted, (200, deleted)));
    assert_eq!(refused(put(&vault, "n", "v")), (409, "ObjectIsDeletedButRecoverable".into()));
    assert_eq!(get(&vault, "/secrets/n").0, 404);

    assert_eq!(call(&vault, "DELETE", "/deletedsecrets/n", ""), (204, Value::Null));
    assert_eq!((vault.holds("n"), get(&vault, "/deletedsecrets/n").0), (super::Holds::Versions(0), 404));
    assert_eq!(refused(put(&vault, "n", "v")), being_deleted);
    later().await;
    assert_eq!((put(&vault, "n", "v").0, vault.holds("n")), (200, super::Holds::Versions(1)));
}

#[tokio::test(start_paused = true)]
async fn a_recovered_secret_is_there_after_a_while() {
    let vault = vault();
    put(&vault, "n", "v");
    call(&vault, "DELETE", "/secrets/n", "");
    later().await;
    let (status, recovered) = call(&vault, "POST", "/deletedsecrets/n/recover", "");
    assert_eq!((status, &recovered["value"], recovered["id"].is_string()), (200, &Value::Null, true));
    assert_eq!((get(&vault, "/secrets/n").0, get(&vault, "/deletedsecrets/n").0), (404, 404));
    assert_eq!(refused(put(&vault, "n", "v")), (409, "ObjectIsBeingRecovered".into()));
    later().await;
    assert_eq!(
        (get(&vault, "/secrets/n").1["value"].as_str(), vault.holds("n")),
        (Some("v"), super::Holds::Versions(1))
    );
}

#[test]
fn without_soft_delete_a_deleted_secret_is_gone() {
    let vault = Vault::without_soft_delete();
    put(&vault, "n", "v");
    let (status, deleted) = call(&vault, "DELETE", "/secrets/n", "");
    assert_eq!((status, &deleted["recoveryId"], vault.holds("n")), (200, &Value::Null, super::Holds::Versions(0)));
    assert_eq!((get(&vault, "/deletedsecrets/n").0, put(&vault, "n", "v").0), (404, 200));
}
