//! The requests of `kv_secrets.py`, in its order, for comparison.
//!
//! Python's SDK sends nothing before the value is there. Its challenge policy sends the first request, the PUT, without
//! its body and its token, asks for a token when that is answered, and sends the PUT again, on the connection that it
//! keeps. Its poller asks for the deleted secret at once.

use super::{Cloud, Link};
use reqwest::{Certificate, Client, Method, Proxy};
use std::fs;

/// The round trips of `kv_secrets.py`, the CLI's own time left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Python {
    /// From the value's Enter to the first ` done.`
    pub to_created: usize,
    /// From there to the value.
    pub to_retrieved: usize,
    /// From there to the last ` done.`
    pub to_deleted: usize,
}

/// Sends the requests of `kv_secrets.py` over `link`.
pub fn python(cloud: &Cloud, link: &Link, name: &str) -> Python {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = client(cloud, link);
        let secret = format!("secrets/{name}");
        let value = r#"{"value":"my value"}"#;
        let began = link.round_trips();
        assert_eq!(send(&client, Method::PUT, &secret, false, "").await, 401);
        assert_eq!(send(&client, Method::PUT, &secret, true, value).await, 200);
        let created = link.round_trips();
        assert_eq!(send(&client, Method::GET, &format!("{secret}/"), true, "").await, 200);
        let retrieved = link.round_trips();
        assert_eq!(send(&client, Method::DELETE, &secret, true, "").await, 200);
        assert_eq!(send(&client, Method::GET, &format!("deletedsecrets/{name}"), true, "").await, 200);
        let deleted = link.round_trips();
        Python { to_created: created - began, to_retrieved: retrieved - created, to_deleted: deleted - retrieved }
    })
}

fn client(cloud: &Cloud, link: &Link) -> Client {
    // Another test may have chosen it already.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let command = cloud.kv_secrets();
    let trusted = command.get_envs().find(|(name, _)| *name == "SSL_CERT_FILE").and_then(|(_, file)| file);
    let trusted = fs::read(trusted.expect("a file")).expect("a certificate");
    let client = Client::builder().proxy(Proxy::all(link.proxy()).expect("a proxy"));
    client.tls_certs_only([Certificate::from_pem(&trusted).expect("a certificate")]).build().expect("a client")
}

/// Sends a request, and returns its answer's status once all of it is there.
async fn send(client: &Client, method: Method, path: &str, with_token: bool, body: &'static str) -> u16 {
    let url = format!("https://my-vault.vault.azure.net/{path}?api-version=2025-07-01");
    let mut request = client.request(method, url).body(body);
    if with_token {
        request = request.bearer_auth("token");
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    answer.bytes().await.expect("a body");
    status
}
