//! Random schedules of faults for the binary, over TLS, with signals where there are some: the last word on what is in the
//! vault is true.
//!
//! Each schedule follows from a number. `FAULTS=FIRST..END cargo test --test outside faults` runs those of a range.

#[cfg(unix)]
use crate::support::send;
use crate::support::{
    Cloud,
    cloud::{Fault, Holds},
    dice::{Dice, asked_for},
    each,
    left::{Left, told},
};
use std::{io::Write as _, process::Stdio, time::Duration};

#[test]
fn any_schedule_of_the_binary_is_told_truly() {
    let numbers: Vec<u64> = asked_for().unwrap_or(0..24).collect();
    each(&numbers, |number| {
        let mut dice = Dice(*number);
        let cloud = Cloud::start();
        let requests = [
            "GET /secrets/n/versions",
            "PUT /secrets/n",
            "GET /secrets/n/?",
            "DELETE /secrets/n",
            "GET /deletedsecrets/n",
        ];
        for _ in 0..dice.below(4) {
            let fault = match dice.below(6) {
                0 => Fault::ResetBefore,
                1 => Fault::ResetAfter,
                2 => Fault::CutOff,
                3 => Fault::Answer(200, &[("content-type", "text/html")], "<html>sign in</html>".into()),
                4 => Fault::error(503, "ServiceUnavailable", "", "Later."),
                _ => Fault::error(403, "Forbidden", "ForbiddenByRbac", "No."),
            };
            let times = usize::try_from(1 + dice.below(5)).unwrap();
            cloud.plan(dice.pick(&requests), times, fault);
        }
        let signal = dice.one_in(3).then(|| Duration::from_millis(dice.below(60)));
        let mut child =
            cloud.kv_secrets().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"n\nthe-secret-value\n").unwrap();
        if let Some(after) = signal {
            std::thread::sleep(after);
            #[cfg(unix)]
            if child.try_wait().unwrap().is_none() {
                send(nix::sys::signal::Signal::SIGINT, child.id());
            }
        }
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("the-secret-value") && !stderr.contains("panicked"), "{number}: {stderr}");
        let holds = cloud.holds("n");
        let left = told(&stderr);
        let is_told_truly = match left {
            Left::Nothing => holds == Holds::Deleted || holds == Holds::Versions(0),
            Left::Secret => matches!(holds, Holds::Versions(versions) if versions > 0),
            Left::Deletion => holds == Holds::Deleted,
            Left::PerhapsSecret | Left::PerhapsDeletion => true,
        };
        assert!(is_told_truly, "{number}: {holds:?}, {stderr}");
        assert!(output.status.code() != Some(0) || left == Left::Nothing, "{number}: {stderr}");
    });
}
