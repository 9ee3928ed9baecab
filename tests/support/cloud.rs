//! A cloud on loopback: an HTTPS proxy that ends TLS itself and answers as Azure's hosts do.
//!
//! The unmodified binary is told of it by `HTTPS_PROXY` and `SSL_CERT_FILE`, and so really talks to
//! `https://my-vault.vault.azure.net`. The port also takes TLS without a proxy, as an emulator would.

use super::{kv_secrets, vault::Vault};
use futures::{Stream, stream};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response,
    body::{Bytes, Frame, Incoming},
    header::HOST,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

pub use super::vault::Holds;

/// The token that the fake `az` gives.
pub const AZ_TOKEN: &str = "token-from-az";
#[cfg(unix)]
pub const AZ_SIGNED_IN: &str = r#"echo '{"accessToken":"token-from-az","expires_on":4102444800,"tokenType":"Bearer"}'"#;
#[cfg(windows)]
pub const AZ_SIGNED_IN: &str = r#"@echo {"accessToken":"token-from-az","expires_on":4102444800,"tokenType":"Bearer"}"#;

/// The token that an emulator gives to everybody.
pub const EMULATOR_TOKEN: &str = "token-of-emulator";

/// The one client secret and federated token that Entra ID takes here, and what App Service's endpoint wants to see.
pub const CLIENT_SECRET: &str = "the-client-secret";
pub const FEDERATED_TOKEN: &str = "the-federated-token";
pub const IDENTITY_HEADER: &str = "the-identity-header";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub host: String,
    pub method: String,
    /// The path with the query.
    pub path: String,
    pub authorization: Option<String>,
    pub body: String,
    pub by_proxy: bool,
    #[allow(dead_code, reason = "the benchmark measures by it")]
    pub at: Instant,
}

impl Received {
    /// The method and the path.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What goes wrong with a request, in place of the vault's answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another answer: its status, headers and body.
    Answer(u16, &'static [(&'static str, &'static str)], String),
    /// The connection breaks before the request is acted upon.
    ResetBefore,
    /// The connection breaks after the request was acted upon.
    ResetAfter,
    /// The answer breaks off in its middle.
    CutOff,
    /// No answer ever comes.
    Hang,
    /// The request is acted upon, and no answer ever comes.
    HangAfter,
    /// The request waits until it is let go, and then meets what else is planned.
    Held(Arc<Notify>),
}

impl Fault {
    /// An error as Key Vault writes it.
    pub fn error(status: u16, code: &str, inner_code: &str, message: &str) -> Self {
        let error = serde_json::json!({ "code": code, "message": message, "innererror": { "code": inner_code } });
        let headers = &[("content-type", "application/json"), ("x-ms-request-id", "request-id-1")];
        Self::Answer(status, headers, serde_json::json!({ "error": error }).to_string())
    }
}

/// What waits until it is let go: a request on its way to the vault, or a CLI.
pub struct Held(Box<dyn Fn()>);

impl Held {
    pub fn let_go(self) {
        self.0();
    }
}

/// A fault, for so many requests whose method and path start like that.
struct Planned {
    request: &'static str,
    times: usize,
    fault: Fault,
}

pub struct Cloud {
    directory: TempDir,
    port: u16,
    azure: Arc<Azure>,
    /// Serves until it is dropped.
    runtime: Runtime,
}

/// Everything behind the proxy.
struct Azure {
    vault: Vault,
    /// How often the proxy was asked to connect.
    connects: AtomicUsize,
    /// The requests that hang, and whose sender has not gone away.
    hanging: AtomicUsize,
    received: Mutex<Vec<Received>>,
    planned: Mutex<Vec<Planned>>,
    planned_bare: Mutex<Vec<Planned>>,
}

impl Azure {
    /// The fault of that request, if one is planned.
    fn fault(&self, received: &Received) -> Option<Fault> {
        let is_bare = received.authorization.is_none();
        let mut planned = if is_bare { &self.planned_bare } else { &self.planned }.lock().expect("lock");
        let line = received.line();
        let next = planned.iter_mut().find(|planned| planned.times > 0 && line.starts_with(planned.request))?;
        next.times -= 1;
        Some(next.fault.clone())
    }

