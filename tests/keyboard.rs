//! What people really type, paste and press: what the vault receives, what the screen shows, and what is left for the
//! shell.

use crate::{
    support::{Cloud, cloud::Holds, each, send, wait_until},
    terminal::{NAME, Terminal, VALUE, ends_as_it_began, is_as_before},
};
use nix::sys::signal::Signal;

const RETYPE: &str = "Type its name again to do that, or press Enter for another name > ";
const LEFT: &str = "\x1b[D";
const HOME: &str = "\x1b[H";
const END: &str = "\x1b[F";

/// Types `keys` and Enter as the value of a secret, and returns the value with which the vault was asked to create it.
fn stored(options: &[&str], keys: &str) -> String {
    let cloud = Cloud::start();
    let mut terminal = Terminal::watched(cloud.kv_secrets().args(options));
    terminal.answer(NAME, "n");
    terminal.expect(VALUE);
    // Each press by itself, as a person's are.
    terminal.press(keys);
    terminal.press("\r");
    let shown = ends_as_it_began(terminal);
    assert_eq!(cloud.created("n").len(), 1, "{keys:?}: {shown}");
    cloud.created("n").remove(0)
}

#[test]
fn lines_are_edited_as_in_a_shell() {
    let cases = [
        (format!("abc{LEFT}Z"), "abZc"),
        (format!("bc{HOME}a{END}d"), "abcd"),
        ("bc\x1b[1~a\x1b[4~d".into(), "abcd"),
        ("bc\x1bOHa\x1bOFd".into(), "abcd"),
        ("bc\u{1}a\u{5}d".into(), "abcd"),
        (format!("abc{HOME}\x1b[3~"), "bc"),
        ("abc\u{7f}d\u{8}".into(), "ab"),
        ("abc\u{2}\u{2}x\u{6}y".into(), "axbyc"),
        ("one two\u{17}three".into(), "one three"),
        ("gone\u{15}kept".into(), "kept"),
        (format!("keep this{HOME}\x1b[1;5C\u{b}"), "keep"),
        ("abc\u{15}x\u{19}".into(), "xabc"),
        ("one two\x1b[1;5Dx".into(), "one xtwo"),
        ("one two\x1b[1;3Dx".into(), "one xtwo"),
        ("one two\x1bbx".into(), "one xtwo"),
        (format!("one two{HOME}\x1b[1;5Cx"), "onex two"),
        (format!("ab{HOME}\u{4}"), "b"),
        (format!("密码🔑{LEFT}{LEFT}x"), "密x码🔑"),
        (format!("e\u{301}a👩\u{200d}💻{LEFT}{LEFT}x"), "e\u{301}xa👩\u{200d}💻"),
    ];
    each(&cases, |(keys, value)| assert_eq!(stored(&[], keys), *value, "{keys:?}"));
}

#[test]
fn keys_without_a_meaning_do_nothing() {
    let keys = [
        "\x1bOP",
        "\x1bOQ",
        "\x1b[15~",
        "\x1b[24~",
        "\x1b[15;5~",
        "\x1b[1;2P",
        "\x1b[2~",
        "\x1b[5~",
        "\x1b[6~",
        "\x1b[A",
        "\x1b[B",
        "\x1bOA",
        "\t",
        "\x1b[Z",
        "\u{c}",
        "\u{e}",
        "\u{10}",
        "\u{f}",
        "\u{12}",
        "\u{13}",
        "\u{14}",
        "\u{16}",
        "\u{18}",
        "\u{1a}",
        "\x1b[?1;2c",
        "\x1b[<0;10;10M",
        "\x1b[0n",
        "\x1b[27;5;9~",
        "\x1b]11;rgb:0000/0000\x07",
        "\x1bx",
        "\x1b[I",
    ];
    each(&keys, |key| {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
        terminal.answer(NAME, "n");
        terminal.expect(VALUE);
        terminal.press("a");
        terminal.expect("> a");
        terminal.press(key);
        wait_until(|| !terminal.has_unread());
        // A person's next key comes later than the rest of a key can.
        std::thread::sleep(std::time::Duration::from_millis(150));
        terminal.press("b\r");
        let shown = ends_as_it_began(terminal);
        assert_eq!(cloud.created("n"), ["ab"], "{key:?}: {shown}");
    });
}

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----";

/// A paste as a terminal marks it; its line breaks are those of the Enter key.
fn marked(text: &str) -> String {
    format!("\x1b[200~{}\x1b[201~", text.replace('\n', "\r"))
}

#[test]
fn a_marked_paste_is_one_answer_with_its_line_breaks() {
    let long = "0123456789 ".repeat(2000);
    let cases: [(&[&str], String, &str); 6] = [
        (&[], marked(PEM), PEM),
        (&[], marked("two\nlines\n"), "two\nlines\n"),
        (&["--hide-value"], marked(PEM), PEM),
        (&[], marked("\ttab\r\nb 密码🔑"), "\ttab\n\nb 密码🔑"),
        (&[], format!("a{}{LEFT}b", marked("xy")), "axby"),
        (&[], marked(&long), &long),
    ];
    each(&cases, |(options, keys, value)| assert_eq!(stored(options, keys), *value, "{keys:?}"));
}

