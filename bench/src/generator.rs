//! The load generator: one thread, one epoll, many connections that are kept open, each with one request under way.
//! It checks every answer. What takes long (connecting, making sessions) is done before the clock runs, and what is under
//! way at the end is waited for, so that a chain of refresh tokens is never cut.

use crate::histogram::Histogram;
use crate::process::Served;
use crate::wire::{self, Answer, Read};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::borrow::Cow;
use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const BUFFER: usize = 64 * 1024;
/// What is under way when the time is over may take so long.
const DRAIN: Duration = Duration::from_secs(10);

/// How an answer was.
pub enum Step {
    /// Right, and the unit is done.
    Done,
    /// Right, and the unit goes on with another request.
    More,
    /// Not as it must be.
    Wrong(Cow<'static, str>),
}

/// A workload: what each connection asks, and what it must be answered.
pub trait Load {
    /// Writes the next request of the connection.
    fn ask(&mut self, connection: usize, out: &mut Vec<u8>);
    /// Checks the answer.
    fn take(&mut self, connection: usize, answer: &Answer<'_>) -> Step;
}

/// A workload on connections of its own.
pub struct Lane<'a> {
    pub load: &'a mut dyn Load,
    pub connections: usize,
    /// So many units a second, whether or not the ones before were answered; without it, as many as are answered.
    pub pace: Option<f64>,
}

/// When it ends.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Not counted.
    pub warm_up: Duration,
    pub time: Duration,
    /// It ends earlier after so many units.
    pub most: u64,
}

/// What one lane did.
#[derive(Default, Clone)]
pub struct Measured {
    /// Units that were right.
    pub done: u64,
    pub wrong: u64,
    pub first_wrong: Option<String>,
    pub seconds: f64,
    pub latency: Histogram,
    /// How long of it the generator had something to do.
    pub busy_seconds: f64,
    /// That of the server.
    pub server_cpu: f64,
}

impl Measured {
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 {
            self.done as f64 / self.seconds
        } else {
            0.0
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.done += other.done;
        self.wrong += other.wrong;
        self.seconds += other.seconds;
        self.busy_seconds += other.busy_seconds;
        self.server_cpu += other.server_cpu;
        self.latency.merge(&other.latency);
        if self.first_wrong.is_none() {
            self.first_wrong.clone_from(&other.first_wrong);
        }
    }

    fn is_wrong(&mut self, why: impl Into<String>) {
        self.wrong += 1;
        self.first_wrong.get_or_insert_with(|| why.into());
    }
}

struct Connection {
    lane: usize,
    /// Its number in its lane.
    number: usize,
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    out: Vec<u8>,
    /// When the unit under way began; `None` while it waits for its turn.
    begun: Option<Instant>,
}

/// Runs the lanes at the server at the same time.
pub fn drive(server: &Served, lanes: &mut [Lane<'_>], extent: Extent) -> Result<Vec<Measured>, Error> {
    let mut run = Run::new(server.address, lanes)?;
    run.start()?;
    run.until(Instant::now() + extent.warm_up, u64::MAX)?;
    // What went wrong while it warmed up went wrong, too.
    for (told, count) in run.told.iter_mut().zip(run.counted.iter_mut()) {
        *count = Measured {
            wrong: told.wrong,
            first_wrong: told.first_wrong.take(),
            ..Measured::default()
        };
        *told = Measured::default();
    }
    run.idle = Duration::ZERO;
    let (servers, started) = (server.cpu_seconds(), Instant::now());
    run.until(started + extent.time, extent.most)?;
    let seconds = started.elapsed().as_secs_f64();
    let busy = (seconds - run.idle.as_secs_f64()).max(0.0);
    let servers = server.cpu_seconds() - servers;
    for (told, count) in run.told.iter_mut().zip(run.counted.iter_mut()) {
        count.merge(told);
        count.seconds = seconds;
        count.busy_seconds = busy;
        count.server_cpu = servers;
        *told = Measured::default();
    }
    run.drain()?;
    Ok(run.counted)
}

struct Run<'r, 'l> {
    address: SocketAddr,
    lanes: &'r mut [Lane<'l>],
    poll: Poll,
    connections: Vec<Connection>,
    /// Since the last look.
    told: Vec<Measured>,
    counted: Vec<Measured>,
    /// For lanes with a pace: when the next unit is due, and which connections are free.
    due: Vec<Option<Instant>>,
    free: Vec<Vec<usize>>,
    ending: bool,
    /// How long nothing came.
    idle: Duration,
}

