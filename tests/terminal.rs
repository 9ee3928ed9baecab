//! The binary at a terminal.

use crate::{
    showing::picture::{COLUMNS, Row, rows},
    support::{
        Cloud,
        cloud::{AZ_SIGNED_IN, Fault, Holds},
        each, kv_secrets, send, wait_until,
    },
};
use nix::{
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::Signal,
};
use rexpect::session::{PtySession, spawn_command};
use std::{
    fs::OpenOptions,
    io::Write as _,
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::PathBuf,
    process::Command,
    thread,
    time::Duration,
};

pub const NAME: &str = "Input a name for your secret > ";
pub const VALUE: &str = "Input a value for your secret > ";

/// A CLI whose user is signed out.
pub const SIGNED_OUT: &str = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1";

/// A run at a terminal, and everything that it has shown.
pub struct Terminal {
    session: PtySession,
    shown: String,
    /// The terminal's other end, of a watched run.
    device: Option<PathBuf>,
    /// The working directory, where it is no cloud's.
    _directory: Option<tempfile::TempDir>,
}

impl Terminal {
    pub fn demo(more: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let terminal = Self::of(kv_secrets(directory.path()).arg("--demo").args(more));
        Self { _directory: Some(directory), ..terminal }
    }

    pub fn of(command: &mut Command) -> Self {
        Self::running(&[], command)
    }

    /// Runs `command` by a shell that shows the terminal's settings before and after it, and its exit status.
    pub fn watched(command: &mut Command) -> Self {
        let script = r#"/bin/stty sane; echo "tty $(/usr/bin/tty)."; /bin/stty -g; /bin/sh -c 'echo "pid $$."; exec "$0" "$@"' "$0" "$@"; echo "status $?"; /bin/stty -g
            /bin/stty -icanon -echo min 0 time 3; echo "left[$(/bin/dd bs=4096 count=1 2>/dev/null)]"; /bin/stty sane"#;
        let mut terminal = Self::running(&["/bin/sh", "-c", script], command);
        terminal.expect("tty ");
        terminal.device = Some(terminal.until(".").into());
        terminal
    }

    /// rexpect wants the command itself, and so gets another like it, with `before` in front of it.
    fn running(before: &[&str], command: &mut Command) -> Self {
        let program = command.get_program().to_str().unwrap();
        let mut words =
            before.iter().copied().chain([program]).chain(command.get_args().map(|it| it.to_str().unwrap()));
        let mut copy = Command::new(words.next().unwrap());
        copy.args(words).env_clear().current_dir(command.get_current_dir().unwrap());
        copy.env("TERM", "xterm-256color");
        copy.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let session = spawn_command(copy, Some(30_000)).unwrap();
        Self { session, shown: String::new(), device: None, _directory: None }
    }

