//! The binary at a terminal.

use crate::support::kv_secrets;
use rexpect::session::{PtySession, spawn_command};

/// A run at a terminal, and everything that it has shown.
struct Terminal {
    session: PtySession,
    shown: String,
    _directory: tempfile::TempDir,
}

impl Terminal {
    fn demo() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = kv_secrets(directory.path());
        command.arg("--demo").env("TERM", "xterm-256color");
        let session = spawn_command(command, Some(30_000)).unwrap();
        Self { session, shown: String::new(), _directory: directory }
    }

    fn expect(&mut self, text: &str) {
        let before = self.session.exp_string(text).unwrap();
        self.shown += &before;
        self.shown += text;
    }

    fn type_line(&mut self, line: &str) {
        self.session.send(line).unwrap();
        self.session.send("\r").unwrap();
        self.session.flush().unwrap();
    }

    /// Waits for the end, and returns what is on the screen then.
    fn screen(mut self) -> String {
        self.shown += &self.session.exp_eof().unwrap();
        let mut parser = vt100::Parser::new(40, 80, 0);
        // rexpect makes a character of each byte.
        parser.process(&self.shown.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>());
        parser.screen().contents()
    }
}

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
         done."
    )
}

#[test]
fn the_screen_is_the_tutorials() {
    let mut terminal = Terminal::demo();
    terminal.expect("Input a name for your secret > ");
    terminal.type_line("my-secret");
    terminal.expect("Input a value for your secret > ");
    terminal.type_line("  ¿qué? 🔑 ");
    terminal.expect("Deleting");
    assert_eq!(terminal.screen(), screen_of("my-secret", "  ¿qué? 🔑 "));
}

#[test]
fn a_name_that_breaks_the_rule_is_asked_again_with_the_rule() {
    let mut terminal = Terminal::demo();
    for wrong in ["my secret", "", "añejo"] {
        terminal.expect("Input a name for your secret > ");
        terminal.type_line(wrong);
        terminal.expect("a secret's name has 1 to 127 letters, digits and hyphens.");
    }
    terminal.expect("Input a name for your secret > ");
    terminal.type_line("my-secret");
    terminal.expect("Input a value for your secret > ");
    terminal.type_line("");
    assert_eq!(terminal.screen(), screen_of("my-secret", ""));
}

#[test]
fn a_value_longer_than_the_screen_is_wide_is_shown_once() {
    for length in [47, 48, 49, 127, 128, 129, 300] {
        let value = "0123456789".repeat(30)[..length].to_owned();
        let mut terminal = Terminal::demo();
        terminal.expect("Input a name for your secret > ");
        terminal.type_line("n");
        terminal.expect("Input a value for your secret > ");
        terminal.type_line(&value);
        // vt100 joins the rows of a wrapped line, as a terminal does when text is copied.
        assert_eq!(terminal.screen(), screen_of("n", &value), "{length}");
    }
}