    fn note(&self, received: &Received) {
        self.received.lock().expect("lock").push(received.clone());
    }
}

impl Cloud {
    /// Starts a cloud with a vault in which deletions complete at once, and a fake `az` that is signed in.
    pub fn start() -> Self {
        Self::with(Certificate::Good, "200 Connection established")
    }

    /// Starts one whose servers show that certificate, and whose proxy answers so when it is asked to connect.
    pub fn with(certificate: Certificate, connect: &'static str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (acceptor, ca) = tls(certificate);
        fs::write(directory.path().join("ca.pem"), ca).expect("write");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let azure = Arc::new(Azure {
            vault: Vault::new(Duration::ZERO),
            connects: AtomicUsize::new(0),
            hanging: AtomicUsize::new(0),
            received: Mutex::default(),
            planned: Mutex::default(),
            planned_bare: Mutex::default(),
        });
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("bind");
        let port = listener.local_addr().expect("an address").port();
        runtime.spawn(accept(listener, acceptor, connect, Arc::clone(&azure)));
        let cloud = Self { directory, port, azure, runtime };
        fs::create_dir(cloud.bin()).expect("a directory");
        fs::create_dir(cloud.working_directory()).expect("a directory");
        cloud.cli("az", AZ_SIGNED_IN);
        cloud
    }

    /// Puts a shell script called `name` on the binary's PATH, which has nothing else; it notes each call.
    #[cfg(unix)]
    pub fn cli(&self, name: &str, script: &str) {
        stand_in(&self.bin(), name, script);
    }

    /// Puts a shell script called `name` there that waits until it is let go.
    #[cfg(unix)]
    pub fn held_cli(&self, name: &str, script: &str) -> Held {
        let go_on = self.directory.path().join(format!("{name} may go on"));
        // The loop ends with the cloud too, whose directory it is.
        let waits =
            format!("while [ -d \"${{CALLS%/*}}\" ] && [ ! -e '{}' ]; do /bin/sleep 0.01; done", go_on.display());
        self.cli(name, &format!("{waits}; {script}"));
        Held(Box::new(move || fs::write(&go_on, "").expect("write")))
    }

    /// Puts a batch file of that name there.
    #[cfg(windows)]
    pub fn cli(&self, name: &str, script: &str) {
        let calls = self.directory.path().join("calls");
        let script = format!("@echo {name} %*>>\"{}\"\r\n{script}\r\n", calls.display());
        fs::write(self.bin().join(name).with_extension("cmd"), script).expect("write");
    }

    /// Puts a program of that name there that says this and ends so.
    pub fn cli_says(&self, name: &str, stdout: &str, stderr: &str, status: i32) {
        let [stdout, stderr] = [("stdout", stdout), ("stderr", stderr)].map(|(stream, text)| {
            let file = self.directory.path().join(format!("{name}.{stream}"));
            fs::write(&file, text).expect("write");
            file.display().to_string()
        });
        #[cfg(unix)]
        self.cli(name, &format!("/bin/cat '{stdout}'; /bin/cat '{stderr}' >&2; exit {status}"));
        #[cfg(windows)]
        self.cli(name, &format!("@type \"{stdout}\"\r\n@type \"{stderr}\" >&2\r\n@exit /b {status}"));
    }

    /// Takes that program away.
    pub fn without_cli(&self, name: &str) {
        let extension = if cfg!(windows) { "cmd" } else { "" };
        fs::remove_file(self.bin().join(name).with_extension(extension)).expect("a script");
    }

    /// The calls of the CLIs, each a line.
    pub fn cli_calls(&self) -> String {
        fs::read_to_string(self.directory.path().join("calls")).unwrap_or_default().replace("\r\n", "\n")
    }

