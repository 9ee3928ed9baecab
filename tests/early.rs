//! What is known to fail while the name is being typed is said at once; what is not, delays nobody.

use crate::{
    support::{
        Cloud,
        cloud::{AZ_SIGNED_IN, Fault, Held, Holds},
        wait_until,
    },
    terminal::{NAME, SIGNED_OUT, Terminal, VALUE, ends_as_it_began},
};
use std::process::Command;

/// Runs `command`, which fails while the name is asked for: where that is held, once half a name has been typed. Returns
/// what is on the screen at the end.
fn fails_early(command: &mut Command, held: Option<Held>) -> String {
    let mut terminal = Terminal::watched(command);
    if let Some(held) = held {
        terminal.expect(NAME);
        terminal.press("half a na");
        terminal.shows("half a na");
        held.let_go();
    }
    let shown = ends_as_it_began(terminal);
    let screen = crate::terminal::screen_of_all(&shown);
    assert!(shown.contains("status 1\r\n"), "{screen}");
    // The question, and what was typed, are gone.
    assert!(!screen.contains(NAME.trim_end()) && !screen.contains("half a na"), "{screen}");
    screen
}

const POLICY: &str = "The user, group or application 'appid=A;oid=0b1d2e3f-1111-4222-8333-444455556666;numgroups=1;iss=https://sts.windows.net/T/' does not \
    have secrets list permission on key vault 'my-vault;location=eastus'.";

fn forbidden(inner_code: &str, message: &str) -> Fault {
    Fault::error(403, "Forbidden", inner_code, message)
}

#[test]
fn a_missing_sign_in_takes_the_question_away() {
    let cloud = Cloud::start();
    let az = cloud.held_cli("az", SIGNED_OUT);
    let screen = fails_early(&mut cloud.kv_secrets(), Some(az));
    assert!(screen.contains("error: Cannot sign in to Azure."), "{screen}");
    assert!(screen.contains("    az login"), "{screen}");
    assert_eq!(cloud.cli_calls().lines().count(), 1);
}

#[test]
fn who_types_on_does_not_tear_the_error() {
    let cloud = Cloud::start();
    let az = cloud.held_cli("az", SIGNED_OUT);
    let mut terminal = Terminal::of(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    terminal.press("xx");
    terminal.shows(&format!("{NAME}xx"));
    az.let_go();
    while terminal.is_running() {
        terminal.press("x");
        // Faster, and the terminal is full before the end.
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    let screen = terminal.screen();
    assert!(screen.starts_with("error: Cannot sign in to Azure.\n\n    AzureCliCredential: not signed in"), "{screen}");
    assert!(!screen.contains('*') && !screen.contains(NAME.trim_end()), "{screen}");
}

#[test]
fn a_missing_permission_takes_the_question_away() {
    let cloud = Cloud::start();
    let az = cloud.held_cli("az", AZ_SIGNED_IN);
    cloud.plan("GET /secrets/", 9, forbidden("AccessDenied", POLICY));
    let screen = fails_early(&mut cloud.kv_secrets(), Some(az));
    assert!(
        screen.contains("error: The access policies of my-vault do not allow your account to do this."),
        "{screen}"
    );
    assert!(screen.contains("az keyvault set-policy --name my-vault"), "{screen}");
}

#[test]
fn a_missing_permission_to_list_alone_is_no_error() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/nobodys-name", 1, forbidden("AccessDenied", POLICY));
    cloud.plan("GET /secrets/n/versions", 1, forbidden("AccessDenied", POLICY));
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    wait_until(|| cloud.received().iter().any(|it| it.path.contains("nobodys-name") && !it.path.contains("versions")));
    terminal.press("n\r");
    terminal.answer(VALUE, "v");
    let shown = ends_as_it_began(terminal);
    assert!(shown.contains("status 0"), "{shown}");
    assert_eq!(cloud.holds("n"), Holds::Deleted);
}

#[test]
fn network_rules_proxies_names_and_certificates_take_the_question_away() {
    let cloud = Cloud::start();
    let firewall =
        "Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.9\r\n";
    cloud.plan("GET /", 1, forbidden("ForbiddenByFirewall", firewall));
    let az = cloud.held_cli("az", AZ_SIGNED_IN);
    let screen = fails_early(&mut cloud.kv_secrets(), Some(az));
    assert!(screen.contains("error: The firewall of my-vault does not let this computer in."), "{screen}");

    let screen = fails_early(cloud.kv_secrets().env("HTTPS_PROXY", "http://127.0.0.1:1"), None);
    assert!(screen.contains("error: The proxy that HTTPS_PROXY names is not there."), "{screen}");

    let unknown = ["--vault", "https://no-such-vault.invalid"];
    let screen = fails_early(cloud.kv_secrets().env_remove("HTTPS_PROXY").args(unknown), None);
    assert!(screen.contains("error: The host no-such-vault.invalid is not known"), "{screen}");

    let other = Cloud::start();
    let screen = fails_early(cloud.kv_secrets().env("SSL_CERT_FILE", other.ca()), None);
    assert!(screen.contains("error: The certificate of my-vault.vault.azure.net is not trusted"), "{screen}");

    cloud.plan("GET /", 1, Fault::Answer(200, &[("content-type", "text/html")], "<html>Please sign in</html>".into()));
    let screen = fails_early(&mut cloud.kv_secrets(), None);
    assert!(
        screen.contains("error: Something other than Key Vault answered for my-vault, with 200 OK, text/html."),
        "{screen}"
    );
}

#[test]
fn what_may_pass_is_retried_silently() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/nobodys-name", 9, Fault::error(503, "ServiceUnavailable", "", "Later."));
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    wait_until(|| cloud.received().len() >= 3);
    terminal.press("n\r");
    terminal.answer(VALUE, "v");
    let shown = ends_as_it_began(terminal);
    assert!(shown.contains("status 0") && !shown.contains("503"), "{shown}");
}