    /// A watched run whose stdout leads to a file in the working directory.
    pub fn to_file(command: &mut Command) -> Self {
        Self::running(&["/bin/sh", "-c", r#""$0" "$@" >stdout; echo "status $?""#], command)
    }

    /// Gives the window so many columns, and 24 rows.
    pub fn resize(&mut self, columns: u16) {
        let size = rustix::termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(self.session.process().get_file_handle().unwrap(), size).unwrap();
    }

    /// Whether something was typed at the terminal of a watched run that nobody has read yet.
    pub fn has_unread(&self) -> bool {
        let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
        let device = OpenOptions::new().read(true).custom_flags(flags).open(self.device.as_ref().unwrap()).unwrap();
        poll(&mut [PollFd::new(device.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO).unwrap() > 0
    }

    /// Whether the terminal of a watched run shows what is typed.
    pub fn is_echoing(&self) -> bool {
        let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
        let device = OpenOptions::new().read(true).custom_flags(flags).open(self.device.as_ref().unwrap()).unwrap();
        let modes = rustix::termios::tcgetattr(&device).unwrap().local_modes;
        modes.contains(rustix::termios::LocalModes::ECHO)
    }

    /// Waits until that is on the screen.
    pub fn shows(&mut self, text: &str) {
        for _ in 0..6_000 {
            while let Some(c) = self.session.try_read() {
                self.shown.push(c);
            }
            if screen_of_all(&self.shown).contains(text) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("no {text:?} on the screen:\n{}", screen_of_all(&self.shown));
    }

    /// Whether the run has not ended.
    pub fn is_running(&self) -> bool {
        matches!(self.session.process().status(), Some(status) if format!("{status:?}") == "StillAlive")
    }

    /// What is shown before `text`.
    pub fn until(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap()
    }

    /// Sends bytes that are no text.
    pub fn press_bytes(&mut self, bytes: &[u8]) {
        self.session.process().get_file_handle().unwrap().write_all(bytes).unwrap();
    }

    pub fn press(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    pub fn expect(&mut self, text: &str) {
        let before = self.session.exp_string(text).unwrap();
        self.shown += &before;
        self.shown += text;
    }

    pub fn type_line(&mut self, line: &str) {
        self.press(line);
        self.press("\r");
    }

    pub fn answer(&mut self, question: &str, line: &str) {
        self.expect(question);
        self.type_line(line);
    }

    /// Waits for the end.
    pub fn finish(&mut self) {
        self.shown += &self.session.exp_eof().unwrap();
    }

    /// The rows on a screen that is high enough, with their colors, after all that was waited for.
    pub fn rows(&self) -> Vec<Row> {
        rows(parse_on(&self.shown, 100, COLUMNS).screen())
    }

    /// The rows that go on in the next.
    pub fn wrapped(&self) -> Vec<String> {
        let parser = parse_on(&self.shown, 100, COLUMNS);
        let screen = parser.screen();
        let rows = screen.rows(0, COLUMNS).zip(0..).filter(|(_, at)| screen.row_wrapped(*at));
        rows.map(|(row, _)| row).collect()
    }

    /// Waits for the end, and returns what is on the screen then.
    pub fn screen(mut self) -> String {
        self.shown += &self.session.exp_eof().unwrap();
        parse(&self.shown).screen().contents()
    }
}

/// What is on the screen after all that was shown.
pub fn screen_of_all(shown: &str) -> String {
    parse(shown).screen().contents()
}

fn parse(shown: &str) -> vt100::Parser {
    parse_on(shown, 40, 80)
}

fn parse_on(shown: &str, rows: u16, columns: u16) -> vt100::Parser {
    let mut parser = vt100::Parser::new(rows, columns, 0);
    // rexpect makes a character of each byte.
    parser.process(&shown.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>());
    parser
}

const FAREWELL: &str = "
See what each step does:   kv-secrets --demo --explain
Use a vault of your own:   az login
                           kv-secrets --vault <your-key-vault-name>";

fn screen_of(name: &str, value: &str) -> String {
    format!(
        "Demo: the vault is in this program's memory, and nothing leaves this computer.\n\
         Input a name for your secret > {name}\n\
         Input a value for your secret > {value}\n\
         Creating a secret in demo-vault called '{name}' with the value '{value}' ...\n \
         done.\n\
         Retrieving your secret from demo-vault.\n\
         Your secret is '{value}'.\n\
         Deleting your secret from demo-vault ...\n \
         done.\n\
         {FAREWELL}"
    )
}

#[test]
fn the_screen_is_the_tutorials() {
    let mut terminal = Terminal::demo(&[]);
    terminal.answer(NAME, "my-secret");
    terminal.answer(VALUE, "  ¿qué? 🔑 ");
    terminal.expect("Deleting");
    assert_eq!(terminal.screen(), screen_of("my-secret", "  ¿qué? 🔑 "));
}

#[test]
fn a_name_that_breaks_the_rule_is_asked_again_with_the_rule() {
    let mut terminal = Terminal::demo(&[]);
    terminal.expect(NAME);
    for wrong in ["my secret", "", "añejo"] {
        terminal.type_line(wrong);
        terminal.expect("A secret's name has 1 to 127 letters, digits and hyphens");
        // What was typed stays, for editing.
        terminal.press("\u{5}\u{15}");
    }
    terminal.answer(NAME, "my-secret");
    terminal.answer(VALUE, "v");
    assert_eq!(terminal.screen(), screen_of("my-secret", "v"));
}

#[test]
fn an_empty_value_is_asked_about_once() {
    let mut terminal = Terminal::demo(&[]);
    terminal.answer(NAME, "n");
    for answer in ["", "no", "yes"] {
        terminal.answer(VALUE, "");
        terminal.answer("Store an empty value? [y/N] ", answer);
    }
    terminal.expect("with the value '' ...");
    terminal.screen();
}

#[test]
fn a_value_longer_than_the_screen_is_wide_is_shown_once() {
    each(&[47, 48, 49, 127, 128, 129, 300], |length| {
        let value = "0123456789".repeat(30)[..*length].to_owned();
        let mut terminal = Terminal::demo(&[]);
        terminal.answer(NAME, "n");
        terminal.answer(VALUE, &value);
        // vt100 joins the rows of a wrapped line, as a terminal does when text is copied.
        assert_eq!(terminal.screen(), screen_of("n", &value), "{length}");
    });
}

const RETYPE: &str = "Type its name again to do that, or press Enter for another name > ";

#[test]
fn a_secret_that_exists_is_kept_unless_its_name_is_typed_again() {
    for (answers, kept) in [(&["", "productio"][..], true), (&["production"], false)] {
        let cloud = Cloud::start();
        cloud.set("production", "one");
        cloud.set("production", "two");
        let mut terminal = Terminal::of(&mut cloud.kv_secrets());
        terminal.answer(NAME, "production");
        for answer in answers {
            terminal.expect("The secret 'production' exists in my-vault. To use its name would mean a new version of");
            terminal.expect("the deletion of all 3 versions.");
            terminal.answer(RETYPE, answer);
            match *answer {
                "" => terminal.answer(NAME, "production"),
                "productio" => {
                    terminal.expect("\"productio\" is not 'production'.");
                    terminal.answer(RETYPE, "");
                    terminal.answer(NAME, "mine");
                }
                _ => {}
            }
        }
        terminal.answer(VALUE, "v");
        let screen = terminal.screen();
        assert!(screen.contains("Deleting your secret from my-vault ...\n done.\n\nUntil 20"), "{screen}");
        let name = if kept { "mine" } else { "production" };
        assert!(
            screen.contains(&format!("    az keyvault secret recover --vault-name my-vault --name {name}\n")),
            "{screen}"
        );
        assert!(
            screen.contains(&format!("    az keyvault secret purge --vault-name my-vault --name {name}\n")),
            "{screen}"
        );
        assert_eq!(cloud.holds("production"), if kept { Holds::Versions(2) } else { Holds::Deleted });
        assert_eq!(cloud.holds("mine"), if kept { Holds::Deleted } else { Holds::Versions(0) });
    }
}

#[test]
fn a_name_of_a_deleted_secret_is_a_choice_and_the_value_is_kept() {
    for choice in ["another", "purge", "stop"] {
        let cloud = Cloud::start();
        cloud.set("n", "old");
        cloud.delete("n");
        let mut terminal = Terminal::of(&mut cloud.kv_secrets());
        terminal.answer(NAME, "n");
        terminal.answer(VALUE, "my value");
        terminal.expect("The name 'n' belongs to a deleted secret in my-vault that can be recovered.");
        terminal.expect("Stop");
        match choice {
            "another" => {
                terminal.press("\r");
                terminal.answer(NAME, "another");
            }
            "purge" => {
                terminal.press("\x1b[B\r");
                terminal.expect("That purges the deleted secret 'n', which cannot be undone.");
                terminal.answer(RETYPE, "n");
            }
            _ => terminal.press("\x1b[A\r"),
        }
        let screen = terminal.screen();
        let name = if choice == "purge" { "n" } else { "another" };
        let created = format!("Creating a secret in my-vault called '{name}' with the value 'my value' ...\n done.");
        assert_eq!(screen.contains(&created), choice != "stop", "{screen}");
        assert_eq!(screen.contains("error: The name 'n' belongs to a deleted secret"), choice == "stop", "{screen}");
        assert_eq!(cloud.holds("n"), Holds::Deleted);
        assert_eq!(cloud.holds("another"), if choice == "another" { Holds::Deleted } else { Holds::Versions(0) });
        // The first request to create it is refused.
        assert_eq!(cloud.created("n"), vec!["my value"; if choice == "purge" { 2 } else { 1 }]);
    }
}

#[test]
fn a_missing_sign_in_is_found_before_the_value_is_typed() {
    let cloud = Cloud::start();
    let az = cloud.held_cli("az", SIGNED_OUT);
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.shows("signing in");
    az.let_go();
    let screen = terminal.screen();
    assert!(!screen.contains(VALUE.trim_end()), "{screen}");
    assert!(screen.contains("AzureCliCredential: not signed in; run `az login`"), "{screen}");
}

/// Checks the same of an interrupted run.
pub fn is_as_before(terminal: Terminal) {
    let shown = ends_as_it_began(terminal);
    let screen = parse(&shown).screen().contents();
    assert!(shown.contains("status 130") && screen.contains("\nerror: Interrupted.\n"), "{screen}");
}

/// Checks that the terminal of a watched run is after it as it was before, and that nothing is left for the shell.
/// Returns all that was shown.
pub fn ends_as_it_began(terminal: Terminal) -> String {
    let Terminal { mut session, mut shown, .. } = terminal;
    shown += &session.exp_eof().unwrap();
    assert!(shown.contains("left[]"), "{shown}");
    let is_settings =
        |line: &&str| line.matches(':').count() > 10 && line.chars().all(|c| c == ':' || c.is_ascii_hexdigit());
    let lines: Vec<_> = shown.lines().map(str::trim).filter(is_settings).collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert_eq!(lines[0], lines[1]);
    assert!(!parse(&shown).screen().hide_cursor() && !parse(&shown).screen().bracketed_paste(), "{shown:?}");
    shown
}

#[test]
fn ctrl_c_at_a_question_leaves_the_terminal_as_it_was() {
    let cloud = Cloud::start();
    cloud.set("production", "one");
    let mut at_name = Terminal::watched(&mut cloud.kv_secrets());
    at_name.expect(NAME);
    at_name.press("half a na\u{3}");
    is_as_before(at_name);

    let mut at_confirm = Terminal::watched(&mut cloud.kv_secrets());
    at_confirm.answer(NAME, "production");
    at_confirm.expect(RETYPE);
    at_confirm.press("\u{3}");
    is_as_before(at_confirm);
    assert_eq!(cloud.holds("production"), Holds::Versions(1));
}

#[test]
fn a_request_to_end_at_a_question_leaves_the_terminal_as_it_was() {
    let cloud = Cloud::start();
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect("pid ");
    let pid = terminal.session.exp_string(".").unwrap();
    terminal.expect(NAME);
    terminal.press("a");
    terminal.expect("a");
    send(Signal::SIGTERM, pid.parse().unwrap());
    is_as_before(terminal);
}

#[test]
fn ctrl_c_at_a_step_says_what_is_left() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/n/?", 9, Fault::Hang);
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, "v");
    terminal.expect("Retrieving your secret from my-vault.");
    terminal.press("\u{3}");
    terminal.expect("The secret 'n' is still in my-vault. To delete it:");
    terminal.expect("az keyvault secret delete --vault-name my-vault --name n");
    terminal.screen();
}

#[test]
fn a_hidden_value_is_never_on_the_screen() {
    let directory = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::of(kv_secrets(directory.path()).args(["--demo", "--hide-value"]));
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, "hunter2");
    terminal.expect("done.");
    terminal.expect("Deleting");
    assert!(!terminal.shown.contains("hunter2"), "{}", terminal.shown);
    assert_eq!(terminal.screen(), screen_of("n", "********").replacen("> ********", "> *******", 1));
}

#[test]
fn step_stops_before_each_call_and_while_the_deletion_goes_on() {
    for (hide_value, query) in [(false, ""), (true, " --query id")] {
        let cloud = Cloud::start();
        std::fs::write(cloud.working_directory().join("value.txt"), "v").unwrap();
        let mut command = cloud.kv_secrets();
        command.args(["--step", "--purge", "--value-file", "value.txt"]);
        let mut terminal = Terminal::of(if hide_value { command.arg("--hide-value") } else { &mut command });
        terminal.answer(NAME, "n");
        for (sent, (call, show, expected)) in [
            ("client.list_secret_properties_versions(...)", "show", "tells whether the secret is there already"),
            (
                "client.set_secret(&secret_name, secret_value.to_parameters()?, None)",
                "show",
                "does not find the secret yet",
            ),
            ("client.get_secret(&secret_name, None)", "show", "now finds the secret"),
            ("client.list_secret_properties_versions(...)", "list-versions", "shows the secret's versions"),
            ("client.begin_delete_secret(&secret_name)", "show", "still finds the secret"),
            ("poller.await?", "show-deleted", "finds it once the deletion is complete"),
            ("client.purge_deleted_secret(&secret_name, None)", "show-deleted", "finds the deleted secret"),
        ]
        .into_iter()
        .enumerate()
        {
            terminal.expect(call);
            terminal.expect(&format!("    In another window, this {expected}:\r\n"));
            let query = if show == "show" { query } else { "" };
            terminal.expect(&format!("    az keyvault secret {show} --vault-name my-vault --name n{query}\r\n"));
            terminal.expect("    Press Enter to go on.\r\n");
            // The bare first request, and one a call.
            // Before what destroys, the vault is looked at after the stop.
            assert_eq!(cloud.received().len(), sent + usize::from(sent > 0) + usize::from(sent > 4));
            // Nothing but Enter goes on, and nothing is shown of it.
            terminal.press("xyz \u{1b}[A\u{7f}");
            terminal.press("\r");
        }
        let screen = terminal.screen();
        assert!(!screen.contains("xyz") && !screen.contains("^["), "{screen}");
        assert_eq!(screen.contains("'v'"), !hide_value, "{screen}");
        assert_eq!(cloud.holds("n"), Holds::Versions(0));
    }
}

#[test]
fn a_step_takes_no_enter_that_was_pressed_before() {
    let cloud = Cloud::start();
    let creation = cloud.hold("PUT /secrets/n");
    let mut terminal = Terminal::watched(cloud.kv_secrets().args(["--step", "--name=n"]));
    for question in [Some(VALUE), None] {
        terminal.expect("Press Enter to go on.");
        terminal.press("\r");
        question.into_iter().for_each(|question| terminal.answer(question, "v"));
    }
    wait_until(|| cloud.has_received("PUT /secrets/n"));
    terminal.press("\r\r\r");
    wait_until(|| terminal.has_unread());
    creation.let_go();
    terminal.expect("client.get_secret");
    terminal.expect("Press Enter to go on.");
    // Ctrl-D interrupts, as Ctrl-C does.
    terminal.press("\u{4}");
    is_as_before(terminal);
    assert!(!cloud.received().iter().any(|it| it.method == "GET" && it.path.starts_with("/secrets/n/?")));
}

#[test]
fn an_emulators_secret_is_shown_by_its_url() {
    let cloud = Cloud::start();
    let vault = format!("https://localhost:{}", cloud.port());
    let mut command = cloud.kv_secrets();
    let mut terminal = Terminal::of(command.args(["--step", "--name=n", "--vault", &vault]));
    terminal.expect(&format!("    az keyvault secret show --id {vault}/secrets/n\r\n"));
    terminal.press("\u{3}");
    assert!(terminal.screen().contains("error: Interrupted."));
}

#[test]
fn a_spinner_shows_the_seconds_and_leaves_no_trace() {
    let cloud = Cloud::start();
    // It turns until it is seen.
    cloud.plan("GET /secrets/n/?", 9, Fault::Hang);
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, "v");
    terminal.expect("1s  retrieving the secret");
    terminal.press("\u{3}");
    let screen = terminal.screen();
    assert!(screen.contains("\nRetrieving your secret from my-vault.\nerror: Interrupted.\n"), "{screen}");
    assert!(!screen.contains("retrieving"), "{screen}");
}

#[test]
fn the_spinner_tells_signing_in_from_the_calls() {
    let cloud = Cloud::start();
    let az = cloud.held_cli("az", AZ_SIGNED_IN);
    cloud.plan("GET /secrets/n/versions", 9, Fault::Hang);
    let mut terminal = Terminal::of(cloud.kv_secrets().arg("--name=n"));
    terminal.expect("s  signing in");
    az.let_go();
    terminal.expect("looking whether the name is free");
    terminal.press("\u{3}");
    let screen = terminal.screen();
    assert!(!screen.contains("signing in") && !screen.contains("looking"), "{screen}");
}

#[test]
fn an_error_is_cut_at_a_terminal_and_whole_with_explain() {
    let message = "Caller is not authorized to perform action on resource.\r\nIf role assignments were changed recently, \
                   please observe propagation time.\r\nCaller: appid=A;oid=0b1d2e3f-1111-4222-8333-444455556666;iss=https://sts.windows.net/T/\r\nAction: 'x'";
    for (explain, whole) in [("--hide-value", false), ("--explain", true)] {
        let cloud = Cloud::start();
        cloud.plan("PUT /secrets/n", 1, Fault::error(403, "Forbidden", "ForbiddenByRbac", message));
        let mut terminal = Terminal::of(cloud.kv_secrets().args(["--name=n", explain]));
        terminal.resize(COLUMNS);
        terminal.answer(VALUE, "v");
        terminal.finish();
        let rows: Vec<_> = terminal.rows().iter().map(Row::text).collect();
        let error: Vec<_> = rows.iter().skip_while(|row| !row.starts_with("error: ")).map(String::as_str).collect();
        assert_eq!(error[0], "error: Your account has no role in my-vault that allows this.");
        assert!(error.contains(&"details: 403 Forbidden, Forbidden, ForbiddenByRbac"), "{error:#?}");
        assert!(error.contains(&"  | Caller is not authorized to perform action on resource."), "{error:#?}");
        assert_eq!(error.contains(&"  | Action: 'x'"), whole, "{error:#?}");
        assert_eq!(error.contains(&"  | request id request-id-1"), whole, "{error:#?}");
        assert!(whole || error.len() <= 16, "{error:#?}");
    }
}

#[test]
fn a_run_ends_with_what_can_be_done_and_one_link() {
    for purge in [false, true] {
        let cloud = Cloud::start();
        let mut command = cloud.kv_secrets();
        let mut terminal = Terminal::of(if purge { command.arg("--purge") } else { &mut command });
        terminal.answer(NAME, "n");
        terminal.answer(VALUE, "v");
        let screen = terminal.screen();
        assert_eq!(
            screen.contains("it can be recovered, or purged to free its name:\n\n    az keyvault"),
            !purge,
            "{screen}"
        );
        assert_eq!(screen.matches("https://").count(), 1, "{screen}");
    }
}

#[test]
fn a_note_does_not_tear_the_spinners_line() {
    let cloud = Cloud::start();
    let creation = cloud.hold("PUT /secrets/n");
    let being_deleted = Fault::error(409, "Conflict", "ObjectIsBeingDeleted", "Secret is currently being deleted.");
    cloud.plan("PUT /secrets/n", 2, being_deleted);
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, "v");
    // The spinner turns, and the note comes then.
    terminal.expect("creating the secret");
    creation.let_go();
    terminal.expect("is still being deleted");
    let screen = terminal.screen();
    let note = "A secret of that name is still being deleted; waiting for that ...";
    let lines = format!("with the value 'v' ...\n{note}\n done.\nRetrieving your secret from my-vault.\n");
    assert!(screen.contains(&lines), "{screen}");
}

#[test]
fn colors_are_left_out_where_they_are_not_wanted() {
    for (no_color, colored) in [("", true), ("1", false)] {
        let directory = tempfile::tempdir().unwrap();
        let mut command = kv_secrets(directory.path());
        if !colored {
            command.env("NO_COLOR", no_color);
        }
        let mut terminal = Terminal::of(command.args(["--demo", "--explain", "--name=n"]));
        terminal.answer(VALUE, "v");
        terminal.expect("client.begin_delete_secret");
        assert_eq!(terminal.shown.contains("\u{1b}[36m"), colored, "{}", terminal.shown);
    }
}

#[test]
fn a_user_decides_about_what_somebody_else_sets_meanwhile() {
    for agrees in [false, true] {
        let cloud = Cloud::start();
        let creation = cloud.hold("PUT /secrets/n");
        let mut terminal = Terminal::of(cloud.kv_secrets().arg("--name=n"));
        terminal.answer(VALUE, "v");
        crate::support::wait_until(|| cloud.has_received("PUT /secrets/n"));
        cloud.set("n", "the-colleagues-value");
        creation.let_go();
        terminal.expect("has got 1 version meanwhile that this run did not make.");
        terminal.answer("Type its name again to do that, or press Enter to stop > ", if agrees { "n" } else { "" });
        let screen = terminal.screen();
        assert_eq!(cloud.holds("n"), if agrees { Holds::Deleted } else { Holds::Versions(2) }, "{screen}");
        assert_eq!(
            screen.contains("error: The secret 'n' was not deleted from my-vault: it has 1 version"),
            !agrees,
            "{screen}"
        );
        assert_eq!(screen.contains("Your secret is 'v'"), agrees, "{screen}");
        assert_eq!(screen.contains("error:"), !agrees, "{screen}");
    }
}

#[test]
fn what_somebody_does_while_a_step_waits_is_seen() {
    let cloud = Cloud::start();
    std::fs::write(cloud.working_directory().join("value.txt"), "v").unwrap();
    let arguments = ["--step", "--purge", "--name=n", "--value-file=value.txt"];
    let mut terminal = Terminal::of(cloud.kv_secrets().args(arguments));
    for call in ["list_secret", "set_secret", "get_secret", "list_secret", "begin_delete", "poller", "purge_deleted"] {
        terminal.expect(call);
        terminal.expect("Press Enter to go on.\r\n");
        if call == "purge_deleted" {
            // In another window the secret is recovered, set anew, and deleted.
            cloud.recover("n");
            cloud.set("n", "the-colleagues-value");
            cloud.delete("n");
        }
        terminal.press("\r");
    }
    let screen = terminal.screen();
    assert!(screen.contains("error: The secret 'n' was not purged from my-vault: it has 1 version"), "{screen}");
    assert_eq!(cloud.holds("n"), Holds::Deleted);
}

#[test]
fn a_purge_that_the_user_wants_is_repeated() {
    let cloud = Cloud::start();
    cloud.set("n", "old");
    cloud.delete("n");
    cloud.plan("DELETE /deletedsecrets/n", 1, Fault::error(503, "ServiceUnavailable", "", "Later."));
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, "v");
    terminal.expect("Stop");
    terminal.press("\x1b[B\r");
    terminal.answer(RETYPE, "n");
    let screen = terminal.screen();
    assert!(screen.contains("Your secret is 'v'.") && !screen.contains("error:"), "{screen}");
}
