//! Random schedules of faults for the binary, over TLS, with signals where there are some: the last word on what is in the
//! vault is true.
//!
//! Each schedule follows from a number. `FAULTS=FIRST..END cargo test --test outside faults` runs those of a range.

use crate::support::{
    Cloud,
    cloud::{Fault, Holds},
    dice::{Dice, asked_for},
    each,
    left::{Left, told},
};
use std::{io::Write as _, ops::Range, process::Stdio};

/// The schedules of every test run.
const EACH_RUN: Range<u64> = 0..48;

const REQUESTS: [&str; 5] =
    ["GET /secrets/n/versions", "PUT /secrets/n", "GET /secrets/n/?", "DELETE /secrets/n", "GET /deletedsecrets/n"];

/// When a run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// While it waits for an answer that never comes, whether or not its request is carried out.
    AtRest,
    /// Once the request has arrived, whatever the run does meanwhile.
    InPassing,
}

#[test]
fn any_schedule_of_the_binary_is_told_truly() {
    let numbers: Vec<u64> = asked_for().unwrap_or(EACH_RUN).collect();
    each(&numbers, |number| schedule(*number));
}

fn schedule(number: u64) {
    let mut dice = Dice(number);
    let cloud = Cloud::start();
    let mut uncertain = Vec::new();
    let interrupted = dice.one_in(3) && cfg!(unix);
    let interrupted = interrupted.then(|| (dice.pick(&REQUESTS), dice.pick(&[Moment::AtRest, Moment::InPassing])));
    for _ in 0..dice.below(4) {
        let (fault, is_uncertain) = match dice.below(6) {
            0 => (Fault::ResetBefore, true),
            1 => (Fault::ResetAfter, true),
            2 => (Fault::CutOff, true),
            3 => (Fault::Answer(200, &[("content-type", "text/html")], "<html>sign in</html>".into()), true),
            4 => (Fault::error(503, "ServiceUnavailable", "", "Later."), true),
            _ => (Fault::error(403, "Forbidden", "ForbiddenByRbac", "No."), false),
        };
        let times = usize::try_from(1 + dice.below(5)).unwrap();
        let request = dice.pick(&REQUESTS);
        if is_uncertain {
            uncertain.push(request);
        }
        cloud.plan(request, times, fault);
    }
    if let Some((request, Moment::AtRest)) = interrupted {
        cloud.plan(request, 9, if dice.one_in(2) { Fault::Hang } else { Fault::HangAfter });
    }

    let mut child =
        cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"n\nthe-secret-value\n").unwrap();
    #[cfg(unix)]
    if let Some((request, moment)) = interrupted {
        use crate::support::{send, wait_until};
        let running = std::cell::RefCell::new(&mut child);
        let has_ended = || running.borrow_mut().try_wait().unwrap().is_some();
        let has_come = || if moment == Moment::AtRest { cloud.hanging() > 0 } else { cloud.has_received(request) };
        // It may fail before it comes to that.
        wait_until(|| has_come() || has_ended());
        if !has_ended() {
            send(nix::sys::signal::Signal::SIGINT, child.id());
        }
    }
    let output = child.wait_with_output().unwrap();

    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("the-secret-value") && !stderr.contains("panicked"), "{number}: {stderr}");
    let (left, holds) = (told(&stderr), cloud.holds("n"));
    let may_be_lost = |request| {
        let is_cut_short = |(at, moment)| moment == Moment::InPassing || at == request;
        uncertain.contains(&request) || interrupted.is_some_and(is_cut_short)
    };
    let is_told_truly = match left {
        Left::Nothing => matches!(holds, Holds::Deleted | Holds::Versions(0)),
        Left::Shared => false,
        Left::Secret => matches!(holds, Holds::Versions(1..)),
        Left::Deletion => holds == Holds::Deleted,
        Left::PerhapsSecret => may_be_lost("PUT /secrets/n"),
        Left::PerhapsDeletion => may_be_lost("DELETE /secrets/n"),
    };
    assert!(is_told_truly, "{number}: {holds:?}, {interrupted:?}, {stderr}");
    match output.status.code() {
        Some(0) => assert_eq!((left, stderr.as_str()), (Left::Nothing, ""), "{number}"),
        Some(130) => {
            assert!(interrupted.is_some() && stderr.starts_with("error: Interrupted.\n"), "{number}: {stderr}")
        }
        status => assert_eq!(status, Some(1), "{number}: {stderr}"),
    }
}

/// A second writer, at each moment: a version that was there when the secret was looked at again is spared.
#[test]
fn what_somebody_else_sets_meanwhile_is_not_deleted() {
    for request in ["PUT /secrets/n", "GET /secrets/n/?"] {
        for overwrite in [false, true] {
            let cloud = Cloud::start();
            let held = cloud.hold(request);
            let mut command = cloud.kv_secrets();
            let mut child = (if overwrite { command.arg("--overwrite") } else { &mut command })
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(b"n\nthe-secret-value\n").unwrap();
            crate::support::wait_until(|| cloud.has_received(request));
            cloud.set("n", "the-colleagues-value");
            held.let_go();
            let output = child.wait_with_output().unwrap();
            let (stdout, stderr) =
                (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            assert!(!stderr.contains("-value"), "{stderr}");
            if overwrite {
                assert_eq!((output.status.code(), cloud.holds("n")), (Some(0), Holds::Deleted), "{stderr}");
                continue;
            }
            // The versions may have been listed before.
            let was_seen = request.starts_with("PUT") || !stdout.contains("Deleting");
            let sentence = if was_seen {
                "error: The secret 'n' was not deleted from my-vault: it has 1 version that this run did not make.\n"
            } else {
                "error: The secret 'n' was deleted from my-vault with a version that this run did not make: that was \
                 created after the last look.\n"
            };
            assert!(stderr.starts_with(sentence), "{stderr}");
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(cloud.holds("n"), if was_seen { Holds::Versions(2) } else { Holds::Deleted });
            assert!(!stderr.contains("secret delete"), "{stderr}");
        }
    }
}