    /// The binary, told of this cloud, with `my-vault` as its vault.
    pub fn kv_secrets(&self) -> Command {
        let mut command = kv_secrets(&self.working_directory());
        command
            .env("PATH", self.bin())
            .env("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.port))
            .env("SSL_CERT_FILE", self.ca())
            .env("KEY_VAULT_NAME", "my-vault")
            // Not all sources: the search for a managed identity would leave this computer.
            .env("AZURE_TOKEN_CREDENTIALS", "dev");
        command
    }

    /// The file with the certificate to trust.
    pub fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn working_directory(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Serves at one more port, as an emulator does whose certificate and key will be in that folder. Returns the port.
    #[allow(dead_code, reason = "only where there is bash")]
    pub fn emulator(&self, folder: &Path) -> u16 {
        let listener = self.runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("bind");
        let port = listener.local_addr().expect("an address").port();
        let (folder, azure) = (folder.to_owned(), Arc::clone(&self.azure));
        self.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let pem = |file| fs::read(folder.join(file)).expect("a file");
                let certificate = CertificateDer::from_pem_slice(&pem("emulator.crt")).expect("a certificate");
                let key = PrivateKeyDer::from_pem_slice(&pem("emulator.key")).expect("a key");
                tokio::spawn(serve(stream, acceptor(certificate, key), "", Arc::clone(&azure)));
            }
        });
        port
    }

    /// Plans a fault for the next `times` authorized requests that start with `request`, such as `PUT /secrets/`.
    pub fn plan(&self, request: &'static str, times: usize, fault: Fault) {
        self.azure.planned.lock().expect("lock").push(Planned { request, times, fault });
    }

    /// Plans a fault for the next `times` requests without a token that start with `request`.
    pub fn plan_bare(&self, request: &'static str, times: usize, fault: Fault) {
        self.azure.planned_bare.lock().expect("lock").push(Planned { request, times, fault });
    }

    /// Holds the next authorized request that starts with `request`.
    pub fn hold(&self, request: &'static str) -> Held {
        let go_on = Arc::new(Notify::new());
        self.plan(request, 1, Fault::Held(Arc::clone(&go_on)));
        Held(Box::new(move || go_on.notify_one()))
    }

    /// Whether an authorized request that starts with `request` has arrived; one that was acted upon, was so before.
    pub fn has_received(&self, request: &str) -> bool {
        self.received().iter().any(|it| it.authorization.is_some() && it.line().starts_with(request))
    }

    /// How many requests hang whose sender has not gone away.
    pub fn hanging(&self) -> usize {
        self.azure.hanging.load(Ordering::Relaxed)
    }

    /// Puts a version of a secret into the vault, as somebody else would.
    pub fn set(&self, name: &str, value: &str) {
        self.ask("PUT", name, &serde_json::json!({ "value": value }).to_string());
    }

    /// Deletes a secret, as somebody else would.
    pub fn recover(&self, name: &str) {
        let path = format!("/deletedsecrets/{name}/recover?api-version=2025-07-01");
        let answer = self.azure.vault.answer("POST", "my-vault.vault.azure.net", &path, Some("Bearer somebody"), b"");
        assert_eq!(answer.0, 200, "{answer:?}");
    }

    /// Deletes a secret past the network.
    pub fn delete(&self, name: &str) {
        self.ask("DELETE", name, "");
    }

    /// Asks the vault itself, past the network and its faults.
    fn ask(&self, method: &str, name: &str, body: &str) {
        let path = format!("/secrets/{name}?api-version=2025-07-01");
        let answer = self.azure.vault.answer(
            method,
            "my-vault.vault.azure.net",
            &path,
            Some("Bearer somebody"),
            body.as_bytes(),
        );
        assert_eq!(answer.0, 200, "{answer:?}");
    }

    /// The values with which the program has asked to create that secret, in their order.
    pub fn created(&self, name: &str) -> Vec<String> {
        let path = format!("/secrets/{name}?");
        let puts = self.received().into_iter().filter(|it| it.method == "PUT" && it.path.starts_with(&path));
        let value = |put: Received| {
            serde_json::from_str::<serde_json::Value>(&put.body).ok()?["value"].as_str().map(str::to_owned)
        };
        puts.filter(|put| put.authorization.is_some()).filter_map(value).collect()
    }

