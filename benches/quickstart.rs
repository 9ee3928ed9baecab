//! What a run costs: the shipped binary, in the release profile, against the cloud on loopback of the tests.
//!
//! `cargo bench` prints medians. Each run is started by a fresh, small process of this program, the meter, since a
//! child's peak memory counts that of the process which started it.

#![allow(clippy::expect_used, reason = "a benchmark that cannot measure has nothing better to do")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    env, fs,
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use support::{Cloud, cloud};

const RUNS: usize = 50;
const METER: &str = "KV_SECRETS_METER";

fn main() {
    if env::var_os(METER).is_some() {
        return meter();
    }
    let cloud = Cloud::start();
    let figures: Vec<[f64; 3]> = (0..=RUNS).map(|run| measured(&cloud, run)).skip(1).collect();
    let requests = cloud.received().len() / (RUNS + 1);
    let prompts: Vec<_> = (0..=RUNS).map(|_| first_prompt(&cloud)).skip(1).collect();
    let binary = fs::metadata(env!("CARGO_BIN_EXE_kv-secrets")).expect("the binary").len();

    let column = |index: usize| median(figures.iter().map(|figure| figure[index]).collect());
    println!("median of {RUNS} runs against a server on this computer");
    println!("whole piped run, fake az included  {:6.1} ms", column(0));
    println!("user and system CPU, az included   {:6.1} ms", column(1));
    println!("peak memory                        {:6.1} MB", column(2));
    println!("requests sent                      {requests:6}");
    println!("time to the first prompt           {:6.1} ms", median(prompts));
    println!("last keypress to first request     {:6.1} ms, with an az that takes 1 s", median(last_keypress(&cloud)));
    println!("size of the binary                 {:6.1} MB", binary as f64 / 1e6);
    #[cfg(unix)]
    print_round_trips();
}

/// Prints for how many round trips to the vault anyone waits, counted over a link with a delay, beside those that the
/// requests of `kv_secrets.py` take over the same link. A CLI's own time is left out.
#[cfg(unix)]
fn print_round_trips() {
    use support::link::{Link, person::Person, pipe::at_pipe, python::python};
    let cloud = Cloud::start();
    let waits = Person::at(&cloud, &Link::to(&cloud)).waits("typed");
    let python = python(&cloud, &Link::to(&cloud), "python");
    let piped = at_pipe(&cloud, &Link::to(&cloud), "piped", 3).afterwards;
    let python_piped = python.to_created + python.to_retrieved + python.to_deleted;
    println!();
    println!("round trips to the vault           kv-secrets  kv_secrets.py");
    for (what, ours, pythons) in [
        ("name's Enter to the value's prompt", waits.to_value_prompt, 0),
        ("value's Enter to the first done.", waits.to_created, python.to_created),
        ("  from there to the value", waits.to_retrieved, python.to_retrieved),
        ("  from there to the last done.", waits.to_deleted, python.to_deleted),
        ("at a pipe, beyond the CLI's time", piped, python_piped),
    ] {
        println!("{what:<34} {ours:10} {pythons:14}");
    }
}

/// Wall and CPU milliseconds and peak megabytes of one run, in a process of its own.
fn measured(cloud: &Cloud, run: usize) -> [f64; 3] {
    let template = cloud.kv_secrets();
    let mut meter = Command::new(env::current_exe().expect("this program"));
    meter.env_clear().envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = meter.current_dir(cloud.working_directory()).env(METER, run.to_string()).output().expect("the meter");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let figures: Vec<_> = text.split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    figures.try_into().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Does one run and prints its figures.
fn meter() {
    let name = format!("n{}", env::var(METER).expect("the run's number"));
    let began = Instant::now();
    let mut child = spawn(&mut Command::new(env!("CARGO_BIN_EXE_kv-secrets")));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(format!("{name}\nvalue\n").as_bytes()).expect("write");
    let mut transcript = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut transcript).expect("UTF-8");
    assert!(child.wait().expect("wait").success());
    let wall = began.elapsed();
    assert_eq!(transcript, support::transcript("my-vault", &name, "value"));

    let [cpu, peak] = usage();
    println!("{} {cpu} {peak}", milliseconds(wall));
}

/// CPU milliseconds and peak megabytes of the processes that this one has started.
#[cfg(unix)]
fn usage() -> [f64; 2] {
    use nix::sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike as _,
    };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("rusage");
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // macOS counts bytes.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    [cpu as f64 / 1e3, usage.max_rss() as f64 * unit / 1e6]
}

/// Windows keeps no such account of children.
#[cfg(windows)]
fn usage() -> [f64; 2] {
    [f64::NAN; 2]
}

/// Milliseconds from the start to the first byte of the first prompt.
fn first_prompt(cloud: &Cloud) -> f64 {
    let began = Instant::now();
    let mut child = spawn(&mut cloud.kv_secrets());
    child.stdout.as_mut().expect("a pipe").read_exact(&mut [0]).expect("a prompt");
    let took = began.elapsed();
    child.kill().and_then(|()| child.wait()).expect("the end");
    milliseconds(took)
}

/// Milliseconds from the last keypress of a person who types for 2 s to the first request with a token, where `az` takes
/// 1 s to give it.
fn last_keypress(cloud: &Cloud) -> Vec<f64> {
    let wait =
        if cfg!(windows) { "@\"%SYSTEMROOT%\\System32\\ping\" -n 2 127.0.0.1 >nul\r\n" } else { "/bin/sleep 1; " };
    cloud.cli("az", &format!("{wait}{}", cloud::AZ_SIGNED_IN));
    let once = |run| {
        let before = cloud.received().len();
        let mut child = spawn(&mut cloud.kv_secrets());
        thread::sleep(Duration::from_secs(2));
        let last_keypress = Instant::now();
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(format!("typed{run}\nvalue\n").as_bytes()).expect("write");
        assert!(child.wait_with_output().expect("the end").status.success());
        let received = cloud.received();
        let request = received[before..].iter().find(|request| request.authorization.is_some()).expect("a request");
        milliseconds(request.at - last_keypress)
    };
    (0..5).map(once).collect()
}

fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("spawn")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
