//! A person at a terminal, at this end of a link.

use super::{Cloud, Link};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rexpect::process::PtyProcess;
use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::AsFd as _,
    process::Command,
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

/// How long a person takes to type a name.
const TYPING: Duration = Duration::from_millis(1500);

/// The round trips for which a person waits in one run of the tutorial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// From the name's Enter to the question for the value.
    pub to_value_prompt: usize,
    /// From the value's Enter to the first ` done.`
    pub to_created: usize,
    /// From there to the value.
    pub to_retrieved: usize,
    /// From there to the last ` done.`
    pub to_deleted: usize,
    /// The requests that had arrived when the name's Enter was pressed.
    pub requests_before: usize,
}

/// A run at a terminal, over a link.
pub struct Person<'a> {
    cloud: &'a Cloud,
    link: &'a Link,
    keyboard: File,
    screen: Arc<Mutex<Screen>>,
    /// How much of what was shown has been read.
    read: usize,
    /// Ends with the person.
    _process: PtyProcess,
}

struct Screen {
    terminal: File,
    shown: Vec<u8>,
    /// For each byte, the count of round trips when it was shown.
    rounds: Vec<usize>,
    ended: bool,
}

impl Screen {
    /// Takes what is there by now.
    fn take(&mut self, round: usize) {
        while !self.ended {
            let mut terminal = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            if poll(&mut terminal, PollTimeout::ZERO).is_ok_and(|ready| ready == 0) {
                return;
            }
            let mut buffer = [0; 4096];
            match self.terminal.read(&mut buffer) {
                Ok(count @ 1..) => {
                    self.shown.extend_from_slice(&buffer[..count]);
                    self.rounds.resize(self.shown.len(), round);
                }
                // Linux says at the end that it cannot read.
                Ok(0) | Err(_) => self.ended = true,
            }
        }
    }
}

impl<'a> Person<'a> {
    /// Starts the binary for a person who sits at the other end of `link` than `cloud`.
    pub fn at(cloud: &'a Cloud, link: &'a Link) -> Self {
        let command = cloud.kv_secrets_over(link);
        let mut copy = Command::new(command.get_program());
        copy.env_clear().current_dir(cloud.working_directory()).env("TERM", "xterm-256color");
        copy.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let process = PtyProcess::new(copy).expect("a terminal");
        let terminal = || process.get_file_handle().expect("the terminal");
        let screen = Screen { terminal: terminal(), shown: Vec::new(), rounds: Vec::new(), ended: false };
        let screen = Arc::new(Mutex::new(screen));
        let watched = Arc::clone(&screen);
        link.watch(move |round| watched.lock().expect("lock").take(round));
        Self { cloud, link, keyboard: terminal(), screen, read: 0, _process: process }
    }

    /// Runs the tutorial as a person does who types the name for a while, so that what is done meanwhile is done.
    pub fn waits(mut self, name: &str) -> Waits {
        self.expect("Input a name for your secret > ");
        self.press(name);
        self.type_for_a_while();
        let requests_before = self.cloud.received().len();
        let named = self.link.round_trips();
        self.press("\r");
        let asked = self.expect("Input a value for your secret > ");
        let given = self.link.round_trips();
        self.press("my value\r");
        let created = self.expect(" done.");
        let retrieved = self.expect("Your secret is 'my value'.");
        let deleted = self.expect(" done.");
        self.wait_until("the end", |screen| screen.ended.then_some(()));
        Waits {
            to_value_prompt: asked - named,
            to_created: created - given,
            to_retrieved: retrieved - created,
            to_deleted: deleted - retrieved,
            requests_before,
        }
    }

    /// Until the vault has answered a request with a token and the link is quiet; or for as long as a person types, where
    /// nothing is done meanwhile.
    fn type_for_a_while(&self) {
        let began = Instant::now();
        let is_signed_in = || self.cloud.received().iter().any(|request| request.authorization.is_some());
        while !(self.link.is_quiet() && (began.elapsed() > TYPING || is_signed_in())) {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("write");
    }

    /// Waits until `text` is shown, and returns the count of round trips when it was.
    fn expect(&mut self, text: &str) -> usize {
        let read = self.read;
        let (end, round) = self.wait_until(text, |screen| {
            let at = screen.shown[read..].windows(text.len()).position(|bytes| bytes == text.as_bytes())?;
            let end = read + at + text.len();
            Some((end, screen.rounds[end - 1]))
        });
        self.read = end;
        round
    }

    fn wait_until<T>(&self, what: &str, holds: impl Fn(&Screen) -> Option<T>) -> T {
        for _ in 0..6_000 {
            self.link.look();
            let screen: MutexGuard<'_, Screen> = self.screen.lock().expect("lock");
            if let Some(found) = holds(&screen) {
                return found;
            }
            assert!(!screen.ended || what == "the end", "no {what:?} in {}", String::from_utf8_lossy(&screen.shown));
            drop(screen);
            thread::sleep(Duration::from_millis(5));
        }
        let screen = self.screen.lock().expect("lock");
        panic!("no {what:?} in {}", String::from_utf8_lossy(&screen.shown));
    }
}