    /// What the vault holds under that name.
    pub fn holds(&self, name: &str) -> Holds {
        self.azure.vault.holds(name)
    }

    fn bin(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    /// How often the proxy was asked to connect.
    pub fn connects(&self) -> usize {
        self.azure.connects.load(Ordering::Relaxed)
    }

    /// The requests so far, in the order of their arrival.
    pub fn received(&self) -> Vec<Received> {
        self.azure.received.lock().expect("lock").clone()
    }
}

/// Puts a program of that name into the folder `bin`, which notes its calls beside it and runs that script.
///
/// It is always the same file: one that has just been written cannot be run for as long as another test's child, which is
/// about to become another program, has it open.
#[cfg(unix)]
pub fn stand_in(bin: &Path, name: &str, script: &str) {
    let program = bin.join(name);
    fs::write(program.with_extension("sh"), script).expect("write");
    if !program.exists() {
        let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stand-in");
        std::os::unix::fs::symlink(stand_in, program).expect("link");
    }
}

/// What is wrong with the servers' certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    Good,
    OfAnotherName,
    Expired,
    NotYetValid,
    /// It is the authority's own.
    OfAuthority,
}

/// A server's side of TLS for Azure's hosts and this computer, and the certificate to trust, as PEM.
fn tls(kind: Certificate) -> (TlsAcceptor, String) {
    let mut ca = CertificateParams::new([]).expect("parameters");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().expect("a key");
    let ca_certificate = ca.self_signed(&ca_key).expect("a certificate");
    let issuer = Issuer::new(ca, ca_key);

    let hosts = [
        "*.vault.azure.net",
        "*.vault.azure.cn",
        "login.microsoftonline.com",
        "localhost",
        "my-vault.localhost",
        "127.0.0.1",
    ];
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(hosts.map(String::from)).expect("parameters");
    match kind {
        Certificate::Good => {}
        Certificate::OfAnotherName => {
            parameters = CertificateParams::new(["other.example".to_owned()]).expect("parameters");
        }
        Certificate::Expired => parameters.not_after = rcgen::date_time_ymd(2020, 1, 1),
        Certificate::NotYetValid => parameters.not_before = rcgen::date_time_ymd(2090, 1, 1),
        Certificate::OfAuthority => parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
    }
    let certificate = parameters.signed_by(&key, &issuer).expect("a certificate");

    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    (acceptor(certificate.der().clone(), key), ca_certificate.pem())
}

fn acceptor(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, connect: &'static str, azure: Arc<Azure>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, acceptor.clone(), connect, Arc::clone(&azure)));
    }
}

/// Serves a connection: a request to be connected comes first, or TLS at once, or plain HTTP. What a client breaks off
/// is its own affair.
async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, connect: &'static str, azure: Arc<Azure>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut first = [0];
    stream.peek(&mut first).await.ok()?;
    let by_proxy = first == *b"C";
    if by_proxy {
        azure.connects.fetch_add(1, Ordering::Relaxed);
    }
    let service = service_fn(move |request| answer(request, by_proxy, Arc::clone(&azure)));
    if first == *b"G" {
        return http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
    }
    if by_proxy {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        stream.write_all(format!("HTTP/1.1 {connect}\r\n\r\n").as_bytes()).await.ok()?;
        if !connect.starts_with("200") {
            return None;
        }
    }
    let stream = acceptor.accept(stream).await.ok()?;
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok()
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Answer = Result<Response<UnsyncBoxBody<Bytes, Failure>>, Failure>;

