//! An HTTP server on the loopback that answers as badly as a test wants.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// An answer.
pub enum Reply {
    /// A whole one.
    Body(Vec<u8>),
    /// Another status than 200.
    Status(u16),
    /// The length of `announced`, but only these bytes; then the connection ends.
    Cut { announced: usize, bytes: Vec<u8> },
    /// Without a length, until the client has enough.
    Endless,
}

/// A server; it goes with the process.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    sent: AtomicU64,
}

impl Server {
    /// `reply` gets the target of the request line and how often it was asked for before.
    pub fn start(reply: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let (theirs, reply) = (Arc::clone(&seen), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, reply) = (Arc::clone(&theirs), Arc::clone(&reply));
                std::thread::spawn(move || seen.answer(&stream, &*reply));
            }
        });
        Self { address, seen }
    }

    /// Serves these bodies by path, and 404 for all else.
    pub fn with(bodies: impl Into<HashMap<&'static str, Vec<u8>>>) -> Self {
        let bodies = bodies.into();
        Self::start(move |path, _| {
            bodies
                .get(path)
                .map_or(Reply::Status(404), |body| Reply::Body(body.clone()))
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The targets that were asked for, in order.
    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().expect("no panic").clone()
    }

    /// How many bytes of bodies were sent.
    pub fn sent(&self) -> u64 {
        self.seen.sent.load(Ordering::SeqCst)
    }
}

impl Seen {
    fn answer(&self, stream: &TcpStream, reply: &dyn Fn(&str, usize) -> Reply) {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let before = {
            let mut requests = self.requests.lock().expect("no panic");
            let before = requests.iter().filter(|other| **other == target).count();
            requests.push(target.clone());
            before
        };
        // A client that has enough closes the connection; that is no failure of the test's.
        let _ = self.send(stream, reply(&target, before));
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.take(1 << 16).read_to_end(&mut Vec::new());
    }

    fn send(&self, mut stream: &TcpStream, reply: Reply) -> std::io::Result<()> {
        let head = |status: u16, length: &str| {
            format!("HTTP/1.1 {status} Words\r\nConnection: close\r\n{length}\r\n")
        };
        let with = |length: usize| format!("Content-Length: {length}\r\n");
        match reply {
            Reply::Body(bytes) => {
                stream.write_all(head(200, &with(bytes.len())).as_bytes())?;
                self.body(stream, &bytes)
            }
            Reply::Status(status) => stream.write_all(head(status, &with(0)).as_bytes()),
            Reply::Cut { announced, bytes } => {
                stream.write_all(head(200, &with(announced)).as_bytes())?;
                self.body(stream, &bytes)
            }
            Reply::Endless => {
                stream.write_all(head(200, "").as_bytes())?;
                loop {
                    self.body(stream, &[0; 1 << 14])?;
                }
            }
        }
    }

    fn body(&self, mut stream: &TcpStream, bytes: &[u8]) -> std::io::Result<()> {
        stream.write_all(bytes)?;
        self.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(())
    }
}