#[test]
fn a_marked_paste_is_shown_as_kv_secrets_py_would() {
    let cloud = Cloud::start();
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.expect(VALUE);
    terminal.press(&marked(PEM));
    terminal.press("\r");
    let screen = terminal.screen();
    assert!(screen.contains(&format!("called 'n' with the value '{PEM}' ...\n done.\n")), "{screen}");
}

#[test]
fn an_unmarked_paste_in_several_lines_is_refused_and_thrown_away() {
    for options in [&[][..], &["--hide-value"]] {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(cloud.kv_secrets().args(options));
        terminal.answer(NAME, "n");
        terminal.expect(VALUE);
        terminal.press(&format!("{PEM}\necho owned > /tmp/owned\n").replace('\n', "\r"));
        terminal.expect("--value-file");
        terminal.answer(VALUE, "typed");
        ends_as_it_began(terminal);
        assert_eq!(cloud.created("n"), ["typed"]);
    }
}

#[test]
fn control_characters_in_a_paste_are_refused_by_name() {
    let cases = [
        ("a\x1b[31mb", "U+001B"),
        ("a\u{3}b", "U+0003"),
        ("a\u{7}b", "U+0007"),
        ("a\u{7f}b", "U+007F"),
        ("a\0b", "U+0000"),
        ("a\x1b5b", "U+001B"),
        ("a\x1b[Db", "U+001B"),
    ];
    each(&cases, |(paste, name)| {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
        terminal.answer(NAME, "n");
        terminal.expect(VALUE);
        terminal.press(&marked(paste));
        terminal.press("\r");
        terminal.expect(&format!("control character {name}"));
        terminal.press("\u{15}good\r");
        ends_as_it_began(terminal);
        // What stood after the cursor's place is gone with the rest of the line.
        assert_eq!(cloud.created("n"), ["good"], "{paste:?}");
    });
}

#[test]
fn a_name_is_quoted_with_what_breaks_the_rule_and_kept_for_editing() {
    let cloud = Cloud::start();
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.answer(NAME, "my_secret");
    terminal.expect("\"my_secret\": A secret's name has 1 to 127 letters, digits and hyphens; '_' is none of them.");
    terminal.press("\x1bb\u{8}-\r");
    terminal.answer(VALUE, "v");
    let screen = terminal.screen();
    assert_eq!(cloud.created("my-secret"), ["v"], "{screen}");
    assert!(!screen.contains("none of them"), "{screen}");
    assert!(screen.starts_with(&format!("{NAME}my-secret\n{VALUE}v\nCreating")), "{screen}");
}

#[test]
fn both_answers_may_be_typed_ahead() {
    for hidden in [false, true] {
        let cloud = Cloud::start();
        let look_up = cloud.hold("GET /secrets/n/versions");
        let mut terminal = Terminal::watched(cloud.kv_secrets().args(hidden.then_some("--hide-value")));
        terminal.expect(NAME);
        terminal.press("n\rthe-value\r");
        wait_until(|| cloud.has_received("GET /secrets/n/versions"));
        look_up.let_go();
        let shown = ends_as_it_began(terminal);
        assert_eq!(cloud.created("n"), ["the-value"]);
        assert_eq!(shown.contains("the-value"), !hidden, "{shown}");
    }
}

#[test]
fn what_is_typed_between_the_questions_is_not_echoed_and_not_lost() {
    let cloud = Cloud::start();
    let look_up = cloud.hold("GET /secrets/n/versions");
    let mut terminal = Terminal::watched(cloud.kv_secrets().arg("--hide-value"));
    terminal.answer(NAME, "n");
    wait_until(|| cloud.has_received("GET /secrets/n/versions"));
    terminal.press("hunter2\r");
    wait_until(|| terminal.has_unread());
    look_up.let_go();
    let shown = ends_as_it_began(terminal);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(cloud.created("n"), ["hunter2"]);
}

#[test]
fn only_a_deliberate_answer_destroys() {
    for (typed, purge) in [("yellow\r", false), ("y\r", false), ("yes\r", true), ("production\ryellow\r", true)] {
        let cloud = Cloud::start();
        cloud.set("production", "one");
        let mut terminal = Terminal::watched(cloud.kv_secrets().args(purge.then_some("--purge")));
        terminal.expect(NAME);
        // The name and the value in one go, before anyone could read the question between them.
        terminal.press(&format!("production\r{typed}"));
        terminal.expect("The secret 'production' exists in my-vault.");
        if purge {
            terminal.expect("their purge, which cannot be undone");
        }
        terminal.expect(RETYPE);
        terminal.press("\u{3}");
        is_as_before(terminal);
        assert_eq!(cloud.holds("production"), Holds::Versions(1), "{typed:?}");
    }
}

