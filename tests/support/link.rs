//! A long way between the binary and the cloud: a forwarder on loopback that holds every byte for half a round trip,
//! each way, and counts round trips.
//!
//! Bytes are held one beside the other, not one after the other: what is sent at a time arrives half a round trip later,
//! in order. Loopback connects at once; the CONNECT for the cloud's proxy and its answer stand for TCP's handshake.
//!
//! # What a round trip is
//! The length of a chain of causes, and no duration. Each piece of bytes belongs to a round:
//! - one to the cloud, to the round after the last of which anything had reached the binary, on whatever connection,
//!   when it was sent;
//! - one back, to the last round of which anything had reached the cloud on its connection.
//!
//! The count is the last round of which anything has reached the binary. So a request and its answer are one round trip
//! however many pieces and however long they take; a request that is sent because of an answer begins the next; and what
//! is sent on several connections before any of it is answered shares one. A slow machine changes nothing of that. But
//! causes are seen from outside: whatever has arrived counts as the cause of what is sent next. Of two things that do
//! not depend on each other, a keypress and an answer under way, either may come first; so a test presses a key when the
//! link [is quiet](Link::is_quiet).

pub mod person;
pub mod pipe;
pub mod python;

use super::Cloud;
use std::{
    process::Command,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::Runtime,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, sleep_until},
};

/// Long beside what the binary and the cloud take to answer, so that what is independent is seldom near.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// A link to one cloud.
pub struct Link {
    port: u16,
    shared: Shared,
    /// Forwards until it is dropped.
    _runtime: Runtime,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Traffic>>);

#[derive(Default)]
struct Traffic {
    /// The last round of which anything has reached the binary.
    round: usize,
    /// The pieces that are being held.
    held: usize,
    /// When the last of them came or went.
    moved: Option<Instant>,
    connections: Vec<Connection>,
    watchers: Vec<Watcher>,
}

/// Takes what can be seen in a round, before anything of a later one arrives.
type Watcher = Box<dyn FnMut(usize) + Send>;

#[derive(Default)]
struct Connection {
    /// The last round of which anything has reached the cloud here.
    round: usize,
    /// Whether the binary spoke last.
    unanswered: bool,
    /// Whether the binary has closed it, so that nothing can reach it any more.
    closed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    ToCloud,
    ToBinary,
}

/// What was sent at once, and when it arrives.
struct Piece {
    bytes: Vec<u8>,
    round: usize,
    arrives: Instant,
}

impl Link {
    /// A link of 100 ms to `cloud`.
    pub fn to(cloud: &Cloud) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("bind");
        let port = listener.local_addr().expect("an address").port();
        let shared = Shared::default();
        runtime.spawn(accept(listener, cloud.port(), shared.clone()));
        Self { port, shared, _runtime: runtime }
    }

    /// The proxy that stands at this end of the link.
    pub fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The round trips so far.
    pub fn round_trips(&self) -> usize {
        self.shared.lock().round
    }

    /// The connections so far.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections.len()
    }

    /// Whether everything that was asked has been answered, and nothing has been under way for a round trip.
    pub fn is_quiet(&self) -> bool {
        let traffic = self.shared.lock();
        let waits = |connection: &Connection| connection.unanswered && !connection.closed;
        let just_moved = traffic.moved.is_some_and(|moved| moved.elapsed() < ROUND_TRIP);
        traffic.held == 0 && !just_moved && !traffic.connections.iter().any(waits)
    }

    /// Has `watcher` called with the count of round trips before each time it grows, and at each [`look`](Self::look).
    /// What the binary shows before it sends its next request is thus seen in its round, however late anyone looks.
    pub fn watch(&self, watcher: impl FnMut(usize) + Send + 'static) {
        self.shared.lock().watchers.push(Box::new(watcher));
    }

    /// Calls the watchers.
    pub fn look(&self) {
        self.shared.lock().look();
    }
}

impl Cloud {
    /// The binary, told of this cloud at the end of `link`.
    pub fn kv_secrets_over(&self, link: &Link) -> Command {
        let mut command = self.kv_secrets();
        command.env("HTTPS_PROXY", link.proxy());
        command
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Traffic> {
        self.0.lock().expect("lock")
    }
}

impl Traffic {
    fn look(&mut self) {
        for watcher in &mut self.watchers {
            watcher(self.round);
        }
    }

    /// Begins to hold bytes, and returns the round to which they belong.
    fn sent(&mut self, connection: usize, direction: Direction) -> usize {
        self.held += 1;
        self.moved = Some(Instant::now());
        let round = self.round + 1;
        let connection = &mut self.connections[connection];
        connection.unanswered = direction == Direction::ToCloud;
        if direction == Direction::ToCloud { round } else { connection.round }
    }

    /// Lets bytes of that round go. Returns whether anyone is there to take them.
    fn arrives(&mut self, connection: usize, direction: Direction, round: usize) -> bool {
        self.held -= 1;
        self.moved = Some(Instant::now());
        let connection = &mut self.connections[connection];
        if direction == Direction::ToCloud {
            connection.round = connection.round.max(round);
            return true;
        }
        if connection.closed {
            return false;
        }
        if round > self.round {
            self.look();
            self.round = round;
        }
        true
    }
}

async fn accept(listener: TcpListener, cloud: u16, shared: Shared) {
    while let Ok((binary, _)) = listener.accept().await {
        let Ok(cloud) = TcpStream::connect(("127.0.0.1", cloud)).await else { continue };
        if binary.set_nodelay(true).and_then(|()| cloud.set_nodelay(true)).is_err() {
            continue;
        }
        let connection = {
            let connections = &mut shared.lock().connections;
            connections.push(Connection::default());
            connections.len() - 1
        };
        let (from_binary, to_binary) = binary.into_split();
        let (from_cloud, to_cloud) = cloud.into_split();
        forward(from_binary, to_cloud, connection, Direction::ToCloud, &shared);
        forward(from_cloud, to_binary, connection, Direction::ToBinary, &shared);
    }
}

/// Forwards one direction of a connection, to its end.
fn forward(from: OwnedReadHalf, to: OwnedWriteHalf, connection: usize, direction: Direction, shared: &Shared) {
    let (hold, held) = unbounded_channel();
    tokio::spawn(take(from, hold, connection, direction, shared.clone()));
    tokio::spawn(give(to, held, connection, direction, shared.clone()));
}

async fn take(
    mut from: OwnedReadHalf,
    hold: UnboundedSender<Piece>,
    connection: usize,
    direction: Direction,
    shared: Shared,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let arrives = Instant::now() + ROUND_TRIP / 2;
        let round = shared.lock().sent(connection, direction);
        let _ = hold.send(Piece { bytes: buffer[..count].to_vec(), round, arrives });
    }
    if direction == Direction::ToCloud {
        shared.lock().connections[connection].closed = true;
    }
}

async fn give(
    mut to: OwnedWriteHalf,
    mut held: UnboundedReceiver<Piece>,
    connection: usize,
    direction: Direction,
    shared: Shared,
) {
    while let Some(Piece { bytes, round, arrives }) = held.recv().await {
        sleep_until(arrives).await;
        if shared.lock().arrives(connection, direction, round) {
            // Whoever has gone away learns nothing more.
            let _ = to.write_all(&bytes).await;
        }
    }
}

#[cfg(test)]
mod tests;