#[test]
fn a_prefetch_that_hangs_delays_nobody() {
    let cloud = Cloud::start();
    cloud.plan("GET /secrets/nobodys-name", 9, Fault::Hang);
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    wait_until(|| cloud.hanging() == 1);
    let began = std::time::Instant::now();
    terminal.press("n\r");
    terminal.expect(VALUE);
    assert_eq!(cloud.hanging(), 1, "it was waited for until it was given up, after 30 s");
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    terminal.type_line("v");
    let shown = ends_as_it_began(terminal);
    assert!(shown.contains("status 0"), "{shown}");
    // Its end with the program is seen, and so would have been an earlier one.
    wait_until(|| cloud.hanging() == 0);
}

#[test]
fn a_slow_sign_in_is_waited_for_once() {
    let cloud = Cloud::start();
    let az = cloud.held_cli("az", AZ_SIGNED_IN);
    let mut terminal = Terminal::watched(&mut cloud.kv_secrets());
    terminal.expect(NAME);
    terminal.press("n\rv\r");
    terminal.shows("signing in");
    az.let_go();
    let shown = ends_as_it_began(terminal);
    assert!(shown.contains("status 0"), "{shown}");
    assert_eq!((cloud.created("n"), cloud.cli_calls().lines().count()), (vec!["v".to_owned()], 1));
}

#[test]
fn nothing_is_sent_ahead_where_each_exchange_is_watched() {
    for option in ["--explain", "--step"] {
        let cloud = Cloud::start();
        let mut terminal = Terminal::watched(cloud.kv_secrets().arg(option));
        terminal.expect(NAME);
        wait_until(|| cloud.cli_calls().ends_with('\n'));
        terminal.press("n\r");
        let calls = if option == "--step" { 6 } else { 0 };
        for call in 0..calls {
            terminal.expect("Press Enter to go on.");
            terminal.press("\r");
            if call == 0 {
                terminal.answer(VALUE, "v");
            }
        }
        if calls == 0 {
            terminal.answer(VALUE, "v");
        }
        let shown = ends_as_it_began(terminal);
        assert!(shown.contains("status 0"), "{shown}");
        // What is sent ahead is for a name of its own, and would have come before all of this.
        assert!(
            cloud.received().iter().all(|it| !it.path.contains("nobodys-name")),
            "{option}: {:?}",
            cloud.received()
        );
    }
}