#[test]
fn ctrl_c_and_ctrl_d_end_every_question_with_a_word_on_a_line_of_its_own() {
    let questions = ["name", "value", "empty", "retype", "again"];
    each(&questions, |question| {
        for key in ["\u{3}", "\u{4}"] {
            let cloud = Cloud::start();
            cloud.set("production", "one");
            let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
            match *question {
                "name" => terminal.expect(NAME),
                "retype" | "again" => {
                    terminal.answer(NAME, "production");
                    terminal.expect(RETYPE);
                    if *question == "again" {
                        terminal.press("\r");
                        terminal.expect(NAME);
                    }
                }
                _ => {
                    terminal.answer(NAME, "n");
                    terminal.expect(VALUE);
                    if *question == "empty" {
                        terminal.press("\r");
                        terminal.expect("[y/N] ");
                    }
                }
            }
            terminal.press(key);
            is_as_before(terminal);
            assert_eq!(cloud.holds("production"), Holds::Versions(1));
        }
    });
}

#[test]
fn signals_end_a_question_too() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
        terminal.expect("pid ");
        let pid = terminal.until(".");
        terminal.expect(NAME);
        terminal.press("half");
        terminal.expect("half");
        send(signal, pid.parse().unwrap());
        is_as_before(terminal);
    }
}

#[test]
fn ctrl_c_at_the_choice_ends_the_program_and_the_terminal_is_as_before() {
    let cloud = Cloud::start();
    cloud.set("n", "old");
    cloud.delete("n");
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, "v");
    terminal.expect("Stop");
    terminal.press("\u{3}");
    is_as_before(terminal);
    assert_eq!(cloud.holds("n"), Holds::Deleted);
}

#[test]
fn a_dumb_terminal_still_asks() {
    for hidden in [false, true] {
        for term in ["dumb", ""] {
            let cloud = Cloud::start();
            let mut terminal =
                Terminal::watched(cloud.kv_secrets().args(hidden.then_some("--hide-value")).env("TERM", term));
            terminal.answer(NAME, "bad name");
            terminal.expect("' ' is none of them.");
            terminal.answer(NAME, "n");
            terminal.answer(VALUE, "the-value");
            let shown = ends_as_it_began(terminal);
            assert_eq!(cloud.created("n"), ["the-value"]);
            assert_eq!(shown.contains("the-value"), !hidden, "{shown}");
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        }
    }
}

#[test]
fn an_interruption_at_a_dumb_terminal_has_a_line_of_its_own_too() {
    let cloud = Cloud::start();
    // Here Ctrl-C is a signal, to the shell of a watched run too.
    let mut terminal = Terminal::of(cloud.kv_secrets().env("TERM", "dumb"));
    terminal.answer(NAME, "n");
    terminal.expect(VALUE);
    terminal.press("half\u{3}");
    let screen = terminal.screen();
    assert!(screen.ends_with("\nerror: Interrupted."), "{screen}");
}

#[test]
fn stdout_may_lead_elsewhere() {
    let cloud = Cloud::start();
    let mut terminal = Terminal::to_file(&mut cloud.kv_secrets());
    terminal.answer(NAME, "n");
    terminal.answer(VALUE, &format!("bc{HOME}a"));
    terminal.expect("status 0");
    terminal.screen();
    let transcript = std::fs::read_to_string(cloud.working_directory().join("stdout")).unwrap();
    let expected = crate::support::transcript("my-vault", "n", "abc");
    assert_eq!(transcript, expected[expected.find("Creating").unwrap()..]);
}

#[test]
fn a_narrow_or_resized_window_keeps_the_line() {
    let value = "0123456789".repeat(12);
    each(&[20, 37, 48, 79], |columns| {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
        terminal.resize(*columns);
        terminal.answer(NAME, "n");
        terminal.expect(VALUE);
        terminal.press(&value);
        terminal.resize(columns + 11);
        terminal.press(&format!("{HOME}<{END}>\r"));
        ends_as_it_began(terminal);
        assert_eq!(cloud.created("n"), [format!("<{value}>")], "{columns}");
    });
}

#[test]
fn what_is_not_utf8_is_refused_and_no_control_character_in_it_acts() {
    for rest in ["", "\x1c", "\x13", "\x1a"] {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
        terminal.answer(NAME, "n");
        terminal.expect(VALUE);
        let mut bytes = b"\x1b[200~ab\xff".to_vec();
        bytes.extend(rest.as_bytes());
        bytes.extend(b"cd\x1b[201~\r");
        terminal.press_bytes(&bytes);
        terminal.expect("That was not text in UTF-8, and nothing of it was taken.");
        terminal.answer(VALUE, "good");
        let shown = ends_as_it_began(terminal);
        assert!(shown.contains("status 0"), "{rest:?}: {shown}");
        assert_eq!(cloud.created("n"), ["good"], "{rest:?}");
    }
}

#[test]
fn a_number_that_the_editor_takes_for_repetitions_stops_no_interruption() {
    let cloud = Cloud::start();
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    terminal.press("\x1b5");
    terminal.expect("(arg: 5)");
    terminal.press("\u{3}");
    is_as_before(terminal);
}
