//! How many round trips to the vault anyone waits for, counted over a link with a delay.

use crate::support::{
    Cloud,
    link::{
        Link,
        person::{Person, Waits},
        pipe::at_pipe,
        python::{Python, python},
    },
};
use std::collections::HashSet;

/// The calls of the tutorial, from the look-up to the poll; those that retrieve the secret and look at its versions are sent
/// at once.
const CALLS: [&str; 6] = [
    "token GET /secrets/n/versions",
    "token PUT /secrets/n",
    "token GET /secrets/n/",
    "token GET /secrets/n/versions",
    "token DELETE /secrets/n",
    "token GET /deletedsecrets/n",
];

/// A tutorial of a person who types the name for a while.
fn a_person_types_for_a_while() -> (Cloud, Link, Waits) {
    let cloud = Cloud::start();
    let link = Link::to(&cloud);
    let waits = Person::at(&cloud, &link).waits("n");
    (cloud, link, waits)
}

/// The requests, each with a mark if it has a token; those that are sent at once in the order of [`CALLS`].
fn requests(cloud: &Cloud) -> Vec<String> {
    let mut requests = in_their_order(cloud);
    if let Some(at) = requests.windows(2).position(|two| two == [CALLS[3], CALLS[2]]) {
        requests.swap(at, at + 1);
    }
    requests
}

fn in_their_order(cloud: &Cloud) -> Vec<String> {
    let received = cloud.received().into_iter();
    let line = |mark: &str, method: &str, path: &str| format!("{mark}{method} {}", path.split('?').next().unwrap());
    received.map(|it| line(if it.authorization.is_some() { "token " } else { "bare " }, &it.method, &it.path)).collect()
}

fn nothing_is_sent_twice(cloud: &Cloud) {
    let mut requests = requests(cloud);
    // The versions are looked at twice, before the secret is set and before it is deleted.
    let again = requests.iter().rposition(|request| request == CALLS[3]).unwrap();
    requests.remove(again);
    assert_eq!(requests.iter().collect::<HashSet<_>>().len(), requests.len(), "{requests:#?}");
    assert_eq!(cloud.cli_calls().lines().count(), 1, "{}", cloud.cli_calls());
}

#[test]
fn the_value_is_asked_for_one_round_trip_after_the_name() {
    let (_, _, waits) = a_person_types_for_a_while();
    assert_eq!(waits.to_value_prompt, 1, "connection, sign-in and challenge are ready; what is left is the look-up");
}

#[test]
fn each_call_is_one_round_trip_and_a_deletion_two() {
    let (_, _, waits) = a_person_types_for_a_while();
    assert_eq!((waits.to_created, waits.to_retrieved, waits.to_deleted), (1, 1, 2));
}

#[test]
fn what_is_sent_ahead_is_one_call_and_after_the_name_come_only_the_tutorials() {
    let (cloud, _, waits) = a_person_types_for_a_while();
    let requests = requests(&cloud);
    let (ahead, after) = requests.split_at(waits.requests_before);
    let mut ahead = ahead.to_vec();
    // By it a second connection is made ready.
    ahead.retain(|request| request != "bare GET /secrets");
    assert_eq!((ahead.len(), waits.requests_before), (2, 3), "{ahead:?}");
    assert!(ahead[0].starts_with("bare GET /secrets/nobodys-name-"), "{ahead:?}");
    assert_eq!(ahead[1], ahead[0].replacen("bare", "token", 1));
    assert_eq!(after, CALLS);
    nothing_is_sent_twice(&cloud);
}

#[test]
fn a_person_needs_two_connections() {
    let (_, link, _) = a_person_types_for_a_while();
    assert_eq!(link.connections(), 2, "connections");
}

#[test]
fn at_a_pipe_five_round_trips_follow_the_token() {
    let cloud = Cloud::start();
    let link = Link::to(&cloud);
    // TCP, TLS and the challenge happen while the CLI works.
    let run = at_pipe(&cloud, &link, "n", 3);
    assert_eq!((run.meanwhile, run.afterwards), (3, 5));
    let mut requests = requests(&cloud);
    requests[..2].sort();
    assert_eq!(requests[..2], ["bare GET /secrets", "bare GET /secrets/n/versions"]);
    assert_eq!(requests[2..], CALLS);
    assert_eq!(link.connections(), 2);
    nothing_is_sent_twice(&cloud);
}

/// The requests are known, and so this tests the link.
#[test]
fn kv_secrets_py_waits_for_four_before_its_first_done() {
    let cloud = Cloud::start();
    let link = Link::to(&cloud);
    // TCP, TLS, the challenge and the creation; then a request and its answer each.
    assert_eq!(python(&cloud, &link, "n"), Python { to_created: 4, to_retrieved: 1, to_deleted: 2 });
    assert_eq!(link.connections(), 1);
    let requests = requests(&cloud);
    assert_eq!(requests[0], "bare PUT /secrets/n");
    let calls: Vec<_> = CALLS[1..].iter().filter(|call| **call != CALLS[3]).collect();
    assert!(requests[1..].iter().eq(calls), "{requests:?}");
}
