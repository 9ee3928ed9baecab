use super::*;
use azure_core::http::{RawResponse, headers::WWW_AUTHENTICATE};

/// The version that the SDK's client sends.
const API_VERSION: &str = "2025-07-01";
const HOST: &str = "my-vault.vault.azure.net";

async fn send(vault: &InMemoryVault, method: Method, path: &str, token: Option<&str>, body: &str) -> RawResponse {
    let mut request = Request::new(format!("https://{HOST}{path}").parse().unwrap(), method);
    if let Some(token) = token {
        request.insert_header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.set_body(body.to_owned());
    vault.execute_request(&request).await.unwrap().try_into_raw_response().await.unwrap()
}

/// Sends a request with a token and the API version; returns the status and the body.
async fn call(vault: &InMemoryVault, method: Method, path: &str, body: &str) -> (u16, Value) {
    let separator = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{separator}api-version={API_VERSION}");
    let response = send(vault, method, &path, Some("token"), body).await;
    (response.status().into(), serde_json::from_slice(response.body()).unwrap_or_default())
}

async fn get(vault: &InMemoryVault, path: &str) -> (u16, Value) {
    call(vault, Method::Get, path, "").await
}

async fn set(vault: &InMemoryVault, name: &str, value: &str) -> (u16, Value) {
    call(vault, Method::Put, &format!("/secrets/{name}"), &json!({ "value": value }).to_string()).await
}

async fn delete(vault: &InMemoryVault, path: &str) -> (u16, Value) {
    call(vault, Method::Delete, path, "").await
}

fn code_of(answer: (u16, Value)) -> (u16, String) {
    let error = &answer.1["error"];
    let code = error["innererror"]["code"].as_str().or(error["code"].as_str());
    (answer.0, code.unwrap_or_default().to_owned())
}

fn vault() -> InMemoryVault {
    InMemoryVault::new(Duration::from_secs(1))
}

const LATER: Duration = Duration::from_millis(1001);

#[tokio::test]
async fn a_request_without_a_token_is_challenged() {
    let response = send(&vault(), Method::Get, "/secrets/n", None, "").await;
    assert_eq!(response.status(), StatusCode::Unauthorized);
    let challenge = response.headers().get_str(&WWW_AUTHENTICATE).unwrap();
    assert!(challenge.contains(r#"resource="https://vault.azure.net""#), "{challenge}");
    assert!(challenge.contains(r#"authorization="https://login.microsoftonline.com/"#), "{challenge}");
}

#[tokio::test]
async fn the_api_version_is_checked() {
    for query in ["", "?maxresults=1"] {
        let response = send(&vault(), Method::Get, &format!("/secrets/n{query}"), Some("token"), "").await;
        assert_eq!(response.status(), StatusCode::BadRequest);
    }
}

#[tokio::test]
async fn a_secret_has_versions_and_the_newest_is_the_secret() {
    let vault = vault();
    assert_eq!(code_of(get(&vault, "/secrets/n/").await), (404, "SecretNotFound".into()));
    let (status, first) = set(&vault, "n", "one").await;
    assert_eq!((status, first["value"].as_str()), (200, Some("one")));
    set(&vault, "N", "two").await;

    assert_eq!(get(&vault, "/secrets/n/").await.1["value"], "two");
    let id: Url = first["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(id.path().rsplit('/').next().unwrap().len(), 32);
    assert_eq!(first["attributes"]["recoverableDays"], 90);
}

#[tokio::test]
async fn versions_are_listed_in_pages_without_their_values() {
    let vault = vault();
    assert_eq!(get(&vault, "/secrets/unknown/versions").await.1["value"], json!([]));
    for number in 0..5 {
        set(&vault, "n", &format!("value-{number}")).await;
    }
    let mut path = "/secrets/n/versions?maxresults=2".to_owned();
    let mut sizes = Vec::new();
    loop {
        let (status, page) = get(&vault, &path).await;
        assert_eq!(status, 200);
        assert!(!page.to_string().contains("value-"), "{page}");
        sizes.push(page["value"].as_array().unwrap().len());
        let Some(next) = page["nextLink"].as_str() else { break };
        let next: Url = next.parse().unwrap();
        path = format!("{}?{}", next.path(), next.query().unwrap().replace("api-version", "before"));
    }
    assert_eq!(sizes, [2, 2, 1]);
    for size in ["0", "26", "x"] {
        assert_eq!(get(&vault, &format!("/secrets/n/versions?maxresults={size}")).await.0, 400, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_takes_its_time() {
    let vault = vault();
    assert_eq!(delete(&vault, "/secrets/n").await.0, 404);
    set(&vault, "n", "v").await;
    let (status, deleted) = delete(&vault, "/secrets/n").await;
    assert_eq!(status, 200);
    assert_eq!(deleted["recoveryId"], format!("https://{HOST}/deletedsecrets/n"));
    assert!(deleted["value"].is_null());
    let days = deleted["scheduledPurgeDate"].as_i64().unwrap() - deleted["deletedDate"].as_i64().unwrap();
    assert_eq!(days, 90 * 86_400);

    assert_eq!(get(&vault, "/secrets/n/").await.0, 404);
    assert_eq!(get(&vault, "/deletedsecrets/n").await.0, 404);
    assert_eq!(delete(&vault, "/secrets/n").await.0, 404);
    assert_eq!(code_of(delete(&vault, "/deletedsecrets/n").await), (409, "ObjectIsBeingDeleted".into()));
    let (status, refused) = set(&vault, "n", "w").await;
    let message = "Secret n is currently being deleted and cannot be re-created; retry later.";
    assert_eq!((status, refused["error"]["message"].as_str()), (409, Some(message)));
    assert_eq!(code_of((status, refused)), (409, "ObjectIsBeingDeleted".into()));

    tokio::time::advance(LATER).await;
    assert_eq!(get(&vault, "/deletedsecrets/n").await, (200, deleted));
    assert_eq!(get(&vault, "/secrets/n/").await.0, 404);
    assert_eq!(code_of(set(&vault, "n", "w").await), (409, "ObjectIsDeletedButRecoverable".into()));
}

#[tokio::test(start_paused = true)]
async fn a_purged_name_can_be_used_again() {
    let vault = vault();
    set(&vault, "n", "v").await;
    assert_eq!(delete(&vault, "/deletedsecrets/n").await.0, 404);
    delete(&vault, "/secrets/n").await;
    tokio::time::advance(LATER).await;
    assert_eq!(delete(&vault, "/deletedsecrets/n").await, (204, Value::Null));
    assert_eq!(get(&vault, "/deletedsecrets/n").await.0, 404);
    assert_eq!(code_of(set(&vault, "n", "w").await), (409, "ObjectIsBeingDeleted".into()));
    assert_eq!(get(&vault, "/secrets/n/").await.0, 404);
    tokio::time::advance(LATER).await;
    assert_eq!(get(&vault, "/secrets/n/versions").await.1["value"], json!([]));
    let (status, again) = set(&vault, "n", "w").await;
    assert_eq!((status, again["value"].as_str()), (200, Some("w")));
    assert_eq!(get(&vault, "/secrets/n/versions").await.1["value"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn names_and_values_have_limits() {
    let vault = vault();
    for name in ["a_b", "a%2Fb", &"n".repeat(128)] {
        assert_eq!(code_of(set(&vault, name, "v").await), (400, "BadParameter".into()), "{name}");
    }
    assert_eq!(set(&vault, &"n".repeat(127), &"🔑".repeat(25_600)).await.0, 200);
    assert_eq!(set(&vault, "n", &"v".repeat(25_601)).await.0, 400);
    for body in ["", "[]", "{}", r#"{"value":1}"#] {
        assert_eq!(call(&vault, Method::Put, "/secrets/n", body).await.0, 400, "{body}");
    }
    assert_eq!(get(&vault, "/secrets/n/").await.0, 404);
}

#[tokio::test]
async fn other_calls_are_refused() {
    let vault = vault();
    assert_eq!(call(&vault, Method::Post, "/secrets/n", "").await.0, 405);
    assert_eq!(get(&vault, "/keys/n").await.0, 404);
}
