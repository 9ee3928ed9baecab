//! A run at a pipe, over a link, with a CLI that gives its token when it is told to.

use super::{Cloud, Link};
use crate::support::{cloud::AZ_SIGNED_IN, transcript, wait_until};
use std::{io::Write as _, process::Stdio};

/// The round trips of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtPipe {
    /// Those that the CLI's own time hides.
    pub meanwhile: usize,
    /// Those after the token is there.
    pub afterwards: usize,
}

/// Runs the tutorial at a pipe, and has `az` give its token once the link is quiet after `meanwhile` round trips.
pub fn at_pipe(cloud: &Cloud, link: &Link, name: &str, meanwhile: usize) -> AtPipe {
    let az = cloud.held_cli("az", AZ_SIGNED_IN);
    let mut command = cloud.kv_secrets_over(link);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("spawn");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(format!("{name}\nmy value\n").as_bytes()).expect("write");
    drop(stdin);
    wait_until(|| link.is_quiet() && link.round_trips() >= meanwhile);
    let meanwhile = link.round_trips();
    az.let_go();
    let output = child.wait_with_output().expect("the end");
    assert_eq!(String::from_utf8_lossy(&output.stdout), transcript("my-vault", name, "my value"));
    AtPipe { meanwhile, afterwards: link.round_trips() - meanwhile }
}
