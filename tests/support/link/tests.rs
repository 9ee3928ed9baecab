use super::{Connection, Direction::*, Traffic};

fn traffic(connections: usize) -> Traffic {
    Traffic { connections: (0..connections).map(|_| Connection::default()).collect(), ..Traffic::default() }
}

/// Asks on each of the connections, before any is answered.
fn ask(traffic: &mut Traffic, connections: &[usize]) {
    let asked: Vec<_> = connections.iter().map(|it| (*it, traffic.sent(*it, ToCloud))).collect();
    for (connection, round) in asked {
        traffic.arrives(connection, ToCloud, round);
    }
}

fn answer(traffic: &mut Traffic, connection: usize) {
    let round = traffic.sent(connection, ToBinary);
    traffic.arrives(connection, ToBinary, round);
}

#[test]
fn an_answer_in_pieces_is_one_round_trip_and_what_follows_it_the_next() {
    let mut traffic = traffic(2);
    ask(&mut traffic, &[0, 0]);
    assert_eq!(traffic.round, 0);
    for _ in 0..3 {
        answer(&mut traffic, 0);
        assert_eq!(traffic.round, 1);
    }
    ask(&mut traffic, &[1]);
    answer(&mut traffic, 1);
    assert_eq!(traffic.round, 2);
}

#[test]
fn what_is_asked_at_once_shares_a_round_trip_whenever_it_is_answered() {
    let mut traffic = traffic(2);
    ask(&mut traffic, &[0, 1]);
    answer(&mut traffic, 0);
    // One goes on, while the other waits for its first answer.
    ask(&mut traffic, &[0]);
    answer(&mut traffic, 0);
    assert_eq!(traffic.round, 2);
    answer(&mut traffic, 1);
    assert_eq!(traffic.round, 2);
}

#[test]
fn what_nobody_is_there_to_take_does_not_count() {
    let mut traffic = traffic(1);
    ask(&mut traffic, &[0]);
    traffic.connections[0].closed = true;
    answer(&mut traffic, 0);
    assert_eq!(traffic.round, 0);
}