async fn answer(request: hyper::Request<Incoming>, by_proxy: bool, azure: Arc<Azure>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let received = Received {
        host: header(HOST.as_str()).unwrap_or_default(),
        method: head.method.to_string(),
        path: head.uri.to_string(),
        authorization: header("authorization"),
        body: String::from_utf8_lossy(&body).into_owned(),
        by_proxy,
        at: Instant::now(),
    };
    if received.host == "login.microsoftonline.com" {
        azure.note(&received);
        return entra(&received);
    }
    if received.path.starts_with("/msi/token") {
        azure.note(&received);
        return app_service(header("x-identity-header"));
    }
    if received.path == "/token" {
        // It is up.
        return respond(200, [].into_iter(), stream::iter([Ok(Frame::data(EMULATOR_TOKEN.into()))]));
    }
    if received.path.ends_with("/oauth2/v2.0/token") {
        azure.note(&received);
        return json(200, r#"{"token_type":"Bearer","expires_in":3600,"access_token":"token-of-emulator"}"#);
    }
    let mut fault = azure.fault(&received);
    let is_held = matches!(fault, Some(Fault::Held(_)));
    if is_held {
        azure.note(&received);
    }
    while let Some(Fault::Held(go_on)) = &fault {
        go_on.notified().await;
        fault = azure.fault(&received);
    }
    let answer = match fault {
        None | Some(Fault::ResetAfter | Fault::CutOff | Fault::HangAfter) => Some(vault(&azure.vault, &received)),
        Some(_) => None,
    };
    // Whoever sees the request sees what came of it.
    if !is_held {
        azure.note(&received);
    }
    match (fault, answer) {
        (None, Some(answer)) => answer,
        (Some(Fault::Answer(status, headers, body)), _) => {
            let headers = headers.iter().map(|(name, value)| (*name, *value));
            respond(status, headers, stream::iter([Ok(Frame::data(body.into()))]))
        }
        (Some(Fault::CutOff), _) => {
            let headers = [("content-type", "application/json")].into_iter();
            respond(200, headers, stream::iter([Ok(Frame::data("{\"value\":".into())), Err("cut off".into())]))
        }
        (Some(Fault::Hang | Fault::HangAfter), _) => {
            let _hanging = Hanging::new(azure);
            std::future::pending().await
        }
        _ => Err("reset".into()),
    }
}

/// Counts a request for as long as it hangs.
struct Hanging(Arc<Azure>);

impl Hanging {
    fn new(azure: Arc<Azure>) -> Self {
        azure.hanging.fetch_add(1, Ordering::Relaxed);
        Self(azure)
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.0.hanging.fetch_sub(1, Ordering::Relaxed);
    }
}

fn respond<'a>(
    status: u16,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    body: impl Stream<Item = Result<Frame<Bytes>, Failure>> + Send + 'static,
) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(StreamBody::new(body).boxed_unsync())?)
}

fn json(status: u16, body: &'static str) -> Answer {
    let headers = [("content-type", "application/json")].into_iter();
    respond(status, headers, stream::iter([Ok(Frame::data(body.into()))]))
}

/// Entra ID's token endpoint.
fn entra(request: &Received) -> Answer {
    let given = |what: &str| request.body.split('&').any(|pair| pair == what);
    if given(&format!("client_secret={CLIENT_SECRET}")) {
        json(200, r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"token-of-secret"}"#)
    } else if given(&format!("client_assertion={FEDERATED_TOKEN}")) {
        json(200, r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"token-of-pod"}"#)
    } else {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value. Trace ID: 1 Correlation ID: 2 Timestamp: 3","error_codes":[7000215],"timestamp":"2026-11-24 00:00:00Z","trace_id":"1","correlation_id":"2","error_uri":""}"#;
        json(401, body)
    }
}

/// The endpoint that App Service puts beside each app.
fn app_service(identity_header: Option<String>) -> Answer {
    if identity_header.as_deref() == Some(IDENTITY_HEADER) {
        json(
            200,
            r#"{"access_token":"token-of-app","expires_on":"4102444800","resource":"https://vault.azure.net","token_type":"Bearer"}"#,
        )
    } else {
        json(401, r#"{"statusCode":401,"message":"wrong header"}"#)
    }
}

fn vault(vault: &Vault, Received { method, host, path, authorization, body, .. }: &Received) -> Answer {
    let (status, headers, body) = vault.answer(method, host, path, authorization.as_deref(), body.as_bytes());
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    respond(status, headers, stream::iter([Ok(Frame::data(body.into()))]))
}