impl<'r, 'l> Run<'r, 'l> {
    fn new(address: SocketAddr, lanes: &'r mut [Lane<'l>]) -> Result<Self, Error> {
        let poll = Poll::new()?;
        let mut connections = Vec::new();
        for (
            lane,
            Lane {
                connections: wanted, ..
            },
        ) in lanes.iter().enumerate()
        {
            for number in 0..*wanted {
                let stream = connect(address, &poll, connections.len())?;
                connections.push(Connection {
                    lane,
                    number,
                    stream,
                    buffer: vec![0; BUFFER],
                    filled: 0,
                    out: Vec::with_capacity(4096),
                    begun: None,
                });
            }
        }
        Ok(Self {
            told: vec![Measured::default(); lanes.len()],
            counted: vec![Measured::default(); lanes.len()],
            due: vec![None; lanes.len()],
            free: vec![Vec::new(); lanes.len()],
            ending: false,
            idle: Duration::ZERO,
            address,
            lanes,
            poll,
            connections,
        })
    }

    fn start(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        for index in 0..self.connections.len() {
            let lane = self.connections[index].lane;
            if self.lanes[lane].pace.is_some() {
                self.due[lane] = Some(now);
                self.free[lane].push(index);
            } else {
                self.send(index, now, true)?;
            }
        }
        Ok(())
    }

    /// Sends the next request of a connection; `begins` when it is the first one of a unit.
    fn send(&mut self, index: usize, now: Instant, begins: bool) -> Result<(), Error> {
        let connection = &mut self.connections[index];
        connection.out.clear();
        self.lanes[connection.lane]
            .load
            .ask(connection.number, &mut connection.out);
        if begins {
            connection.begun = Some(now);
        }
        match connection.stream.write(&connection.out) {
            Ok(count) if count == connection.out.len() => Ok(()),
            Ok(_) => Err(Error::other("a request did not fit into the socket")),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Error::other("the socket is full")),
            Err(error) => self.lost(index, &error.to_string()),
        }
    }

    /// The connection is gone: its unit is wrong, and it begins anew on another.
    fn lost(&mut self, index: usize, why: &str) -> Result<(), Error> {
        let lane = self.connections[index].lane;
        self.told[lane].is_wrong(format!("the connection was lost: {why}"));
        if self.told[lane].wrong > 1000 {
            return Err(Error::other(format!(
                "connections are lost again and again: {why}"
            )));
        }
        let stream = connect(self.address, &self.poll, index)?;
        let connection = &mut self.connections[index];
        connection.stream = stream;
        connection.filled = 0;
        connection.begun = None;
        self.next_unit(index, Instant::now())
    }

    fn next_unit(&mut self, index: usize, now: Instant) -> Result<(), Error> {
        let lane = self.connections[index].lane;
        self.connections[index].begun = None;
        if self.ending {
            return Ok(());
        }
        if self.lanes[lane].pace.is_some() {
            self.free[lane].push(index);
            return Ok(());
        }
        self.send(index, now, true)
    }

    fn until(&mut self, end: Instant, most: u64) -> Result<(), Error> {
        let mut events = Events::with_capacity(256);
        loop {
            let now = Instant::now();
            let is_enough = self.told.iter().map(|told| told.done).sum::<u64>() >= most;
            if now >= end || is_enough {
                return Ok(());
            }
            self.send_due(now)?;
            self.turn(&mut events)?;
        }
    }

    /// Of a lane with a pace, what is due. A unit counts from the moment when it was due, so that a server that stands
    /// still is not spared what would have come in the meantime.
    fn send_due(&mut self, now: Instant) -> Result<(), Error> {
        for lane in 0..self.lanes.len() {
            let Some(pace) = self.lanes[lane].pace else {
                continue;
            };
            while let Some(due) = self.due[lane].filter(|due| *due <= now) {
                let Some(index) = self.free[lane].pop() else {
                    break;
                };
                self.due[lane] = Some(due + Duration::from_secs_f64(1.0 / pace));
                self.send(index, due, true)?;
            }
        }
        Ok(())
    }

    /// Never sleeps. To wake a process on another core is work of the one that sends to it, so over loopback a server would
    /// pay for a generator that has time to fall asleep, and pay the more the slower it answers.
    fn turn(&mut self, events: &mut Events) -> Result<(), Error> {
        let asked = Instant::now();
        match self.poll.poll(events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        if events.is_empty() {
            self.idle += asked.elapsed();
        }
        for event in events.iter() {
            self.receive(event.token().0)?;
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Error> {
        self.ending = true;
        let end = Instant::now() + DRAIN;
        let mut events = Events::with_capacity(256);
        while self
            .connections
            .iter()
            .any(|connection| connection.begun.is_some())
        {
            if Instant::now() >= end {
                return Err(Error::other("the server left requests without an answer"));
            }
            self.turn(&mut events)?;
        }
        for (told, count) in self.told.iter().zip(&mut self.counted) {
            count.wrong += told.wrong;
            count.first_wrong = count.first_wrong.take().or_else(|| told.first_wrong.clone());
        }
        Ok(())
    }

    fn receive(&mut self, index: usize) -> Result<(), Error> {
        loop {
            let connection = &mut self.connections[index];
            let room = &mut connection.buffer[connection.filled..];
            let space = room.len();
            let count = match connection.stream.read(room) {
                Ok(0) if connection.begun.is_none() && self.ending => return Ok(()),
                Ok(0) => return self.lost(index, "closed"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return self.lost(index, &error.to_string()),
            };
            connection.filled += count;
            self.judge(index)?;
            // Edge-triggered: a read that did not fill the room has emptied the socket.
            if count < space {
                return Ok(());
            }
        }
    }

    /// Looks whether the answer is whole, checks it, and goes on.
    fn judge(&mut self, index: usize) -> Result<(), Error> {
        let connection = &mut self.connections[index];
        let lane = connection.lane;
        let load = &mut self.lanes[lane].load;
        let (step, taken) = match wire::read(&connection.buffer[..connection.filled]) {
            Read::Whole(answer, taken) => (load.take(connection.number, &answer), taken),
            Read::Chunked { status, head, body } => match wire::dechunked(body) {
                Some((body, taken)) => {
                    let whole = head.len() + 4 + taken;
                    let answer = Answer {
                        status,
                        head,
                        body: &body,
                    };
                    (load.take(connection.number, &answer), whole)
                }
                None => return Ok(()),
            },
            Read::Part if connection.filled < BUFFER => return Ok(()),
            Read::Part | Read::Garbage => return Err(Error::other("an answer is no HTTP, or is too large")),
        };
        if taken != connection.filled {
            return Err(Error::other("the server sent more than it was asked for"));
        }
        connection.filled = 0;
        let Some(begun) = connection.begun else {
            return Err(Error::other("an answer came that nobody asked for"));
        };
        let now = Instant::now();
        match step {
            Step::More => return self.send(index, now, false),
            Step::Done => {
                self.told[lane].done += 1;
                self.told[lane].latency.add(now - begun);
            }
            Step::Wrong(why) => self.told[lane].is_wrong(why),
        }
        self.next_unit(index, now)
    }
}

/// Connects while nobody waits for anything, and only then is non-blocking.
fn connect(address: SocketAddr, poll: &Poll, index: usize) -> Result<TcpStream, Error> {
    let stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    poll.registry()
        .register(&mut stream, Token(index), Interest::READABLE)?;
    Ok(stream)
}
